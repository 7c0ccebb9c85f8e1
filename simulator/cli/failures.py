"""How a command fails: what, why, what to do, and the exit status that scripts can rely on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit statuses of every command."""

    OK = 0
    FAILED = 1
    """It was tried and did not work, or the server refused it."""
    USAGE = 2
    """Wrong arguments, or a file that cannot be read."""
    NOT_RUNNING = 3
    """There is no server to talk to."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Failure(Exception):
    """A command could not do its work.

    Attributes:
        message: one sentence: what failed, where, why. May hold outside text.
        hint: what the user can do next; may be empty.
        code: the server's or the cloud's code of the error; may be empty.
        details: further lines, such as the single broken rules of a request.
        evidence: raw text that shows the cause, such as the end of a log.
        status: HTTP status of the answer that said so; 0 when there was none.
    """

    exit_code = ExitCode.FAILED

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        details: Sequence[str] = (),
        evidence: str = "",
        status: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.details = tuple(details)
        self.evidence = evidence
        self.status = status


class UsageFailure(Failure):
    """The arguments or a named file cannot be used."""

    exit_code = ExitCode.USAGE


class NotRunning(Failure):
    """No server owns the data directory."""

    exit_code = ExitCode.NOT_RUNNING
