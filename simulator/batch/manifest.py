"""Input manifests, read line by line.

A manifest is JSON lines; each names one file by its `source`. Blank lines at the end count for
nothing, as everywhere in JSON lines; a blank line before others is a line without an input.
Source: Deploying as a Batch Service, Manifest File Specifications.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from simulator.batch.judging import wrong_with_manifest_line, wrong_with_manifest_name
from simulator.errors import DrydockError, InvalidRequest
from simulator.objectpaths import BadObjectPath, ObjectPath, parse_object_path
from simulator.strict_json import MAX_BYTES, parse

CHUNK_BYTES = 64 * 1024
BAD_JSON = "BadJson"
"""Stands for a rule where a line is not JSON, as strict reading has it."""
EMPTY = "the line is empty; a JSON object is expected"
SCHEME = "obs"
"""Of a source without one: `/bucket/key` and `//bucket/key` are OBS paths."""


class BadManifest(DrydockError):
    """The file is no manifest.

    Attributes:
        rule: the rule that says so.
        reason: why, in words.
    """

    def __init__(self, rule: str, reason: str) -> None:
        self.rule = rule
        self.reason = reason
        super().__init__(f"{reason} ({rule})")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that names an input.

    Attributes:
        line: its number, from 1.
        source: as it stands there, with what signs it.
        scheme: `obs`, `s3` or `https`.
        path: the object that the source names.
    """

    line: int
    source: str
    scheme: str
    path: ObjectPath


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that names no input.

    Attributes:
        line: its number, from 1.
        source: as it stands there; empty where there is none.
        rule: the rule that is broken, `BadJson` for a line that is not JSON.
        reason: what is wrong.
    """

    line: int
    source: str
    rule: str
    reason: str

    @property
    def message(self) -> str:
        """What is wrong, and where."""
        return f"line {self.line}: {self.reason} ({self.rule})"


def check_manifest_name(name: str) -> None:
    """Hold the name of a manifest file against the documents.

    Raises:
        BadManifest: it does not end in .manifest.
    """
    wrong = wrong_with_manifest_name(name)
    if wrong is not None:
        raise BadManifest(wrong.rule, f"the name of a manifest {wrong.message}")


def read_manifest(stream: BinaryIO, start: int = 0) -> Iterator[Entry | BadLine]:
    """The lines of a manifest, one after the other; memory does not depend on how many there are.

    Line n is the item of the ordinal number n - 1. A manifest without any line has one bad line.

    Args:
        start: how many lines to pass over. They are not looked into.
    """
    blank = 0
    number = 0
    for number, line in enumerate(_lines(stream), start=1):
        if not line.strip(b"\r"):
            blank += 1
            continue
        for missed in range(max(number - blank, start + 1), number):
            yield BadLine(missed, "", BAD_JSON, EMPTY)
        blank = 0
        if number > start:
            yield read_line(number, line)
    if number == blank and not start:
        yield BadLine(1, "", BAD_JSON, EMPTY)


def read_line(number: int, line: bytes) -> Entry | BadLine:
    """One line, without what ends it."""
    try:
        value = _plain(line) or parse(line)
    except InvalidRequest as error:
        first = error.violations[0]
        return BadLine(number, "", first.rule, first.message)
    source = value.get("source") if isinstance(value, dict) else None
    if isinstance(source, str):
        path = _file(source)
        if path is not None:
            scheme, mark, _ = source.partition("://")
            return Entry(number, source, scheme if mark else SCHEME, path)
    wrong = wrong_with_manifest_line(value)
    assert wrong is not None, "a line with a file's path breaks no rule"
    return BadLine(number, source if isinstance(source, str) else "", wrong.rule, wrong.message)


def _plain(line: bytes) -> Any:
    """The value of a line with one key and one text, in which strict JSON has nothing to look for:
    no escape, no key twice, no number. None for any other."""
    if line.count(b'"') != 4 or b"\\" in line:
        return None
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    is_plain = type(value) is dict and [type(one) for one in value.values()] == [str]
    return value if is_plain else None


def _file(source: str) -> ObjectPath | None:
    try:
        path = parse_object_path(source)
    except BadObjectPath:
        return None
    return None if path.is_folder else path


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines without their line feeds. Of one that is longer than any that is read, so much that
    this is seen."""
    rest = b""
    while chunk := stream.read(CHUNK_BYTES):
        first, *others = chunk.split(b"\n")
        rest = (rest + first)[: MAX_BYTES + 1]
        if others:
            yield rest
            *whole, rest = others
            yield from whole
    if rest:
        yield rest
