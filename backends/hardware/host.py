"""Reads the processors and the memory of this host, and what limits their use.

A process in a container or a batch system sees the whole machine and may use a part of it: control
groups (both versions) and the set of processors that it may run on say which.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil

from backends.hardware.model import Host

ROOT = Path("/")
_UNLIMITED_BYTES = 1 << 60
"""Control groups of version 1 write "no limit" as a number near 2**63."""
_SYSCTL_S = 2.0


def read_host(root: Path = ROOT) -> Host:
    """This host.

    Args:
        root: directory that `proc` and `sys` are read below.
    """
    cpus = os.cpu_count() or 1
    memory = psutil.virtual_memory()
    usable_cpus, cpu_limit = float(cpus), ""
    allowed = _affinity()
    if allowed is not None and allowed < usable_cpus:
        usable_cpus, cpu_limit = float(allowed), f"may run on {allowed} processors only (affinity)"
    quota = cpu_quota(root)
    if quota is not None and quota < usable_cpus:
        usable_cpus, cpu_limit = quota, f"a control group allows {quota:g} CPUs"
    usable_bytes, memory_limit = int(memory.total), ""
    limit = memory_limit_bytes(root)
    if limit is not None and limit < usable_bytes:
        usable_bytes = limit
        memory_limit = f"a control group allows {limit // (1024 * 1024)} MiB"
    return Host(
        cpu_model=_cpu_model(root),
        architecture=platform.machine(),
        cpus=cpus,
        usable_cpus=usable_cpus,
        cpu_limit=cpu_limit,
        memory_bytes=int(memory.total),
        usable_memory_bytes=usable_bytes,
        available_memory_bytes=int(memory.available),
        memory_limit=memory_limit,
    )


def cpu_quota(root: Path = ROOT) -> float | None:
    """CPUs that the control groups of this process allow; None without a limit."""
    found = []
    for folder in _folders(root, "cpu"):
        quota, period = _words(folder / "cpu.max") or (  # version 2, else version 1
            *(_words(folder / "cpu.cfs_quota_us") or ["-1"]),
            *(_words(folder / "cpu.cfs_period_us") or ["0"]),
        )
        if quota.isdigit() and period.isdigit() and int(period):
            found.append(int(quota) / int(period))
    return min(found, default=None)


def memory_limit_bytes(root: Path = ROOT) -> int | None:
    """Bytes that the control groups of this process allow; None without a limit."""
    found = []
    for folder in _folders(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = (_words(folder / name) or ["max"])[0]
            if limit.isdigit() and int(limit) < _UNLIMITED_BYTES:
                found.append(int(limit))
    return min(found, default=None)


def _folders(root: Path, controller: str) -> list[Path]:
    """The control groups of this process that may limit it, the outer ones too.

    Inside a container the path is often that of the host, which is not mounted: then only the root
    of the hierarchy is left, and that is the container's own group.
    """
    mount = root / "sys/fs/cgroup"
    found = []
    for line in (_text(root / "proc/self/cgroup") or "").splitlines():
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if number == "0":
            base = mount / "unified" if (mount / "unified").is_dir() else mount
        elif controller in controllers.split(","):
            base = mount / controller
        else:
            continue
        group = base / path.lstrip("/")
        found += [group, *(one for one in group.parents if one.is_relative_to(base))]
    return list(dict.fromkeys(found)) or [mount, mount / controller]


def _affinity() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS has no such thing
        return None


def _cpu_model(root: Path) -> str:
    for line in (_text(root / "proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):  # Model: some ARM boards
            return value.strip()
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string")
    return platform.processor()


def _sysctl(name: str) -> str:
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name],
            capture_output=True,
            text=True,
            timeout=_SYSCTL_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _words(path: Path) -> list[str] | None:
    text = _text(path)
    return text.split() if text and text.strip() else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
