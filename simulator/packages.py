"""Model packages on disk: finding, checking and copying them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from simulator.errors import SourceUnusable

MODEL_MAX_BYTES = 20 * 1024**3
"""Source: ModelArts model package specifications (model files up to 20 GB)."""


def package_root(directory: Path, source: str) -> Path:
    """The directory that contains `model/config.json`: the given one, or its parent when it is the
    `model` directory itself.

    Raises:
        SourceUnusable: neither is a package.
    """
    for root in (directory, directory.parent if directory.name == "model" else directory):
        if _is_file(root / "model" / "config.json"):
            return root
    if not _is_directory(directory):
        raise SourceUnusable(source, "it does not exist")
    raise SourceUnusable(
        source,
        "it has no model/config.json",
        hint="a package is a directory with model/config.json and the model files beside that",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than the file system allows
        return False


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def check_runnable(root: Path, source: str) -> None:
    """The built-in runtime needs an ONNX file.

    Raises:
        SourceUnusable: there is none.
    """
    if not any((root / "model").glob("*.onnx")):
        raise SourceUnusable(
            source,
            "model/ has no .onnx file",
            hint="the built-in runtime runs ONNX models; export the model to ONNX, "
            "or deploy it as a container image",
        )


def copy_package(root: Path, target: Path) -> int:
    """Copy a package to its private place; returns its size in bytes.

    The copy appears whole or not at all. Symbolic links are refused: they would be read on behalf
    of a container.

    Raises:
        SourceUnusable: a link, a file that is no file, or too much of it.
        OSError: reading or writing failed.
    """
    size_bytes = _size(root / "model")
    staging = target.with_name(target.name + ".part")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        shutil.copytree(root / "model", staging / "model")
        _make_readable(staging)
        shutil.rmtree(target, ignore_errors=True)
        staging.replace(target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)  # a full disk has no room for half a copy
        raise
    return size_bytes


def _size(directory: Path) -> int:
    if directory.is_symlink():
        raise SourceUnusable(str(directory), "symbolic links are not allowed in a package")
    total = 0
    for folder, folders, files in os.walk(directory):
        for name in [*folders, *files]:
            path = Path(folder, name)
            if path.is_symlink():
                raise SourceUnusable(str(path), "symbolic links are not allowed in a package")
        for name in files:
            path = Path(folder, name)
            if not path.is_file():
                raise SourceUnusable(str(path), "only regular files are allowed in a package")
            total += path.stat().st_size
    if total > MODEL_MAX_BYTES:
        raise SourceUnusable(str(directory), f"it has {total} bytes; at most 20 GB are allowed")
    return total


def _make_readable(directory: Path) -> None:
    """Instances run as another user without capabilities: what they read must be readable."""
    for folder, _, files in os.walk(directory):
        Path(folder).chmod(0o755)
        for name in files:
            Path(folder, name).chmod(0o644)
