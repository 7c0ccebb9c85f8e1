"""The nouns of the lifecycle, all frozen.

A `Service` is what the store holds: what is wanted (goal, versions), and what has been decided and
noted about it (status, instances). `Seen` is what the backend and the probes see of one instance
now. `plan.plan` turns the two into the next `Service`, events, and actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.facts import limits
from simulator.facts.statuses import ServiceStatus


class Goal(StrEnum):
    """What the user last asked for."""

    RUNNING = "running"
    STOPPED = "stopped"
    DELETED = "deleted"


class InstanceState(StrEnum):
    """Where an instance is in its life."""

    QUEUED = "queued"
    """Has no place: no node of its pools has room, or its pool is lost. Tried again at
    `retry_at`."""
    PENDING = "pending"
    """Decided; not seen running yet."""
    STARTING = "starting"
    """Runs, has not answered its health check yet."""
    READY = "ready"
    """Healthy: in the gateway."""
    UNHEALTHY = "unhealthy"
    """Was ready and fails its health check: out of the gateway."""
    BACKOFF = "backoff"
    """Died or could not be started; is tried again at `retry_at`."""
    DRAINING = "draining"
    """On its way out: out of the gateway, running requests end, then it is stopped and removed."""


class Phase(StrEnum):
    """What the host sees of an instance; one that is not seen does not exist."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True)
class HealthCheck:
    """How an instance is asked whether it is well.

    Attributes:
        path: HTTP path; 200 to 399 passes. None: any HTTP answer at `/` passes.
        initial_delay_s: failures in this time after the start do not count.
        period_s, timeout_s: between probes, and for one probe.
        failure_threshold: failures in a row until an instance that was ready is not.
    """

    path: str | None = None
    initial_delay_s: int = limits.HEALTH_INITIAL_DELAY_S
    period_s: int = limits.HEALTH_PERIOD_S
    timeout_s: int = limits.HEALTH_TIMEOUT_S
    failure_threshold: int = limits.HEALTH_FAILURE_THRESHOLD


@dataclass(frozen=True)
class Size:
    """What an instance takes, or a node has: cores, MB (1,048,576 bytes), accelerators."""

    cpus: float = 0.0
    memory_mb: int = 0
    gpus: float = 0.0
    npus: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(
            self.cpus + other.cpus,
            self.memory_mb + other.memory_mb,
            self.gpus + other.gpus,
            self.npus + other.npus,
        )

    def __sub__(self, other: Size) -> Size:
        return Size(
            self.cpus - other.cpus,
            self.memory_mb - other.memory_mb,
            self.gpus - other.gpus,
            self.npus - other.npus,
        )


NOTHING = Size()


@dataclass(frozen=True)
class Node:
    """A node of a dedicated pool.

    Attributes:
        free: what it has left beside the instances of other services.
        overhead: what the system takes for each instance.
    """

    node_id: str
    free: Size
    overhead: Size = NOTHING


Room = Mapping[str, tuple[Node, ...]]
"""Nodes of each pool that runs, by the pool's id. Pools that do not run have none."""


@dataclass(frozen=True)
class Version:
    """One version of a service: what its instances run, how many, and its share of the traffic.

    Attributes:
        version_id: unique within the service and never reused, e.g. `v1`.
        weight: 0 to 100.
        instances: how many are wanted, 1 or more.
        deploy_timeout_ms: deployment and start-up together.
        grace_s: real seconds between SIGTERM and SIGKILL.
        max_surge: instances above `instances` during an update: below 1 a share, from 1 on a count.
        max_unavailable: how many of `instances` may be missing meanwhile, likewise.
        replaces: the version whose place it takes when it comes with an update; empty for a version
            beside those that are there.
        size: of one instance.
        pools: dedicated pools that its instances are spread over evenly; none for the public pool,
            which always has room.
        http2: instances speak HTTP/2 from the first byte on, and not HTTP/1.1.
    """

    version_id: str
    weight: int
    instances: int
    deploy_timeout_ms: int = limits.DEPLOY_TIMEOUT_DEFAULT_S * 1000
    grace_s: int = limits.TERMINATION_GRACE_DEFAULT_S
    health: HealthCheck = HealthCheck()
    max_surge: float = limits.MAX_SURGE_DEFAULT
    max_unavailable: float = limits.MAX_UNAVAILABLE_DEFAULT
    replaces: str = ""
    size: Size = Size()
    pools: tuple[str, ...] = ()
    http2: bool = False


@dataclass(frozen=True)
class Instance:
    """One running copy of a version, as decided and noted.

    Attributes:
        instance_id: `{service_id}-{ordinal}`, never reused.
        address: where it listens, in the backend's notation; empty while unknown.
        ref: the engine's name for it, for people.
        deaths: how often it ended by itself or failed to start since it was last ready for long.
        restarts: how often it was started again, ever.
        retry_at: when a BACKOFF instance is tried again.
        ready_at: when it last became ready; None before.
        reason, message: why it is not ready, if something is wrong.
        log_tail: the last lines it wrote before it ended.
        running_since: since when it runs, while it does: what is metered.
        grace_s: that of its version, for when this is gone.
        pool, node: where it has its place; empty in the public pool, and while it is queued.
        tries: how often no place was found for it.
    """

    instance_id: str
    version_id: str
    ordinal: int
    state: InstanceState
    created_at: int
    address: str = ""
    ref: str = ""
    accelerator: str = ""
    deaths: int = 0
    restarts: int = 0
    retry_at: int | None = None
    ready_at: int | None = None
    exit_code: int | None = None
    reason: str = ""
    message: str = ""
    log_tail: str = ""
    running_since: int | None = None
    grace_s: int = limits.TERMINATION_GRACE_DEFAULT_S
    pool: str = ""
    node: str = ""
    tries: int = 0


