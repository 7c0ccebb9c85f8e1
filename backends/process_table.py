"""What the host knows about processes: start times, sessions, memory.

Every instance leads a session of its own, so "all its processes" is "everything in the session
whose id is the instance's pid", also after the instance itself has ended. These functions read the
process table and may take milliseconds: call them in a thread.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection

import psutil

_SAME_START_S = 2.0
"""Start times are computed from the boot time, which the clock's corrections move a little."""

_KILL_WAIT_S = 2.0
_KILL_POLL_S = 0.005


def start_time(pid: int) -> float | None:
    """Epoch seconds at which the process started; None if there is no such process."""
    try:
        return float(psutil.Process(pid).create_time())
    except (psutil.Error, ValueError):
        return None


def is_same_process(pid: int, started_at: float) -> bool:
    """Whether the process that has this pid now is the one that started at `started_at`."""
    actual = start_time(pid)
    return actual is not None and abs(actual - started_at) < _SAME_START_S


def session_members(session: int) -> list[int]:
    """Pids of the session's living processes; zombies do not count."""
    return [pid for pid in _pids_by_session({session}).get(session, ()) if _is_alive(pid)]


def kill_session(session: int) -> None:
    """Send SIGKILL to everything in the session until nothing of it lives.

    Repeats because a process may fork while the others are being killed. Gives up after two
    seconds: a process that does not die then is blocked in the kernel.
    """
    deadline = time.monotonic() + _KILL_WAIT_S
    while members := session_members(session):
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue  # it has ended meanwhile, or it is another user's
        if time.monotonic() > deadline:
            return
        time.sleep(_KILL_POLL_S)


class MemoryMeter:
    """Measures the memory of sessions; keeps process handles because opening one is slow."""

    def __init__(self) -> None:
        self._handles: dict[int, psutil.Process] = {}

    def resident_bytes(self, sessions: Collection[int]) -> dict[int, int]:
        """Resident memory of each session, in bytes: the sum over its processes.

        Pages that several processes share count once for each of them.
        """
        members = _pids_by_session(sessions)
        present = {pid for pids in members.values() for pid in pids}
        self._handles = {pid: self._handles[pid] for pid in present & self._handles.keys()}
        return {
            session: sum(self._resident_bytes(pid) for pid in pids)
            for session, pids in members.items()
        }

    def _resident_bytes(self, pid: int) -> int:
        try:
            handle = self._handles.get(pid)
            if handle is None:
                handle = self._handles[pid] = psutil.Process(pid)
            return int(handle.memory_info().rss)
        except psutil.Error:
            return 0


def _pids_by_session(sessions: Collection[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for pid in psutil.pids():
        try:
            session = os.getsid(pid)
        except OSError:
            continue  # ended meanwhile, or not ours to see
        if session in sessions:
            found.setdefault(session, []).append(pid)
    return found


def _is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
