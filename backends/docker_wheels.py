"""Fetches the runtime's wheels on the host, for the Python of a base image.

The image is then built without any network: what the host could fetch once (an index, a mirror, a
proxy as configured for pip or uv) is all that is needed, and a second build needs nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.base import Progress
from backends.errors import ImageBuildFailed

REQUIREMENTS = (
    "onnxruntime",
    "numpy",
    "pillow",
    "httptools",
    "uvloop",
    "orjson",
    "python-multipart",
)
"""What `backends.runtime` imports."""
FETCH_TIMEOUT_S = 900
EVIDENCE_LINES = 15

_UV_GLIBC = (40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17)
"""Minor versions of glibc 2 that uv has a platform name for."""
_DOES_NOT_FIT = re.compile(
    r"no matching distribution|could not find a version|no solution found|resolutionimpossible",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Target:
    """The Python that the wheels are for.

    Attributes:
        python: `3.11`.
        machine: as `platform.machine()` says there: `x86_64`, `aarch64`.
        glibc_minor: 36 for glibc 2.36.
    """

    python: str
    machine: str
    glibc_minor: int

    @property
    def key(self) -> str:
        """A folder name: equal targets, equal key."""
        return f"cp{self.python.replace('.', '')}-{self.machine}-glibc{self.glibc_minor}"


def host_pins() -> list[str]:
    """The runtime's requirements at the versions that this installation of Drydock has."""
    pins = []
    for name in REQUIREMENTS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            pins.append(f"{name}=={importlib.metadata.version(name)}")
    return pins


def fetch_site(target: Target, cache_dir: Path, progress: Progress) -> Path:
    """The directory with the installed wheels, from the cache or fetched now. Blocks.

    Raises:
        ImageBuildFailed: they could not be fetched; `evidence` is the end of pip's or uv's output.
    """
    pins = host_pins()
    digest = hashlib.sha256("\n".join(pins).encode()).hexdigest()[:12]
    final = cache_dir / "wheels" / f"{target.key}-{digest}"
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".fetch-") as scratch:
        site = Path(scratch, "site")
        progress(f"Fetching the model server's libraries for Python {target.python}")
        words = _install(target, pins, site, Path(scratch), cache_dir)
        if words and _DOES_NOT_FIT.search(words):
            progress("This host's versions do not exist for that Python; taking the newest that do")
            shutil.rmtree(site, ignore_errors=True)
            words = _install(target, REQUIREMENTS, site, Path(scratch), cache_dir)
        if words:
            raise ImageBuildFailed(
                f"The model server's libraries could not be fetched for Python {target.python}.",
                hint="Check the network or the index that pip uses, then try again; once fetched "
                "they are kept.",
                evidence="\n".join(words.splitlines()[-EVIDENCE_LINES:]),
            )
        shutil.rmtree(site / "bin", ignore_errors=True)
        # another process may have been faster; what it made is the same
        with contextlib.suppress(OSError):
            site.rename(final)
    return final


def _install(
    target: Target, requirements: Sequence[str], site: Path, scratch: Path, cache_dir: Path
) -> str:
    """Install into `site`; returns "" or, when that failed, the installer's words."""
    constraints = scratch / "constraints.txt"
    pinned = any("==" in requirement for requirement in requirements)
    constraints.write_text("\n".join(_installed_versions()) if pinned else "", encoding="utf-8")
    command = [
        *_installer(target, cache_dir),
        *("--target", str(site), "--only-binary", ":all:", "--constraint", str(constraints)),
        *requirements,
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=FETCH_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {FETCH_TIMEOUT_S} s"
    return "" if done.returncode == 0 else (done.stderr + done.stdout).strip() or "failed"


def _installed_versions() -> list[str]:
    """Pins for whatever the requirements need in turn."""
    pins = set()
    for found in importlib.metadata.distributions():
        name, version = found.metadata["Name"], found.version
        if name and version and "+" not in version:
            pins.add(f"{name}=={version}")
    return sorted(pins)


def _installer(target: Target, cache_dir: Path) -> list[str]:
    """The start of the install command: pip of this Python, else uv, else pip in its own venv."""
    if importlib.util.find_spec("pip") is not None:
        return _pip(sys.executable, target)
    own = Path(sys.executable).with_name("uv")
    if uv := str(own) if own.exists() else shutil.which("uv"):
        return _uv(uv, target)
    return _pip(_python_with_pip(cache_dir), target)


def _pip(python: str, target: Target) -> list[str]:
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--quiet", "--no-compile", "--no-warn-conflicts", "--implementation", "cp"]
    command += ["--python-version", target.python]
    for name in platform_tags(target):
        command += ["--platform", name]
    return command


def platform_tags(target: Target) -> list[str]:
    """Wheel platforms that this C library can load, newest first, old names last (PEP 600)."""
    oldest = 5 if target.machine in ("x86_64", "i686") else 17
    tags = [
        f"manylinux_2_{minor}_{target.machine}"
        for minor in range(target.glibc_minor, oldest - 1, -1)
    ]
    return [*tags, f"manylinux2014_{target.machine}", f"linux_{target.machine}"]


def _uv(uv: str, target: Target) -> list[str]:
    minor = next((m for m in _UV_GLIBC if m <= target.glibc_minor), _UV_GLIBC[-1])
    return [
        *(uv, "pip", "install", "--quiet", "--python", sys.executable),
        *("--python-version", target.python),
        *("--python-platform", f"{target.machine}-manylinux_2_{minor}"),
    ]


def _python_with_pip(cache_dir: Path) -> str:
    """The Python of a virtual environment that has pip, made when there is none yet."""
    folder = cache_dir / "pip-environment"
    python = folder / "bin" / "python"
    if not python.exists():
        try:
            venv.create(folder, with_pip=True, clear=True, symlinks=os.name != "nt")
        except (OSError, subprocess.CalledProcessError) as error:
            raise ImageBuildFailed(
                "Neither pip nor uv is there to fetch the model server's libraries with.",
                hint=f"Install pip for {sys.executable}, or uv.",
                evidence=str(error),
            ) from error
    return str(python)
