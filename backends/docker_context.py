"""What goes into the runtime image, and its hash.

The build context is a tar of `Dockerfile`, `backends/` (the model server alone) and `site/` (its
wheels), as `backends/runtime/Dockerfile` wants it.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from backends.docker_wheels import host_pins

_RUNTIME_DIR = Path(__file__).parent / "runtime"


def source_hash(base: str) -> str:
    """16 hex digits over all that goes into the image, the base by its name only."""
    parts = [base, *host_pins()]
    for name, data in runtime_files():
        parts += [name, hashlib.sha256(data).hexdigest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def image_hash(source: str, base_digest: str) -> str:
    """12 hex digits over all that goes into the image, the base by its content."""
    return hashlib.sha256(f"{source} {base_digest}".encode()).hexdigest()[:12]


def runtime_files() -> Iterator[tuple[str, bytes]]:
    """The files of the model server with their paths in the build context."""
    for path in sorted(_RUNTIME_DIR.rglob("*.py")):
        yield f"backends/runtime/{path.relative_to(_RUNTIME_DIR).as_posix()}", path.read_bytes()
    yield "Dockerfile", (_RUNTIME_DIR / "Dockerfile").read_bytes()


def write_context(target: IO[bytes], site: Path) -> None:
    """Write the build context: `Dockerfile`, `backends/` and the wheels under `site/`.

    Owners and modes are the same for all and readable for the image's user, whatever the host's
    umask is; the engine's build cache then finds equal content again.
    """
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(site, "site", filter=_plain)
        _add_bytes(tar, "backends/__init__.py", b"")
        for name, data in runtime_files():
            _add_bytes(tar, name, data)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if "__pycache__" in member.name:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))
