"""Hardware is read without anybody waiting for a driver that hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from backends.hardware.model import GpuState, Host
from backends.hardware.nvml import Nvml
from backends.hardware.reader import HardwareReader, stub_npus
from tests.support.fake_nvml import FakeGpu, FakeNvml

HOST = Host("Some CPU", "x86_64", 4, 4.0, "", 1 << 33, 1 << 33, 1 << 32, "")


class Library:
    """Gives a fake library, counts how often, and hangs when told to."""

    def __init__(self, *gpus: FakeGpu) -> None:
        self.nvml = FakeNvml(*gpus)
        self.loaded = 0
        self.open = threading.Event()
        self.open.set()

    def __call__(self) -> Nvml:
        self.loaded += 1
        self.open.wait()
        return self.nvml


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def library() -> Iterator[Library]:
    made = Library(FakeGpu("GPU-0"), FakeGpu("GPU-1"))
    yield made
    made.open.set()


def reader(library: Library, **more: Any) -> HardwareReader:
    return HardwareReader(stub_npus(2, 4096), nvml=library, host=lambda: HOST, **more)


async def test_everything_is_read_at_once(library: Library) -> None:
    found = await reader(library).read()
    assert (found.host, [gpu.uuid for gpu in found.gpus.devices]) == (HOST, ["GPU-0", "GPU-1"])
    assert [(npu.memory_mb, npu.stub) for npu in found.npus] == [(4096, True)] * 2
    assert all("stub" in npu.name for npu in found.npus)


async def test_a_reading_holds_for_a_moment_and_is_then_made_anew(library: Library) -> None:
    clock = Clock()
    one = reader(library, keep_s=2.0, now_s=clock)
    assert await one.read() is await one.read()
    clock.now_s = 1.9
    await one.read()
    assert library.loaded == 1
    clock.now_s = 2.1
    await one.read()
    assert library.loaded == 2


async def test_those_who_ask_together_share_a_reading(library: Library) -> None:
    one = reader(library)
    found = await asyncio.gather(*(one.read() for _ in range(5)))
    assert (library.loaded, len({id(each) for each in found})) == (1, 1)


async def test_a_gpu_that_is_lost_while_the_server_runs_keeps_its_name(library: Library) -> None:
    one = reader(library, keep_s=0)
    await one.read()
    library.nvml.gpus[1].lose()
    first, second = (await one.read()).gpus.devices
    assert (first.lost, second.lost, second.uuid) == (False, True, "GPU-1")
    del library.nvml.gpus[1]
    assert [gpu.lost for gpu in (await one.read()).gpus.devices] == [False, True]


async def test_a_driver_that_hangs_holds_up_nobody_and_is_asked_once(library: Library) -> None:
    one = reader(library, keep_s=0, timeout_s=0.05)
    assert (await one.read()).gpus.state is GpuState.FOUND
    library.open.clear()
    hanging = await one.read()
    assert (hanging.gpus.state, hanging.host) == (GpuState.NO_ANSWER, HOST)
    assert "has not answered" in hanging.gpus.reason
    for _ in range(3):
        assert (await one.read()).gpus.state is GpuState.NO_ANSWER
    assert library.loaded == 2
    library.open.set()
    async with asyncio.timeout(10):
        while (await one.read()).gpus.state is not GpuState.FOUND:
            await asyncio.sleep(0.01)


async def test_the_loop_goes_on_while_a_driver_hangs(library: Library) -> None:
    library.open.clear()
    reading = asyncio.create_task(reader(library, timeout_s=0.2).read())
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    assert (await reading).gpus.state is GpuState.NO_ANSWER


async def test_a_caller_that_gives_up_spoils_nothing(library: Library) -> None:
    library.open.clear()
    one = reader(library, timeout_s=5)
    impatient = asyncio.create_task(one.read())
    patient = asyncio.create_task(one.read())
    await asyncio.sleep(0)
    impatient.cancel()
    library.open.set()
    assert (await patient).gpus.state is GpuState.FOUND
    assert library.loaded == 1


async def test_a_library_that_breaks_its_word_is_told() -> None:
    def broken() -> Nvml:
        raise AttributeError("no nvmlInit")

    found = await HardwareReader(nvml=broken, host=lambda: HOST).read()
    assert found.gpus.state is GpuState.FAILED
    assert "no nvmlInit" in found.gpus.reason
