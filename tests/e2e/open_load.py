"""Requests at a fixed rate, whatever comes back, and what became of each of them.

They are sent by the process that `drydock stress` sends with, which tells of every request when it
was sent, how it ended, and which version answered.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from simulator.gateway.routes import VERSION_HEADER
from simulator.stress.frames import RECORD, Frame, FrameReader, Job, write_job
from simulator.stress.load import Load
from simulator.stress.outcomes import Ending
from simulator.stress.target import Body, Part, Target, multipart
from tests.e2e.digits import held_out_digits
from tests.e2e.server import ROOT, DrydockServer

LONGEST_S = 3600.0
TIMEOUT_S = 30.0
END_S = 40.0
READ_BYTES = 1 << 16


@dataclass(frozen=True)
class Request:
    """A request that has ended; instants are those of `time.monotonic`.

    Attributes:
        sent_s, ended_s: between these it was under way. A request without a connection was never
            sent: both are the same.
        label: status and code of the answer, or why there was none; `ok` for 2xx.
        version: that the answer names; empty if it names none.
    """

    sent_s: float
    ended_s: float
    ending: Ending
    label: str
    version: str

    @property
    def failed(self) -> bool:
        return self.ending is not Ending.OK


class OpenLoad:
    """Requests on their way. Made by `open_load`.

    Attributes:
        count: of requests that have ended so far.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.count = 0
        self._process = process
        self._records: list[tuple[float, float, float, float, int, int]] = []
        self._outcomes: dict[int, tuple[Ending, str]] = {}
        self._names: dict[int, str] = {}
        self._start_s = float("inf")
        self._unfinished: int | None = None

    def read(self, output: IO[bytes]) -> None:
        """Take in all that the sender tells, until it has ended."""
        reader = FrameReader()
        while data := output.read1(READ_BYTES):  # type: ignore[attr-defined]
            for kind, payload in reader.feed(data):
                self._take(kind, payload)

    def _take(self, kind: Frame, payload: bytes) -> None:
        if kind is Frame.RECORDS:
            self._records += RECORD.iter_unpack(payload)
            self.count = len(self._records)
            return
        told = json.loads(payload)
        if kind is Frame.OUTCOME:
            self._outcomes[told["id"]] = (Ending(told["ending"]), told["label"])
        elif kind is Frame.VERSION:
            self._names[told["id"]] = told["name"]
        elif kind is Frame.TICK:
            # a tick is read when it was sent or later: the earliest of all is the closest
            self._start_s = min(self._start_s, time.monotonic() - told["at_s"])
        else:
            self._unfinished = told["unfinished"]

    def requests(self) -> list[Request]:
        """All, after the end, in the order in which they ended.

        Raises:
            AssertionError: the sender failed, or gave up what was under way.
        """
        assert self._unfinished is not None, "the sender ended before its time"
        assert self._unfinished == 0, f"{self._unfinished} requests were not answered at the end"
        found = []
        for due_s, late_s, waited_s, took_s, outcome, name in self._records:
            sent_s = self._start_s + due_s + late_s + waited_s
            found.append(
                Request(sent_s, sent_s + took_s, *self._outcomes[outcome], self._names[name])
            )
        return found

    def wait_for(self, more: int, timeout_s: float = 30.0) -> None:
        """Until so many more requests have ended."""
        wanted, deadline = self.count + more, time.monotonic() + timeout_s
        while self.count < wanted:
            assert self._process.poll() is None, "the sender has ended"
            assert time.monotonic() < deadline, f"only {self.count} of {wanted} have ended"
            time.sleep(0.01)


@contextlib.contextmanager
def open_load(server: DrydockServer, service_id: str, rate_per_s: float) -> Iterator[OpenLoad]:
    """Digits are sent to a service for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator.stress.worker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    load = OpenLoad(process)
    reading = threading.Thread(target=load.read, args=[process.stdout])
    reading.start()
    try:
        process.stdin.write(write_job(_job(server, service_id, rate_per_s)))
        process.stdin.flush()
        yield load
    finally:
        process.stdin.close()  # which tells it to end
        try:
            process.wait(END_S)
        finally:
            process.kill()
            reading.join(END_S)
            process.stdout.close()


def _job(server: DrydockServer, service_id: str, rate_per_s: float) -> Job:
    url = f"{server.url}/v1/infers/{service_id}"
    headers = {"X-Auth-Token": server.token}
    target = Target(url, "POST", headers, [digit_body()])
    load = Load(rate_per_s=rate_per_s, duration_s=LONGEST_S, timeout_s=TIMEOUT_S)
    return Job(target.host, target.port, "", load, target.requests(), VERSION_HEADER)


def digit_body() -> Body:
    """A form with a held-out digit, as the MNIST packages take it."""
    png = held_out_digits()[0].png
    return multipart([Part("images", png, "image/png", "digit.png")])
