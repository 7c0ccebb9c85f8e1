"""How fast a job is."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.clock import steady_s


@dataclass
class Pace:
    """What was written since the job was begun or gone on with.

    Attributes:
        began_s: seconds of the host's monotonic clock.
        units: inputs or rows.
        items: inputs.
    """

    began_s: float
    units: int = 0
    items: int = 0

    @property
    def passed_s(self) -> float:
        """Real seconds since then."""
        return steady_s() - self.began_s

    @property
    def units_per_s(self) -> float:
        passed_s = self.passed_s
        return self.units / passed_s if passed_s > 0 else 0.0
