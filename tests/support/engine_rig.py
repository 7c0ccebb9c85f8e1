"""An engine with everything around it but the gateway and real instances.

Instances are those of `FakeBackend`; at their addresses real HTTP servers answer the engine's real
probes. Platform time moves only by `rig.clock.advance`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backends.base import InstanceSpec, Observation, PackageArtifact, Resources
from backends.fake import Call, FakeBackend
from backends.fake_host import FakeHost
from simulator.clock import ClockMode, PlatformClock
from simulator.config import Settings
from simulator.engine import Engine, Told
from simulator.errors import NotFound
from simulator.facts.statuses import ServiceStatus
from simulator.gateway.state import Availability, ServiceRoute
from simulator.lifecycle.objects import Service
from simulator.lifecycle.requests import Change
from simulator.store.queries import Store
from simulator.store.services import Stored
from simulator.watched import WatchedBackend
from tests.support.builders import CREATED, SERVICE_ID, a_service_row, a_version_row
from tests.support.fresh_store import make_database
from tests.support.instance_server import InstanceServers, http_answer

INSTALLATION = "test"
HEALTH = {"path": "/health", "period_s": 5, "timeout_s": 5, "failure_threshold": 1}
WAIT_S = 10.0


class Calls(list[Call]):
    """A backend's calls; tells when one is added."""

    def __init__(self, notify: Callable[[], None]) -> None:
        super().__init__()
        self._notify = notify

    def append(self, call: Call) -> None:
        super().append(call)
        self._notify()


class ProbedBackend(FakeBackend):
    """A fake backend whose instances answer HTTP.

    Attributes:
        new_are_well: what an instance answers to probes while no test has set its health.
        silent: instances that take requests and never answer.
    """

    def __init__(self, servers: InstanceServers, host: FakeHost, **options: Any) -> None:
        super().__init__(INSTALLATION, host=host, **options)
        self._servers = servers
        self.new_are_well = True
        self.silent: set[str] = set()

    async def start(self, spec: InstanceSpec) -> Observation:
        await self._servers.serve(spec.instance_id, lambda: self._answer(spec.instance_id))
        return self._with_address(await super().start(spec))

    async def observe(self) -> list[Observation]:
        return [self._with_address(seen) for seen in await super().observe()]

    async def serve_again(self) -> None:
        """Answer for the instances that an earlier backend has started."""
        for seen in self._own():
            name = seen.spec.instance_id
            await self._servers.serve(name, lambda name=name: self._answer(name))  # type: ignore[misc]

    def _with_address(self, seen: Observation) -> Observation:
        if seen.address is None:
            return seen
        return replace(seen, address=self._servers.address(seen.instance_id))

    def _answer(self, instance_id: str) -> bytes | None:
        instance = self._find(instance_id)
        if instance_id in self.silent:
            return None
        if instance is None or not self.healthy(instance_id):
            return http_answer(503)
        well = self.new_are_well if instance.healthy is None else instance.healthy
        return http_answer(200 if well else 503)


class NotifyingStore(Store):
    """Tells after each write; fails as told to.

    Attributes:
        failures: method name to errors that its next calls raise.
    """

    def __init__(self, path: Path, notify: Callable[[], None]) -> None:
        super().__init__(path)
        self._notify = notify
        self.failures: dict[str, list[Exception]] = {}

    def _may_fail(self, method: str) -> None:
        if waiting := self.failures.get(method):
            raise waiting.pop(0)

    def service(self, *args: Any, **options: Any) -> Stored:
        self._may_fail("service")
        return super().service(*args, **options)

    def instance_ids(self) -> set[str]:
        self._may_fail("instance_ids")
        return super().instance_ids()

    def save_plan(self, *args: Any, **options: Any) -> bool:
        try:
            self._may_fail("save_plan")
            return super().save_plan(*args, **options)
        finally:
            self._notify()

    def service_ids(self) -> list[str]:
        self._may_fail("service_ids")
        return super().service_ids()

    def add_event(self, *args: Any, **options: Any) -> None:
        self._may_fail("add_event")
        super().add_event(*args, **options)

    def change_service(self, *args: Any, **options: Any) -> Stored:
        self._may_fail("change_service")
        stored = super().change_service(*args, **options)
        self._notify()
        return stored

    def forget_service(self, service_id: str) -> None:
        self._may_fail("forget_service")
        super().forget_service(service_id)
        self._notify()


class NoJobs:
    """Does no jobs: real-time services have none."""

    def tend(self, stored: Stored, service: Service) -> None:
        """Nothing to begin or to end."""

    def forget(self, service_id: str) -> None:
        """Nothing to end."""


@dataclass(frozen=True)
class Published:
    """One call of the gateway.

    Attributes:
        stored_status: the service's status in the store at that instant; None if it is not there.
    """

    service_id: str
    route: ServiceRoute | None
    stored_status: ServiceStatus | None

    @property
    def availability(self) -> Availability | None:
        return self.route.availability if self.route else None


