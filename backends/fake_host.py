"""The engine behind fake backends: instances that only exist in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count

from backends.base import (
    Address,
    ImageInfo,
    InstancePhase,
    InstanceSpec,
    LogLine,
    Observation,
    Ports,
)

EXIT_AFTER_SIGTERM = 0
EXIT_AFTER_SIGKILL = 137

_FIRST_PORT = 20_000
_EPOCH_MS = 1_700_000_000_000
_MS_PER_EVENT = 1_000


@dataclass
class FakeInstance:
    """One instance.

    Attributes:
        steps_to_run: steps left until it runs, while it is CREATED.
        healthy: what a test has set; None for "well as long as it runs".
        ports: where it listens, as a test has set it.
    """

    spec: InstanceSpec
    observation: Observation
    steps_to_run: int = 0
    healthy: bool | None = None
    ports: Ports | None = None
    lines: list[LogLine] = field(default_factory=list)

    @property
    def phase(self) -> InstancePhase:
        return self.observation.phase

    def begin(self, steps: int) -> None:
        """Start it, also anew: CREATED, and running after `steps` steps."""
        self.steps_to_run = steps
        self.observation = replace(
            self.observation, phase=InstancePhase.CREATED, exit_code=None, oom_killed=False
        )

    def run(self, port: int, now_ms: int) -> None:
        self.observation = replace(
            self.observation,
            phase=InstancePhase.RUNNING,
            address=Address(host="127.0.0.1", port=port),
            started_at_ms=now_ms,
        )

    def exit(self, exit_code: int, oom_killed: bool = False) -> None:
        self.observation = replace(
            self.observation,
            phase=InstancePhase.EXITED,
            address=None,
            exit_code=exit_code,
            oom_killed=oom_killed,
        )


class FakeHost:
    """Holds the instances of one or more fake backends; lives on when a backend is dropped.

    Give the same host to a second `FakeBackend` to test a restart of the server, or a neighbour
    installation.

    Attributes:
        images: what `inspect_image` knows, by reference.
    """

    def __init__(self) -> None:
        self.images: dict[str, ImageInfo] = {}
        self._instances: dict[tuple[str, str], FakeInstance] = {}
        self._ports = count(_FIRST_PORT)
        self._refs = count(1)
        self._instants = count(_EPOCH_MS, _MS_PER_EVENT)

    def find(self, installation: str, instance_id: str) -> FakeInstance | None:
        return self._instances.get((installation, instance_id))

    def of(self, installation: str) -> list[FakeInstance]:
        """The installation's instances, oldest first."""
        return [
            instance for (owner, _), instance in self._instances.items() if owner == installation
        ]

    def create(self, spec: InstanceSpec) -> FakeInstance:
        """A new instance in place of any that has its id."""
        self.remove(spec.installation, spec.instance_id)
        observation = Observation(
            instance_id=spec.instance_id,
            service_id=spec.service_id,
            version_id=spec.version_id,
            spec_hash=spec.spec_hash,
            phase=InstancePhase.CREATED,
            ref=f"fake-{next(self._refs)}",
        )
        instance = FakeInstance(spec, observation)
        self._instances[spec.installation, spec.instance_id] = instance
        return instance

    def remove(self, installation: str, instance_id: str) -> bool:
        """Whether there was such an instance."""
        return self._instances.pop((installation, instance_id), None) is not None

    def next_port(self) -> int:
        return next(self._ports)

    def now_ms(self) -> int:
        """An instant that moves one second with each look at it."""
        return next(self._instants)
