"""What NVML says, on a library that behaves like it."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from backends.hardware.gpus import read_gpus
from backends.hardware.model import Gpu, GpuProcess, GpuState, Virtualization, with_lost
from backends.hardware.nvml import Code, Nvml, load
from tests.support.fake_nvml import GIB, Fails, FakeGpu, FakeMig, FakeNvml, a_process

NOT_SUPPORTED = Fails(pynvml.NVML_ERROR_NOT_SUPPORTED)


def only(gpu: FakeGpu) -> Gpu:
    (found,) = read_gpus(lambda: FakeNvml(gpu)).devices
    return found


class TestTheBoundary:
    @pytest.mark.parametrize("name", [name for name in vars(Nvml) if name.startswith("nvml")])
    def test_the_library_has_each_call_with_these_arguments(self, name: str) -> None:
        ours = [*inspect.signature(getattr(Nvml, name)).parameters][1:]
        theirs = inspect.signature(getattr(pynvml, name)).parameters.values()
        needed = [one for one in theirs if one.default is inspect.Parameter.empty]
        assert len(needed) <= len(ours) <= len(theirs)
        fake = [*inspect.signature(getattr(FakeNvml, name)).parameters][1:]
        assert len(fake) == len(ours)

    def test_the_codes_are_the_librarys(self) -> None:
        for code in Code:
            assert getattr(pynvml, f"NVML_ERROR_{code.name}") == code

    def test_the_library_loads_without_a_driver(self) -> None:
        assert load().NVMLError is pynvml.NVMLError


class TestWithoutGpus:
    @pytest.mark.parametrize(
        ("code", "state", "says"),
        [
            (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, GpuState.LIBRARY_MISSING, "not on this host"),
            (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, GpuState.DRIVER_NOT_LOADED, "not loaded"),
            (
                pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
                GpuState.VERSION_MISMATCH,
                "different versions",
            ),
            (pynvml.NVML_ERROR_NO_PERMISSION, GpuState.NO_PERMISSION, "may not talk"),
            (pynvml.NVML_ERROR_UNKNOWN, GpuState.FAILED, "Unknown Error"),
        ],
    )
    def test_each_condition_has_its_own_reason(self, code: int, state: GpuState, says: str) -> None:
        found = read_gpus(lambda: FakeNvml(init=Fails(code)))
        assert (found.state, found.devices) == (state, ())
        assert says in found.reason

    def test_a_package_that_is_missing_is_named(self) -> None:
        def missing() -> Nvml:
            raise ImportError("No module named 'pynvml'")

        found = read_gpus(missing)
        assert found.state is GpuState.PACKAGE_MISSING
        assert "nvidia-ml-py" in found.reason

    def test_a_driver_without_gpus_is_told_from_none(self) -> None:
        found = read_gpus(FakeNvml)
        assert (found.state, found.driver_version) == (GpuState.NONE, "580.65.06")
        assert "has no GPU" in found.reason

    def test_a_driver_that_fails_after_it_began_is_told_and_let_go_of(self) -> None:
        nvml = FakeNvml(count=Fails(pynvml.NVML_ERROR_DRIVER_NOT_LOADED))
        assert read_gpus(lambda: nvml).state is GpuState.DRIVER_NOT_LOADED
        assert nvml.opened == 0


class TestOneGpu:
    def test_everything_is_read_in_our_units(self) -> None:
        nvml = FakeNvml(FakeGpu())
        found = read_gpus(lambda: nvml)
        assert (found.state, found.reason) == (GpuState.FOUND, "")
        assert (found.driver_version, found.cuda_version) == ("580.65.06", "13.0")
        assert found.devices == (
            Gpu(
                index=0,
                uuid="GPU-0",
                name="NVIDIA H100 80GB HBM3",
                memory_bytes=80 * GIB,
                used_memory_bytes=2 * GIB,
                utilisation_percent=35,
                temperature_c=41,
                power_w=123.4,
                power_limit_w=700.0,
                processes=(),
                mig=False,
                virtualization=Virtualization.NONE,
            ),
        )
        assert nvml.opened == 0

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ("memory", "memory_bytes"),
            ("memory", "used_memory_bytes"),
            ("utilization", "utilisation_percent"),
            ("temperature", "temperature_c"),
            ("power_mw", "power_w"),
            ("power_limit_mw", "power_limit_w"),
            ("mig_mode", "mig"),
            ("virtualization", "virtualization"),
        ],
    )
    def test_what_it_does_not_support_is_unknown_and_not_zero(self, given: str, field: str) -> None:
        gpu = only(FakeGpu(**{given: NOT_SUPPORTED}))
        assert getattr(gpu, field) is None
        assert (gpu.trouble, gpu.lost) == ("", False)

    def test_zero_stays_zero(self) -> None:
        gpu = only(FakeGpu(utilization=SimpleNamespace(gpu=0), power_mw=0))
        assert (gpu.utilisation_percent, gpu.power_w) == (0, 0.0)

    def test_processes_that_compute_and_draw_count_once(self) -> None:
        nvml = FakeNvml(
            FakeGpu(computing=[a_process(7), a_process(9, None)], drawing=[a_process(7)])
        )
        nvml.names = {7: "/usr/bin/python3"}
        (gpu,) = read_gpus(lambda: nvml).devices
        assert gpu.processes == (GpuProcess(7, "/usr/bin/python3", GIB), GpuProcess(9, "", None))

    def test_processes_that_cannot_be_seen_are_not_none_of_them(self) -> None:
        assert only(FakeGpu(computing=NOT_SUPPORTED, drawing=NOT_SUPPORTED)).processes is None

    @pytest.mark.parametrize(
        ("mode", "said"),
        [
            (pynvml.NVML_GPU_VIRTUALIZATION_MODE_PASSTHROUGH, Virtualization.PASSTHROUGH),
            (pynvml.NVML_GPU_VIRTUALIZATION_MODE_VGPU, Virtualization.VGPU),
            (pynvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU, Virtualization.HOST_VGPU),
            (99, None),
        ],
    )
    def test_a_vgpu_is_told_from_a_whole_one(self, mode: int, said: Virtualization | None) -> None:
        assert only(FakeGpu(virtualization=mode)).virtualization == said

    def test_mig_instances_are_told_apart_and_empty_places_left_out(self) -> None:
        parts = (FakeMig("MIG-a"), None, FakeMig("MIG-b", used=0))
        gpu = only(FakeGpu(mig_mode=(1, 1), mig=parts, utilization=NOT_SUPPORTED))
        assert (gpu.mig, gpu.mig_pending) == (True, False)
        assert [part.uuid for part in gpu.mig_instances] == ["MIG-a", "MIG-b"]
        assert (gpu.mig_instances[1].memory_bytes, gpu.mig_instances[1].used_memory_bytes) == (
            10 * GIB,
            0,
        )

    def test_a_mode_that_changes_with_the_next_reset_is_told(self) -> None:
        gpu = only(FakeGpu(mig_mode=(0, 1), mig=(FakeMig(),)))
        assert (gpu.mig, gpu.mig_pending, gpu.mig_instances) == (False, True, ())


class TestInTrouble:
    def test_a_lost_one_is_told_and_the_others_stay(self) -> None:
        first, second = FakeGpu("GPU-0"), FakeGpu("GPU-1")
        nvml = FakeNvml(first, second)
        before = read_gpus(lambda: nvml)
        second.lose()
        after = with_lost(before.devices, read_gpus(lambda: nvml))
        assert after.devices[0] == before.devices[0]
        lost = after.devices[1]
        assert (lost.lost, lost.uuid, lost.name) == (True, "GPU-1", second.name)
        assert "lost" in lost.trouble
        assert lost.memory_bytes is None

    @pytest.mark.parametrize("part", ["memory", "temperature", "computing"])
    def test_one_that_is_lost_while_it_is_read_is_lost(self, part: str) -> None:
        gpu = only(FakeGpu(**{part: Fails(pynvml.NVML_ERROR_GPU_IS_LOST)}))
        assert (gpu.lost, gpu.uuid, gpu.temperature_c) == (True, "GPU-0", None)

    def test_one_that_must_be_reset_says_so(self) -> None:
        gpu = only(FakeGpu(memory=Fails(pynvml.NVML_ERROR_RESET_REQUIRED)))
        assert gpu.lost
        assert "reset" in gpu.trouble

    def test_one_that_is_not_listed_any_more_is_lost(self) -> None:
        before = read_gpus(lambda: FakeNvml(FakeGpu("GPU-0"), FakeGpu("GPU-1"))).devices
        after = with_lost(before, read_gpus(lambda: FakeNvml(FakeGpu("GPU-1"))))
        assert {gpu.uuid: gpu.lost for gpu in after.devices} == {"GPU-0": True, "GPU-1": False}
        none = with_lost(before, read_gpus(FakeNvml))
        assert (none.state, [gpu.lost for gpu in none.devices]) == (GpuState.FOUND, [True, True])

    def test_a_driver_that_is_gone_loses_no_gpu_of_its_own(self) -> None:
        before = read_gpus(lambda: FakeNvml(FakeGpu())).devices
        gone = read_gpus(lambda: FakeNvml(init=Fails(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)))
        assert with_lost(before, gone) == gone

    @pytest.mark.parametrize(
        ("code", "says"),
        [
            (pynvml.NVML_ERROR_NO_PERMISSION, "may not use it"),
            (pynvml.NVML_ERROR_INSUFFICIENT_POWER, "Insufficient External Power"),
        ],
    )
    def test_one_that_is_not_given_says_why_and_is_not_lost(self, code: int, says: str) -> None:
        gpu = only(FakeGpu(handle=Fails(code)))
        assert (gpu.lost, gpu.name) == (False, "")
        assert says in gpu.trouble

    def test_rights_for_a_figure_are_not_rights_for_the_gpu(self) -> None:
        denied: Any = Fails(pynvml.NVML_ERROR_NO_PERMISSION)
        gpu = only(FakeGpu(power_mw=denied))
        assert (gpu.power_w, gpu.trouble, gpu.temperature_c) == (None, "", 41)
