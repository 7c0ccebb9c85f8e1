"""What this host has, as the running server sees it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from backends.base import BackendInfo
from backends.fake import FakeBackend
from backends.hardware.model import EngineGpu, Handover, Host
from backends.hardware.reader import HardwareReader
from simulator.config import BackendChoice, Settings
from simulator.hosting import Hosting, capacity_of, look
from simulator.specsettings import SpecificationSettings
from tests.support.fake_nvml import FakeGpu, FakeNvml

HOST = Host("Some CPU", "x86_64", 8, 3.5, "a limit", 1 << 34, 1 << 33, 1 << 33, "a limit")
INFO = BackendInfo("process", True, "child processes", False, False)


class Backend(FakeBackend):
    """Says what a test wants, when it lets it."""

    def __init__(self) -> None:
        super().__init__("i")
        self.said = INFO
        self.lets = asyncio.Event()
        self.lets.set()

    async def info(self) -> BackendInfo:
        await self.lets.wait()
        return self.said


@pytest.fixture
def backend() -> Backend:
    return Backend()


def hosting(backend: Backend, tmp_path: Path, *gpus: FakeGpu, **settings: object) -> Hosting:
    reader = HardwareReader(nvml=lambda: FakeNvml(*gpus), host=lambda: HOST, keep_s=0)
    return Hosting(Settings(home=tmp_path, **settings), backend, reader)


async def test_without_a_word_of_the_backend_instances_have_what_the_server_has(
    backend: Backend, tmp_path: Path
) -> None:
    seen = await hosting(backend, tmp_path).seen()
    capacity = capacity_of(seen, Settings(home=tmp_path))
    assert (capacity.cpus, capacity.memory_mb, capacity.place) == (3.5, 8192, "this host")


async def test_an_engine_on_another_machine_says_what_that_has(
    backend: Backend, tmp_path: Path
) -> None:
    backend.said = replace(INFO, detail="Docker 1", cpus=2.0, memory_bytes=1 << 30)
    seen = await hosting(backend, tmp_path).seen()
    capacity = capacity_of(seen, Settings(home=tmp_path))
    assert (capacity.cpus, capacity.memory_mb) == (2.0, 1024)
    assert capacity.place == "the machine of Docker 1"


async def test_an_engine_that_does_not_answer_is_as_it_was(
    backend: Backend, tmp_path: Path
) -> None:
    backend.said = known = replace(INFO, cpus=2.0, memory_bytes=1 << 30)
    one = hosting(backend, tmp_path)
    await one.seen()
    backend.said = replace(INFO, available=False)
    assert (await one.seen()).backend == known
    backend.lets.clear()
    assert (await one.seen()).backend == known
    backend.said, backend.lets = INFO, asyncio.Event()
    backend.lets.set()


async def test_gpus_are_offered_by_name_once_instances_are_given_them(
    backend: Backend, tmp_path: Path
) -> None:
    one = hosting(backend, tmp_path, FakeGpu())
    refused = {offer.name: offer for offer in await one.offers()}["modelarts.vm.gpu.free"]
    assert refused.reason == (
        "this host has NVIDIA H100 80GB HBM3 (GPU 0), but instances are not given GPUs"
    )
    backend.said = replace(INFO, gpu=EngineGpu(Handover.PROCESS, "processes see them", ""))
    given = {offer.name: offer for offer in await one.offers()}["modelarts.vm.gpu.free"]
    assert (given.is_available, given.runs_on) == (True, "NVIDIA H100 80GB HBM3 (GPU 0)")


async def test_own_specifications_are_offered_too(backend: Backend, tmp_path: Path) -> None:
    own = {"shop.small": SpecificationSettings(vcpus=1, memory_mb=512)}
    offers = await hosting(backend, tmp_path, specifications=own).offers()
    assert [(one.name, one.is_available) for one in offers if one.is_own] == [("shop.small", True)]


async def test_a_host_is_looked_at_without_a_server_and_without_leaving_anything(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    seen = await look(Settings(home=home, backend=BackendChoice.PROCESS))
    assert (seen.backend.name, seen.backend.gpu.way) == ("process", Handover.PROCESS)
    assert seen.hardware.host.cpus >= 1
    assert not home.exists()


async def test_an_engine_that_is_demanded_and_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    seen = await look(Settings(home=tmp_path, backend=BackendChoice.DOCKER))
    assert (seen.backend.name, seen.backend.available) == ("docker", False)
    assert "no Docker engine answers" in seen.backend.detail
