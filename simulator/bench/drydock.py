"""What a test holds of its server."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx

from backends.base import ImageInfo, PackageArtifact
from simulator.admin.routes import client_environment
from simulator.bench.embedded import EmbeddedServer
from simulator.bench.options import BackendName, Options
from simulator.bench.settling import Settling
from simulator.bench.simulated import SimulatedBackend
from simulator.clock import ClockMode
from simulator.facts.statuses import ModelStatus
from simulator.specs import artifact_document
from simulator.store.tables import ModelRow

WITHIN_S = 30.0
"""How long calls wait for the server, real seconds."""

T = TypeVar("T")
Json = dict[str, Any]


class Drydock:
    """A private server, and what a test does with it. Calls may come from any thread.

    Attributes:
        endpoint: address of everything, such as `http://127.0.0.1:41234`.
        project_id, project_name, region: what requests name.
        token: for the header `X-Auth-Token`, valid for 24 hours of real time.
        access_key, secret_key: for signed requests.
        user_name, password, domain_name: for `POST /v3/auth/tokens`.
        backend: `fake` (simulated: nothing runs), `process` or `docker`.
        gateway: whether inference requests are served; they are answered 501 otherwise.
        objects: folder of the object store, one folder a bucket: what `/bucket/key` names lies
            at `objects / "bucket" / "key"`.
    """

    def __init__(self, server: EmbeddedServer) -> None:
        """
        Args:
            server: one that has been started.
        """
        self._server = server
        self._client: httpx.Client | None = None
        system = server.system
        known = client_environment(system)
        self.endpoint: str = known["endpoint"]
        self.project_id: str = known["project_id"]
        self.project_name: str = known["project_name"]
        self.region: str = known["region"]
        self.token: str = known["token"]
        self.access_key: str = known["access_key"]
        self.secret_key: str = known["secret_key"]
        self.user_name: str = known["user_name"]
        self.password: str = known["password"]
        self.domain_name: str = known["domain_name"]
        self.backend: str = server.options.backend.value
        self.gateway: bool = server.options.gateway
        self.objects: Path = system.paths.objects
        self._is_fake = server.options.backend is BackendName.FAKE
        self._settling = Settling(system, simulated=self._is_fake)

    def __repr__(self) -> str:
        simulated = " (simulated: nothing runs)" if self._is_fake else ""
        gateway = "with gateway" if self.gateway else "without gateway"
        return f"<Drydock {self.endpoint}, backend {self.backend}{simulated}, {gateway}>"

    # -- time -------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """Platform time: what the services' timers run on and events are dated by, epoch ms."""
        return self._server.system.clock.now_ms()

    def settle(self, within_s: float = WITHIN_S) -> None:
        """Wait until the server is at rest: nothing more happens until the clock is moved, a client
        asks for something, or an instance changes. A deployment that can succeed has then.

        Raises:
            NotAtRest: it is not after `within_s` real seconds; the text says what it is doing.
        """
        self._run(self._settling.settle(within_s), within_s + WITHIN_S)

    def advance(self, seconds: float, within_s: float = WITHIN_S) -> None:
        """Move the platform clock on at once, and wait until all that fell due has happened.

        Raises:
            NotAtRest: as `settle`.
            ValueError: `seconds` is negative, or the clock is not manual.
        """
        clock = self._server.system.clock
        if clock.mode is not ClockMode.MANUAL:
            raise ValueError(f"only a manual clock can be moved; this one is {clock.mode.value}")
        if seconds < 0:
            raise ValueError(f"time cannot go back: {seconds} s")
        work = self._settling.advance(round(seconds * 1000), within_s)
        self._run(work, within_s + WITHIN_S)

    def release(self, service_id: str) -> None:
        """Let a service make the transition that the setting `transitions` holds it in, and wait
        until the server is at rest.

        Raises:
            ValueError: there is no such service, or it is on its way nowhere.
        """
        self._admin("POST", f"/services/{service_id}/release")
        self.settle()

    # -- models -----------------------------------------------------------------------------

    def add_model(
        self,
        name: str = "model",
        version: str = "0.0.1",
        *,
        status: str = "published",
        apis: Sequence[Mapping[str, str]] = (),
    ) -> str:
        """Put a model in that has no files, so that deploying it can be tried; returns its id.

        Only the fake backend takes it: there is nothing to run. Its description says so.

        Args:
            status: `publishing`, `published`, `failed`, ...: only published models can be deployed.
            apis: what it declares, as `{"path": "/", "method": "POST"}`; none for "any".

        Raises:
            ValueError: another backend is in use, or there is no such status.
            NameTaken: there is a model with this name and version.
        """
        if not self._is_fake:
            raise ValueError(
                f"add_model makes a model without files, which the backend {self.backend} cannot "
                "run; use publish_model, or the fake backend"
            )
        row = self._made_up_model(name, version, ModelStatus(status), apis)
        model_id = row.model_id
        self._server.system.store.add_model(row)
        return model_id

    def _made_up_model(
        self, name: str, version: str, status: ModelStatus, apis: Sequence[Mapping[str, str]]
    ) -> ModelRow:
        system = self._server.system
        model_id = str(uuid.uuid4())
        return ModelRow(
            model_id=model_id,
            project_id=self.project_id,
            name=name,
            version=version,
            type="Custom",
            status=status.value,
            source="",
            created_at=system.clock.now_ms(),
            artifact=artifact_document(PackageArtifact(f"simulated/{model_id}")),
            apis=[dict(api) for api in apis],
            health={"path": "/health"},
            document={
                "description": "simulated: made up by a test, has no files",
                "owner": system.identity.user_id,
                "tenant": system.identity.domain_id,
                "config": {},
            },
        )

    def publish_model(
        self, path: Path | str, *, name: str | None = None, version: str | None = None
    ) -> str:
        """Import a model package from a local directory and wait until it is published; returns the
        model's id. The package is really read, checked and copied, whatever the backend.

        Args:
            path: the directory that contains `model/config.json`.
            name: the directory's by default; `version`: the next free one by default.

        Raises:
            ValueError: the server refused it; the text is the server's.
        """
        return self._import({"path": str(Path(path).resolve())}, name, version)

    def publish_image(
        self, image: str, *, name: str | None = None, version: str | None = None
    ) -> str:
        """Make a model of a container image, as `publish_model` does of a package.

        The fake backend takes every image for present; the docker backend looks.
        """
        if self._is_fake:
            self.add_image(image)
        return self._import({"image": image}, name, version)

    def add_image(self, reference: str) -> None:
        """Let the fake backend know an image, so that a model can be made of it by the API."""
        image = ImageInfo(
            reference=reference,
            digest=f"sha256:{sha256(reference.encode()).hexdigest()}",
            size_bytes=0,
            architecture="amd64",
            user="",
        )
        self.script(lambda backend: backend.add_image(image))

    def _import(self, source: Json, name: str | None, version: str | None) -> str:
        named = {"name": name, "version": version}
        body = source | {key: value for key, value in named.items() if value is not None}
        model_id: str = self._admin("POST", "/models/import", json=body)["model_id"]
        self.settle()
        model = self._api(f"/models/{model_id}")
        if model["model_status"] != ModelStatus.PUBLISHED:
            raise ValueError(f"the model was not published: {model['error_msg']}")
        return model_id

    # -- looking ----------------------------------------------------------------------------

    def services(self) -> list[Json]:
        """The services of the default workspace as the API lists them, newest first."""
        found: list[Json] = self._api("/services", limit=1000)["services"]
        return found

    def events(self, service_id: str) -> list[str]:
        """Texts of a service's events, oldest first."""
        found = self._api(f"/services/{service_id}/events", limit=1000, order="asc")["events"]
        return [event["event_info"] for event in found]

    def instances(self, service_id: str) -> list[str]:
        """Ids of a service's instances, for `script`."""
        detail = self._admin("GET", f"/services/{service_id}")
        return [instance["instance_id"] for instance in detail["instances"]]

    def script(self, change: Callable[[SimulatedBackend], T]) -> T:
        """Let something happen at the fake backend: `drydock.script(lambda b: b.crash(name))`.

        The methods: `start_unwell`, and those of `backends.fake.FakeBackend`: `fail_next`, `hang`,
        `release`, `set_available`, `crash`, `kill_for_memory`, `vanish`, `set_health`, `write_log`.
        What follows from it has happened after `settle`.

        Raises:
            ValueError: another backend is in use, which does nothing by script.
        """
        backend = self._server.system.backend.inner
        if not isinstance(backend, SimulatedBackend):
            raise ValueError(f"only the fake backend follows a script, not {self.backend}")

        async def call() -> T:
            return change(backend)

        return self._run(call(), WITHIN_S)

    # -- asking -----------------------------------------------------------------------------

    def client(self) -> httpx.Client:
        """A new client of the project: its `base_url` is `{endpoint}/v1/{project_id}`, and it sends
        the token. To be closed."""
        return httpx.Client(
            base_url=f"{self.endpoint}/v1/{self.project_id}",
            headers={"X-Auth-Token": self.token},
            timeout=WITHIN_S,
            trust_env=False,
            verify=False,  # it is plain HTTP: reading certificates would only take its time
        )

    def close(self) -> None:
        """End the server and remove all that is its."""
        if self._client is not None:
            self._client.close()
        self._server.stop()

    def __enter__(self) -> Drydock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, T], within_s: float) -> T:
        return self._server.run(work, within_s)

    def _api(self, path: str, **params: str | int) -> Json:
        return self._ask("GET", f"/v1/{self.project_id}{path}", params=params)

    def _admin(self, method: str, path: str, **more: Any) -> Json:
        headers = {"X-Drydock-Token": self._server.system.admin_token}
        return self._ask(method, f"/_drydock{path}", headers=headers, **more)

    def _ask(self, method: str, path: str, **more: Any) -> Json:
        if self._client is None:
            self._client = self.client()
        answer = self._client.request(method, f"{self.endpoint}{path}", **more)
        if not answer.is_success:
            raise ValueError(f"{method} {path}: {answer.status_code} {answer.text}")
        body: Json = answer.json()
        return body


@contextlib.contextmanager
def running(**options: Any) -> Iterator[Drydock]:
    """A private server for as long as the block lasts.

    Args:
        options: as the pytest marker's: `backend`, `gateway`, and settings by name.

    Raises:
        OptionsError: an option is unknown or not allowed.
        ConfigError: the server cannot start, e.g. no Docker engine answers.
    """
    server = EmbeddedServer(Options.of(options))
    server.start()
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        drydock = Drydock(server)
        stack.pop_all()
    with drydock:
        yield drydock
