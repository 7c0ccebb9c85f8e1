"""The one way to the Docker engine: bounded threads, a deadline on each call, our own errors.

The docker SDK is synchronous. Calls run in three small thread pools: for what is asked of the
engine as a whole, such as the list of containers; for quick calls about one container; and for
calls that wait for something to happen (stop, pull, build). So neither many slow stops nor
containers about which the engine hangs ever delay the list. Every thread has a client of its own; a
client whose connection failed is thrown away, which is all it takes to recover once the engine is
back.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import docker.errors
import requests.exceptions
import urllib3.exceptions
from docker import APIClient
from docker.tls import TLSConfig
from docker.utils import kwargs_from_env

from backends.docker_endpoint import Endpoint
from backends.errors import BackendError, EngineUnavailable
from backends.hardware.engine import engine_gpu
from backends.hardware.model import NO_GPUS, EngineGpu

T = TypeVar("T")

CALL_TIMEOUT_S = 15.0
"""Deadline of a call that only reads or changes the engine's own state."""
QUEUE_ALLOWANCE_S = 10.0
"""How much longer than its own deadline a call may take because it waited for a thread."""
QUICK_THREADS = 8
CONTAINER_THREADS = 32
LONG_THREADS = 64

logger = logging.getLogger(__name__)


class EngineRefused(BackendError):
    """The engine answered, and said no. Kept inside the Docker backend's modules.

    Attributes:
        status: HTTP status of the answer.
    """

    def __init__(self, message: str, status: int, evidence: str) -> None:
        super().__init__(message, evidence=evidence, hint="`docker` commands show more.")
        self.status = status

    @property
    def reason(self) -> str:
        return "EngineRefused"


def connect(endpoint: Endpoint, timeout_s: float | None) -> APIClient:
    """A new client; talks to the engine once to agree on an API version.

    `timeout_s` bounds each wait on its sockets; the SDK's own exceptions come through.
    """
    tls: TLSConfig | bool = False
    if endpoint.source == "DOCKER_HOST":
        tls = kwargs_from_env().get("tls", False)
    return APIClient(base_url=endpoint.url, version="auto", timeout=timeout_s, tls=tls)


def describe_version(version: dict[str, Any]) -> str:
    """One line for people from the engine's `/version` answer."""
    platform = version.get("Platform", {}).get("Name", "")
    name = "Docker Desktop" if "Desktop" in platform else "Docker"
    if any(part.get("Name") == "Podman Engine" for part in version.get("Components") or ()):
        name = "Podman"
    number = str(version.get("Version", "?")).split("+")[0]
    os_name = str(version.get("Os", "?")).capitalize()
    return f"{name} {number}, API {version.get('ApiVersion', '?')}, {os_name}"


def translate(error: Exception, what: str) -> BackendError:
    """Turn any failure of an SDK call into an error of ours.

    Args:
        error: what the SDK, requests, urllib3 or the socket raised.
        what: the call in words, e.g. "creating the container".
    """
    if isinstance(error, BackendError):
        return error
    if isinstance(error, docker.errors.APIError):
        status = int(error.status_code or 500)
        words = str(error.explanation or error)
        if status in (502, 503, 504):
            return _unavailable(what, words)
        return EngineRefused(f"The engine refused {what}: {words}", status, words)
    connection_failures = (
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
        struct.error,
    )
    if isinstance(error, connection_failures):
        return _unavailable(what, str(error))
    raise error


def is_hang(error: EngineUnavailable) -> bool:
    """Whether the engine took the call and did not answer in time."""
    return "timed out" in error.evidence.lower()


def _unavailable(what: str, words: str) -> EngineUnavailable:
    if "PermissionError" in words or "Permission denied" in words:
        message = f"No permission to talk to the Docker engine ({what})."
        hint = "Add yourself to the group `docker` and log in again, or use a rootless engine."
    elif "timed out" in words.lower():
        message = f"The Docker engine did not answer in time ({what})."
        hint = "See `docker ps`; restart the engine if it hangs too."
    else:
        message = f"The Docker engine does not answer ({what})."
        hint = "Start Docker (`systemctl start docker`, or Docker Desktop); Drydock goes on then."
    return EngineUnavailable(message, hint=hint, evidence=words)