class JobEnd(StrEnum):
    """How the work of a job ended."""

    DONE = "done"
    """All of it was worked through; single items may have failed."""
    FAILED = "failed"
    """It cannot be gone on with."""


@dataclass(frozen=True)
class Job:
    """The work of a service that ends with it (a batch service).

    Attributes:
        run: number of this run of the work; a run that is cut off is gone on with, one that has
            ended is followed by the next.
        end: None while there is work left.
        message: why it failed.
    """

    run: int = 1
    end: JobEnd | None = None
    message: str = ""


@dataclass(frozen=True)
class Service:
    """A service, what is wanted of it and what is known about it.

    Attributes:
        versions: of the configuration that was accepted last.
        fallback: versions of the last good configuration while an update is under way, to which a
            failed one returns; empty at all other times.
        status: only ever changed along `moves.MOVES`.
        reason: stable CamelCase code when something is wrong, else empty.
        message: one sentence for people to the reason.
        evidence: raw text that shows it, e.g. the end of an instance's log.
        deploy_started_at: when the current deployment began: the deploy timeout counts from here.
        next_ordinal: of the next instance.
        next_version: number of the next version.
        stop_after_ms: how long it runs until it is stopped by schedule; None for ever.
        due_at: when it is stopped by schedule; None before it runs, and without a schedule.
        released: a transition that is held by a setting is to be made; until the status changes.
        job: the work that it ends with; None for a service that runs until it is stopped.
    """

    service_id: str
    goal: Goal
    status: ServiceStatus
    versions: tuple[Version, ...]
    instances: tuple[Instance, ...] = ()
    reason: str = ""
    message: str = ""
    evidence: str = ""
    transition_at: int = 0
    deploy_started_at: int = 0
    next_ordinal: int = 1
    next_version: int = 2
    fallback: tuple[Version, ...] = ()
    stop_after_ms: int | None = None
    due_at: int | None = None
    released: bool = False
    job: Job | None = None

    @property
    def is_updating(self) -> bool:
        """Whether one configuration is being replaced by another."""
        return bool(self.fallback)

    def version(self, version_id: str) -> Version | None:
        """The version with this id, as it is wanted; else as it was before the update."""
        known = (*self.versions, *self.fallback)
        return next((v for v in known if v.version_id == version_id), None)

    def instances_of(self, version_id: str) -> tuple[Instance, ...]:
        """Its instances that are not on their way out."""
        return tuple(
            i
            for i in self.instances
            if i.version_id == version_id and i.state is not InstanceState.DRAINING
        )


@dataclass(frozen=True)
class Listening:
    """Where an instance listens, and where it should.

    Attributes:
        wanted: the TCP port on which its model is called, at all addresses.
        sockets: address and port of each TCP socket that takes connections.
    """

    wanted: int
    sockets: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Seen:
    """What is seen of one instance, now.

    Attributes:
        healthy: the probes' verdict: True, False (threshold reached), None (not known yet).
        probe: the last probe's result, in words.
        log_tail: the last lines of its output; given for instances that have exited, and for
            running ones whose deployment has run out of time.
        listening: given for the latter, where it can be told.
    """

    phase: Phase
    healthy: bool | None = None
    address: str = ""
    ref: str = ""
    accelerator: str = ""
    exit_code: int | None = None
    oom_killed: bool = False
    probe: str = ""
    log_tail: str = ""
    listening: Listening | None = None


Sight = Mapping[str, Seen]
"""Everything that is seen of a service's instances: instance id to `Seen`."""


class EventKind(StrEnum):
    NORMAL = "normal"
    ABNORMAL = "abnormal"


@dataclass(frozen=True)
class Event:
    """Something worth telling, with its evidence (raw text such as the end of a log)."""

    kind: EventKind
    text: str
    reason: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class StartInstance:
    """Start the instance, or adopt it if it runs already."""

    instance_id: str
    version_id: str


@dataclass(frozen=True)
class EndInstance:
    """Drain, stop (SIGTERM, `grace_s`, SIGKILL) and remove the instance."""

    instance_id: str
    grace_s: int


@dataclass(frozen=True)
class ForgetService:
    """Nothing of the service is left: remove its record."""

    service_id: str


Action = StartInstance | EndInstance | ForgetService


@dataclass(frozen=True)
class Usage:
    """An instance ran: from `since` to `until`, platform time, epoch ms."""

    instance_id: str
    version_id: str
    since: int
    until: int


class Outcome(StrEnum):
    """How an update ended."""

    DONE = "done"
    ROLLED_BACK = "rolled-back"
    """It failed; the configuration from before it is in force again."""


@dataclass(frozen=True)
class Plan:
    """What to note, what to tell, what to do, and when to look again.

    Attributes:
        wake_at: platform time at which the next plan may differ without anything being seen;
            None if nothing is due.
    """

    service: Service
    actions: tuple[Action, ...] = ()
    events: tuple[Event, ...] = ()
    wake_at: int | None = None
