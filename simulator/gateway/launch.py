"""Starts Envoy so that it ends with its parent: run as a script, imports nothing of ours.

Usage: launch.py PARENT_PID LIFELINE_FD COMMAND [ARGUMENT ...]

On Linux the kernel is asked to kill Envoy when the parent dies. Elsewhere a forked watcher holds
the reading end of a pipe whose writing end only the parent has; at its end it kills Envoy. Either
way Envoy takes over this process, so its id is the one that the parent knows.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent, lifeline, *command = arguments
    if int(lifeline) >= 0:
        watch(int(lifeline))
    else:
        ask_kernel()
    if os.getppid() != int(parent):
        sys.exit("the server ended while Envoy was being started")
    os.execv(command[0], command)


def ask_kernel() -> None:
    """Linux: the signal at the parent's death outlives the exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def watch(lifeline: int) -> None:
    """Forks the watcher; returns in the process that becomes Envoy."""
    envoy = os.getpid()
    if os.fork() != 0:
        os.close(lifeline)
        return
    while os.read(lifeline, 1):
        pass
    # once Envoy has ended by itself this process has another parent: the id may be someone else's
    if os.getppid() == envoy:
        os.kill(envoy, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
