"""Starting and ending the server as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.cli.client import Server
from simulator.cli.failures import Failure
from simulator.config import Paths
from simulator.lockfile import owner_pid

START_LIMIT_S = 20.0
STOP_LIMIT_S = 60.0
"""Instances get 30 s to end by themselves, and running requests 5 s."""
POLL_S = 0.05
LOG_KEPT_BYTES = 5_000_000
EVIDENCE_LINES = 15


@dataclass(frozen=True)
class Started:
    """A server that is ready.

    Attributes:
        address: where clients reach it.
        pid: its process.
        already: it had been running before.
    """

    address: str
    pid: int
    already: bool
    process: subprocess.Popen[bytes] | None = None


def ensure_started(
    paths: Paths,
    flags: Sequence[str] = (),
    *,
    environ: Mapping[str, str] | None = None,
    tied: bool = False,
) -> Started:
    """The running server, or a new one, once it answers and its gateway is up.

    Args:
        flags: of `drydock serve`, for a new server.
        environ: environment for a new server; ours when None.
        tied: the new server ends with this process, however this one ends.

    Raises:
        Failure: it did not start, with the server's own words why.
    """
    pid = owner_pid(paths.lock)
    if pid is not None:
        return Started(_wait_until_ready(paths, pid, None, 0), pid, already=True)
    paths.create()
    offset = _prepare_log(paths.log)
    with paths.log.open("ab") as log:
        process = subprocess.Popen(
            _command(paths.home, [*flags, *(["--tied"] if tied else [])]),
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=paths.home,
            env=environ,
            start_new_session=True,
        )
    try:
        address = _wait_until_ready(paths, process.pid, process, offset)
    except BaseException:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        raise
    return Started(address, process.pid, already=False, process=process)


def stop(paths: Paths, mode: str) -> str:
    """End the server and wait until it has ended; returns its remark, mostly empty.

    Args:
        mode: `stop`, `keep-running` or `remove`: what becomes of the instances.

    Raises:
        NotRunning: there is none.
        Failure: it does not end.
    """
    with contextlib.closing(Server.running(paths)) as server:
        try:
            note = str(server.shutdown(mode).get("note", ""))
        except Failure as failure:
            pid = owner_pid(paths.lock)
            if failure.status or mode != "stop" or pid is None:
                raise
            # It does not answer, but a signal means the same.
            os.kill(pid, signal.SIGTERM)
            note = ""
    wait_until_ended(paths)
    return note


def wait_until_ended(paths: Paths) -> None:
    """Wait until nobody owns the data directory.

    Raises:
        Failure: somebody does after `STOP_LIMIT_S`.
    """
    deadline = time.monotonic() + STOP_LIMIT_S
    while (pid := owner_pid(paths.lock)) is not None:
        if time.monotonic() > deadline:
            raise Failure(
                f"the server (process {pid}) has not ended after {STOP_LIMIT_S:.0f} s",
                hint=f"its log is {paths.log}; `kill -9 {pid}` ends it at once",
            )
        time.sleep(POLL_S)


def end_with_stdin() -> None:
    """Let this process get SIGTERM when its stdin is closed: whoever held the other end is gone."""
    import threading  # noqa: PLC0415

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="drydock-tied", daemon=True).start()


def _command(home: Path, flags: Sequence[str]) -> list[str]:
    # -P: a folder called `simulator` in the working directory must not be taken for ours.
    return [sys.executable, "-P", "-m", "simulator.cli", "serve", "--home", str(home), *flags]


def _prepare_log(log: Path) -> int:
    """Begin a new log when the old one is large; returns where the new server's words begin."""
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        return 0
    if size <= LOG_KEPT_BYTES:
        return size
    log.replace(log.with_name(log.name + ".1"))
    return 0


def _wait_until_ready(
    paths: Paths, pid: int, process: subprocess.Popen[bytes] | None, offset: int
) -> str:
    """The server's address, once the gateway is up."""
    deadline = time.monotonic() + START_LIMIT_S
    with contextlib.closing(Server(paths)) as server:
        while True:
            if process is not None and process.poll() is not None:
                raise _start_failure(paths, offset, process.returncode)
            try:
                state = server.state()
                if state["gateway"]["status"] == "running":
                    return str(state["server"]["address"])
            except Failure:
                pass  # not there yet
            if process is None and owner_pid(paths.lock) != pid:
                raise Failure("the server ended just now", hint=f"its log is {paths.log}")
            if time.monotonic() > deadline:
                raise Failure(
                    f"the server (process {pid}) is not ready after {START_LIMIT_S:.0f} s",
                    evidence=_log_end(paths.log, offset),
                    hint=f"its whole log is {paths.log}",
                )
            time.sleep(POLL_S)


def _start_failure(paths: Paths, offset: int, status: int) -> Failure:
    """The server's own words: `drydock: what` and, indented, what to do."""
    words = _log_end(paths.log, offset).splitlines()
    for index, line in enumerate(words):
        if line.startswith("drydock: "):
            hint = " ".join(part.strip() for part in words[index + 1 :] if part.startswith("  "))
            message = line.removeprefix("drydock: ")
            return Failure(f"the server did not start: {message}", hint=hint)
    return Failure(
        f"the server did not start (exit status {status})",
        evidence="\n".join(words),
        hint=f"its whole log is {paths.log}",
    )


def _log_end(log: Path, offset: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(offset)
            words = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(words.splitlines()[-EVIDENCE_LINES:])
