"""The fake backend with answering instances keeps every promise of a backend."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from backends.base import Backend, InstanceSpec, PackageArtifact, Resources
from backends.conformance import NEIGHBOUR, BackendConformance, MakeSpec
from backends.errors import StartFailed
from backends.fake_host import FakeHost
from simulator import grpc_health
from simulator.bench.simulated import MARK, SimulatedBackend
from simulator.lifecycle.objects import HealthCheck
from simulator.local_http import LocalHttp
from simulator.prober import client_of, probe

CHECK = HealthCheck(path="/any", period_s=5, timeout_s=5, failure_threshold=1)


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dd-") as made:
        yield Path(made)


@pytest.fixture
async def simulated(host: FakeHost, directory: Path) -> AsyncIterator[SimulatedBackend]:
    made = SimulatedBackend("test", directory, host=host)
    yield made
    await made.close()
    assert list(directory.iterdir()) == []


@pytest.fixture
async def neighbour(host: FakeHost) -> AsyncIterator[SimulatedBackend]:
    with tempfile.TemporaryDirectory(prefix="dd-") as other:
        made = SimulatedBackend(NEIGHBOUR, Path(other), host=host)
        yield made
        await made.close()


@pytest.fixture
def make_spec() -> MakeSpec:
    def make(instance_id: str = "i-1", *, installation=None, envs=None) -> InstanceSpec:
        return InstanceSpec(
            installation=installation or "test",
            service_id="svc",
            version_id="v1",
            instance_id=instance_id,
            artifact=PackageArtifact("/models/m1"),
            resources=Resources(cpus=1, memory_mib=64),
            envs=dict(envs or {}),
        )

    return make


class TestConforms(BackendConformance):
    @pytest.fixture
    def backend(self, simulated: SimulatedBackend) -> Backend:
        return simulated

    async def kill(self, backend: Backend, instance_id: str) -> None:
        assert isinstance(backend, SimulatedBackend)
        backend.crash(instance_id, 137)

    async def say(self, backend: Backend, instance_id: str, lines: Sequence[str]) -> None:
        assert isinstance(backend, SimulatedBackend)
        backend.write_log(instance_id, *lines)

    async def unstartable(self, backend: Backend, make_spec: MakeSpec) -> InstanceSpec:
        assert isinstance(backend, SimulatedBackend)
        backend.fail_next("start", StartFailed("no port is free"))
        return make_spec()

    async def read_env(self, backend: Backend, instance_id: str, name: str) -> str | None:
        assert isinstance(backend, SimulatedBackend)
        return backend.spec(instance_id).envs.get(name)

    def check_instant(self, at_ms: int | None, earliest_ms: int) -> None:
        assert at_ms == 1_700_000_000_000  # the fake host's clock is its own


async def test_probes_are_answered_as_the_script_says(
    simulated: SimulatedBackend, make_spec: MakeSpec
) -> None:
    seen = await simulated.start(make_spec())
    assert seen.address is not None
    async with aclosing(client_of(seen.address, 5)) as client:
        assert await probe(client, CHECK) == ""
        simulated.set_health("i-1", False)
        assert "503" in await probe(client, CHECK)
        simulated.set_health("i-1", None)
        simulated.start_unwell()
        assert "503" in await probe(client, CHECK)
        simulated.set_health("i-1", True)
        assert await probe(client, CHECK) == ""


@pytest.mark.parametrize("path", ["/any", grpc_health.PATH, None])
async def test_they_are_answered_over_http2_too_and_in_grpc(
    simulated: SimulatedBackend, make_spec: MakeSpec, path: str | None
) -> None:
    seen = await simulated.start(make_spec())
    assert seen.address is not None
    check = replace(CHECK, path=path)
    async with aclosing(client_of(seen.address, 5, http2=True)) as client:
        assert await probe(client, check) == ""
        simulated.set_health("i-1", False)
        assert ("503" in await probe(client, check)) is (path is not None)


async def test_requests_over_http2_are_told_that_nothing_runs(
    simulated: SimulatedBackend, make_spec: MakeSpec
) -> None:
    seen = await simulated.start(make_spec())
    assert seen.address is not None
    client = LocalHttp(uds=seen.address.path, timeout_s=5, http2=True)
    async with aclosing(client):
        answer = await client.post("/", b"{}")
    assert (answer.status, answer.headers[MARK]) == (501, "fake")
    assert json.loads(answer.body)["error_code"] == "Drydock.Simulated"


async def test_a_stopped_instance_has_no_address(
    simulated: SimulatedBackend, make_spec: MakeSpec
) -> None:
    await simulated.start(make_spec())
    await simulated.stop("i-1", 0)
    assert [seen.address for seen in await simulated.observe()] == [None]


async def test_it_says_everywhere_that_it_is_simulated(
    simulated: SimulatedBackend, make_spec: MakeSpec
) -> None:
    told: list[str] = []
    await simulated.prepare(make_spec().artifact, told.append)
    seen = await simulated.start(make_spec())
    (line,) = await simulated.logs("i-1", 10)
    info = await simulated.info()
    assert all("simulated" in text for text in (*told, seen.accelerator, line.text, info.detail))
    simulated.set_available(False, "gone")
    assert (await simulated.info()).detail == "simulated: gone"
