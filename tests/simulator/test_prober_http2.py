"""Asking instances that speak HTTP/2 or gRPC whether they are well: real servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest

from backends.base import Address
from simulator import grpc_health
from simulator.lifecycle.objects import HealthCheck
from simulator.prober import client_of, probe
from tests.simulator.gateway.http2_instance import Http2Instance, Script
from tests.support.instance_server import InstanceServers, http_answer

IN_GRPC = HealthCheck(path=grpc_health.PATH, timeout_s=5)
BY_PATH = HealthCheck(path="/health", timeout_s=5)
UNDECLARED = HealthCheck(path=None, timeout_s=5)
NOT_SERVING = bytes.fromhex("0802")
SERVING = bytes.fromhex("0801")


@pytest.fixture
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="dd-"))
    yield made
    shutil.rmtree(made)


async def ask(address: Address, check: HealthCheck, *, http2: bool = True) -> str:
    async with aclosing(client_of(address, check.timeout_s, http2=http2)) as client:
        return await probe(client, check)


class TestGrpc:
    """The question of the standard, at a server of grpcio."""

    @pytest.fixture
    async def health(self, directory: Path) -> AsyncIterator[dict[str, bytes | grpc.StatusCode]]:
        """What the server answers, under `answer`; it may be changed, or taken away."""
        said: dict[str, bytes | grpc.StatusCode] = {}

        async def check(message: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            assert message == b""
            answer = said["answer"]
            if isinstance(answer, grpc.StatusCode):
                await context.abort(answer)
            return answer

        methods = {"Check": grpc.unary_unary_rpc_method_handler(check)}
        service = grpc.method_handlers_generic_handler("grpc.health.v1.Health", methods)
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((service,))
        server.add_insecure_port(f"unix:{directory}/grpc")
        await server.start()
        yield said
        await server.stop(None)

    @pytest.fixture
    def address(self, directory: Path) -> Address:
        return Address(path=f"{directory}/grpc")

    @pytest.mark.parametrize("check", [IN_GRPC, UNDECLARED])
    async def test_serving_is_well(
        self, health: dict[str, bytes], address: Address, check: HealthCheck
    ) -> None:
        health["answer"] = SERVING
        assert await ask(address, check) == ""

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (NOT_SERVING, "was not answered SERVING"),
            (b"", "was not answered SERVING"),
            (grpc.StatusCode.UNIMPLEMENTED, "is not implemented (grpc-status 12)"),
            (grpc.StatusCode.NOT_FOUND, "failed with grpc-status 5"),
        ],
    )
    async def test_another_answer_is_not_unless_nothing_is_declared(
        self,
        health: dict[str, bytes | grpc.StatusCode],
        address: Address,
        answer: bytes | grpc.StatusCode,
        words: str,
    ) -> None:
        health["answer"] = answer
        question = f"POST {grpc_health.PATH} over HTTP/2"
        assert await ask(address, IN_GRPC) == f"{question} {words}"
        assert await ask(address, UNDECLARED) == ""

    async def test_it_does_not_answer_another_version_of_http(
        self, health: dict[str, bytes], address: Address
    ) -> None:
        health["answer"] = SERVING
        assert (await ask(address, UNDECLARED, http2=False)).startswith("GET /: ")


class TestHttp2:
    @pytest.fixture
    async def instance(self, directory: Path) -> AsyncIterator[Http2Instance]:
        started = await Http2Instance("i", str(directory / "i")).start()
        yield started
        await started.stop()

    def answering(self, status: int) -> Script:
        return lambda stream: stream.say(status)

    @pytest.mark.parametrize("status", [200, 204, 301, 399])
    async def test_200_to_399_is_well(self, instance: Http2Instance, status: int) -> None:
        instance.script = self.answering(status)
        assert await ask(Address(path=instance.path), BY_PATH) == ""
        (stream,) = instance.streams
        assert (stream.headers[":method"], stream.headers[":path"]) == ("GET", "/health")

    async def test_another_status_is_not_and_is_told(self, instance: Http2Instance) -> None:
        instance.script = self.answering(503)
        assert await ask(Address(path=instance.path), BY_PATH) == (
            "GET /health over HTTP/2 was answered 503; 200 to 399 is healthy"
        )

    @pytest.mark.parametrize("status", [200, 404, 500])
    async def test_without_a_declared_path_any_answer_is_well(
        self, instance: Http2Instance, status: int
    ) -> None:
        instance.script = self.answering(status)
        assert await ask(Address(path=instance.path), UNDECLARED) == ""

    async def test_an_answer_of_http_is_none_of_grpc(self, instance: Http2Instance) -> None:
        instance.script = self.answering(404)
        assert (await ask(Address(path=instance.path), IN_GRPC)).endswith(
            "was answered 404; gRPC answers 200"
        )

    async def test_silence_is_told(self, instance: Http2Instance) -> None:
        instance.script = lambda stream: None
        check = HealthCheck(path="/health", timeout_s=0.05)  # type: ignore[arg-type]
        assert await ask(Address(path=instance.path), check) == (
            "GET /health over HTTP/2 was not answered within 0.05 s"
        )

    async def test_each_probe_has_a_connection_of_its_own(self, instance: Http2Instance) -> None:
        """One that the instance has closed meanwhile would look like an instance that is ill."""
        address = Address(path=instance.path)
        async with aclosing(client_of(address, 5, http2=True)) as client:
            for _ in range(3):
                assert await probe(client, BY_PATH) == ""
        assert instance.connections == 3

    async def test_what_speaks_http1_is_not_well(self) -> None:
        servers = InstanceServers()
        try:
            address = await servers.serve("i", lambda: http_answer(200))
            words = await ask(address, BY_PATH)
        finally:
            await servers.close()
        assert words.startswith("GET /health over HTTP/2: ")

    async def test_where_nothing_listens_that_is_said(self, directory: Path) -> None:
        words = await ask(Address(path=f"{directory}/none"), IN_GRPC)
        assert words == "nothing listens on the instance's port yet"
