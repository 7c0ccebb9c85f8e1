"""What a process instance is started with: its arguments and its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import backends
from backends import process_limits
from backends.base import InstanceSpec, PackageArtifact
from backends.process_files import InstanceFiles

RESERVED_PREFIX = "DRYDOCK_"
"""Variables that tell the runtime who it is: only the backend sets them."""

_FROM_HOST = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_GPU_FROM_HOST = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
_CODE = str(Path(next(iter(backends.__path__))).parent)


def arguments(command: Sequence[str], spec: InstanceSpec, files: InstanceFiles) -> list[str]:
    """The runtime's command line."""
    assert isinstance(spec.artifact, PackageArtifact)
    return [
        *command,
        *("--package", spec.artifact.path),
        *("--uds", str(files.socket)),
        *("--threads", str(process_limits.threads(spec.resources))),
    ]


def environment(spec: InstanceSpec, files: InstanceFiles, parent_fd: int) -> dict[str, str]:
    """The whole environment: of the host's only what it takes to run Python and to find libraries.

    The user's variables come over the defaults. Not theirs to set: the reserved ones
    (`ignored_names`), PYTHONPATH, to which theirs is appended, and the GPUs of an instance that
    has none.
    """
    threads = str(process_limits.threads(spec.resources))
    env = {name: os.environ[name] for name in _FROM_HOST if name in os.environ}
    env |= {
        "LANG": "C.UTF-8",
        "HOME": str(files.work),
        "TMPDIR": str(files.tmp),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
    }
    if spec.resources.gpus > 0:
        env |= {name: os.environ[name] for name in _GPU_FROM_HOST if name in os.environ}
    env |= {k: v for k, v in spec.envs.items() if not k.startswith(RESERVED_PREFIX)}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (_CODE, spec.envs.get("PYTHONPATH", ""))))
    if spec.resources.gpus <= 0:
        env["CUDA_VISIBLE_DEVICES"] = ""
    return env | {
        "DRYDOCK_PARENT_FD": str(parent_fd),
        "DRYDOCK_INSTANCE_ID": spec.instance_id,
        "DRYDOCK_VERSION_ID": spec.version_id,
        "DRYDOCK_MEMORY_MIB": str(spec.resources.memory_mib),
    }


def ignored_names(envs: Mapping[str, str]) -> list[str]:
    """The user's variables that are left out, sorted."""
    return sorted(name for name in envs if name.startswith(RESERVED_PREFIX))
