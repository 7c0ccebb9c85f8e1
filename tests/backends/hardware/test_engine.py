"""Whether a Docker engine can hand GPUs over, from its own words."""

from __future__ import annotations

from typing import Any

import pytest

from backends.hardware.engine import NO_REQUESTS, engine_gpu
from backends.hardware.model import EngineGpu, Handover

OLD: dict[str, Any] = {"Runtimes": {"runc": {"path": "runc"}}}


def cdi(*ids: str) -> dict[str, Any]:
    return {"DiscoveredDevices": [{"Source": "cdi", "ID": one} for one in ids]}


@pytest.mark.parametrize(
    ("info", "way", "says"),
    [
        (OLD, Handover.NONE, "no NVIDIA container runtime"),
        ({}, Handover.NONE, "no NVIDIA container runtime"),
        ({"Runtimes": None, "DiscoveredDevices": None}, Handover.NONE, "no CDI specification"),
        (
            {"Runtimes": {"runc": {}, "nvidia": {"path": "nvidia-container-runtime"}}},
            Handover.NVIDIA_RUNTIME,
            "has the NVIDIA container runtime",
        ),
        (OLD | cdi("nvidia.com/gpu=0", "nvidia.com/gpu=all"), Handover.CDI, "2 devices"),
        (OLD | cdi("vendor.com/net=0"), Handover.NONE, "no CDI specification names"),
        (OLD | {"CDISpecDirs": ["/etc/cdi"]}, Handover.NONE, "does not tell which"),
    ],
)
def test_each_way_is_told(info: dict[str, Any], way: Handover, says: str) -> None:
    found = engine_gpu(info)
    assert found.way is way
    assert says in found.detail


def test_without_a_way_that_is_the_reason_and_else_the_gap() -> None:
    assert engine_gpu(OLD).refusal == "the engine has no NVIDIA container runtime"
    assert engine_gpu({"Runtimes": {"nvidia": {}}}).refusal == NO_REQUESTS
    assert EngineGpu(Handover.CDI, "2 devices", "").refusal == ""
