"""Which clouds there are, and the rules of each: loaded when they are asked for."""

from __future__ import annotations

import importlib

from simulator.rules.catalogue import Catalogue
from simulator.rules.coverage import Statement

PROVIDERS = ("modelarts", "eas")


def catalogue(provider: str) -> Catalogue:
    """The rules of one cloud.

    Raises:
        ValueError: there is no such cloud.
    """
    if provider not in PROVIDERS:
        raise ValueError(f"there is no provider {provider}; there are {', '.join(PROVIDERS)}")
    found: Catalogue = importlib.import_module(f"simulator.{provider}.rules").CATALOGUE
    return found


def statements(provider: str) -> tuple[Statement, ...]:
    """What the cloud's documents state, each with the rules that hold it, or why there are none."""
    module = importlib.import_module(f"simulator.{provider}.rules.coverage")
    found: tuple[Statement, ...] = module.STATEMENTS
    return found
