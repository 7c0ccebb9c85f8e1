"""Which specifications a host can give, and the exact reason where it cannot: pure.

Source: Deploying as a Real-Time Service, table 2, Specifications (what is not to be had is greyed
out; what a service takes is slightly more than its specification).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from backends.hardware.model import MIB, EngineGpu, Gpu, Gpus, GpuState, Hardware
from simulator.facts.specifications import CUSTOM, Specification
from simulator.lifecycle.objects import Size
from simulator.specsettings import SmallHost

NO_OVERHEAD = Size()
_TOLERANCE = 1e-9
_GB = 1024 * MIB


@dataclass(frozen=True)
class Capacity:
    """What instances can have here.

    Attributes:
        cpus, memory_mb: of all instances together.
        place: whose they are, for people: `this host`, `the Docker engine's machine`.
        hardware: what the host has.
        gpu: whether instances can be given GPUs.
        overhead: what the system takes for each instance.
        small_host: what becomes of a deployment for which that is too little.
    """

    cpus: float
    memory_mb: int
    place: str
    hardware: Hardware
    gpu: EngineGpu
    overhead: Size = NO_OVERHEAD
    small_host: SmallHost = SmallHost.CAP


@dataclass(frozen=True)
class Offer:
    """A specification on this host.

    Attributes:
        specification: None for `custom`, which has the sizes that a request gives it.
        reason: why it is not available; empty where it is.
        warning: what an instance gets less than promised; empty where it gets everything.
        runs_on: what it computes on; empty where it is not available.
        is_own: it comes from the settings, not from the documents.
    """

    name: str
    specification: Specification | None
    reason: str = ""
    warning: str = ""
    runs_on: str = ""
    is_own: bool = False

    @property
    def is_available(self) -> bool:
        return not self.reason


def offers(
    documented: Iterable[Specification], own: Iterable[Specification], capacity: Capacity
) -> tuple[Offer, ...]:
    """All specifications, the documented ones first, `custom` at the end."""
    return (
        *(offer(one, capacity) for one in documented),
        *(offer(one, capacity, is_own=True) for one in own),
        Offer(CUSTOM, None, runs_on="what custom_spec asks for, in a dedicated pool"),
    )


def offer(spec: Specification, capacity: Capacity, *, is_own: bool = False) -> Offer:
    """One specification on this host."""
    reason, small, runs_on = "", "", "CPU"
    if spec.gpus:
        chosen, reason = _gpus_for(spec.gpus, capacity.hardware.gpus, capacity.gpu)
        runs_on = " and ".join(gpu.label for gpu in chosen)
        small = _small_gpus(spec, chosen)
    elif spec.npus:
        reason = npu_refusal(spec.npus, capacity.hardware)
    short = _short(spec, capacity)
    less = "; ".join(filter(None, (small, short)))
    if not reason and less and capacity.small_host is SmallHost.REFUSE:
        reason = less
    if reason:
        return Offer(spec.name, spec, reason=reason, is_own=is_own)
    warning = f"capped: {less}" if less else ""
    return Offer(spec.name, spec, warning=warning, runs_on=runs_on, is_own=is_own)


def npu_refusal(wanted: int, hardware: Hardware) -> str:
    """Why an instance cannot have so many Ascend chips."""
    there = len(hardware.npus)
    if not there:
        return "this host has no Ascend chip, and the settings have none played (stub_npus)"
    if wanted > there:
        return f"it needs {wanted} Ascend chips, and {there} are played here (stub_npus)"
    return "the Ascend chips of this host are stubs, and instances are not given any"


def _gpus_for(wanted: float, gpus: Gpus, engine: EngineGpu) -> tuple[list[Gpu], str]:
    """The GPUs that so many, or a part of one, would run on; or why not."""
    if gpus.state is not GpuState.FOUND:
        return [], f"this host has no NVIDIA GPU that can be used: {gpus.reason}"
    usable = [gpu for gpu in gpus.devices if not gpu.trouble and not gpu.mig]
    if not usable:
        why = "; ".join(f"{gpu.label}: {_unusable(gpu)}" for gpu in gpus.devices)
        return [], f"no GPU of this host can be used: {why}"
    need = math.ceil(wanted - _TOLERANCE)
    if need > len(usable):
        names = " and ".join(gpu.label for gpu in usable)
        return [], f"it needs {need} GPUs, and this host has {names}"
    if engine.refusal:
        names = " and ".join(gpu.label for gpu in usable)
        return [], f"this host has {names}, but {engine.refusal}"
    return usable[:need], ""


def _unusable(gpu: Gpu) -> str:
    return gpu.trouble or "it is in MIG mode, and specifications take whole GPUs"


def _small_gpus(spec: Specification, gpus: list[Gpu]) -> str:
    """Which GPUs have less memory than the specification's card."""
    card = spec.accelerator
    if card is None:
        return ""
    small = [
        f"{gpu.label} has {gpu.memory_bytes / _GB:.3g} GB of the {card.memory_gb} GB promised"
        for gpu in gpus
        # a card of 16 GB shows a little less
        if gpu.memory_bytes is not None and gpu.memory_bytes < 0.9 * card.memory_gb * _GB
    ]
    return " and ".join(small)


def _short(spec: Specification, capacity: Capacity) -> str:
    """What this host has less than the specification and the system take together."""
    overhead = capacity.overhead
    parts = []
    if spec.cpus + overhead.cpus > capacity.cpus + _TOLERANCE:
        more = f" and {overhead.cpus:g} for the system" if overhead.cpus else ""
        unit = "vCPU" if capacity.cpus == 1 else "vCPUs"
        parts.append(f"{capacity.cpus:g} {unit}, and it takes {spec.cpus:g}{more}")
    if spec.memory_mb + overhead.memory_mb > capacity.memory_mb:
        more = f" and {overhead.memory_mb} for the system" if overhead.memory_mb else ""
        parts.append(f"{capacity.memory_mb} MB of memory, and it takes {spec.memory_mb}{more}")
    return f"{capacity.place} has {'; '.join(parts)}" if parts else ""
