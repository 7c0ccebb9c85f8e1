"""What tests against a real engine share; they are skipped, with the reason, where there is none.

DRYDOCK_TEST_BASE_IMAGE names the base image. With DRYDOCK_REQUIRE_DOCKER=1 a missing engine or
base image is a failure: a machine that should run these tests cannot pass by leaving them out.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import io
import os
import tarfile
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import NoReturn

import platformdirs
import pytest
from docker import APIClient
from docker.errors import NotFound

pytest.register_assert_rewrite("backends.conformance")

from backends.base import (  # noqa: E402
    Address,
    Artifact,
    ImageArtifact,
    ImageInfo,
    InstanceSpec,
    Resources,
)
from backends.conformance import NEIGHBOUR  # noqa: E402
from backends.docker import DockerBackend  # noqa: E402
from backends.docker_client import EngineClient, connect  # noqa: E402
from backends.docker_endpoint import Endpoint, engine_answers, find_endpoint  # noqa: E402
from backends.images import RuntimeImages  # noqa: E402

BASE_IMAGES = ("drydock-base:bookworm", "python:3.11-slim")

STANDIN = dedent(
    '''
    """Answers one-line orders on port 8080."""
    import ast, os, signal, socket, sys

    def answer(verb, rest):
        if verb == "say":
            print("\\n".join(ast.literal_eval(rest)), flush=True)
        elif verb == "eval":
            return repr(eval(rest))
        elif verb == "exec":
            exec(rest, globals())
        return "ok"

    held = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = socket.create_server(("0.0.0.0", 8080))
    while True:
        client, _ = server.accept()
        with client, client.makefile("rw") as stream:
            verb, _, rest = stream.readline().rstrip("\\n").partition(" ")
            stream.write(answer(verb, rest) + "\\n")
    '''
)
STANDIN_DOCKERFILE = """
ARG BASE
FROM ${BASE}
COPY standin.py /standin.py
CMD ["python3", "-I", "-S", "/standin.py"]
"""


def _leave_out(reason: str) -> NoReturn:
    if os.environ.get("DRYDOCK_REQUIRE_DOCKER") == "1":
        pytest.fail(f"DRYDOCK_REQUIRE_DOCKER=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def endpoint() -> Endpoint:
    """The engine to test with."""
    probe = asyncio.run(engine_answers(5))
    found = find_endpoint()
    if not probe.answers or found is None:
        _leave_out(probe.detail)
    return found


@pytest.fixture(scope="session")
def client(endpoint: Endpoint) -> Iterator[APIClient]:
    """A client of the test's own, to look and to meddle behind the backend's back."""
    with contextlib.closing(connect(endpoint, 60)) as found:
        yield found


@pytest.fixture(scope="session")
def base_image(client: APIClient) -> str:
    """Name of an image with python3 that the engine already has."""
    wanted = os.environ.get("DRYDOCK_TEST_BASE_IMAGE")
    names = (wanted,) if wanted else BASE_IMAGES
    for name in names:
        with contextlib.suppress(NotFound):
            client.inspect_image(name)
            return name
    _leave_out(f"the engine has no base image: {' or '.join(names)}")


def build_image(client: APIClient, files: Mapping[str, str], base: str) -> str:
    """Build an image from these files once; its tag is a hash of them."""
    content = "\0".join(f"{name}\0{text}" for name, text in sorted(files.items()))
    digest = hashlib.sha256(f"{base}\0{content}".encode()).hexdigest()[:12]
    reference = f"drydock-test-standin:{digest}"
    with contextlib.suppress(NotFound):
        client.inspect_image(reference)
        return reference
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    context.seek(0)
    events = client.build(
        fileobj=context,
        custom_context=True,
        tag=reference,
        buildargs={"BASE": base},
        network_mode="none",
        rm=True,
        forcerm=True,
        decode=True,
    )
    errors = [event["error"] for event in events if "error" in event]
    assert not errors, errors
    return reference


@contextlib.contextmanager
def one_worker_at_a_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Test workers prepare images one after the other; the later ones find them made."""
    with Path(tmp_path_factory.getbasetemp().parent, "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def standin_image(
    client: APIClient, base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """An image that runs `STANDIN`."""
    files = {"Dockerfile": STANDIN_DOCKERFILE, "standin.py": STANDIN}
    with one_worker_at_a_time(tmp_path_factory):
        return build_image(client, files, base_image)


@pytest.fixture(scope="session")
def nobody_image(
    client: APIClient, base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """An image whose containers can be created but not started: its user does not exist."""
    files = {"Dockerfile": 'ARG BASE\nFROM ${BASE}\nUSER nosuchuser\nCMD ["python3"]\n'}
    with one_worker_at_a_time(tmp_path_factory):
        return build_image(client, files, base_image)


@pytest.fixture(scope="session")
def runtime_image(
    endpoint: Endpoint, base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> ImageInfo:
    """The built-in model server's image; kept by the engine from one run to the next."""

    async def ensure() -> ImageInfo:
        engine = EngineClient(endpoint)
        cache_dir = platformdirs.user_cache_path("drydock")
        try:
            return await RuntimeImages(engine, base_image, cache_dir).ensure(lambda _: None)
        finally:
            engine.close()

    with one_worker_at_a_time(tmp_path_factory):
        return asyncio.run(ensure())


@dataclass
class SpecFactory:
    """Makes specs that differ in nothing but what is given."""

    installation: str
    neighbour: str
    image: str

    def __call__(
        self,
        instance_id: str = "i-1",
        *,
        installation: str | None = None,
        envs: Mapping[str, str] | None = None,
        artifact: Artifact | None = None,
        resources: Resources | None = None,
    ) -> InstanceSpec:
        if installation == NEIGHBOUR:
            # several test workers share one engine: everyone needs a neighbour of their own
            installation = self.neighbour
        return InstanceSpec(
            installation=installation or self.installation,
            service_id="s-1",
            version_id="v-1",
            instance_id=instance_id,
            artifact=artifact or ImageArtifact(self.image),
            resources=resources or Resources(cpus=1, memory_mib=128),
            envs=dict(envs or {}),
        )


@pytest.fixture
def make_spec(standin_image: str) -> SpecFactory:
    """Specs of the stand-in image, for an installation of this test alone."""
    unique = uuid.uuid4().hex
    return SpecFactory(f"t{unique}", f"n{unique}", standin_image)


@pytest.fixture
async def backend(
    make_spec: SpecFactory, endpoint: Endpoint, base_image: str
) -> AsyncIterator[DockerBackend]:
    """A backend for this test's own installation."""
    async with cleaned_up(make_spec.installation, endpoint, base_image) as made:
        yield made


@pytest.fixture
async def neighbour(
    make_spec: SpecFactory, endpoint: Endpoint, base_image: str
) -> AsyncIterator[DockerBackend]:
    """A backend for another installation on the same engine."""
    async with cleaned_up(make_spec.neighbour, endpoint, base_image) as made:
        yield made


@contextlib.asynccontextmanager
async def cleaned_up(
    installation: str, endpoint: Endpoint, base_image: str
) -> AsyncIterator[DockerBackend]:
    """A backend of which nothing is left afterwards, though the test may have closed it."""
    backend = DockerBackend(installation, base_image=base_image, endpoint=endpoint)
    try:
        yield backend
    finally:
        await backend.close()
        broom = DockerBackend(installation, base_image=base_image, endpoint=endpoint)
        await broom.remove_everything()
        await broom.close()


async def order(address: Address | None, text: str, timeout_s: float = 15) -> str:
    """The stand-in's answer to an order; waits until it listens."""
    assert address is not None
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                reader, writer = await asyncio.open_connection(address.host, address.port)
                writer.write(text.encode() + b"\n")
                answer = await reader.readline()
                writer.close()
            except OSError:
                answer = b""
            if answer:
                return answer.decode().rstrip("\n")
            await asyncio.sleep(0.02)


class Relay:
    """A Unix socket in front of the engine's, which a test can cut and mend."""

    def __init__(self, path: Path, engine: str) -> None:
        self.endpoint = Endpoint(f"unix://{path}", "test")
        self._path, self._engine = path, engine
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def mend(self) -> None:
        """Accept connections and let bytes flow."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_unix_server(self._accept, self._path)

    def hang(self) -> None:
        """Go on accepting, but pass nothing on."""
        self._flowing.clear()

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._path.unlink(missing_ok=True)
        pipes = list(self._pipes)
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        up_writer = None
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(self._engine)
            await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._pipes.discard(task)
            for end in (writer, up_writer):
                if end is not None:
                    end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


@pytest.fixture
async def relay(endpoint: Endpoint) -> AsyncIterator[Relay]:
    """A working relay to the engine."""
    if endpoint.socket_path is None:
        pytest.skip("the engine does not listen on a Unix socket")
    with tempfile.TemporaryDirectory() as folder:  # tmp_path may be too long for a socket
        made = Relay(Path(folder, "engine.sock"), endpoint.socket_path)
        await made.mend()
        yield made
        await made.cut()