@dataclass(frozen=True)
class EngineFacts:
    """What does not change while an engine runs.

    Attributes:
        cpus: cores the engine's machine has.
        memory_bytes: its memory.
        architecture: e.g. `amd64`, as images name it.
        description: one line for people.
        behind_wall: whether its containers live in a network that this host cannot route to
            (Docker Desktop's virtual machine, a rootless engine's namespace).
        kernel: release of the kernel that its containers run on; empty when it does not tell.
        gpu: whether it can hand GPUs over.
    """

    cpus: int
    memory_bytes: int
    architecture: str
    description: str
    behind_wall: bool
    kernel: str = ""
    gpu: EngineGpu = NO_GPUS


def read_facts(client: APIClient) -> EngineFacts:
    """Ask the engine for its facts: two calls."""
    info, version = client.info(), client.version()
    rootless = any("rootless" in option for option in info.get("SecurityOptions") or ())
    desktop = "Docker Desktop" in str(info.get("OperatingSystem", ""))
    return EngineFacts(
        cpus=int(info.get("NCPU") or 1),
        memory_bytes=int(info.get("MemTotal") or 0),
        architecture=str(version.get("Arch", "")),
        description=describe_version(version),
        behind_wall=rootless or desktop,
        kernel=str(info.get("KernelVersion", "")),
        gpu=engine_gpu(info),
    )


class EngineClient:
    """Runs SDK calls for the event loop.

    Args:
        endpoint: the engine.
        timeout_s: deadline of a quick call, in seconds.
    """

    def __init__(self, endpoint: Endpoint, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self.endpoint = endpoint
        self.timeout_s = timeout_s
        self._quick = ThreadPoolExecutor(QUICK_THREADS, "docker-call")
        self._one = ThreadPoolExecutor(CONTAINER_THREADS, "docker-one")
        self._long = ThreadPoolExecutor(LONG_THREADS, "docker-wait")
        self._local = threading.local()
        self._clients: set[APIClient] = set()
        self._facts: EngineFacts | None = None

    async def call(
        self,
        what: str,
        function: Callable[[APIClient], T],
        *,
        wait_s: float | None = None,
        of_one: bool = False,
    ) -> T:
        """Run `function(client)` in a thread.

        Args:
            what: the call in words, for errors.
            function: uses the client it is given and nothing else of the SDK.
            wait_s: how long the engine may take before it answers, in seconds, where that is more
                than a moment; such a call gets a thread of the third pool.
            of_one: it is about one container, and gets a thread of the second pool.

        Raises:
            EngineUnavailable: no answer, or none in time.
            EngineRefused: the engine answered with an error.
        """
        timeout_s = self.timeout_s if wait_s is None else self.timeout_s + wait_s
        pool = self._long if wait_s is not None else self._one if of_one else self._quick
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s + QUEUE_ALLOWANCE_S):
                return await loop.run_in_executor(pool, self._run, what, function, timeout_s)
        except TimeoutError:
            raise _unavailable(what, f"timed out after {timeout_s:g} s") from None
        except RuntimeError as error:
            if "shutdown" not in str(error):
                raise
            raise EngineUnavailable(f"This backend has been closed ({what}).") from error

    def _run(self, what: str, function: Callable[[APIClient], T], timeout_s: float) -> T:
        try:
            client = self._own_client()
            client.timeout = timeout_s
            return function(client)
        except BackendError:
            raise
        except Exception as error:
            ours = translate(error, what)
            if isinstance(ours, EngineUnavailable):
                self._drop_client()
            raise ours from error

    def _own_client(self) -> APIClient:
        client: APIClient | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = connect(self.endpoint, self.timeout_s)
            self._clients.add(client)
        return client

    def _drop_client(self) -> None:
        self._facts = None
        client: APIClient | None = self._local.__dict__.pop("client", None)
        if client is not None:
            self._clients.discard(client)
            client.close()

    async def facts(self) -> EngineFacts:
        """The engine's facts, asked once and again after each break."""
        if self._facts is None:
            self._facts = await self.call("asking what it is", read_facts)
        return self._facts

    def close(self) -> None:
        """Let go of all threads and connections. Calls under way end with an error."""
        for pool in (self._quick, self._one, self._long):
            pool.shutdown(wait=False, cancel_futures=True)
        while self._clients:
            self._clients.pop().close()
