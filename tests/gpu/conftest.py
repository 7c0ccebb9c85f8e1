"""Tests on a real NVIDIA GPU; they are skipped, with the reason, where there is none.

With DRYDOCK_REQUIRE_GPU=1 that is a failure: a machine that should run these tests cannot pass by
leaving them out.
"""

from __future__ import annotations

import os

import pytest

from backends.hardware.gpus import read_gpus
from backends.hardware.model import Gpus, GpuState
from backends.hardware.nvml import load


@pytest.fixture(scope="session")
def gpus() -> Gpus:
    """The GPUs of this machine; at least one of them can be used."""
    found = read_gpus(load)
    reason = found.reason or "; ".join(gpu.trouble for gpu in found.devices if gpu.trouble)
    if found.state is GpuState.FOUND and any(not gpu.trouble for gpu in found.devices):
        return found
    if os.environ.get("DRYDOCK_REQUIRE_GPU") == "1":
        pytest.fail(f"DRYDOCK_REQUIRE_GPU=1, but {reason}", pytrace=False)
    pytest.skip(reason)
