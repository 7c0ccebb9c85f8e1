"""Reads NVIDIA GPUs through NVML. Blocks; a driver in trouble may block for long."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from backends.hardware.model import Gpu, GpuProcess, Gpus, GpuState, MigInstance, Virtualization
from backends.hardware.nvml import (
    LOST,
    MIG_ENABLED,
    TEMPERATURE_OF_GPU,
    Code,
    Handle,
    Nvml,
    absent,
    code_of,
)

T = TypeVar("T")

_MODES = tuple(Virtualization)
"""In the order of nvmlGpuVirtualizationMode_t."""


def read_gpus(load: Callable[[], Nvml]) -> Gpus:
    """All GPUs, or why there are none.

    The library is initialised for each reading, so that a driver that was loaded, upgraded or reset
    meanwhile is seen.
    """
    try:
        nvml = load()
    except ImportError as error:
        return absent(error)
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return absent(error)
    try:
        return _read(nvml)
    except nvml.NVMLError as error:
        return absent(error)
    finally:
        with contextlib.suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


def _read(nvml: Nvml) -> Gpus:
    driver = _given(nvml, nvml.nvmlSystemGetDriverVersion) or ""
    cuda = _given(nvml, nvml.nvmlSystemGetCudaDriverVersion)
    cuda_version = f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else ""
    devices = tuple(_gpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount()))
    if not devices:
        reason = "NVIDIA's driver is loaded and has no GPU"
        return Gpus(GpuState.NONE, reason, (), driver, cuda_version)
    return Gpus(GpuState.FOUND, "", devices, driver, cuda_version)


def _gpu(nvml: Nvml, index: int) -> Gpu:
    """One GPU; one in trouble says so and does not hinder the others."""
    uuid = name = ""
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        uuid = _given(nvml, lambda: nvml.nvmlDeviceGetUUID(handle)) or ""
        name = _given(nvml, lambda: nvml.nvmlDeviceGetName(handle)) or ""
        return _figures(nvml, handle, Gpu(index, uuid, name))
    except nvml.NVMLError as error:
        return Gpu(index, uuid, name, lost=code_of(error) in LOST, trouble=_trouble(error))


def _figures(nvml: Nvml, handle: Handle, gpu: Gpu) -> Gpu:
    memory = _given(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    use = _given(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    modes = _given(nvml, lambda: nvml.nvmlDeviceGetMigMode(handle))
    is_mig = None if modes is None else modes[0] == MIG_ENABLED
    return Gpu(
        index=gpu.index,
        uuid=gpu.uuid,
        name=gpu.name,
        memory_bytes=None if memory is None else memory.total,
        used_memory_bytes=None if memory is None else memory.used,
        utilisation_percent=None if use is None else use.gpu,
        temperature_c=_given(
            nvml, lambda: nvml.nvmlDeviceGetTemperature(handle, TEMPERATURE_OF_GPU)
        ),
        power_w=_watts(_given(nvml, lambda: nvml.nvmlDeviceGetPowerUsage(handle))),
        power_limit_w=_watts(_given(nvml, lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle))),
        processes=_processes(nvml, handle),
        mig=is_mig,
        mig_pending=modes is not None and modes[0] != modes[1],
        mig_instances=_mig_instances(nvml, handle) if is_mig else (),
        virtualization=_virtualization(nvml, handle),
    )


def _processes(nvml: Nvml, handle: Handle) -> tuple[GpuProcess, ...] | None:
    """What computes or draws on it; one that does both counts once."""
    computing = _given(nvml, lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    drawing = _given(nvml, lambda: nvml.nvmlDeviceGetGraphicsRunningProcesses(handle))
    if computing is None and drawing is None:
        return None
    found = {one.pid: one for one in (*(drawing or ()), *(computing or ()))}
    return tuple(
        GpuProcess(pid, _process_name(nvml, pid), found[pid].usedGpuMemory) for pid in sorted(found)
    )


def _process_name(nvml: Nvml, pid: int) -> str:
    """Empty where it has ended, or is in another container or another user's."""
    return _given(nvml, lambda: nvml.nvmlSystemGetProcessName(pid)) or ""


def _mig_instances(nvml: Nvml, handle: Handle) -> tuple[MigInstance, ...]:
    most = _given(nvml, lambda: nvml.nvmlDeviceGetMaxMigDeviceCount(handle)) or 0
    found = []
    for index in range(most):
        part = _given(nvml, lambda i=index: nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, i))  # type: ignore[misc]
        if part is not None:  # places without an instance are not found
            found.append(_mig_instance(nvml, part))
    return tuple(found)


def _mig_instance(nvml: Nvml, part: Handle) -> MigInstance:
    memory = _given(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(part))
    return MigInstance(
        uuid=_given(nvml, lambda: nvml.nvmlDeviceGetUUID(part)) or "",
        name=_given(nvml, lambda: nvml.nvmlDeviceGetName(part)) or "",
        memory_bytes=None if memory is None else memory.total,
        used_memory_bytes=None if memory is None else memory.used,
        gpu_instance_id=_given(nvml, lambda: nvml.nvmlDeviceGetGpuInstanceId(part)),
        compute_instance_id=_given(nvml, lambda: nvml.nvmlDeviceGetComputeInstanceId(part)),
    )


def _virtualization(nvml: Nvml, handle: Handle) -> Virtualization | None:
    mode = _given(nvml, lambda: nvml.nvmlDeviceGetVirtualizationMode(handle))
    return _MODES[mode] if mode is not None and mode < len(_MODES) else None


def _given(nvml: Nvml, read: Callable[[], T]) -> T | None:
    """A value, or None where the hardware, the driver or our rights do not give it.

    Raises:
        NVMLError: the GPU is lost.
    """
    try:
        return read()
    except nvml.NVMLError as error:
        if code_of(error) in LOST:
            raise
        return None


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000


def _trouble(error: Exception) -> str:
    code = code_of(error)
    if code is Code.GPU_IS_LOST:
        return "it has fallen off the bus or is otherwise lost; a restart of the host may help"
    if code is Code.RESET_REQUIRED:
        return "it must be reset before it works again (`nvidia-smi --gpu-reset`)"
    if code is Code.NO_PERMISSION:
        return (
            f"this user may not use it; the rights of its /dev/nvidia* files say who may: {error}"
        )
    return f"the driver does not give it: {error}"
