"""What can go wrong on purpose."""

from __future__ import annotations

from enum import StrEnum


class FaultKind(StrEnum):
    """See the module."""

    LATENCY = "latency"
    """Requests reach the instance later."""
    ABORT = "abort"
    """Requests are answered with an HTTP error and never reach the instance."""
    SLOW = "slow"
    """The bodies of answers come slowly."""
