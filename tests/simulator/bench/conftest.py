"""What a private server may not leave behind."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest


@dataclass(frozen=True)
class Held:
    """What this process holds."""

    threads: frozenset[threading.Thread]
    children: frozenset[psutil.Process]
    sockets: int
    files: frozenset[str]
    directories: frozenset[Path]

    @classmethod
    def now(cls) -> Held:
        process = psutil.Process()
        return cls(
            threads=frozenset(threading.enumerate()),
            children=frozenset(process.children(recursive=True)),
            sockets=len(process.net_connections("all")),
            files=frozenset(file.path for file in process.open_files() if "drydock" in file.path),
            directories=frozenset(Path(tempfile.gettempdir()).glob("drydock-*")),
        )


@pytest.fixture
def short_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for temporary files that is this test's own, with a path short enough for
    sockets."""
    with tempfile.TemporaryDirectory(prefix="dd-") as directory:
        monkeypatch.setattr(tempfile, "tempdir", directory)
        yield Path(directory)


@pytest.fixture
def nothing_left(short_tmp: Path) -> Iterator[Held]:
    """Afterwards this process holds what it held before: no thread, process, socket or file more,
    and no data directory is left."""
    before = Held.now()
    yield before
    assert Held.now() == before
    assert list(short_tmp.iterdir()) == []


def listens(port: int) -> bool:
    """Whether anybody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
