"""One Envoy process: its start, its end, its log and its process file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

LOG_MAX_BYTES = 4 * 1024 * 1024
TERMINATE_S = 2.0
_LAUNCHER = Path(__file__).with_name("launch.py")


class EnvoyLog:
    """Envoy's log file, which Envoy itself appends to; cut when it has grown too long."""

    def __init__(self, path: Path, max_bytes: int = LOG_MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes

    def size_bytes(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def since(self, offset: int) -> str:
        """What was written after `offset` bytes, at most the last 64 KiB of it."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(offset, self.size_bytes() - 65536))
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def tail(self, lines: int = 20) -> tuple[str, ...]:
        return tuple(self.since(0).splitlines()[-lines:])

    def trim(self) -> None:
        """Keeps the newest quarter of a log that is longer than its limit.

        Lines that Envoy writes in this moment may be lost: it appends to the same file.
        """
        if self.size_bytes() <= self._max_bytes:
            return
        with self.path.open("r+b") as file:
            file.seek(-self._max_bytes // 4, os.SEEK_END)
            kept = file.read()
            file.truncate(0)
        with self.path.open("ab") as file:
            file.write(kept)


class EnvoyProcess:
    """A running Envoy, which ends at the latest with this Python process."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int | None) -> None:
        self._process = process
        self._lifeline = lifeline

    @classmethod
    async def start(
        cls, command: Sequence[str], log: Path, *, lifeline: bool = sys.platform != "linux"
    ) -> EnvoyProcess:
        """Starts `command`, its output appended to `log`.

        Args:
            command: absolute path of the program, and its arguments.
            log: file; made if missing.
            lifeline: watch for our death through a pipe in place of the kernel's help.
        """
        reading, writing = os.pipe() if lifeline else (-1, None)
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(reading)]
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                *launcher,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                pass_fds=(reading,) if lifeline else (),
                # a Ctrl-C in the terminal is for the server, which then drains
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
            if lifeline:
                os.close(reading)
        return cls(process, writing)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._process.returncode

    async def wait(self) -> int:
        code = await self._process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        return code

    async def end(self) -> None:
        """Asks it to end, and kills it if it has not within two seconds."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), TERMINATE_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self.wait()


def write_process_file(path: Path, pid: int) -> None:
    """Notes which Envoy belongs to this directory, and which server runs it."""
    owner = psutil.Process()
    try:
        created_at = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    content = {
        "pid": pid,
        "created_at": created_at,
        "owner_pid": owner.pid,
        "owner_created_at": owner.create_time(),
    }
    write_atomically(path, json.dumps(content).encode())


def living_owner(path: Path) -> int | None:
    """Process id of another server that runs the Envoy noted in `path`, if it lives."""
    noted = _noted(path)
    if noted is None or noted["owner_pid"] == os.getpid():
        return None
    alive = _find(int(noted["owner_pid"]), noted["owner_created_at"])
    return int(alive.pid) if alive and _find(int(noted["pid"]), noted["created_at"]) else None


def end_stale_process(path: Path) -> int | None:
    """Ends the Envoy noted in `path`, if that very process still runs; gives its id."""
    noted = _noted(path)
    stale = _find(int(noted["pid"]), noted["created_at"]) if noted else None
    if stale is None:
        return None
    with contextlib.suppress(psutil.NoSuchProcess):
        stale.terminate()
        _, alive = psutil.wait_procs([stale], timeout=TERMINATE_S)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=TERMINATE_S)
    return stale.pid


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces `path` in one step, so that a reader sees the old or the new content."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)


def _noted(path: Path) -> dict[str, float] | None:
    try:
        noted = json.loads(path.read_bytes())
        return {
            name: float(noted[name])
            for name in ("pid", "created_at", "owner_pid", "owner_created_at")
        }
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _find(pid: int, created_at: float) -> psutil.Process | None:
    """The process, unless the id belongs to another one by now."""
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - created_at) < 0.1 else None
    except psutil.NoSuchProcess:
        return None
