"""What is wrong with the disk of the data directory: told from SQLite's errors and those of the
files beside it, kept until there is nothing wrong any more.

Source of the codes: SQLite, result and error codes.
"""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import DBAPIError

from simulator.clock import real_ms


class Cause(StrEnum):
    """Why the store could not be read or written."""

    FULL = "full"
    READ_ONLY = "read-only"
    LOCKED = "locked"
    DAMAGED = "damaged"
    FAILED = "failed"


_CAUSES = {
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_READONLY: Cause.READ_ONLY,
    sqlite3.SQLITE_PERM: Cause.READ_ONLY,
    sqlite3.SQLITE_BUSY: Cause.LOCKED,
    sqlite3.SQLITE_LOCKED: Cause.LOCKED,
    sqlite3.SQLITE_CORRUPT: Cause.DAMAGED,
    sqlite3.SQLITE_NOTADB: Cause.DAMAGED,
    sqlite3.SQLITE_IOERR: Cause.FAILED,
    sqlite3.SQLITE_CANTOPEN: Cause.FAILED,
    sqlite3.SQLITE_PROTOCOL: Cause.FAILED,
}
_CAUSES_OF_FILES = {
    errno.ENOSPC: Cause.FULL,
    errno.EDQUOT: Cause.FULL,
    errno.EROFS: Cause.READ_ONLY,
    errno.EIO: Cause.FAILED,
}
_WORDS = {
    Cause.FULL: "the disk of the data directory is full",
    Cause.READ_ONLY: "the data directory cannot be written to",
    Cause.LOCKED: "another program holds the database of the data directory",
    Cause.DAMAGED: "the database of the data directory is damaged",
    Cause.FAILED: "the disk of the data directory fails",
}
_HINTS = {
    Cause.FULL: "make room; Drydock goes on by itself then",
    Cause.READ_ONLY: "mend its permissions, or how it is mounted; Drydock goes on by itself then",
    Cause.LOCKED: "close the other program; Drydock goes on by itself then",
    Cause.DAMAGED: "`drydock down`, then `drydock up`: it says what can be restored",
    Cause.FAILED: "look at the disk and the system's log; Drydock goes on by itself then",
}
_SHM_FULL = sqlite3.SQLITE_IOERR_SHMSIZE
"""The memory that readers share lies on the same disk and could not grow."""


@dataclass(frozen=True)
class Trouble:
    """Why the state cannot be written.

    Attributes:
        since_ms: when it was first found out, real epoch ms.
        detail: SQLite's own words, or the system's.
    """

    cause: Cause
    since_ms: int
    detail: str

    @property
    def message(self) -> str:
        """For people, in a sentence."""
        return _WORDS[self.cause] if self.cause is Cause.FULL else self._with_detail()

    @property
    def hint(self) -> str:
        """What to do."""
        return _HINTS[self.cause]

    def _with_detail(self) -> str:
        return f"{_WORDS[self.cause]}: {self.detail}"


def store_trouble(error: BaseException) -> Trouble | None:
    """What an error says about the disk; None when it is about something else, such as a name that
    is taken."""
    original = error.orig if isinstance(error, DBAPIError) else error
    cause = None
    if isinstance(original, sqlite3.DatabaseError):
        cause = _cause(original)
    elif isinstance(original, OSError) and original.errno is not None:
        cause = _CAUSES_OF_FILES.get(original.errno)
    return Trouble(cause, real_ms(), str(original)) if cause else None


def _cause(error: sqlite3.DatabaseError) -> Cause | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:  # Python's own, such as of a connection that was closed
        return Cause.FAILED if isinstance(error, sqlite3.OperationalError) else None
    return Cause.FULL if code == _SHM_FULL else _CAUSES.get(code & 0xFF)


class Condition:
    """Whether the state can be written, by what was found out last. Thread-safe: one attribute."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None

    def note(self, error: BaseException) -> None:
        """A write has failed. The first failure says since when, the last one why; one that is not
        about the disk says nothing."""
        found = store_trouble(error)
        if found is None:
            return
        known = self.trouble
        since_ms = known.since_ms if known else found.since_ms
        self.trouble = Trouble(found.cause, since_ms, found.detail)

    def clear(self) -> None:
        """It was written."""
        self.trouble = None
