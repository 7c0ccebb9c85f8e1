"""What the process that sends and the one that watches tell each other.

To the sender: a job, then nothing until its input ends, which means stop. From it: frames, each a
letter, the payload's length, and the payload.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, BinaryIO

from simulator.stress.load import Load

_HEAD = struct.Struct("<cI")
_LENGTH = struct.Struct("<I")

RECORD = struct.Struct("<dfffHH")
"""A request that has ended: when it was due, how late it was taken up, how long it waited for a
connection, how long the answer took (seconds, all of them); ids of its outcome and its version."""
RECORD_FIELDS = (
    ("due_s", "<f8"),
    ("late_s", "<f4"),
    ("waited_s", "<f4"),
    ("took_s", "<f4"),
    ("outcome", "<u2"),
    ("version", "<u2"),
)


class Frame(Enum):
    """What a frame holds."""

    RECORDS = b"R"
    """Any number of `RECORD`s."""
    OUTCOME = b"O"
    """Of an outcome that occurs for the first time: id, ending, label, message."""
    VERSION = b"V"
    """Of a version that answers for the first time: id, name."""
    TICK = b"T"
    """How the sender does: `Tick`."""
    END = b"E"
    """It has ended: `Tick`, the last one."""


@dataclass(frozen=True)
class Tick:
    """How the sender does at one instant.

    Attributes:
        at_s: seconds from the first request's due time.
        sent: requests that were taken up so far.
        sent_in_time: of these, those taken up before the planned end.
        in_flight: sent and not answered.
        waiting: taken up, and without a connection.
        connections: that are open; `opened`: opened so far.
        cpu_s: processor time that the sender has used since the beginning.
        loop_lag_s: how much later than asked for the sender's loop came to this tick.
        unsent: requests that were due or planned and left out, because it was stopped.
        unfinished: that were under way then.
    """

    at_s: float
    sent: int
    sent_in_time: int
    in_flight: int
    waiting: int
    connections: int
    opened: int
    cpu_s: float
    loop_lag_s: float
    unsent: int = 0
    unfinished: int = 0


@dataclass(frozen=True)
class Job:
    """What the sender is to do.

    Attributes:
        address: numeric; `server_name`: for TLS, empty for plain HTTP.
        requests: complete requests, sent in turn.
        version_header: answers name their version in it.
    """

    address: str
    port: int
    server_name: str
    load: Load
    requests: Sequence[bytes]
    version_header: str


def write_job(job: Job) -> bytes:
    head = {
        "address": job.address,
        "port": job.port,
        "server_name": job.server_name,
        "load": asdict(job.load),
        "version_header": job.version_header,
        "lengths": [len(request) for request in job.requests],
    }
    text = json.dumps(head).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *job.requests])


def read_job(stream: BinaryIO) -> Job:
    """The job at the beginning of a stream.

    Raises:
        EOFError: the stream ends in it.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    head = json.loads(_exactly(stream, length))
    requests = [_exactly(stream, each) for each in head.pop("lengths")]
    return Job(**head | {"load": Load(**head["load"]), "requests": requests})


def _exactly(stream: BinaryIO, count: int) -> bytes:
    found = stream.read(count)
    if len(found) < count:
        raise EOFError("the job ends too early")
    return found


def frame(kind: Frame, payload: bytes) -> bytes:
    return _HEAD.pack(kind.value, len(payload)) + payload


def document(kind: Frame, value: dict[str, Any]) -> bytes:
    """A frame that holds a JSON object."""
    return frame(kind, json.dumps(value).encode())


class FrameReader:
    """Puts frames together from whatever pieces arrive."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Frame, bytes]]:
        """The frames that are complete with this piece.

        Raises:
            ValueError: it is no frame.
        """
        self._rest += data
        while len(self._rest) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._rest)
            end = _HEAD.size + length
            if len(self._rest) < end:
                return
            payload = bytes(self._rest[_HEAD.size : end])
            del self._rest[:end]
            yield Frame(kind), payload
