"""Processors and memory, and what limits them: on files as Linux has them."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from backends.hardware import host
from backends.hardware.host import cpu_quota, memory_limit_bytes, read_host

MIB = 1024 * 1024


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def version_2(root: Path) -> Path:
    """A process in `/user/job` of the unified hierarchy."""
    return write(root, {"proc/self/cgroup": "0::/user/job\n"})


class TestControlGroups:
    def test_without_any_nothing_limits(self, tmp_path: Path) -> None:
        assert (cpu_quota(tmp_path), memory_limit_bytes(tmp_path)) == (None, None)

    def test_version_2_says_quota_and_period(self, tmp_path: Path) -> None:
        folder = tmp_path / "sys/fs/cgroup/user/job"
        version_2(tmp_path)
        write(folder, {"cpu.max": "150000 100000\n", "memory.max": f"{512 * MIB}\n"})
        assert (cpu_quota(tmp_path), memory_limit_bytes(tmp_path)) == (1.5, 512 * MIB)

    def test_version_2_without_a_limit_says_max(self, tmp_path: Path) -> None:
        folder = tmp_path / "sys/fs/cgroup/user/job"
        version_2(tmp_path)
        write(folder, {"cpu.max": "max 100000\n", "memory.max": "max\n"})
        assert (cpu_quota(tmp_path), memory_limit_bytes(tmp_path)) == (None, None)

    def test_the_narrowest_of_the_groups_around_it_counts(self, tmp_path: Path) -> None:
        version_2(tmp_path)
        outer, inner = tmp_path / "sys/fs/cgroup/user", tmp_path / "sys/fs/cgroup/user/job"
        write(outer, {"cpu.max": "100000 100000", "memory.max": f"{256 * MIB}"})
        write(inner, {"cpu.max": "400000 100000", "memory.max": f"{900 * MIB}"})
        assert (cpu_quota(tmp_path), memory_limit_bytes(tmp_path)) == (1.0, 256 * MIB)

    def test_version_1_has_a_hierarchy_each(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "proc/self/cgroup": "5:memory:/job\n3:cpu,cpuacct:/job\n",
                "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/job/memory.limit_in_bytes": f"{128 * MIB}\n",
            },
        )
        assert (cpu_quota(tmp_path), memory_limit_bytes(tmp_path)) == (0.5, 128 * MIB)

    def test_version_1_without_a_limit_says_minus_one_and_a_huge_number(
        self, tmp_path: Path
    ) -> None:
        write(
            tmp_path,
            {
                "proc/self/cgroup": "5:memory:/\n3:cpu,cpuacct:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
        )
        assert (cpu_quota(tmp_path), memory_limit_bytes(tmp_path)) == (None, None)

    def test_in_a_container_the_root_is_its_own_group(self, tmp_path: Path) -> None:
        """The path is the host's, and is not there inside."""
        write(
            tmp_path,
            {
                "proc/self/cgroup": "0::/docker/0123abcd\n",
                "sys/fs/cgroup/cpu.max": "200000 100000",
                "sys/fs/cgroup/memory.max": f"{64 * MIB}",
            },
        )
        assert (cpu_quota(tmp_path), memory_limit_bytes(tmp_path)) == (2.0, 64 * MIB)


class TestTheHost:
    def test_physical_and_usable_are_both_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(host, "_affinity", lambda: None)
        monkeypatch.setattr(os, "cpu_count", lambda: 16)
        write(
            tmp_path,
            {
                "proc/self/cgroup": "0::/\n",
                "proc/cpuinfo": "processor : 0\nmodel name\t: Some CPU @ 2 GHz\n",
                "sys/fs/cgroup/cpu.max": "250000 100000",
                "sys/fs/cgroup/memory.max": f"{64 * MIB}",
            },
        )
        found = read_host(tmp_path)
        assert (found.cpu_model, found.cpus, found.usable_cpus) == ("Some CPU @ 2 GHz", 16, 2.5)
        assert found.cpu_limit == "a control group allows 2.5 CPUs"
        assert found.memory_bytes == psutil.virtual_memory().total
        assert found.usable_memory_bytes == 64 * MIB
        assert found.memory_limit == "a control group allows 64 MiB"

    def test_affinity_counts_and_the_narrower_limit_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: 16)
        monkeypatch.setattr(host, "_affinity", lambda: 3)
        assert (read_host(tmp_path).usable_cpus, read_host(tmp_path).memory_limit) == (3.0, "")
        assert "affinity" in read_host(tmp_path).cpu_limit
        write(tmp_path, {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "100000 100000"})
        assert read_host(tmp_path).usable_cpus == 1.0
        assert "control group" in read_host(tmp_path).cpu_limit

    def test_a_limit_above_what_there_is_limits_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(host, "_affinity", lambda: None)
        write(
            tmp_path,
            {
                "proc/self/cgroup": "0::/",
                "sys/fs/cgroup/cpu.max": "99900000 100000",
                "sys/fs/cgroup/memory.max": str(1 << 59),
            },
        )
        found = read_host(tmp_path)
        assert (found.cpu_limit, found.memory_limit) == ("", "")
        assert (found.usable_cpus, found.usable_memory_bytes) == (found.cpus, found.memory_bytes)

    def test_this_machine_is_read(self) -> None:
        found = read_host()
        assert 0 < found.usable_cpus <= found.cpus
        assert 0 < found.usable_memory_bytes <= found.memory_bytes
        assert found.architecture
