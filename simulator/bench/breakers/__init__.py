"""Under each rule's id, a strategy for cases that break this rule and no other."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from hypothesis import strategies as st

from simulator.bench.cases import Case

_MODULES = {
    "modelarts": ("simulator.bench.breakers.modelarts", "BREAKERS"),
    "eas": ("simulator.bench.breakers.eas", "EAS_BREAKERS"),
}


def breakers(provider: str) -> Mapping[str, st.SearchStrategy[Case]]:
    """The breakers of a provider's rules, by rule id. A provider's module is imported when asked.

    Args:
        provider: `modelarts` or `eas`.

    Raises:
        KeyError: there is no such provider.
    """
    module, name = _MODULES[provider]
    found: Mapping[str, st.SearchStrategy[Case]] = getattr(import_module(module), name)
    return found
