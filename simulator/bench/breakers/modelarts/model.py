"""Breakers of the rules on new models."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.breakers.modelarts.service import BAD_IN_NAMES
from simulator.bench.breakers.recipes import (
    Recipe,
    Recipes,
    either,
    lose,
    other_words,
    put,
    strings_around,
)
from simulator.bench.strategies import model_bodies, words
from simulator.bench.strategies.wish import Wish
from simulator.modelarts.rules.model import INSTALL_TYPES, MODEL_TYPES, PARAMETER_TYPES

_ENGINES = tuple(kind for kind in MODEL_TYPES if kind not in ("Image", "Template"))
_PACKAGE = "/dependencies/*/packages/*"
_NUMBERS = st.integers(0, 99)
_ANY_TEXT = st.text(st.characters(codec="utf-8"), min_size=65, max_size=80)

BAD_VERSIONS = st.one_of(
    st.builds("{}.{}".format, _NUMBERS, _NUMBERS),
    st.builds("{}.{}.{}.{}".format, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS),
    st.permutations((100, 0, 1)).map(lambda three: "{}.{}.{}".format(*three)),
    st.permutations(("01", "0", "1")).map(".".join),
    st.permutations(("-1", "0", "1")).map(".".join),
    st.sampled_from(("", "1", "v1.0.0", "1.0.0 ", " 1.0.0", "1,0,0", "1.0.", "1.0.x", "00.0.0")),
    st.builds("{}.{}.{}".format, st.integers(100, 10**9), _NUMBERS, _NUMBERS),
)
_TAIL = st.text(model_bodies.ALGORITHM_REST, max_size=10)
BAD_ALGORITHMS = st.one_of(
    model_bodies.algorithms(37, 60),
    st.just(""),
    st.builds(str.__add__, st.sampled_from("0123456789_- .éЖ中"), _TAIL),
    st.builds(
        "a{}{}".format, _TAIL, strings_around(st.text("&!'\\\"<>=", min_size=1, max_size=2), _TAIL)
    ),
)
_NO_JSON_OBJECT = st.sampled_from(
    ("", " ", "{", "[]", "[1]", "1", "null", "true", '"{}"', "{}{}", "{'a': 1}", "NaN", "[" * 5000)
) | words.plain().map("zz{}".format)
_SOURCE = Wish(kinds=(*_ENGINES, "Image"))


def _documents(least: int, most: int) -> st.SearchStrategy[list[dict[str, str]]]:
    one = st.fixed_dictionaries(
        {"doc_name": words.names(1, 48), "doc_url": st.just("https://example.com")}
    )
    return st.lists(one, min_size=least, max_size=most)


def _long(most: int) -> Recipe:
    text = st.text(st.characters(codec="utf-8"), min_size=most + 1, max_size=most + 20)
    return put(st.just("x" * (most + 1)) | text)


_KINDS = st.lists(st.sampled_from((*INSTALL_TYPES, "realtime")), max_size=2)
_BAD_KIND = other_words(*INSTALL_TYPES, "realtime").map(lambda kind: [kind])

RECIPES: Recipes = {
    "MA-MOD-001": put(st.just("") | words.names(65, 80)),
    "MA-MOD-002": put(strings_around(BAD_IN_NAMES, words.names(0, 30))),
    "MA-MOD-003": put(BAD_VERSIONS),
    "MA-MOD-004": put(other_words(*MODEL_TYPES), Wish(kinds=_ENGINES).without("/source_copy")),
    "MA-MOD-005": lose("/source_location", _SOURCE, blank=""),
    "MA-MOD-006": lose("/template", Wish(kinds=("Template",)), blank={}),
    "MA-MOD-007": put(
        other_words("true", "false") | st.integers(2, 9) | st.lists(st.booleans(), max_size=1),
        Wish(kinds=("Image",)),
    ),
    "MA-MOD-008": put(
        st.sampled_from(("true", "false", True, False)),
        Wish(kinds=(*_ENGINES, "Template")),
        at="/source_copy",
    ),
    "MA-MOD-009": put(BAD_ALGORITHMS),
    "MA-MOD-010": put(_NO_JSON_OBJECT),
    "MA-MOD-011": put(_NO_JSON_OBJECT),
    "MA-MOD-012": either(
        put(st.builds(list.__add__, _KINDS, _BAD_KIND)),
        put(
            st.builds(list.__add__, _KINDS, st.builds(lambda: ["realtime"])),
            readings={"install-type": "hyphen"},
        ),
    ),
    "MA-MOD-013": put(_documents(4, 4) | _documents(5, 8)),
    "MA-MOD-014": put(st.just("") | st.just("d" * 49) | _ANY_TEXT),
    **{
        f"MA-MOD-{first + number:03d}": recipe
        for first in (15, 18)
        for number, recipe in enumerate((_long(64), put(other_words(*PARAMETER_TYPES)), _long(100)))
    },
    "MA-MOD-021": put(other_words("pip")),
    "MA-MOD-022": put(
        other_words("EXACT", "ATLEAST", "ATMOST"), Wish().with_(f"{_PACKAGE}/restraint")
    ),
    "MA-MOD-023": lose(
        f"{_PACKAGE}/package_version", Wish().with_(f"{_PACKAGE}/restraint"), blank=""
    ),
}
