"""Whether a Docker engine can hand GPUs over, from what it tells of itself: pure.

Source: Docker Engine API, SystemInfo (Runtimes; CDISpecDirs from 1.44, DiscoveredDevices from
1.50); NVIDIA Container Toolkit (`nvidia-ctk runtime configure`, `nvidia-ctk cdi generate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends.hardware.model import EngineGpu, Handover

NVIDIA_RUNTIME = "nvidia"
CDI_GPU = "nvidia.com/gpu"
NO_REQUESTS = "the Docker backend gives containers no GPUs"
"""Containers are made without device requests."""


def engine_gpu(info: Mapping[str, Any]) -> EngineGpu:
    """What the engine's `/info` answer says of GPUs."""
    if NVIDIA_RUNTIME in (info.get("Runtimes") or {}):
        detail = "the engine has the NVIDIA container runtime"
        return EngineGpu(Handover.NVIDIA_RUNTIME, detail, NO_REQUESTS)
    devices = [
        str(one.get("ID", ""))
        for one in info.get("DiscoveredDevices") or ()
        if one.get("Source") == "cdi"
    ]
    found = sum(device.startswith(CDI_GPU) for device in devices)
    if found:
        detail = f"the engine knows {found} devices {CDI_GPU} by CDI"
        return EngineGpu(Handover.CDI, detail, NO_REQUESTS)
    detail = "the engine has no NVIDIA container runtime"
    if "DiscoveredDevices" in info:
        detail += f", and no CDI specification names {CDI_GPU}"
    elif info.get("CDISpecDirs"):
        detail += "; it reads CDI specifications, and does not tell which"
    return EngineGpu(Handover.NONE, detail, NO_REQUESTS)
