"""The engine's log stream as lines.

The stream of a container without a terminal consists of frames: one byte for the stream (1 stdout,
2 stderr), three zero bytes, four bytes of length, then that many bytes. Each frame is one message
of the log: its time, a space, and at most 16 KiB of text, which ends a line only when it ends in a
line feed. Source: Docker Engine API, "Attach to a container, stream format".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from docker import APIClient
from docker.errors import create_api_error_from_http_exception
from requests import HTTPError, Response

from backends.base import LogLine
from backends.docker_translate import parse_time_ns

LINE_LIMIT_BYTES = 64 * 1024
CUT_MARK = " [line cut]"
SPARE_MESSAGES = 5
"""Log messages asked for beyond the wanted lines, enough for one line of 64 KiB."""


class TimedLine(NamedTuple):
    """A log line and its time, in nanoseconds since the epoch (None when the engine gave none)."""

    at_ns: int | None
    text: str

    def to_log_line(self, instance_id: str) -> LogLine:
        at_ms = None if self.at_ns is None else self.at_ns // 1_000_000
        return LogLine(instance_id, self.text, at_ms)


@dataclass
class _Unfinished:
    at_ns: int | None
    data: bytearray


class LineJoiner:
    """Joins the pieces of each stream's lines; a line over 64 KiB is cut with a mark."""

    def __init__(self) -> None:
        self._open: dict[int, _Unfinished] = {}

    def feed(self, stream: int, payload: bytes) -> Iterator[TimedLine]:
        """Take one frame's payload; yields the lines it completes."""
        at_ns, text = _split_time(payload)
        pieces = text.split(b"\n")
        for index, piece in enumerate(pieces):
            unfinished = self._open.setdefault(stream, _Unfinished(at_ns, bytearray()))
            room = LINE_LIMIT_BYTES + 1 - len(unfinished.data)
            unfinished.data += piece[: max(0, room)]
            if index < len(pieces) - 1:
                yield _finish(self._open.pop(stream))
            elif not unfinished.data:
                del self._open[stream]

    def rest(self) -> Iterator[TimedLine]:
        """The lines that were still open when the stream ended."""
        while self._open:
            yield _finish(self._open.pop(min(self._open)))


def _split_time(payload: bytes) -> tuple[int | None, bytes]:
    head, space, rest = payload.partition(b" ")
    if not space:
        return None, payload
    try:
        return parse_time_ns(head.decode("ascii")), rest
    except ValueError:
        return None, payload


def _finish(line: _Unfinished) -> TimedLine:
    cut = len(line.data) > LINE_LIMIT_BYTES
    data = bytes(line.data[: LINE_LIMIT_BYTES - len(CUT_MARK)]) if cut else bytes(line.data)
    text = data.decode("utf-8", "replace").removesuffix("\r")
    return TimedLine(line.at_ns, text + CUT_MARK if cut else text)


def split_frames(read: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """Frames as (stream, payload) until the end; a frame that is cut off is left out."""
    while len(header := _read_exactly(read, 8)) == 8:
        stream, size = struct.unpack(">BxxxL", header)
        payload = _read_exactly(read, size)
        if len(payload) < size:
            return
        yield stream, payload


def _read_exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := read(size - len(data))):
        data += piece
    return data


def lines_of(frames: Iterable[tuple[int, bytes]]) -> Iterator[TimedLine]:
    """The lines of a stream of frames, in the order in which they are completed."""
    joiner = LineJoiner()
    for stream, payload in frames:
        yield from joiner.feed(stream, payload)
    yield from joiner.rest()


def open_log(
    client: APIClient, container: str, *, tail: int | None, follow: bool, since_ns: int = 0
) -> Response:
    """Ask the engine for a container's log as a stream of frames.

    Args:
        client: its time limit bounds each read, unless `follow`.
        container: id of the container.
        tail: how many of the last messages; None for all.
        follow: go on with new messages; such a read waits without limit.
        since_ns: only messages of this instant (nanoseconds since the epoch) and later.
    """
    response: Response = client.get(
        f"{client.base_url}/v{client.api_version}/containers/{container}/logs",
        params={
            "stdout": "1",
            "stderr": "1",
            "timestamps": "1",
            "follow": "1" if follow else "0",
            "tail": "all" if tail is None else str(tail),
            "since": f"{since_ns // 1_000_000_000}.{since_ns % 1_000_000_000:09d}",
        },
        stream=True,
        timeout=(client.timeout, None) if follow else client.timeout,
    )
    try:
        response.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)
    return response


def read_tail(client: APIClient, container: str, tail: int) -> list[TimedLine]:
    """The last `tail` lines of a container, oldest first.

    The engine counts messages, of which a long line takes several: more are asked for until there
    is one line more than wanted, so that the first wanted one is whole.
    """
    if tail <= 0:
        return []
    messages = tail + SPARE_MESSAGES
    while True:
        with open_log(client, container, tail=messages, follow=False) as response:
            frames = list(split_frames(response.raw.read))
        lines = list(lines_of(frames))
        if len(lines) > tail or len(frames) < messages:
            return lines[-tail:]
        messages *= 4


class Since:
    """Lets each line through once, though a stream is read again from the last line's instant.

    Attributes:
        at_ns: the latest instant seen, from which to read again; nanoseconds since the epoch.
    """

    def __init__(self) -> None:
        self.at_ns = 0
        self._seen = 0
        self._again_at_ns = 0
        self._again = 0

    def rewind(self) -> None:
        """A new stream begins at `at_ns`: what was seen of that instant comes once more."""
        self._again_at_ns, self._again = self.at_ns, self._seen

    def is_new(self, line: TimedLine) -> bool:
        """Whether this line was not let through before."""
        if line.at_ns is None:
            return True
        if self._again and line.at_ns == self._again_at_ns:
            self._again -= 1
            return False
        if line.at_ns > self.at_ns:
            self.at_ns, self._seen = line.at_ns, 1
        elif line.at_ns == self.at_ns:
            self._seen += 1
        return True
