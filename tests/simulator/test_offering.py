"""Which specifications a host can give, and why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backends.hardware.model import EngineGpu, Gpu, Gpus, GpuState, Handover, Hardware, Host
from backends.hardware.reader import stub_npus
from simulator.facts.specifications import SPECIFICATIONS, Accelerator, Specification
from simulator.lifecycle.objects import Size
from simulator.offering import Capacity, offer, offers
from simulator.specsettings import SmallHost

GB = 1024**3
HOST = Host("Some CPU", "x86_64", 16, 16.0, "", 64 * GB, 64 * GB, 60 * GB, "")
GIVES = EngineGpu(Handover.NVIDIA_RUNTIME, "the engine has the NVIDIA container runtime", "")
H100 = Gpu(0, "GPU-0", "NVIDIA H100", memory_bytes=80 * GB)
T4 = Gpu(1, "GPU-1", "NVIDIA T4", memory_bytes=15 * GB)
NONE = Gpus(GpuState.LIBRARY_MISSING, "NVML is not on this host")
CPU, P4, A310 = (
    SPECIFICATIONS[name]
    for name in ("modelarts.vm.cpu.2u", "modelarts.vm.gpu.p4", "modelarts.vm.ai1.a310")
)


def a_capacity(gpus: Gpus = NONE, *, npus: int = 0, **changes: Any) -> Capacity:
    capacity = Capacity(
        cpus=16,
        memory_mb=65_536,
        place="this host",
        hardware=Hardware(HOST, gpus, stub_npus(npus, 8192)),
        gpu=GIVES,
    )
    return replace(capacity, **changes)


def found(*devices: Gpu) -> Gpus:
    return Gpus(GpuState.FOUND, "", devices)


class TestSizes:
    def test_one_that_fits_runs_on_the_cpu_without_a_word(self) -> None:
        one = offer(CPU, a_capacity())
        assert (one.is_available, one.reason, one.warning, one.runs_on) == (True, "", "", "CPU")

    def test_a_host_that_just_has_it_is_no_small_host(self) -> None:
        assert offer(CPU, a_capacity(cpus=2, memory_mb=8192)).warning == ""

    @pytest.mark.parametrize(
        ("less", "says"),
        [
            ({"cpus": 1.5}, "this host has 1.5 vCPUs, and it takes 2"),
            ({"memory_mb": 8191}, "this host has 8191 MB of memory, and it takes 8192"),
        ],
    )
    def test_less_is_capped_with_a_warning_or_refused_as_it_is_set(
        self, less: dict[str, Any], says: str
    ) -> None:
        capped = offer(CPU, a_capacity(**less))
        assert (capped.is_available, capped.warning) == (True, f"capped: {says}")
        refused = offer(CPU, a_capacity(**less, small_host=SmallHost.REFUSE))
        assert (refused.is_available, refused.reason, refused.warning) == (False, says, "")

    def test_what_the_system_takes_counts(self) -> None:
        capacity = a_capacity(cpus=2, memory_mb=8192, overhead=Size(0.25, 512))
        assert offer(CPU, capacity).warning == (
            "capped: this host has 2 vCPUs, and it takes 2 and 0.25 for the system; "
            "8192 MB of memory, and it takes 8192 and 512 for the system"
        )
        roomier = replace(capacity, cpus=2.25, memory_mb=8704)
        assert offer(CPU, roomier).warning == ""


class TestGpus:
    def test_it_runs_on_whatever_gpu_is_here_and_says_which(self) -> None:
        one = offer(P4, a_capacity(found(H100)))
        assert (one.reason, one.warning, one.runs_on) == ("", "", "NVIDIA H100 (GPU 0)")

    @pytest.mark.parametrize(
        ("gpus", "reason"),
        [
            (NONE, "this host has no NVIDIA GPU that can be used: NVML is not on this host"),
            (
                Gpus(GpuState.NO_ANSWER, "the driver hangs", (H100,)),
                "this host has no NVIDIA GPU that can be used: the driver hangs",
            ),
            (
                found(replace(H100, lost=True, trouble="it is lost")),
                "no GPU of this host can be used: NVIDIA H100 (GPU 0): it is lost",
            ),
            (
                found(replace(H100, mig=True)),
                "no GPU of this host can be used: NVIDIA H100 (GPU 0): it is in MIG mode, and "
                "specifications take whole GPUs",
            ),
        ],
    )
    def test_without_one_the_exact_reason_is_given(self, gpus: Gpus, reason: str) -> None:
        one = offer(P4, a_capacity(gpus))
        assert (one.is_available, one.reason, one.runs_on) == (False, reason, "")

    @pytest.mark.parametrize(
        ("engine", "why"),
        [
            (EngineGpu(Handover.NONE, "there is no runtime", "x"), "there is no runtime"),
            (EngineGpu(Handover.CDI, "2 devices", "containers get none"), "containers get none"),
        ],
    )
    def test_an_engine_that_gives_none_is_the_reason_and_the_gpu_is_named(
        self, engine: EngineGpu, why: str
    ) -> None:
        one = offer(P4, a_capacity(found(H100), gpu=engine))
        assert one.reason == f"this host has NVIDIA H100 (GPU 0), but {why}"

    def test_a_lost_one_leaves_the_others(self) -> None:
        lost = replace(H100, lost=True, trouble="it is lost")
        assert offer(P4, a_capacity(found(lost, T4))).runs_on == "NVIDIA T4 (GPU 1)"

    def test_several_must_be_there(self) -> None:
        two = replace(P4, name="two", gpus=2)
        assert offer(two, a_capacity(found(H100))).reason == (
            "it needs 2 GPUs, and this host has NVIDIA H100 (GPU 0)"
        )
        runs_on = offer(two, a_capacity(found(H100, T4))).runs_on
        assert runs_on == "NVIDIA H100 (GPU 0) and NVIDIA T4 (GPU 1)"

    def test_a_smaller_card_is_capped_or_refused_as_a_smaller_host_is(self) -> None:
        large = Specification("large", 4, 4096, gpus=1, accelerator=Accelerator("NVIDIA", "", 24))
        says = "NVIDIA T4 (GPU 1) has 15 GB of the 24 GB promised"
        assert offer(large, a_capacity(found(T4))).warning == f"capped: {says}"
        strict = a_capacity(found(T4), small_host=SmallHost.REFUSE)
        assert offer(large, strict).reason == says

    def test_a_card_that_shows_a_little_less_than_its_size_is_not_smaller(self) -> None:
        assert offer(P4, a_capacity(found(T4))).warning == ""

    def test_a_card_whose_memory_is_unknown_is_not_smaller(self) -> None:
        assert offer(P4, a_capacity(found(replace(T4, memory_bytes=None)))).warning == ""


class TestNpus:
    @pytest.mark.parametrize(
        ("there", "says"),
        [(0, "has no Ascend chip"), (1, "are stubs"), (8, "are stubs")],
    )
    def test_they_are_refused_with_the_reason(self, there: int, says: str) -> None:
        one = offer(A310, a_capacity(npus=there))
        assert not one.is_available
        assert says in one.reason

    def test_more_than_there_are_is_told(self) -> None:
        many = replace(A310, name="many", npus=4)
        assert offer(many, a_capacity(npus=2)).reason.startswith("it needs 4 Ascend chips, and 2")


def test_documented_ones_come_first_and_custom_last() -> None:
    own = Specification("mine", 1, 1024)
    listed = offers(SPECIFICATIONS.values(), [own], a_capacity())
    assert [one.name for one in listed] == [*SPECIFICATIONS, "mine", "custom"]
    assert [one.is_own for one in listed].count(True) == 1
    assert (listed[-1].specification, listed[-1].is_available) == (None, True)
