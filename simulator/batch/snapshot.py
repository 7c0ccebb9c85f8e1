"""What a job's inputs were when it began: it goes on with the same ones, in the same order,
whatever has become of the folder or the manifest meanwhile. Blocking: call from a thread."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from simulator.batch.inputs import read_items
from simulator.batch.job import JobSpec
from simulator.batch.manifest import check_manifest_name
from simulator.batch.results import Layout
from simulator.batch.store import ObjectReader
from simulator.objectpaths import ObjectPath

COPY_BYTES = 1024 * 1024


class Snapshot:
    """The object store with the job's inputs as they were.

    Args:
        directory: where the snapshot is kept; what is there already is gone on with.

    Raises:
        BadManifest: the source is to be a manifest and is not called so.
        FileNotFoundError: there is no such manifest.
        OSError: the inputs cannot be listed, or the list not be kept.
    """

    def __init__(self, store: ObjectReader, spec: JobSpec, directory: Path) -> None:
        self._store = store
        self._spec = spec
        self._file = directory / "inputs"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._file.exists():
            self._keep()

    def total(self, layout: Layout) -> int:
        """How many inputs there are."""
        items = read_items(self, self._spec.source_path, layout, is_manifest=self._spec.is_manifest)
        return sum(1 for _ in items)

    def open(self, path: ObjectPath) -> BinaryIO:
        if self._spec.is_manifest and path == self._spec.source_path:
            return self._file.open("rb")
        return self._store.open(path)

    def size(self, path: ObjectPath) -> int:
        return self._store.size(path)

    def walk(self, folder: ObjectPath) -> Iterator[tuple[str, int]]:
        """The files of the source folder; no other is asked for."""
        with self._file.open("rb") as file:
            for line in file:
                key, size_bytes = json.loads(line)
                yield key, size_bytes

    def _keep(self) -> None:
        """Whole or not at all."""
        unfinished = self._file.with_suffix(".part")
        with unfinished.open("wb") as file:
            if self._spec.is_manifest:
                check_manifest_name(self._spec.source_path.name)
                with closing(self._store.open(self._spec.source_path)) as manifest:
                    shutil.copyfileobj(manifest, file, COPY_BYTES)
            else:
                for entry in self._store.walk(self._spec.source_path.as_folder()):
                    file.write(json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._file)
