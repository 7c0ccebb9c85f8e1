"""The composition root: every part of a running Drydock, made and started in order."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Awaitable
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from backends.base import Backend
from simulator.access_log import AccessLog
from simulator.backend_choice import choose_backend
from simulator.batch.jobs import Jobs
from simulator.clock import PlatformClock, real_ms
from simulator.collection.collector import Collector
from simulator.collection.spool import Spool
from simulator.config import Paths, Settings
from simulator.engine import Engine, Told
from simulator.faults.control import FaultControl
from simulator.gateway.interface import DataPlane
from simulator.gateway.off import NoGateway
from simulator.gateway.state import GatewayState
from simulator.gateway.supervise import Gateway
from simulator.heartbeat import Heartbeat
from simulator.hosting import Hosting
from simulator.iam.directory import Directory
from simulator.iam.identity import Identity
from simulator.iam.tokens import PROJECT_CLAIM, TokenSigner
from simulator.identities import identities_from
from simulator.instance_traffic import InstanceTraffic
from simulator.listeners import Listeners
from simulator.log_channels import LogChannels
from simulator.modelarts import wire
from simulator.modelarts.holding import Holding
from simulator.modelarts.models import Publisher
from simulator.modelarts.ruling import Ruling
from simulator.notifier import Notifier
from simulator.objects import ObjectStore
from simulator.routetable import RouteTable
from simulator.s3.address import host_names
from simulator.store.queries import Store
from simulator.store_watch import StoreWatch
from simulator.traffic import Traffic
from simulator.transitions import TransitionControl
from simulator.watched import WatchedBackend

logger = logging.getLogger(__name__)

AUTHORIZE_PATH = "/_drydock/authorize"
"""Where the gateway has signed inference requests judged."""

GATEWAY_DRAIN_S = 5.0


class ShutdownMode(StrEnum):
    """What happens to the instances when the server ends."""

    STOP = "stop"
    KEEP_RUNNING = "keep-running"
    REMOVE = "remove"


class ChooseBackend(Protocol):
    """Decides where instances run; `backend_choice.choose_backend` by the settings."""

    def __call__(
        self, settings: Settings, paths: Paths, installation: str, /, *, last: str | None
    ) -> Awaitable[Backend]: ...


class System:
    """Everything that a server consists of, apart from its HTTP application.

    Args:
        gateway: False for a server that answers the control API only, on an address of its own.
        backend: where instances run.

    Attributes:
        shutdown: set when somebody asked the server to end; `shutdown_mode` says how.
    """

    store: Store
    backend: WatchedBackend
    hosting: Hosting
    engine: Engine
    gateway: DataPlane
    traffic: Traffic
    directory: Directory
    objects: ObjectStore
    jobs: Jobs
    publisher: Publisher
    clock: PlatformClock

    def __init__(
        self,
        settings: Settings,
        *,
        gateway: bool = True,
        backend: ChooseBackend = choose_backend,
    ) -> None:
        self.ruling = Ruling(settings)
        if "predict_timeout_s" not in settings.model_fields_set:
            limit_s = float(self.ruling.readings["predict-timeout"])
            settings = settings.model_copy(update={"predict_timeout_s": limit_s})
        self.settings = settings
        self._with_gateway = gateway
        self._choose_backend = backend
        self.paths: Paths = settings.paths
        self.listeners = Listeners()
        self.shutdown = asyncio.Event()
        self.shutdown_mode = ShutdownMode.STOP
        self._reading: asyncio.Task[None] | None = None
        self.started_at_ms = real_ms()
        self.admin_token = ""

    @property
    def endpoint(self) -> str:
        """Address of everything, for clients."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self.settings.port}"

    @property
    def identity(self) -> Identity:
        """The development user."""
        return self.directory.identities[0]

    @property
    def project_id(self) -> str:
        """Its first project, which Drydock's own surface works on."""
        return self.identity.projects[0].id

    async def open(self) -> None:
        """Open the store and choose the backend. Nothing listens yet.

        Raises:
            ConfigError: the state or the settings are unusable.
        """
        self.admin_token = _load_or_create_token(self.paths.admin_token)
        overhead = self.settings.system_overhead.size
        self.store = Store(self.paths.database, self.ruling.counting, overhead)
        try:
            await self._open_parts()
        except BaseException:
            self.store.close()
            raise

    async def _open_parts(self) -> None:
        installation = self.store.installation_id()
        signer = TokenSigner.from_file(self.paths.signing_key, installation)
        self.clock = PlatformClock(
            self.settings.clock,
            self.settings.speed,
            max(self.store.last_instant(), Heartbeat(self.paths.heartbeat).last_ms()),
        )
        self.directory = Directory(
            identities=identities_from(self.settings),
            signer=signer,
            endpoint=lambda: self.endpoint,
            now_s=time.time,
            region=self.settings.region,
            token_lifetime_s=self.settings.token_lifetime_s,
        )
        last = self.store.remembered("backend") if self.store.service_ids() else None
        self.backend = WatchedBackend(
            await self._choose_backend(self.settings, self.paths, installation, last=last)
        )
        self.store.remember("backend", self.backend.name)
        self.hosting = Hosting(self.settings, self.backend)
        self.gateway = Gateway(self.paths.gateway) if self._with_gateway else NoGateway()
        self.spool = Spool(self.paths.run)
        self.routes = RouteTable(self.gateway, self._gateway_state(), self.spool.open)
        self.traffic = Traffic(self.gateway, InstanceTraffic(self.gateway, self.routes.endpoints))
        self.access_log = AccessLog(self.paths.access_log, self.gateway)
        self.objects = ObjectStore(self.paths.objects, self.settings.buckets)
        await asyncio.to_thread(self.objects.sweep)
        self.jobs = Jobs(
            self.store,
            self.objects,
            self.clock,
            directory=self.paths.batch,
            timeout_s=self.settings.predict_timeout_s,
            wake=self._wake,
        )
        self.engine = Engine(
            store=self.store,
            backend=self.backend,
            clock=self.clock,
            settings=self.settings,
            installation=installation,
            inference_prefix=wire.INFERENCE_PREFIX,
            publish=self.routes.publish,
            drained=self.routes.drained,
            listen=self._tell,
            work=self.jobs,
        )
        self.faults = FaultControl(
            self.store.faults, self.clock, afflict=self.routes.afflict, listen=self._tell
        )
        self.collector = Collector(
            self.store,
            self.objects,
            self.clock,
            spool=self.spool,
            hold=self.routes.hold_collection,
            listen=self._tell,
        )
        self.store_watch = StoreWatch(self.store, self._store_recovered)
        self.notifier = Notifier(self.store, self.settings.notification_webhook)
        self.log_channels = LogChannels(self.store, self.backend, self.paths.log_channels)
        self.transitions = TransitionControl(self.settings.transitions, self.engine.hold)
        self.publisher = Publisher(
            self.store,
            self.backend,
            self.clock,
            Holding(self.clock, self.transitions),
            models=self.paths.models,
            objects=self.objects,
        )

    async def start(self) -> None:
        """Begin to listen and to look after the services; the control socket must be open.

        Raises:
            ConfigError: the gateway did not come up (port in use, ...).
        """
        routes = await self.engine.routes()
        await self.routes.start(routes, await self.faults.resume())
        self.faults.start()
        if self._with_gateway:
            self._reading = asyncio.create_task(self.traffic.keep_reading())
            self.collector.start()
            if self.settings.access_log:
                self.access_log.start()
        self.store_watch.start()
        self.notifier.start()
        self.log_channels.start()
        await self.publisher.resume()
        await self.engine.start()

    async def close(self) -> None:
        """End everything, as `shutdown_mode` says. May be called however far `start` came."""
        mode = self.shutdown_mode
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self.faults.close()
        await self.gateway.stop(GATEWAY_DRAIN_S)
        await self.collector.close()
        self.spool.remove()
        await self.access_log.close()
        await self.publisher.close()
        await self.store_watch.close()
        await self.notifier.close()
        await self.log_channels.close()
        await self.jobs.close()
        await self.engine.close(keep_running=mode is ShutdownMode.KEEP_RUNNING)
        if mode is ShutdownMode.REMOVE:
            await self.backend.remove_everything()
        await self.backend.close()
        self.objects.close()
        self.store.close()

    def _store_recovered(self) -> None:
        self.engine.hurry()
        self.publisher.hurry()

    def _wake(self, service_id: str) -> None:
        self.engine.wake(service_id)

    def _tell(self, told: Told) -> None:
        self.listeners.tell(told)
        self.notifier.wake()

    def _gateway_state(self) -> GatewayState:
        watched = self.paths.gateway / "dynamic"
        watched.mkdir(parents=True, exist_ok=True, mode=0o700)
        names = GatewayState.allowed_hosts + host_names(self.settings.region)
        return GatewayState(
            host=self.settings.host,
            port=self.settings.port,
            admin_socket=str(self.paths.gateway_socket),
            control_socket=str(self.paths.control_socket),
            watch_directory=str(watched),
            inference_prefix=wire.INFERENCE_PREFIX,
            token_header="X-Auth-Token",
            jwks=self.directory.signer.jwks(),
            token_issuer=self.directory.signer.issuer,
            project_claim=PROJECT_CLAIM,
            signed_path=AUTHORIZE_PATH,
            answers=wire.gateway_answers(),
            allowed_hosts=names,
            access_log_path=str(self.paths.access_log) if self.settings.access_log else "",
            secret_paths=wire.SECRET_PATHS,
            spool=str(self.spool.path),
        )


def _load_or_create_token(path: Path) -> str:
    """The admin token: 256 bits, readable by the user only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        token = secrets.token_hex(32)
        file.write(token + "\n")
    return token
