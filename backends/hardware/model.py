"""What a host has, in words and numbers: pure.

A value that the hardware, its driver or our rights do not give is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

MIB = 1024 * 1024


@dataclass(frozen=True)
class Host:
    """Processors and memory.

    Attributes:
        cpu_model: the processor's name; empty where the system does not tell.
        architecture: as the kernel names it: `x86_64`, `aarch64`, `arm64`.
        cpus: logical processors of the machine.
        usable_cpus: how many of them this process can use at a time, a decimal.
        cpu_limit: what makes `usable_cpus` fewer; empty where nothing does.
        memory_bytes: of the machine.
        usable_memory_bytes: how much this process and its children may use.
        available_memory_bytes: how much of the machine's could be used now without swapping.
        memory_limit: what makes `usable_memory_bytes` less; empty where nothing does.
    """

    cpu_model: str
    architecture: str
    cpus: int
    usable_cpus: float
    cpu_limit: str
    memory_bytes: int
    usable_memory_bytes: int
    available_memory_bytes: int
    memory_limit: str


@dataclass(frozen=True)
class GpuProcess:
    """Something that uses a GPU.

    Attributes:
        name: its program; empty where that cannot be seen.
        memory_bytes: of the GPU's memory.
    """

    pid: int
    name: str = ""
    memory_bytes: int | None = None


@dataclass(frozen=True)
class MigInstance:
    """A part of a GPU in MIG mode, which programs use like a GPU."""

    uuid: str
    name: str
    memory_bytes: int | None = None
    used_memory_bytes: int | None = None
    gpu_instance_id: int | None = None
    compute_instance_id: int | None = None


class Virtualization(StrEnum):
    """How a GPU comes to this machine. Source: NVML, nvmlGpuVirtualizationMode_t."""

    NONE = "none"
    PASSTHROUGH = "passthrough"
    """The machine is virtual and has the whole GPU."""
    VGPU = "vgpu"
    """The machine is virtual and has a share of a GPU."""
    HOST_VGPU = "host-vgpu"
    """The machine is a hypervisor that gives shares to others."""
    HOST_VSGA = "host-vsga"


@dataclass(frozen=True)
class Gpu:
    """An NVIDIA GPU.

    Attributes:
        uuid: what device requests name it by; empty where it cannot be asked.
        utilisation_percent: share of the last sample period in which it computed.
        power_w, power_limit_w: what it draws and what is enforced, watts.
        processes: what uses it; None where that cannot be seen.
        mig: whether it is in MIG mode, and can be used in parts only; None where it has no such
            mode.
        mig_pending: the mode changes with the next reset.
        lost: it does not answer any more.
        trouble: why it cannot be used or read; empty when it can.
    """

    index: int
    uuid: str = ""
    name: str = ""
    memory_bytes: int | None = None
    used_memory_bytes: int | None = None
    utilisation_percent: int | None = None
    temperature_c: int | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    processes: tuple[GpuProcess, ...] | None = None
    mig: bool | None = None
    mig_pending: bool = False
    mig_instances: tuple[MigInstance, ...] = ()
    virtualization: Virtualization | None = None
    lost: bool = False
    trouble: str = ""

    @property
    def label(self) -> str:
        """Its name, and its number where there is no name: for people."""
        return f"{self.name} (GPU {self.index})" if self.name else f"GPU {self.index}"


class GpuState(StrEnum):
    """Whether GPUs can be asked for."""

    FOUND = "found"
    NONE = "none"
    """The driver runs and has no GPU."""
    PACKAGE_MISSING = "package-missing"
    LIBRARY_MISSING = "library-missing"
    DRIVER_NOT_LOADED = "driver-not-loaded"
    VERSION_MISMATCH = "version-mismatch"
    NO_PERMISSION = "no-permission"
    NO_ANSWER = "no-answer"
    FAILED = "failed"


@dataclass(frozen=True)
class Gpus:
    """The NVIDIA GPUs, or why there are none.

    Attributes:
        reason: why nothing can be told, and what helps; empty when GPUs were found.
        driver_version, cuda_version: of the driver, as `580.65` and `13.0`; empty where unknown.
    """

    state: GpuState
    reason: str = ""
    devices: tuple[Gpu, ...] = ()
    driver_version: str = ""
    cuda_version: str = ""


@dataclass(frozen=True)
class Npu:
    """An Ascend chip. Drydock has stubs only: nothing computes on them.

    Attributes:
        memory_mb: MB of 1,048,576 bytes.
    """

    index: int
    name: str
    memory_mb: int
    stub: bool = True


@dataclass(frozen=True)
class Hardware:
    """Everything that a host has."""

    host: Host
    gpus: Gpus
    npus: tuple[Npu, ...] = ()


class Handover(StrEnum):
    """How whatever runs instances can give them a GPU."""

    NVIDIA_RUNTIME = "nvidia-runtime"
    CDI = "cdi"
    """Container Device Interface."""
    PROCESS = "process"
    """An instance is a process of this host, and sees what that sees."""
    NONE = "none"


@dataclass(frozen=True)
class EngineGpu:
    """Whether instances can be given GPUs.

    Attributes:
        way: how the engine would do it.
        detail: what shows that, or why there is no way.
        gap: why instances are given none all the same; empty where they are given them.
    """

    way: Handover = Handover.NONE
    detail: str = ""
    gap: str = "instances are not given GPUs"

    @property
    def refusal(self) -> str:
        """Why an instance gets no GPU; empty where it gets one."""
        return self.detail if self.way is Handover.NONE and self.detail else self.gap


NO_GPUS = EngineGpu()


def with_lost(before: Iterable[Gpu], now: Gpus) -> Gpus:
    """What is there, and what was there before and is not listed any more, as lost.

    A GPU that does not answer gets the name that it had. Only what NVML listed is compared: when
    the driver as a whole does not answer, that says it already.
    """
    if now.state not in (GpuState.FOUND, GpuState.NONE):
        return now
    known = tuple(before)
    by_index = {gpu.index: gpu for gpu in known}
    devices = [
        replace(gpu, uuid=by_index[gpu.index].uuid, name=by_index[gpu.index].name)
        if gpu.lost and not gpu.uuid and gpu.index in by_index
        else gpu
        for gpu in now.devices
    ]
    listed = {gpu.uuid for gpu in devices}
    gone = [
        Gpu(
            gpu.index,
            gpu.uuid,
            gpu.name,
            lost=True,
            trouble="it was there before, and the driver does not list it any more",
        )
        for gpu in known
        if gpu.uuid and gpu.uuid not in listed
    ]
    devices = sorted([*devices, *gone], key=lambda gpu: (gpu.index, gpu.lost))
    state = GpuState.FOUND if devices else now.state
    return replace(now, state=state, reason="" if devices else now.reason, devices=tuple(devices))
