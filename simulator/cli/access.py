"""logs --access: the requests that came to the listening address, from the access log's files."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from simulator.access_log import Entry, aside, parse_line
from simulator.cli.failures import UsageFailure
from simulator.cli.output import Output
from tui.clean import clean_line

LOOK_S = 0.25
_STATUS = re.compile(r"[1-5]xx|[0-9]{1,3}")
_OWN_ANSWER = "via_upstream"
_STYLES = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}


@dataclass(frozen=True)
class Wanted:
    """Which entries are shown; empty: all.

    Attributes:
        statuses: such as `5xx` or `404`.
    """

    service: str = ""
    instance: str = ""
    statuses: tuple[str, ...] = ()

    def has(self, entry: Entry) -> bool:
        return (
            self.service in ("", entry.service)
            and self.instance in ("", entry.instance)
            and (not self.statuses or any(_is(entry.status, one) for one in self.statuses))
        )


def read_statuses(text: str) -> tuple[str, ...]:
    """What `--status` means: one or several, with commas between.

    Raises:
        UsageFailure: one is no status.
    """
    found = tuple(part.strip().lower() for part in text.split(",")) if text else ()
    for one in found:
        if not _STATUS.fullmatch(one):
            raise UsageFailure(f"{one or text} is no status", hint="write 5xx, 404 or 4xx,503")
    return found


def entries(path: Path, wanted: Wanted, *, tail: int, follow: bool) -> Iterator[Entry]:
    """The last entries that are wanted, the oldest first; with `follow` those that come, too."""
    last: deque[Entry] = deque(maxlen=tail)
    with _Following(path) as log:
        last.extend(one for one in _of_file(aside(path)) if wanted.has(one))
        last.extend(one for one in log.read() if wanted.has(one))
        yield from last
        while follow:
            time.sleep(LOOK_S)
            yield from (one for one in log.read() if wanted.has(one))


class _Following:
    """Reads what is appended to a file, also when another takes its place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._begun = b""

    def __enter__(self) -> _Following:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def read(self) -> Iterator[Entry]:
        """The entries that were not read yet."""
        yield from self._rest()
        if self._is_another():
            yield from self._rest()  # written between the last read and the change
            self._open()
            yield from self._rest()

    def _rest(self) -> Iterator[Entry]:
        if self._file is None:
            return
        for line in self._file:
            self._begun += line
            if line.endswith(b"\n"):
                whole, self._begun = self._begun, b""
                if entry := parse_line(whole):
                    yield entry

    def _is_another(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or there.st_ino != os.fstat(self._file.fileno()).st_ino

    def _open(self) -> None:
        if self._file is not None:
            self._file.close()
        self._begun = b""
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            self._file = None


def printer(output: Output, names: dict[str, str]) -> Callable[[Entry], None]:
    """Prints an entry for people.

    Args:
        names: of services, by their ids.
    """
    from rich.text import Text  # noqa: PLC0415

    def show(entry: Entry) -> None:
        status = str(entry.status)
        text = Text()
        text.append(f"{clean_line(_clock(entry.time))} ", "dim")
        text.append(f"{status:>3}", _STYLES.get(status[0], "magenta"))
        text.append(f" {entry.duration_ms:>5} ms  ")
        text.append(clean_line(f"{entry.method} {entry.path}"))
        text.append(clean_line(f"  {_who(entry, names)}"), "cyan")
        text.append(f"  {entry.request_bytes}/{entry.response_bytes} B", "dim")
        if entry.reason != _OWN_ANSWER:
            text.append(clean_line(f"  {entry.reason or 'no answer'}"), "yellow")
        text.append(clean_line(f"  {entry.request_id}"), "dim")
        output.out.print(text, soft_wrap=True)

    return show


def _who(entry: Entry, names: dict[str, str]) -> str:
    """Service, version and number of the instance."""
    if not entry.service:
        return "-"
    number = entry.instance.rpartition("-")[2]
    parts = (names.get(entry.service, entry.service), entry.version, number)
    return "/".join(part for part in parts if part)


def _clock(instant: str) -> str:
    """The time of day, UTC, of an instant in ISO 8601."""
    return instant.partition("T")[2] or instant


def _is(status: int, wanted: str) -> bool:
    if wanted.endswith("xx"):
        return status // 100 == int(wanted[0])
    return status == int(wanted)


def _of_file(path: Path) -> Iterator[Entry]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            if entry := parse_line(line):
                yield entry
