"""The boundary to NVML, NVIDIA's management library: what Drydock calls of the module `pynvml`.

Source: NVML API reference; the package nvidia-ml-py.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Protocol, cast

from backends.hardware.model import Gpus, GpuState


class Code(IntEnum):
    """nvmlReturn_t: the `value` of an `NVMLError`."""

    UNINITIALIZED = 1
    INVALID_ARGUMENT = 2
    NOT_SUPPORTED = 3
    NO_PERMISSION = 4
    NOT_FOUND = 6
    DRIVER_NOT_LOADED = 9
    TIMEOUT = 10
    LIBRARY_NOT_FOUND = 12
    FUNCTION_NOT_FOUND = 13
    GPU_IS_LOST = 15
    RESET_REQUIRED = 16
    LIB_RM_VERSION_MISMATCH = 18
    UNKNOWN = 999


LOST = (Code.GPU_IS_LOST, Code.RESET_REQUIRED)
TEMPERATURE_OF_GPU = 0
MIG_ENABLED = 1

Handle = Any
"""A device, as the library names it."""


class Memory(Protocol):
    """nvmlMemory_t, bytes."""

    total: int
    used: int


class Utilization(Protocol):
    """nvmlUtilization_t, percent."""

    gpu: int


class ProcessInfo(Protocol):
    """nvmlProcessInfo_t; the memory in bytes, None where the driver does not tell."""

    pid: int
    usedGpuMemory: int | None


class Nvml(Protocol):
    """The module `pynvml`. Each call raises `NVMLError`, whose `value` is a `Code`."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> None: ...
    def nvmlShutdown(self) -> None: ...
    def nvmlSystemGetDriverVersion(self) -> str: ...
    def nvmlSystemGetCudaDriverVersion(self) -> int: ...
    def nvmlSystemGetProcessName(self, pid: int) -> str: ...
    def nvmlDeviceGetCount(self) -> int: ...
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Handle: ...
    def nvmlDeviceGetUUID(self, handle: Handle) -> str: ...
    def nvmlDeviceGetName(self, handle: Handle) -> str: ...
    def nvmlDeviceGetMemoryInfo(self, handle: Handle) -> Memory: ...
    def nvmlDeviceGetUtilizationRates(self, handle: Handle) -> Utilization: ...
    def nvmlDeviceGetTemperature(self, handle: Handle, sensor: int) -> int: ...
    def nvmlDeviceGetPowerUsage(self, handle: Handle) -> int: ...
    def nvmlDeviceGetEnforcedPowerLimit(self, handle: Handle) -> int: ...
    def nvmlDeviceGetComputeRunningProcesses(self, handle: Handle) -> Sequence[ProcessInfo]: ...
    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: Handle) -> Sequence[ProcessInfo]: ...
    def nvmlDeviceGetVirtualizationMode(self, handle: Handle) -> int: ...
    def nvmlDeviceGetMigMode(self, handle: Handle) -> Sequence[int]: ...
    def nvmlDeviceGetMaxMigDeviceCount(self, handle: Handle) -> int: ...
    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: Handle, index: int) -> Handle: ...
    def nvmlDeviceGetGpuInstanceId(self, handle: Handle) -> int: ...
    def nvmlDeviceGetComputeInstanceId(self, handle: Handle) -> int: ...


def load() -> Nvml:
    """The library. Imported only here: it costs 30 ms.

    Raises:
        ImportError: the package nvidia-ml-py is not installed.
    """
    import pynvml  # noqa: PLC0415

    return cast(Nvml, pynvml)


_CONDITIONS = {
    Code.LIBRARY_NOT_FOUND: (
        GpuState.LIBRARY_MISSING,
        "NVIDIA's library NVML (libnvidia-ml.so.1) is not on this host; it comes with the driver",
    ),
    Code.DRIVER_NOT_LOADED: (
        GpuState.DRIVER_NOT_LOADED,
        "NVIDIA's driver is not loaded; `modprobe nvidia` loads it, `dmesg` says why it cannot be",
    ),
    Code.LIB_RM_VERSION_MISMATCH: (
        GpuState.VERSION_MISMATCH,
        "NVIDIA's library and the loaded driver are of different versions, as after an upgrade; a "
        "restart of this host loads the driver that fits",
    ),
    Code.NO_PERMISSION: (
        GpuState.NO_PERMISSION,
        "this user may not talk to NVIDIA's driver; the rights of /dev/nvidiactl say who may",
    ),
}


def absent(error: Exception) -> Gpus:
    """What a failure of the library as a whole means."""
    if isinstance(error, ImportError):
        reason = "the Python package nvidia-ml-py is not installed"
        return Gpus(GpuState.PACKAGE_MISSING, reason)
    known = _CONDITIONS.get(code_of(error))
    if known is None:
        return Gpus(GpuState.FAILED, f"NVIDIA's library NVML failed: {error}")
    return Gpus(*known)


def code_of(error: Exception) -> Code:
    """The code of an `NVMLError`; unknown for those that are not named here."""
    value = getattr(error, "value", None)
    return Code(value) if value in set(Code) else Code.UNKNOWN
