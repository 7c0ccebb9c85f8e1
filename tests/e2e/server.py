"""A whole Drydock server as its own process, driven from outside as users drive it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import jwt
import psutil

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
ACCEPTED = FIXTURES / "requests" / "modelarts" / "accepted"

START_S = 30.0
END_S = 20.0
POLL_S = 0.02
OTHER_PROJECT = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
HOME_PREFIX = "drydock-e2e-"

_RUN = """
import json, sys
from simulator.config import load_settings
from simulator.server import run
sys.exit(run(load_settings(**json.loads(sys.argv[1]))))
"""

T = TypeVar("T")
Json = dict[str, Any]


def wait_until(what: str, found: Callable[[], T | None], timeout_s: float) -> T:
    """Asks again and again until there is an answer that counts as true."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(POLL_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def processes_naming(text: str) -> list[str]:
    """Command lines of all living processes in which `text` stands."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if text in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(f"{process.info['pid']} {line}")
    return found


def realtime_request(name: str, *versions: tuple[str, int | str], **changes: Any) -> Json:
    """The documented first example, or for two versions the second, with our model ids put in.

    Args:
        versions: model id and weight of each.
        changes: go into every version's configuration.
    """
    example = "realtime.json" if len(versions) == 1 else "realtime-two-versions.json"
    body: Json = json.loads((ACCEPTED / example).read_text())
    assert len(body["config"]) == len(versions)
    body["service_name"] = name
    for config, (model_id, weight) in zip(body["config"], versions, strict=True):
        config.update(changes, model_id=model_id, weight=weight)
    return body


class DrydockServer:
    """One data directory, and the server that runs on it from time to time.

    Attributes:
        prefix: a command that runs the server's own command.
        home: short, because Unix sockets lie in it.
        url: address of everything.
        settings: as `drydock.toml` would hold them.
    """

    prefix: tuple[str, ...] = ()

    def __init__(
        self, backend: str = "process", *, env: dict[str, str] | None = None, **settings: Any
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX, dir="/tmp"))
        self.backend = backend
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "home": str(self.home),
            "port": self.port,
            "backend": backend,
            "traffic_limit_per_s": 0,
            **settings,
        }
        self._env = env or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._client: httpx.Client | None = None
        self._env_answer: Json = {}
        self.health_s = 0.0

    # -- life -------------------------------------------------------------------------------

    @property
    def files(self) -> Path:
        """Where the home's files are to be found from here."""
        return self.home

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """What the server wrote to stdout and stderr; beside its home, which it owns."""
        return self.home.with_suffix(".log")

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts the process and waits for nothing; calls fail until it listens."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DRYDOCK_")}
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.prefix, sys.executable, "-c", _RUN, json.dumps(self.settings)],
                cwd=ROOT,
                env=kept | self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._client = httpx.Client(base_url=self.url, timeout=30)
        return self._process

    def start(self) -> None:
        """Starts the server; returns when it answers. `health_s` says how long that took."""
        started = time.monotonic()
        process = self.launch()

        def answers() -> bool:
            assert process.poll() is None, f"the server ended at its start:\n{self.log()}"
            try:
                return self.client.get("/_drydock/health").json()["pid"] == process.pid
            except (httpx.HTTPError, ValueError, KeyError):
                return False

        wait_until("the server answers", answers, START_S)
        self.health_s = time.monotonic() - started
        self._env_answer = self.admin("GET", "/env")

    def stop(self, mode: str = "stop") -> int:
        """Ends the server as `drydock down` does; returns its exit status."""
        self.admin("POST", "/shutdown", json={"mode": mode})
        return self.wait_for_end()

    def kill(self) -> None:
        """SIGKILL: the server gets no chance to clean up."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait_for_end()

    def wait_for_end(self) -> int:
        assert self._process is not None
        if self._client is not None:
            self._client.close()
            self._client = None
        return self._process.wait(END_S)

    def dispose(self) -> None:
        """Leaves nothing behind, whatever state the test left the server in."""
        if self._process is not None:
            if self._process.poll() is None:
                with contextlib.suppress(Exception):
                    self.stop("remove")
            if self._process.poll() is None:
                self._process.kill()
                self.wait_for_end()
        if self._client is not None:
            self._client.close()
        shutil.rmtree(self.home, ignore_errors=True)
        self.log_path.unlink(missing_ok=True)

    # -- asking -----------------------------------------------------------------------------

    @property
    def client(self) -> httpx.Client:
        """Sends neither token nor project by itself."""
        assert self._client is not None, "the server is not started"
        return self._client

    @property
    def env(self) -> Json:
        """What `drydock env` prints."""
        return self._env_answer

    @property
    def token(self) -> str:
        return str(self.env["token"])

    @property
    def project_id(self) -> str:
        return str(self.env["project_id"])

    @property
    def installation(self) -> str:
        """Id of the data directory, as the tokens' issuer names it."""
        claims = jwt.decode(self.token, options={"verify_signature": False})
        return str(claims["iss"]).removeprefix("drydock-iam:")

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call of the cloud's API; `path` goes on after `/v1/{project_id}`.

        Args:
            headers: over the usual ones; None leaves one out.
        """
        headers = self._headers(more.pop("headers", {}))
        url = f"/v1/{self.project_id}{path}"
        return self.client.request(method, url, headers=headers, **more)

    def _headers(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        wanted = {"X-Auth-Token": self.token, **changes}
        return {name: value for name, value in wanted.items() if value is not None}

    def api(self, method: str, path: str, **more: Any) -> Json:
        """As `call`, and it must succeed."""
        answer = self.call(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        body: Json = answer.json()
        return body

    def admin(self, method: str, path: str, **more: Any) -> Json:
        """A call of Drydock's own surface, which must succeed."""
        headers = {"X-Drydock-Token": (self.files / "admin-token").read_text().strip()}
        answer = self.client.request(method, f"/_drydock{path}", headers=headers, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        body: Json = answer.json()
        return body

    # -- models and services ----------------------------------------------------------------

    def import_package(self, path: Path | str, **more: str) -> str:
        """Imports a package (a fixture's by its name) and waits until it is published."""
        directory = path if isinstance(path, Path) else FIXTURES / "packages" / path
        body = {"path": str(directory), **more}
        model_id = str(self.admin("POST", "/models/import", json=body)["model_id"])
        self.wait_for_model(model_id)
        return model_id

    def wait_for_model(self, model_id: str) -> Json:
        def finished() -> Json | None:
            model = self.api("GET", f"/models/{model_id}")
            return model if model["model_status"] != "publishing" else None

        model = wait_until(f"model {model_id} is published", finished, 10)
        assert model["model_status"] == "published", model
        return model

    def deploy(self, body: Json, *, until: str = "running", timeout_s: float = 30) -> str:
        """Deploys and waits; returns the service's id."""
        service_id = str(self.api("POST", "/services", json=body)["service_id"])
        if until:
            self.wait_for_status(service_id, until, timeout_s)
        return service_id

    def wait_for_status(self, service_id: str, status: str, timeout_s: float = 30) -> Json:
        last: Json = {}

        def reached() -> bool:
            nonlocal last
            last = self.api("GET", f"/services/{service_id}")
            hopeless = last["status"] == "failed" != status
            assert not hopeless, f"the service failed: {last['error_msg']}"
            return bool(last["status"] == status)

        wait_until(f"service {service_id} is {status}", reached, timeout_s)
        return last

    def service_names(self) -> list[str]:
        return sorted(one["service_name"] for one in self.api("GET", "/services")["services"])

    def delete_service(self, service_id: str) -> None:
        """Deletes a service and waits until it is gone, instances and all."""
        self.api("DELETE", f"/services/{service_id}")
        gone = f"/services/{service_id}"
        wait_until("the service is gone", lambda: self.call("GET", gone).status_code == 404, 20)

    def delete_all_services(self) -> None:
        ids = [one["service_id"] for one in self.api("GET", "/services")["services"]]
        if ids:
            self.api("DELETE", f"/services/{','.join(ids)}")
            wait_until("all services are gone", lambda: not self.service_names(), 30)

    def instances(self, service_id: str) -> list[Json]:
        found: list[Json] = self.admin("GET", f"/services/{service_id}")["instances"]
        return found

    def pids(self, service_id: str) -> list[int]:
        """Of the service's instances, on the process backend."""
        refs = [str(one["ref"]) for one in self.instances(service_id)]
        return [int(ref.removeprefix("pid ")) for ref in refs if ref]

    def events(self, service_id: str) -> list[str]:
        """Texts, oldest first."""
        body = self.api("GET", f"/services/{service_id}/events", params={"order": "asc"})
        return [event["event_info"] for event in body["events"]]

    def envoy_pid(self) -> int | None:
        pid: int | None = self.admin("GET", "/state")["gateway"]["pid"]
        return pid

    # -- inference --------------------------------------------------------------------------

    def infer(self, service_id: str, path: str = "", **more: Any) -> httpx.Response:
        """An inference request; a POST unless `method` says otherwise. `headers`: see `call`."""
        headers = self._headers(more.pop("headers", {}))
        method = more.pop("method", "POST")
        return self.client.request(
            method, f"/v1/infers/{service_id}{path}", headers=headers, **more
        )

    def predict_digit(self, service_id: str, image: bytes) -> httpx.Response:
        return self.infer(service_id, files={"images": ("digit.png", image, "image/png")})

    @contextlib.contextmanager
    def deployed(self, body: Json) -> Iterator[str]:
        """A running service for as long as the block lasts."""
        service_id = self.deploy(body)
        try:
            yield service_id
        finally:
            self.delete_service(service_id)
