"""Under each rule's id, a strategy for service.json documents that break this rule and no other."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from simulator.bench.breakers.eas import containers, deployment, metadata, resources
from simulator.bench.breakers.eas.making import ALL, breaking, sound, words
from simulator.bench.breakers.recipes import holders
from simulator.bench.breakers.shapes import shape_recipes
from simulator.bench.cases import Case
from simulator.bench.strategies.wish import Document
from simulator.eas.rules import CATALOGUE


def _sound(subject: str, pattern: str) -> st.SearchStrategy[Document]:
    """Sound documents in which something can stand at a pattern."""
    documents = CATALOGUE.documents
    return sound(*(name for name in documents if holders(documents[name], pattern)))


_strange = words().map("zz_{}".format)
_UNKNOWN: st.SearchStrategy[Case] = st.builds(
    "{}/{}".format, st.sampled_from(("", "/metadata", "/metadata/rpc")), _strange
).flatmap(lambda place: breaking(ALL, {place: words() | st.integers()}))

EAS_BREAKERS: Mapping[str, st.SearchStrategy[Case]] = {
    **{
        rule_id: recipe(CATALOGUE.by_id[rule_id])
        for rule_id, recipe in shape_recipes(CATALOGUE, _sound).items()
    },
    **deployment.BREAKERS,
    **metadata.BREAKERS,
    **containers.BREAKERS,
    **resources.BREAKERS,
    "EAS-UNKNOWN": _UNKNOWN,
}
