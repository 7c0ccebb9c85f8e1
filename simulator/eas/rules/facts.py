"""What exists, as far as rules ask: made by the server from its store, by tests by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class EasFacts:
    """What exists.

    Attributes:
        names: of the region's services.
        datasets: id of each dataset to where its files are, such as `NAS` or `CPFS`.
    """

    names: frozenset[str] = frozenset()
    datasets: Mapping[str, str] = field(default_factory=dict)
