"""Where the gateway leaves exchanges for the collector: a file each, in memory where there is a
file system in memory.

Making and removing a file costs several times as much on a disk. `run/spool` is a link to the
folder; both outlive the server, so that a killed one's exchanges are found by the next.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
NAME = "spool"


class Spool:
    """The folder of one server; there only once something is collected.

    Args:
        run: directory of the server, private to the user.
        memory: a directory of a file system in memory; it need not be there.

    Attributes:
        path: where the gateway writes.
    """

    def __init__(self, run: Path, memory: Path = MEMORY) -> None:
        self.path = run / NAME
        self._memory = memory

    def open(self) -> None:
        """Make the folder, private to the user, unless it is there.

        Raises:
            OSError
        """
        if _is_ours(self.path):
            return
        _remove(self.path)
        try:
            folder = tempfile.mkdtemp(prefix="drydock-", dir=self._memory)
        except OSError:  # there is no such file system, or no room in it
            self.path.mkdir(mode=0o700)
        else:
            self.path.symlink_to(folder)

    def files(self) -> list[os.DirEntry[str]]:
        """What is in it, in no order; nothing where it is not there, or is somebody else's."""
        if not _is_ours(self.path):
            return []
        try:
            with os.scandir(self.path) as found:
                return list(found)
        except FileNotFoundError:
            return []

    def remove(self) -> None:
        """Remove the folder if it is empty: what is in it is for the next server."""
        with contextlib.suppress(OSError):
            self.path.resolve().rmdir()
            _remove(self.path)


def _is_ours(path: Path) -> bool:
    """A name in a directory for everybody may be somebody else's after a restart of the host."""
    try:
        found = path.stat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
