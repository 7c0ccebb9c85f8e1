"""The host and its specifications on the command line, with a server and without."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backends.base import BackendInfo
from backends.hardware.gpus import read_gpus
from backends.hardware.model import EngineGpu, Gpus, GpuState, Handover, Hardware, Host
from backends.hardware.reader import stub_npus
from simulator import hosting
from simulator.admin.hardware_views import hardware_view
from simulator.config import Settings
from simulator.hosting import Seen
from tests.simulator.cli.conftest import FakeServer, Json, Run
from tests.support.fake_nvml import Fails, FakeGpu, FakeMig, FakeNvml, a_process

GIB = 1024**3
HOST = Host("Some CPU", "x86_64", 16, 16.0, "", 64 * GIB, 64 * GIB, 60 * GIB, "")
LIMITED = replace(
    HOST,
    usable_cpus=2.5,
    cpu_limit="a control group allows 2.5 CPUs",
    usable_memory_bytes=8 * GIB,
    memory_limit="a control group allows 8192 MiB",
)
MISSING = Gpus(GpuState.LIBRARY_MISSING, "NVML is not on this host")
INFO = BackendInfo("docker", True, "Docker 1", True, True, 4.0, 8 * GIB, EngineGpu(detail="no way"))


def seen(host: Host = HOST, gpus: Gpus = MISSING, npus: int = 0, **info: Any) -> Seen:
    return Seen(Hardware(host, gpus, stub_npus(npus, 8192)), replace(INFO, **info))


def shown(run: Run, fake: FakeServer, found: Seen) -> str:
    fake.answers("GET", "/_drydock/hardware", hardware_view(found))
    result = run("hardware")
    assert result.exit_code == 0
    return " ".join(result.stdout.split())


class TestHardware:
    def test_a_host_without_gpus_says_why(self, run_on_fake: Run, fake: FakeServer) -> None:
        text = shown(run_on_fake, fake, seen())
        assert "processor Some CPU, x86_64 CPUs 16 memory 64.0 GiB, 60.0 GiB free now" in text
        assert "none can be asked: NVML is not on this host" in text
        assert "run by docker: Docker 1 have 4 CPUs and 8.0 GiB together" in text
        assert "get GPUs no: no way" in text

    def test_a_limited_host_says_what_is_usable(self, run_on_fake: Run, fake: FakeServer) -> None:
        text = shown(run_on_fake, fake, seen(LIMITED))
        assert "CPUs 16, 2.5 of them usable: a control group allows 2.5 CPUs" in text
        assert "8.0 GiB usable: a control group allows 8192 MiB" in text

    def test_a_gpu_is_shown_with_all_that_it_says(self, run_on_fake: Run, fake: FakeServer) -> None:
        nvml = FakeNvml(FakeGpu(computing=[a_process(7)], virtualization=1))
        nvml.names = {7: "python3\x1b[31m"}
        gives = EngineGpu(Handover.CDI, "by CDI", "")
        text = shown(run_on_fake, fake, seen(gpus=read_gpus(lambda: nvml), gpu=gives))
        assert "driver 580.65.06 CUDA up to 13.0" in text
        assert "GPU 0 NVIDIA H100 80GB HBM3, the whole GPU passed through" in text
        assert "memory 81920 MiB, 2048 MiB used use 35 % temperature 41 °C" in text
        assert "power 123 W of 700 W MIG off processes 7 python3" in text
        assert "\x1b" not in text
        assert "get GPUs yes" in text

    def test_what_is_unknown_is_not_shown_as_zero(self, run_on_fake: Run, fake: FakeServer) -> None:
        unknown: Any = Fails(3)
        gpu = FakeGpu(utilization=unknown, power_mw=unknown, computing=unknown, drawing=unknown)
        text = shown(run_on_fake, fake, seen(gpus=read_gpus(lambda: FakeNvml(gpu))))
        assert "use - temperature" in text
        assert "power - " in text
        assert "processes cannot be seen" in text

    def test_mig_instances_vgpus_and_lost_ones_are_told_apart(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        lost = FakeGpu("GPU-2")
        lost.lose()
        nvml = FakeNvml(FakeGpu(mig_mode=(1, 1), mig=(FakeMig(),)), FakeGpu(virtualization=2), lost)
        text = shown(run_on_fake, fake, seen(gpus=read_gpus(lambda: nvml)))
        assert "MIG on: it is used in parts only" in text
        assert "MIG-1 NVIDIA H100 80GB HBM3 MIG 1g.10gb, 10240 MiB, 1024 MiB used" in text
        assert "GPU 1 NVIDIA H100 80GB HBM3, a vGPU" in text
        assert "GPU 2 unknown, LOST: it has fallen off the bus" in text

    def test_chips_say_that_they_are_stubs(self, run_on_fake: Run, fake: FakeServer) -> None:
        assert "NPU 1 Ascend 310 (stub), 8192 MB" in shown(run_on_fake, fake, seen(npus=2))

    def test_as_json_it_is_the_servers_own(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", "/_drydock/hardware", hardware_view(seen()))
        assert json.loads(run_on_fake("hardware", "--json").stdout) == json.loads(
            json.dumps(hardware_view(seen()))
        )


def a_specification(name: str, **changes: object) -> Json:
    sizes = {"vcpus": 2.0, "memory_mb": 8192, "gpus": 0.0, "npus": 0}
    about = {"available": True, "reason": "", "warning": "", "runs_on": "CPU"}
    return {"name": name, "origin": "documents", "category": "CPU"} | sizes | about | changes


class TestSpecifications:
    @pytest.fixture(autouse=True)
    def answers(self, fake: FakeServer) -> None:
        unsized = dict.fromkeys(("vcpus", "memory_mb", "gpus", "npus"))
        listed = [
            a_specification("fine"),
            a_specification("less", warning="capped: too small"),
            a_specification("grey", available=False, reason="there is no GPU", runs_on=""),
            a_specification("custom", **unsized),
        ]
        fake.answers("GET", "/_drydock/specifications", {"specifications": listed})

    def test_each_is_there_capped_or_grey_with_the_reason(self, run_on_fake: Run) -> None:
        rows = [line.split() for line in run_on_fake("specifications").stdout.splitlines()]
        assert rows[1:] == [
            ["fine", "2", "8192", "0", "0", "yes", "CPU"],
            ["less", "2", "8192", "0", "0", "capped", "CPU;", "capped:", "too", "small"],
            ["grey", "2", "8192", "0", "0", "no", "there", "is", "no", "GPU"],
            ["custom", "-", "-", "-", "-", "yes", "CPU"],
        ]

    def test_as_json_they_are_the_servers_own(self, run_on_fake: Run) -> None:
        found = json.loads(run_on_fake("specifications", "--json").stdout)
        assert [one["available"] for one in found] == [True, True, False, True]


class TestWithoutAServer:
    @pytest.fixture(autouse=True)
    def this_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def look(settings: Settings) -> Seen:
            return seen(LIMITED, npus=settings.stub_npus.count, cpus=None, memory_bytes=None)

        monkeypatch.setattr(hosting, "look", look)

    def test_this_host_is_asked_directly(self, run: Run, tmp_path: Path) -> None:
        result = run("hardware", "--home", str(tmp_path))
        assert result.exit_code == 0
        assert "have      2.5 CPUs and 8.0 GiB together" in result.stdout
        assert "no server is running" in result.stderr

    def test_specifications_are_those_of_the_settings(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "drydock.toml").write_text(
            'small_host = "refuse"\n[specifications.mine]\nvcpus = 4\nmemory_mb = 1024\n'
        )
        result = run("specifications", "--home", str(tmp_path), "--json")
        found = {one["name"]: one for one in json.loads(result.stdout)}
        assert found["mine"]["reason"] == "this host has 2.5 vCPUs, and it takes 4"
        assert (found["modelarts.vm.cpu.2u"]["available"], result.stderr) == (True, "")
