"""Every numeric limit of the ModelArts rules."""

from __future__ import annotations

from simulator.bench.boundaries import Limit
from simulator.bench.limits import modelarts_others, modelarts_services
from simulator.modelarts.rules import CATALOGUE

__all__ = ["CATALOGUE", "LIMITS"]

LIMITS: tuple[Limit, ...] = (*modelarts_services.LIMITS, *modelarts_others.LIMITS)