@dataclass
class Rig:
    """See the module. Made by `engine_rig`.

    Attributes:
        drained: addresses whose running requests were waited for, with the longest time.
        answered: set while instances that leave have no running requests.
        backend: the scripted one; the engine uses it through `watched`.
    """

    home: Path
    servers: InstanceServers
    host: FakeHost = field(default_factory=FakeHost)
    clock: PlatformClock = field(default_factory=lambda: PlatformClock(ClockMode.MANUAL))
    published: list[Published] = field(default_factory=list)
    drained: list[tuple[str, float]] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[Told] = field(default_factory=list)
    before_publishing: Callable[[], Any] | None = None
    store: NotifyingStore = field(init=False)
    backend: ProbedBackend = field(init=False)
    watched: WatchedBackend = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.answered.set()
        self.store = NotifyingStore(make_database(self.home / "state.db"), self.notify)
        self._make()

    def _make(self, **options: Any) -> None:
        self.backend = ProbedBackend(self.servers, self.host, **options)
        self.backend.calls = Calls(self.notify)
        self.watched = WatchedBackend(self.backend)
        self.engine = Engine(
            store=self.store,
            backend=self.watched,
            clock=self.clock,
            settings=Settings(home=self.home, crash_limit=3),
            installation=INSTALLATION,
            inference_prefix="/v1/infers/",
            publish=self._publish,
            drained=self._drained,
            listen=self._listen,
            work=NoJobs(),
        )

    # -- what the engine calls --------------------------------------------------------------

    async def _drained(self, address: str, within_s: float) -> None:
        self.drained.append((address, within_s))
        await self.answered.wait()

    async def _publish(self, service_id: str, route: ServiceRoute | None) -> None:
        try:
            status = self.store.service(service_id).service.status
        except NotFound:
            status = None
        self.published.append(Published(service_id, route, status))
        self.notify()
        if self.before_publishing is not None:
            await self.before_publishing()

    def _listen(self, told: Told) -> None:
        self.told.append(told)
        self.notify()

    def notify(self) -> None:
        """Something may have changed; from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    # -- what tests do ----------------------------------------------------------------------

    async def start(self) -> None:
        await self.engine.routes()
        await self.engine.start()

    async def restart(self, *, keep_running: bool) -> None:
        """End the engine as told and begin with a new one, on the same machine and store."""
        await self.engine.close(keep_running=keep_running)
        await self.backend.close()
        well = self.backend.new_are_well
        self._make()
        self.backend.new_are_well = well
        await self.backend.serve_again()
        self.published.clear()
        self.told.clear()
        await self.start()

    def deploy(self, service_id: str = SERVICE_ID, **version: Any) -> None:
        """Store a service as an accepted request does, and wake the engine."""
        versions = [a_version_row(service_id, **{"health": HEALTH} | version)]
        now = self.clock.now_ms()
        times = dict.fromkeys(("created_at", "transition_at", "deploy_started_at"), now)
        row = a_service_row(service_id, **times)
        self.store.add_service(row, versions, CREATED)
        self.engine.wake(service_id)

    def ask(self, change: Change, service_id: str = SERVICE_ID) -> None:
        """A user's request."""
        now = self.clock.now_ms()
        self.store.change_service(service_id, None, now, lambda s: change(s, now))
        self.engine.wake(service_id)

    def stored(self, service_id: str = SERVICE_ID) -> Stored | None:
        """The service as it is in the store; None when it is gone."""
        try:
            return Store.service(self.store, service_id)
        except NotFound:
            return None

    def status(self, service_id: str = SERVICE_ID) -> ServiceStatus | None:
        stored = self.stored(service_id)
        return stored.service.status if stored else None

    async def until_status(
        self, status: ServiceStatus | None, service_id: str = SERVICE_ID
    ) -> None:
        """Wait for a status; None: until the service is gone."""
        await self.until(lambda: self.status(service_id) is status)

    async def running(self, **version: Any) -> None:
        """Deploy a service and wait until it runs."""
        self.deploy(**version)
        await self.until_status(ServiceStatus.RUNNING)

    async def until(self, condition: Callable[[], bool], within_s: float = WAIT_S) -> None:
        """Wait until a condition holds; it is looked at after everything that happens."""
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            stored = self.stored()
            raise AssertionError(f"waited in vain; {stored and stored.service}") from None

    def instances(self) -> list[str]:
        """Ids of what exists on the machine."""
        return sorted(instance.spec.instance_id for instance in self.host.of(INSTALLATION))

    def texts(self) -> list[str]:
        return [told.event.text for told in self.told]

    def route(self, service_id: str = SERVICE_ID) -> ServiceRoute | None:
        """The route that was published last."""
        return next(p.route for p in reversed(self.published) if p.service_id == service_id)

    def a_spec(self, instance_id: str, installation: str = INSTALLATION) -> InstanceSpec:
        """A spec that the engine knows nothing of."""
        return InstanceSpec(
            installation=installation,
            service_id=instance_id.rpartition("-")[0],
            version_id="v1",
            instance_id=instance_id,
            artifact=PackageArtifact("/models/m1"),
            resources=Resources(cpus=1, memory_mib=64),
        )


@asynccontextmanager
async def engine_rig(home: Path) -> AsyncIterator[Rig]:
    """A rig whose engine has been started."""
    servers = InstanceServers()
    rig = Rig(home, servers)
    try:
        await rig.start()
        yield rig
    finally:
        for method in ("prepare", "start", "stop", "remove", "observe", "logs"):
            rig.backend.release(method)
        await rig.engine.close(keep_running=False)
        await servers.close()
        rig.store.close()
