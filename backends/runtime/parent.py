"""Ending with the parent: a child process must never outlive the server that started it.

The parent keeps the writing end of a pipe open for its whole life; however it ends, the kernel
closes that end, and the child reads end of file.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading

from backends.runtime.errors import StartError
from backends.runtime.log import log

PARENT_GONE_EXIT_CODE = 3


def watch_parent(fd: int) -> None:
    """End this process at once when `fd`, a pipe from the parent, reads end of file.

    Raises:
        StartError: `fd` is no pipe of this process.
    """
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(fd).st_mode) or stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        is_pipe = False
    if not is_pipe:
        raise StartError(
            "cannot watch the parent process",
            where=f"DRYDOCK_PARENT_FD {fd}",
            why="it is not an open pipe",
            hint="pass the reading end of a pipe to the child, or leave the option out",
        )
    os.set_blocking(fd, True)
    threading.Thread(target=_exit_with_parent, args=(fd,), name="parent", daemon=True).start()


def _exit_with_parent(fd: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(fd, 1024):
            pass
    log("the parent process is gone; exiting")
    os._exit(PARENT_GONE_EXIT_CODE)
