"""NVML as the module `pynvml` has it, over GPUs that a test makes up.

It raises the library's own classes (`pynvml.NVMLError_GpuIsLost` and its like), and answers what it
was given; a value that is an error code is raised instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pynvml

GIB = 1024**3


def a_process(pid: int, memory_bytes: int | None = GIB) -> Any:
    """Something that uses a GPU."""
    return SimpleNamespace(pid=pid, usedGpuMemory=memory_bytes)


@dataclass
class Fails:
    """Stands in place of a value: asking for it raises the error of this code."""

    code: int


@dataclass
class FakeMig:
    """A MIG instance."""

    uuid: str = "MIG-1"
    name: str = "NVIDIA H100 80GB HBM3 MIG 1g.10gb"
    total: int = 10 * GIB
    used: int = GIB


@dataclass
class FakeGpu:
    """A GPU: what each question is answered with, or `Fails`."""

    uuid: Any = "GPU-0"
    name: Any = "NVIDIA H100 80GB HBM3"
    handle: Any = None
    memory: Any = field(default_factory=lambda: SimpleNamespace(total=80 * GIB, used=2 * GIB))
    utilization: Any = field(default_factory=lambda: SimpleNamespace(gpu=35))
    temperature: Any = 41
    power_mw: Any = 123_400
    power_limit_mw: Any = 700_000
    computing: Any = ()
    drawing: Any = ()
    virtualization: Any = 0
    mig_mode: Any = (0, 0)
    mig: tuple[FakeMig | None, ...] = ()
    """One a place; None where the place is empty."""

    def lose(self) -> None:
        """From now on every question is answered with GPU_IS_LOST, the handle too."""
        self.handle = Fails(pynvml.NVML_ERROR_GPU_IS_LOST)


def _told(value: Any) -> Any:
    if isinstance(value, Fails):
        raise pynvml.NVMLError(value.code)
    return value


class FakeNvml:
    """See the module.

    Attributes:
        init: `Fails` when the library cannot be initialised.
        opened: how often it is initialised and not shut down.
    """

    NVMLError = pynvml.NVMLError

    def __init__(self, *gpus: FakeGpu, init: Any = None, count: Any = None) -> None:
        self.gpus = list(gpus)
        self.init = init
        self.count = count
        self.names: dict[int, Any] = {}
        self.opened = 0
        self.driver: Any = "580.65.06"
        self.cuda: Any = 13000

    def nvmlInit(self) -> None:
        _told(self.init)
        self.opened += 1

    def nvmlShutdown(self) -> None:
        self._need_open()
        self.opened -= 1

    def nvmlSystemGetDriverVersion(self) -> str:
        self._need_open()
        return str(_told(self.driver))

    def nvmlSystemGetCudaDriverVersion(self) -> int:
        return int(_told(self.cuda))

    def nvmlSystemGetProcessName(self, pid: int) -> str:
        return str(_told(self.names.get(pid, Fails(pynvml.NVML_ERROR_NOT_FOUND))))

    def nvmlDeviceGetCount(self) -> int:
        self._need_open()
        return len(self.gpus) if self.count is None else int(_told(self.count))

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeGpu:
        self._need_open()
        gpu = self.gpus[index]
        _told(gpu.handle)
        return gpu

    def nvmlDeviceGetUUID(self, handle: Any) -> str:
        return str(_told(handle.uuid))

    def nvmlDeviceGetName(self, handle: Any) -> str:
        return str(_told(handle.name))

    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any:
        return handle if isinstance(handle, FakeMig) else _told(handle.memory)

    def nvmlDeviceGetUtilizationRates(self, handle: FakeGpu) -> Any:
        return _told(handle.utilization)

    def nvmlDeviceGetTemperature(self, handle: FakeGpu, sensor: int) -> int:
        assert sensor == pynvml.NVML_TEMPERATURE_GPU
        return int(_told(handle.temperature))

    def nvmlDeviceGetPowerUsage(self, handle: FakeGpu) -> int:
        return int(_told(handle.power_mw))

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: FakeGpu) -> int:
        return int(_told(handle.power_limit_mw))

    def nvmlDeviceGetComputeRunningProcesses(self, handle: FakeGpu) -> Any:
        return _told(handle.computing)

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: FakeGpu) -> Any:
        return _told(handle.drawing)

    def nvmlDeviceGetVirtualizationMode(self, handle: FakeGpu) -> int:
        return int(_told(handle.virtualization))

    def nvmlDeviceGetMigMode(self, handle: FakeGpu) -> Any:
        return _told(handle.mig_mode)

    def nvmlDeviceGetMaxMigDeviceCount(self, handle: FakeGpu) -> int:
        return len(handle.mig)

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: FakeGpu, index: int) -> FakeMig:
        found = handle.mig[index]
        if found is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return found

    def nvmlDeviceGetGpuInstanceId(self, handle: FakeMig) -> int:
        return 7

    def nvmlDeviceGetComputeInstanceId(self, handle: FakeMig) -> int:
        return 0

    def _need_open(self) -> None:
        if not self.opened:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_UNINITIALIZED)
