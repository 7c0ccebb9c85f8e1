"""What is sent when: the plan of a load test, known before anything is sent."""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_RATE_PER_S = 100_000.0
MAX_DURATION_S = 3600.0
MAX_TIMEOUT_S = 600.0
MAX_CONNECTIONS = 4096
DEFAULT_DURATION_S = 10.0
DEFAULT_TIMEOUT_S = 10.0
DEFAULT_CONNECTIONS = 256

OPENED_BEFORE_S = 0.02
"""As many connections are opened before the first request as are due in this time."""
MOST_OPENED_BEFORE = 64


class LoadError(ValueError):
    """A load that cannot be sent; the text says why."""


@dataclass(frozen=True)
class Load:
    """How requests are sent.

    Attributes:
        rate_per_s: open loop: so many requests a second, evenly spaced, whatever comes back; 0 for
            a closed loop.
        concurrency: closed loop: so many requests under way at any time; 0 for an open loop.
        duration_s: requests are sent for so long.
        timeout_s: a request without an answer so long after it was due is given up.
        connections: at most so many at a time (open loop; a closed loop has one for each request).

    Raises:
        LoadError: a value is not allowed, or it is not exactly one of the two kinds.
    """

    rate_per_s: float = 0.0
    concurrency: int = 0
    duration_s: float = DEFAULT_DURATION_S
    timeout_s: float = DEFAULT_TIMEOUT_S
    connections: int = DEFAULT_CONNECTIONS

    def __post_init__(self) -> None:
        if (self.rate_per_s == 0) == (self.concurrency == 0):
            raise LoadError("either a rate or a concurrency, and not both")
        if self.rate_per_s:
            _within("rate", self.rate_per_s, 0, MAX_RATE_PER_S, "requests/s")
        else:
            _within("concurrency", self.concurrency, 0, MAX_CONNECTIONS)
        _within("duration", self.duration_s, 0, MAX_DURATION_S, "s")
        _within("timeout", self.timeout_s, 0, MAX_TIMEOUT_S, "s")
        _within("number of connections", self.connections, 0, MAX_CONNECTIONS)

    @property
    def is_open(self) -> bool:
        return self.rate_per_s > 0

    @property
    def kind(self) -> str:
        """`open` or `closed`."""
        return "open" if self.is_open else "closed"

    @property
    def planned(self) -> int:
        """How many requests an open loop sends; 0 in a closed loop, where the answers decide."""
        # the rounding: 0.1 × 30 is a little more than 3
        return math.ceil(round(self.rate_per_s * self.duration_s, 6))

    def due_s(self, index: int) -> float:
        """When the request with this index is due, in seconds from the beginning (open loop)."""
        return index / self.rate_per_s

    @property
    def most_connections(self) -> int:
        return self.connections if self.is_open else self.concurrency

    @property
    def opened_before(self) -> int:
        """Connections that are opened before the first request, so that the first latencies are
        not those of opening them."""
        if not self.is_open:
            return self.concurrency
        soon = math.ceil(self.rate_per_s * OPENED_BEFORE_S)
        return min(self.connections, MOST_OPENED_BEFORE, self.planned, soon)


def _within(what: str, value: float, above: float, most: float, unit: str = "") -> None:
    if not above < value <= most:  # also not a number
        unit = f" {unit}" if unit else ""
        raise LoadError(f"the {what} must be above {above:g} and at most {most:g}{unit}: {value:g}")
