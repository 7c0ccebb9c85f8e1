"""What a load test comes to, in figures; the report and the live view are made of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.stress.histogram import Latency


@dataclass(frozen=True)
class Failed:
    """Requests that failed in one way.

    Attributes:
        ending: `refused`, `lost` or `timeout`.
        label: status and code of the answer, such as `429 ModelArts.4206`, or why there was none.
        message: of the first such answer; may hold anything.
    """

    ending: str
    label: str
    count: int
    message: str = ""


@dataclass(frozen=True)
class VersionFigures:
    """What one version of the service answered.

    Attributes:
        name: empty for answers that name no version, such as the gateway's own.
        requests: that it answered; `errors`: of these, those with another status than 2xx.
        share: of the answers that name a version, 0 to 1.
        wanted_share: by its weight; None where that is not known.
        latency: of its answers with 2xx. Not known where only the gateway has counted.
    """

    name: str
    requests: int
    errors: int
    share: float
    wanted_share: float | None = None
    latency: Latency = field(default_factory=Latency)


@dataclass(frozen=True)
class Interval:
    """The requests that were due in one stretch of the test.

    Attributes:
        start_s: from the beginning of the test.
        requests, errors: that were due, and have ended.
    """

    start_s: float
    requests: int
    errors: int
    p50_ms: float | None = None
    p90_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None


@dataclass(frozen=True)
class Counts:
    """Requests, by what became of them.

    Attributes:
        planned: by the plan; in a closed loop those that were sent.
        sent: taken up to be sent; `sent_in_time`: before the planned end.
        ok, refused, lost, timeout: as they ended; `docs/stress.md`.
        unsent: left out because the test was stopped; `unfinished`: under way then.
    """

    planned: int = 0
    sent: int = 0
    sent_in_time: int = 0
    ok: int = 0
    refused: int = 0
    lost: int = 0
    timeout: int = 0
    unsent: int = 0
    unfinished: int = 0

    @property
    def ended(self) -> int:
        return self.ok + self.errors

    @property
    def errors(self) -> int:
        return self.refused + self.lost + self.timeout

    @property
    def error_share(self) -> float:
        """Of those that ended, 0 to 1."""
        return self.errors / self.ended if self.ended else 0.0


@dataclass(frozen=True)
class Generator:
    """How the sender itself did.

    Attributes:
        cpu_share: of one processor core, over the whole test.
        late: how late requests were taken up.
        waited: requests that waited for a connection; `waited_latency`: how long.
        connections_opened: at most `Load.most_connections` of them at a time.
        lagging_share: of the looks at the sender's loop, those where it was over 5 ms late.
        loop_lag_max_ms: the worst of them.
    """

    cpu_share: float = 0.0
    late: Latency = field(default_factory=Latency)
    waited: int = 0
    waited_latency: Latency = field(default_factory=Latency)
    connections_opened: int = 0
    lagging_share: float = 0.0
    loop_lag_max_ms: float = 0.0


@dataclass(frozen=True)
class Figures:
    """All of it.

    Attributes:
        elapsed_s: from the first due time to the last answer, or the planned end if that is later.
        sent_per_s: taken up before the planned end, over the time until then.
        ok_per_s: answers with 2xx, over `elapsed_s`.
        latency: of answers with 2xx and of requests given up, from when each was due.
        from_send: of the same requests, from when each was really sent.
    """

    elapsed_s: float
    sent_per_s: float
    ok_per_s: float
    counts: Counts
    latency: Latency
    from_send: Latency
    failed: tuple[Failed, ...]
    versions: tuple[VersionFigures, ...]
    intervals: tuple[Interval, ...]
    generator: Generator


@dataclass(frozen=True)
class Snapshot:
    """How a test goes, while it does.

    Attributes:
        at_s: seconds since the first request was due.
        ok_per_s, errors_per_s: that ended in the last second or so.
        in_flight, waiting, connections, cpu_share: of the sender, now.
        latency, failed, versions, counts: since the beginning.
        intervals: as far as the test is.
    """

    at_s: float
    ok_per_s: float
    errors_per_s: float
    in_flight: int
    waiting: int
    connections: int
    cpu_share: float
    counts: Counts
    latency: Latency
    failed: tuple[Failed, ...]
    versions: tuple[VersionFigures, ...]
    intervals: tuple[Interval, ...]
