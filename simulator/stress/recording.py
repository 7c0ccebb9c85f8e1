"""From the sender's records to figures. No I/O, no clock: what is fed in is all that is known."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.stress.figures import (
    Counts,
    Failed,
    Figures,
    Generator,
    Interval,
    Snapshot,
    VersionFigures,
)
from simulator.stress.frames import RECORD_FIELDS, Frame, Tick
from simulator.stress.histogram import FEW_DIGITS, Latencies
from simulator.stress.load import Load
from simulator.stress.outcomes import Ending

_RECORD = np.dtype(list(RECORD_FIELDS))
_WIDTHS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
MOST_INTERVALS = 120
REQUESTS_AN_INTERVAL = 20
"""An interval is wide enough for so many planned requests, if it can."""
RECENT_S = 1.0
LAGGING_S = 0.005
WAITED_S = 0.001
"""A request that got its connection later than this waited for it."""

Records = NDArray[Any]


def interval_width_s(load: Load) -> float:
    """How wide a stretch is that latencies over time are told of."""
    wanted = load.duration_s / MOST_INTERVALS
    if load.is_open:
        enough = REQUESTS_AN_INTERVAL / load.rate_per_s
        wanted = max(wanted, min(enough, load.duration_s / 10))
    return next((width for width in _WIDTHS_S if width >= wanted), _WIDTHS_S[-1])


@dataclass
class _Outcome:
    ending: Ending
    label: str
    message: str
    count: int = 0


@dataclass
class _Version:
    name: str
    answers: int = 0
    errors: int = 0
    latencies: Latencies = field(default_factory=Latencies)


@dataclass
class _Stretch:
    requests: int = 0
    errors: int = 0
    latencies: Latencies = field(default_factory=lambda: Latencies(FEW_DIGITS))


class Recording:
    """Collects what the sender tells."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.width_s = interval_width_s(load)
        self._outcomes: dict[int, _Outcome] = {}
        self._versions: dict[int, _Version] = {}
        self._stretches: dict[int, _Stretch] = defaultdict(_Stretch)
        self._given_up = Latencies()
        self._from_send = Latencies()
        self._late = Latencies()
        self._waited = Latencies()
        self._last_end_s = 0.0
        self._told: dict[int, Interval] = {}
        self._ticks: deque[tuple[Tick, int, int]] = deque()  # with ok and errors by then
        self._tick_count = self._lagging = 0
        self._lag_max_s = 0.0
        self.tick = Tick(0, 0, 0, 0, 0, 0, 0, 0, 0)

    def take(self, kind: Frame, payload: bytes) -> None:
        """One frame."""
        if kind is Frame.RECORDS:
            self._records(np.frombuffer(payload, dtype=_RECORD))
            return
        said = json.loads(payload)
        if kind is Frame.OUTCOME:
            self._outcomes[said["id"]] = _Outcome(
                Ending(said["ending"]), said["label"], said["message"]
            )
        elif kind is Frame.VERSION:
            self._versions[said["id"]] = _Version(said["name"])
        elif kind is Frame.TICK:
            self._ticked(Tick(**said))

    def _records(self, records: Records) -> None:
        latency = records["late_s"] + records["waited_s"] + records["took_s"]
        self._last_end_s = max(self._last_end_s, float(np.max(records["due_s"] + latency)))
        if self._load.is_open:
            self._late.add(records["late_s"])
        waited = records["waited_s"]
        self._waited.add(waited[waited > WAITED_S])
        timed = np.zeros(len(records), dtype=bool)
        failed = np.zeros(len(records), dtype=bool)
        for number in np.unique(records["outcome"]).tolist():
            outcome, mine = self._outcomes[number], records["outcome"] == number
            outcome.count += int(mine.sum())
            timed |= mine & outcome.ending.has_latency
            failed |= mine & (outcome.ending is not Ending.OK)
            if outcome.ending.is_answer:
                self._answers(records["version"], mine, latency, outcome.ending)
            elif outcome.ending.has_latency:
                self._given_up.add(latency[mine])
        self._from_send.add(records["took_s"][timed])
        self._over_time(records["due_s"], latency, timed, failed)

    def _answers(self, versions: Records, mine: Records, latency: Records, ending: Ending) -> None:
        for number in np.unique(versions[mine]).tolist():
            version, its = self._versions[number], mine & (versions == number)
            version.answers += int(its.sum())
            if ending is Ending.OK:
                version.latencies.add(latency[its])
            else:
                version.errors += int(its.sum())

    def _over_time(self, due: Records, latency: Records, timed: Records, failed: Records) -> None:
        where = np.floor_divide(due + 1e-9, self.width_s).astype(np.int64)
        for index in np.unique(where).tolist():
            stretch, its = self._stretches[index], where == index
            stretch.requests += int(its.sum())
            stretch.errors += int((its & failed).sum())
            stretch.latencies.add(latency[its & timed])

    def _ticked(self, tick: Tick) -> None:
        counts = self._counts()
        self.tick = tick
        self._tick_count += 1
        self._lagging += tick.loop_lag_s > LAGGING_S
        self._lag_max_s = max(self._lag_max_s, tick.loop_lag_s)
        self._ticks.append((tick, counts.ok, counts.errors))
        while len(self._ticks) > 2 and tick.at_s - self._ticks[1][0].at_s >= RECENT_S:
            self._ticks.popleft()

    # -- figures ------------------------------------------------------------------------------

    def figures(self) -> Figures:
        """What has been counted so far."""
        counts = self._counts()
        sending_s = self._sending_s(counts)
        elapsed_s = max(self._last_end_s, sending_s)
        return Figures(
            elapsed_s=round(elapsed_s, 6),
            sent_per_s=_per_s(counts.sent_in_time, sending_s),
            ok_per_s=_per_s(counts.ok, elapsed_s),
            counts=counts,
            latency=self._latencies().summary(with_histogram=True),
            from_send=self._from_send.summary(with_histogram=True),
            failed=self._failed(),
            versions=self._versions_figures(),
            intervals=self._intervals(),
            generator=self._generator(),
        )

    def snapshot(self) -> Snapshot:
        """How it goes."""
        (first, ok, errors), counts = self._ticks[0], self._counts()
        seconds = self.tick.at_s - first.at_s
        if seconds <= 0:  # one look only
            seconds, ok, errors = self.tick.at_s, 0, 0
        cpu_s = self.tick.cpu_s - (first.cpu_s if first is not self.tick else 0.0)
        return Snapshot(
            at_s=self.tick.at_s,
            ok_per_s=_per_s(counts.ok - ok, seconds),
            errors_per_s=_per_s(counts.errors - errors, seconds),
            in_flight=self.tick.in_flight,
            waiting=self.tick.waiting,
            connections=self.tick.connections,
            cpu_share=_per_s(cpu_s, seconds),
            counts=counts,
            latency=self._latencies().summary(),
            failed=self._failed(),
            versions=self._versions_figures(),
            intervals=self._intervals(),
        )

    def _sending_s(self, counts: Counts) -> float:
        """How long requests were sent, which is as long as planned unless it was stopped."""
        if self._load.is_open and counts.sent == counts.planned:
            return self._load.duration_s
        return min(self.tick.at_s, self._load.duration_s)

    def _latencies(self) -> Latencies:
        each = [version.latencies for version in self._versions.values()]
        return Latencies().merge([*each, self._given_up])

    def _counts(self) -> Counts:
        by_ending = dict.fromkeys(Ending, 0)
        for outcome in self._outcomes.values():
            by_ending[outcome.ending] += outcome.count
        sent = self.tick.sent
        return Counts(
            planned=self._load.planned or sent,
            sent=sent,
            sent_in_time=self.tick.sent_in_time,
            ok=by_ending[Ending.OK],
            refused=by_ending[Ending.REFUSED],
            lost=by_ending[Ending.LOST],
            timeout=by_ending[Ending.TIMEOUT],
            unsent=self.tick.unsent,
            unfinished=self.tick.unfinished,
        )

    def _failed(self) -> tuple[Failed, ...]:
        found = [
            Failed(one.ending.value, one.label, one.count, one.message)
            for one in self._outcomes.values()
            if one.count and one.ending is not Ending.OK
        ]
        return tuple(sorted(found, key=lambda one: (-one.count, one.label)))

    def _versions_figures(self) -> tuple[VersionFigures, ...]:
        found = [one for one in self._versions.values() if one.answers]
        total = sum(one.answers for one in found if one.name)
        return tuple(
            VersionFigures(
                name=one.name,
                requests=one.answers,
                errors=one.errors,
                share=one.answers / total if one.name else 0.0,
                latency=one.latencies.summary(),
            )
            for one in sorted(found, key=lambda one: one.name)
        )

    def _intervals(self) -> tuple[Interval, ...]:
        """All from the beginning to the latest; those without requests too."""
        last = max(self._stretches, default=-1)
        return tuple(self._interval(index) for index in range(last + 1))

    def _interval(self, index: int) -> Interval:
        start_s = round(index * self.width_s, 6)
        stretch = self._stretches.get(index)
        if stretch is None:
            return Interval(start_s, 0, 0)
        told = self._told.get(index)
        if told is None or told.requests != stretch.requests:  # working it out takes its time
            percentiles = stretch.latencies.percentiles_ms([50.0, 90.0, 99.0, 100.0])
            told = Interval(start_s, stretch.requests, stretch.errors, *percentiles)
            self._told[index] = told
        return told

    def _generator(self) -> Generator:
        return Generator(
            cpu_share=_per_s(self.tick.cpu_s, self.tick.at_s),
            late=self._late.summary(),
            waited=self._waited.count,
            waited_latency=self._waited.summary(),
            connections_opened=self.tick.opened,
            lagging_share=self._lagging / self._tick_count if self._tick_count else 0.0,
            loop_lag_max_ms=round(self._lag_max_s * 1000, 3),
        )


def _per_s(count: float, seconds: float) -> float:
    return round(count / seconds, 4) if seconds > 0 else 0.0
