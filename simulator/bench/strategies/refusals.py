"""Documents that break rules."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.breakers import breakers
from simulator.bench.cases import Case

_PROVIDERS = {"MA": "modelarts", "EAS": "eas"}


def breaking(rule_id: str) -> st.SearchStrategy[Case]:
    """Cases that break one rule and no other; for a warning, such that are accepted and told it.

    Args:
        rule_id: such as `MA-SVC-014`.

    Raises:
        KeyError: there is no such rule.
    """
    provider = _PROVIDERS[rule_id.partition("-")[0]]
    return breakers(provider)[rule_id]


def broken(provider: str = "modelarts") -> st.SearchStrategy[tuple[str, Case]]:
    """A rule's id with a case that breaks it, over all rules of a provider."""
    known = breakers(provider)
    return st.sampled_from(sorted(known)).flatmap(
        lambda rule_id: known[rule_id].map(lambda case: (rule_id, case))
    )
