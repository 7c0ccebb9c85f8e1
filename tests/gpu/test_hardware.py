"""A real GPU is found and read as NVIDIA's own tool shows it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from backends.base import BackendInfo
from backends.hardware.model import EngineGpu, Gpu, Gpus, GpuState, Handover
from backends.hardware.reader import HardwareReader
from simulator.config import Settings
from simulator.hosting import Seen, offers_of

pytestmark = pytest.mark.gpu


@pytest.fixture
def gpu(gpus: Gpus) -> Gpu:
    return next(one for one in gpus.devices if not one.trouble)


def test_the_driver_says_its_version_and_that_of_cuda(gpus: Gpus) -> None:
    assert gpus.state is GpuState.FOUND
    assert gpus.driver_version.split(".")[0].isdigit()
    assert float(gpus.cuda_version) >= 11


def test_its_figures_are_possible(gpu: Gpu) -> None:
    assert gpu.uuid.startswith("GPU-")
    assert gpu.name
    assert gpu.memory_bytes is not None
    assert gpu.used_memory_bytes is not None
    assert 0 <= gpu.used_memory_bytes <= gpu.memory_bytes
    assert gpu.memory_bytes > 1024**3
    assert gpu.utilisation_percent is None or 0 <= gpu.utilisation_percent <= 100
    assert gpu.temperature_c is None or 0 < gpu.temperature_c < 120
    assert gpu.power_w is None or 0 < gpu.power_w < 2000
    assert gpu.virtualization is not None


def test_it_is_the_one_that_nvidias_tool_shows(gpus: Gpus) -> None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        pytest.skip("there is no nvidia-smi")
    asked = ["--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits"]
    shown = subprocess.run([tool, *asked], capture_output=True, text=True, check=True, timeout=60)
    rows = [[cell.strip() for cell in line.split(",")] for line in shown.stdout.splitlines()]
    ours = [
        [str(one.index), one.uuid, one.name, str((one.memory_bytes or 0) // 1024**2)]
        for one in gpus.devices
        if not one.trouble
    ]
    assert ours == rows


async def test_the_reader_gives_it_while_the_loop_goes_on(gpu: Gpu) -> None:
    found = await HardwareReader(timeout_s=60).read()
    assert gpu.uuid in [one.uuid for one in found.gpus.devices]


async def test_a_gpu_specification_runs_on_it_and_says_which(gpu: Gpu) -> None:
    if gpu.mig:
        pytest.skip("the GPU is in MIG mode, and specifications take whole GPUs")
    hardware = await HardwareReader(timeout_s=60).read()
    gives = EngineGpu(Handover.PROCESS, "processes see the GPUs of this host", "")
    seen = Seen(hardware, BackendInfo("process", True, "", False, False, gpu=gives))
    offer = {one.name: one for one in offers_of(seen, Settings())}["modelarts.vm.gpu.free"]
    assert offer.is_available
    assert gpu.name in offer.runs_on
