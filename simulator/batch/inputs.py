"""What a batch job reads: the files of a folder, one file, or what a manifest names.

Source: Deploying Services, table 5, src_path and src_type; Deploying as a Batch Service, table 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from simulator.batch.judging import wrong_with_input
from simulator.batch.manifest import BadLine, Entry, check_manifest_name, read_manifest
from simulator.batch.naming import ResultNames
from simulator.batch.results import Layout
from simulator.batch.store import ObjectReader
from simulator.errors import DrydockError
from simulator.objectpaths import ObjectPath

DOWNLOAD_FAILED = "Download file failed."
"""As the example of an output manifest has it."""


class ItemFailed(DrydockError):
    """An input cannot be sent to the model; the message stands in the output manifest."""


@dataclass(frozen=True, slots=True)
class Item:
    """One input of a job.

    Attributes:
        number: its place among the inputs, from 0. The same inputs have the same numbers.
        source: as the output manifest names it: as it stands in the input manifest, else `obs://`.
        path: the object; None where the source names none.
        result_name: of its result file; empty where there is no object.
        problem: why it names no object; empty where it names one.
        size_bytes: where it is known already.
    """

    number: int
    source: str
    path: ObjectPath | None = None
    result_name: str = ""
    problem: str = ""
    size_bytes: int | None = None

    @property
    def name(self) -> str:
        """The file's name, without folders."""
        return self.path.name if self.path else ""


def read_items(
    store: ObjectReader, source: ObjectPath, layout: Layout, *, is_manifest: bool, start: int = 0
) -> Iterator[Item]:
    """The inputs of a job, one after the other: memory does not depend on how many there are.

    A path that ends in `/`, or at which there is no object, is a folder: all files below it are
    inputs, in the order of their keys, except for results of batch jobs in the destination. Of a
    folder without files, there are no inputs.

    Args:
        source: src_path.
        is_manifest: src_type is ManifestFile.
        start: number of the first input wanted. Those before are listed, not opened.

    Raises:
        BadManifest: the source is to be a manifest and is not called so.
        FileNotFoundError: there is no such manifest.
        OSError: the manifest or the folder cannot be read.
    """
    if is_manifest:
        found = _of_manifest(store, source)
    else:
        found = _of_folder_or_file(store, source, layout)
    names = ResultNames()
    for number, (text, path, problem, size_bytes) in enumerate(found):
        name = ""
        if path is not None:
            name = names.take(path.name, number + 1)
        if number >= start:
            yield Item(number, text, path, name, problem, size_bytes)


_Found = tuple[str, ObjectPath | None, str, int | None]
"""Source, path, problem and size of an input."""


def _of_manifest(store: ObjectReader, source: ObjectPath) -> Iterator[_Found]:
    check_manifest_name(source.name)
    with closing(store.open(source)) as stream:
        for line in read_manifest(stream):
            yield _of_line(line)


def _of_line(line: Entry | BadLine) -> _Found:
    if isinstance(line, Entry):
        return line.source, line.path, "", None
    return line.source, None, f"Bad line of the manifest: {line.message}", None


def _of_folder_or_file(store: ObjectReader, source: ObjectPath, layout: Layout) -> Iterator[_Found]:
    if not source.is_folder:
        try:
            yield str(source), source, "", store.size(source)
            return
        except FileNotFoundError:
            pass  # a folder, named without its slash
    for key, size_bytes in store.walk(source.as_folder()):
        path = ObjectPath(source.bucket, key)
        if not path.is_folder and not layout.is_result(path):
            yield str(path), path, "", size_bytes


def open_item(store: ObjectReader, item: Item, mapping_type: str) -> BinaryIO:
    """The content of an input that is within the documented limits; the caller closes it.

    Args:
        mapping_type: `file` or `csv`.

    Raises:
        ItemFailed: it names no object, is too large, is no CSV file where it must be one, or cannot
            be read.
    """
    if item.path is None:
        raise ItemFailed(item.problem)
    try:
        size_bytes = store.size(item.path) if item.size_bytes is None else item.size_bytes
        wrong = wrong_with_input(item.name, size_bytes, mapping_type)
        if wrong is not None:
            raise ItemFailed(f"{wrong.message} ({wrong.rule})")
        return store.open(item.path)
    except OSError as error:
        raise download_failed(error) from error


def download_failed(error: OSError) -> ItemFailed:
    """What is said of an input that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return ItemFailed(f"{DOWNLOAD_FAILED} There is no such object.")
    return ItemFailed(f"{DOWNLOAD_FAILED} {error.strerror or error}")


def read_item(store: ObjectReader, item: Item, mapping_type: str) -> bytes:
    """As `open_item`, all of it."""
    with closing(open_item(store, item, mapping_type)) as stream:
        try:
            return stream.read()
        except OSError as error:
            raise download_failed(error) from error
