"""What a real engine tells of its machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from docker import APIClient

from backends.docker import DockerBackend
from backends.hardware.model import MIB, Handover
from simulator.config import BackendChoice, Settings
from simulator.hosting import capacity_of, look

pytestmark = pytest.mark.docker


async def test_what_instances_can_have_is_what_the_engines_machine_has(
    backend: DockerBackend, client: APIClient
) -> None:
    told, info = client.info(), await backend.info()
    assert (info.cpus, info.memory_bytes) == (told["NCPU"], told["MemTotal"])
    has_runtime = "nvidia" in told["Runtimes"]
    assert (info.gpu.way is Handover.NVIDIA_RUNTIME) == has_runtime
    assert info.gpu.refusal


async def test_without_a_server_the_engine_is_found_and_nothing_is_left(
    backend: DockerBackend, client: APIClient, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    settings = Settings(home=home, backend=BackendChoice.DOCKER)
    seen = await look(settings)
    capacity = capacity_of(seen, settings)
    told = client.info()
    assert (capacity.cpus, capacity.memory_mb) == (told["NCPU"], told["MemTotal"] // MIB)
    assert not home.exists()
