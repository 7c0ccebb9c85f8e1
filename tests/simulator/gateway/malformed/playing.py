"""Plays a case over a raw socket, and tells what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.simulator.gateway.malformed.answers import Answer, http1_answers, http2_answers
from tests.simulator.gateway.malformed.case import SMUGGLED, Act, Case, Place, Step
from tests.simulator.gateway.malformed.frames import headers, request_fields
from tests.simulator.gateway.malformed.recorder import Recorder, Seen

PATIENCE_S = 20.0
SILENCE_S = 2.0
"""How long a client waits for a first answer before it speaks again."""
QUIET_S = 0.3
"""How long nothing more may come before an answer counts as the last one."""
GOOD = "/good"
"""End of the path of the sound requests that are sent after a case."""
_GOOD_STREAM = 999_999
_ABORT = struct.pack("ii", 1, 0)

Reading = Callable[[bytes | bytearray], list[Answer]]


@dataclass
class Outcome:
    """What came of a case.

    Attributes:
        answers: final ones in order, without the one to the good request at the end.
        ended: whether the connection came to its end before its client was done.
        in_step: whether a good request sent last on the same connection got its answer.
        alive: whether a good request on a connection of its own got its answer.
        arrived: what the instance got of this case, without the good requests.
    """

    answers: list[Answer] = field(default_factory=list)
    ended: bool = False
    in_step: bool = False
    alive: bool = False
    arrived: list[Seen] = field(default_factory=list)

    @property
    def smuggled(self) -> list[Seen]:
        return [one for one in self.arrived if one.path.endswith(SMUGGLED)]

    @property
    def faults(self) -> list[str]:
        return [fault for one in self.arrived for fault in one.faults]


async def play(
    case: Case,
    ports: tuple[int, int],
    place: Place,
    recorder: Recorder,
    seen_path: str,
    patience_s: float = PATIENCE_S,
) -> Outcome:
    """Plays a case before a recording instance.

    Args:
        ports: of the gateway, for HTTP/1 and for HTTP/2.
        place: where its requests go.
        recorder: the instance behind the gateway.
        seen_path: `place.path` as the instance sees it.
        patience_s: for what must happen.
    """
    outcome = await converse(case, ports, place, patience_s)
    outcome.alive = await _is_alive(ports[0], place)
    outcome.arrived = [one for one in recorder.below(seen_path) if not one.path.endswith(GOOD)]
    return outcome


async def converse(
    case: Case, ports: tuple[int, int], place: Place, patience_s: float = PATIENCE_S
) -> Outcome:
    """The client's side of a case; what arrived is left open."""
    outcome = Outcome()
    client = await _Client.connect(ports[case.http2])
    try:
        if case.http2:
            good = headers(_GOOD_STREAM, request_fields(place, tail=GOOD))
            reading = http2_answers
        else:
            good, reading = _good(place), http1_answers
        await _do(client, case.steps(place), good, reading, outcome, patience_s)
    finally:
        client.close()
    return outcome


def misses(case: Case, outcome: Outcome) -> list[str]:
    """In what an outcome is not what the case wants; empty when all is well."""
    missed = [*_missed_at_the_instance(case, outcome)]
    wanted = case.wanted
    if outcome.answers and outcome.answers[-1].status not in wanted.statuses:
        missed.append(f"answered {outcome.answers[-1].status}, wanted {wanted.statuses}")
    if not outcome.answers and wanted.statuses and not wanted.silence:
        missed.append(f"no answer, wanted {wanted.statuses}")
    if wanted.ends and not outcome.ended:
        missed.append("the connection was left open")
    if not outcome.ended and not outcome.in_step:
        missed.append("the connection is out of step")
    if not outcome.alive:
        missed.append("the gateway served nobody afterwards")
    return missed


def _missed_at_the_instance(case: Case, outcome: Outcome) -> list[str]:
    wanted, missed = case.wanted, []
    if outcome.smuggled:
        missed.append(f"a request was smuggled in: {outcome.smuggled[0].target}")
    if outcome.faults:
        missed.append(f"arrived in a form that can be misread: {outcome.faults}")
    paths = [one.path for one in outcome.arrived]
    if wanted.arrives is not None and (
        len(paths) != len(wanted.arrives) or not all(map(str.endswith, paths, wanted.arrives))
    ):
        missed.append(f"arrived: {paths}, wanted {wanted.arrives}")
    for last in outcome.arrived[-1:]:
        if wanted.body not in (None, last.body):
            missed.append(f"body {last.body!r}, wanted {wanted.body!r}")
        missed += [f"field {name} arrived" for name in wanted.absent if last.values(name)]
    return missed


class _Client:
    """One connection; what comes in is kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.got = bytearray()
        self.ended = False

    @classmethod
    async def connect(cls, port: int) -> _Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    def half_close(self) -> None:
        with contextlib.suppress(OSError):
            self._writer.write_eof()

    def abort(self) -> None:
        """Ends the connection with a reset."""
        plain: socket.socket = self._writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._writer.transport.abort()
        self.ended = True

    def close(self) -> None:
        self._writer.close()

    async def read_some(self, within_s: float) -> bool:
        """Whether something came, or the end, within that time."""
        try:
            data = await asyncio.wait_for(self._reader.read(1 << 16), within_s)
        except TimeoutError:
            return False
        except ConnectionError:
            data = b""
        self.got += data
        self.ended = self.ended or not data
        return True

    async def read_until_quiet(self) -> None:
        if await self.read_some(SILENCE_S):
            while not self.ended and await self.read_some(QUIET_S):
                pass


async def _do(
    client: _Client,
    steps: Sequence[Step],
    good: bytes,
    answers: Reading,
    outcome: Outcome,
    patience_s: float,
) -> None:
    """Does what the steps say, then asks for something good on the same connection."""
    for step in steps:
        if isinstance(step, bytes):
            await client.send(step)
        elif step is Act.AWAIT_INTERIM:
            await client.read_some(patience_s)
        elif step is Act.ABORT:
            client.abort()
        else:
            client.half_close()
    if not client.ended:
        await client.read_until_quiet()
    outcome.answers = answers(client.got)
    if not client.ended and Act.HALF_CLOSE not in steps:
        await client.send(good)
    deadline = time.monotonic() + patience_s
    while not client.ended and time.monotonic() < deadline:
        more = answers(client.got)[len(outcome.answers) :]
        if more and not more[-1].last_of_connection:
            outcome.in_step = [one.status for one in more] == [200]
            return
        await client.read_some(patience_s)
    outcome.ended = client.ended
    outcome.answers = answers(client.got)


def _good(place: Place) -> bytes:
    line = b"POST <path>" + GOOD.encode() + b" HTTP/1.1\r\n"
    return place.fill(line + b"Host: localhost\r\n<auth>Content-Length: 2\r\n\r\nok")


async def _is_alive(port: int, place: Place) -> bool:
    client = await _Client.connect(port)
    try:
        await client.send(_good(place))
        while not client.ended and not http1_answers(client.got):
            if not await client.read_some(PATIENCE_S):
                return False
        return [one.status for one in http1_answers(client.got)] == [200]
    finally:
        client.close()
