"""Limits of an instance that runs as a process.

Memory is limited twice. The memory watch samples what the instance's processes really use and kills
the instance over its limit, as the kernel does with a container. Between two samples RLIMIT_DATA
(Linux) stops a runaway allocation; it counts memory that is mapped, used or not, so it is wider.
CPU is limited by the number of threads that the runtime is told to use.
"""

from __future__ import annotations

import contextlib
import math
import resource
import sys

from backends.base import Resources

MIB = 1024 * 1024

DATA_HEADROOM_BYTES = 512 * MIB
"""Mapped but unused memory, e.g. the stacks of the runtime's threads."""

NOFILE_LIMIT = 4096

HAS_RLIMITS = sys.platform == "linux"
"""Whether the limits of a running process can be set; macOS has no call for it."""


def threads(resources: Resources) -> int:
    """Threads that may compute at the same time."""
    return max(1, math.ceil(resources.cpus))


def memory_limit_bytes(resources: Resources) -> int:
    return resources.memory_mib * MIB


def apply(pid: int, resources: Resources) -> None:
    """Set the process's limits, which its children inherit; nothing without `HAS_RLIMITS`.

    Soft and hard limits are set alike, so the process cannot raise them again.

    Raises:
        PermissionError: the process belongs to another user.
    """
    if sys.platform == "linux":
        wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: NOFILE_LIMIT}
        if resources.gpus <= 0:  # a GPU driver maps far more than it uses
            wanted[resource.RLIMIT_DATA] = memory_limit_bytes(resources) + DATA_HEADROOM_BYTES
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            for kind, value in wanted.items():
                _, hard = resource.prlimit(pid, kind)
                limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.prlimit(pid, kind, (limit, limit))
