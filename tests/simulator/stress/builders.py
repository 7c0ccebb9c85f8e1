"""Figures and reports in which a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from simulator.stress.figures import Counts, Figures, Generator
from simulator.stress.frames import RECORD, Frame, Tick, document
from simulator.stress.histogram import Latencies, Latency
from simulator.stress.load import Load
from simulator.stress.recording import Recording
from simulator.stress.report import Machine, Report, Sent


def a_latency(*milliseconds: float) -> Latency:
    """Of these latencies."""
    latencies = Latencies()
    latencies.add(np.array(milliseconds) / 1000)
    return latencies.summary(with_histogram=True)


def some_figures(**changes: Any) -> Figures:
    """Of a test of 100 requests in 1 s that went well."""
    made = Figures(
        elapsed_s=1.0,
        sent_per_s=100.0,
        ok_per_s=100.0,
        counts=Counts(planned=100, sent=100, sent_in_time=100, ok=100),
        latency=a_latency(*range(1, 101)),
        from_send=a_latency(*range(1, 101)),
        failed=(),
        versions=(),
        intervals=(),
        generator=Generator(cpu_share=0.1, late=a_latency(0.05), connections_opened=4),
    )
    return replace(made, **changes)


def a_report(**changes: Any) -> Report:
    """Of `some_figures`."""
    made = Report(
        service="mnist",
        started_at="2026-01-02T03:04:05+00:00",
        machine=Machine(2, "Linux", "3.11"),
        sent=Sent("http://127.0.0.1/v1/infers/1", "POST", "the API's example", 1, 10, "d" * 64),
        load=Load(rate_per_s=100, duration_s=1),
        stopped=False,
        figures=some_figures(),
    )
    return replace(made, **changes)


def a_tick(at_s: float = 1.0, **changes: Any) -> Tick:
    made = Tick(at_s, 0, 0, 0, 0, 1, 1, 0.0, 0.0)
    return replace(made, **changes)


class Told:
    """A recording, and what a sender would tell it."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.recording = Recording(load)
        self._outcomes: dict[tuple[str, str], int] = {}
        self._versions: dict[str, int] = {}

    def outcome(self, ending: str = "ok", label: str = "ok", message: str = "") -> int:
        if (ending, label) not in self._outcomes:
            number = self._outcomes[ending, label] = len(self._outcomes)
            said = {"id": number, "ending": ending, "label": label, "message": message}
            self._take(document(Frame.OUTCOME, said))
        return self._outcomes[ending, label]

    def version(self, name: str = "") -> int:
        if name not in self._versions:
            number = self._versions[name] = len(self._versions)
            self._take(document(Frame.VERSION, {"id": number, "name": name}))
        return self._versions[name]

    def request(
        self,
        due_s: float = 0.0,
        *,
        took_s: float = 0.01,
        late_s: float = 0.0,
        waited_s: float = 0.0,
        ending: str = "ok",
        label: str = "ok",
        version: str = "",
    ) -> bytes:
        """The record of one request."""
        names = self.outcome(ending, label), self.version(version)
        return RECORD.pack(due_s, late_s, waited_s, took_s, *names)

    def records(self, *records: bytes) -> None:
        self.recording.take(Frame.RECORDS, b"".join(records))

    def tick(self, tick: Tick) -> None:
        self.recording.take(Frame.TICK, _payload(document(Frame.TICK, vars(tick))))

    def _take(self, frame: bytes) -> None:
        kind = Frame(frame[:1])
        self.recording.take(kind, _payload(frame))


def _payload(frame: bytes) -> bytes:
    return frame[5:]
