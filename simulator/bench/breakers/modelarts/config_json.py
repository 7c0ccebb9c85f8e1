"""Breakers of the rules on a model's config.json."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.modelarts.model import BAD_ALGORITHMS
from simulator.bench.breakers.recipes import (
    Recipes,
    base,
    holders,
    json_values,
    lose,
    other_words,
    outside,
    put,
    some,
    take_away,
)
from simulator.bench.cases import Case
from simulator.bench.strategies import model_bodies, words
from simulator.bench.strategies.wish import Wish
from simulator.rules.rule import Rule

_IMAGE = Wish(kinds=("Image",))
_ENGINE = Wish(kinds=("engine",))
_RESTRAINTS = ("EXACT", "ATLEAST", "ATMOST")
_SCALARS = st.integers(-9, 9) | st.booleans() | st.text(max_size=5)
_LISTS = st.lists(_SCALARS, max_size=2)

BAD_URLS = st.one_of(
    st.builds(str.__add__, st.sampled_from("ab1.-"), st.text("ab/", max_size=8)),
    st.builds("/{}{}{}".format, words.plain(), st.sampled_from(" ?#é中\n\t\x7f"), words.plain()),
    st.sampled_from((" ", " /", "http://x/", "?", "#a")),
)


def bad_numbers(low: int, high: int) -> st.SearchStrategy[Any]:
    """What is no whole number of a range, neither as itself nor as a string."""
    out = outside(low, high)
    odd = st.sampled_from(("often", "1.0", "+5", " 5", "5 ", "1e2", "5s", "12345678901", "٣"))
    return out | out.map(str) | odd | st.floats(0.5, 99) | st.booleans() | _LISTS | st.builds(dict)


@st.composite
def _bad_sides(draw: st.DrawFn) -> dict[str, Any]:
    """A side of an API with a content type that is no string, or a schema that is no object."""
    key = draw(st.sampled_from(("Content-type", "Content-Type")))
    right = draw(st.sampled_from(model_bodies.CONTENT_TYPES))
    schema = draw(words.json_objects())
    no_text: st.SearchStrategy[Any] = st.integers(0, 9) | st.booleans() | _LISTS | st.builds(dict)
    wrong = draw(st.sampled_from(("type", "schema", "both")))
    side: dict[str, Any] = {}
    if wrong != "schema":
        side[key] = draw(no_text)
    elif draw(st.booleans()):
        side[key] = right
    if wrong != "type":
        side["data"] = draw(_SCALARS | _LISTS | st.none())
    elif draw(st.booleans()):
        side["data"] = schema
    return side


@st.composite
def _other_sides(draw: st.DrawFn) -> dict[str, Any]:
    """A side of an API with a content type that the documents do not name."""
    key = draw(st.sampled_from(("Content-type", "Content-Type")))
    near = ("text/plain", "application/jsonx", "application", "", "json", "image/png; q=1")
    side: dict[str, Any] = {key: draw(st.sampled_from(near) | words.plain().map("zz/{}".format))}
    if draw(st.booleans()):
        side["data"] = draw(words.json_objects())
    return side


@st.composite
def _more_apis(draw: st.DrawFn) -> list[dict[str, Any]]:
    """APIs that an engine's model cannot have: several, or one of another path than /."""
    method = draw(st.sampled_from(model_bodies.METHODS))
    if draw(st.booleans()):
        return [{"url": f"/{draw(words.plain())}", "method": method}]
    return [{"url": "/"}, *({"method": method} for _ in range(draw(st.integers(1, 2))))]


@st.composite
def _other_restraint(draw: st.DrawFn, rule: Rule) -> Case:
    place = "/dependencies/*/packages/*/restraint"
    subject, document = base(draw, rule, place, _ENGINE)
    for package in some(draw, holders(document, place)):
        package["restraint"] = draw(other_words(*_RESTRAINTS) | _LISTS | st.integers(0, 9))
    return Case(subject, document)


@st.composite
def _other_installer(draw: st.DrawFn, rule: Rule) -> Case:
    place = "/dependencies/*/installer"
    subject, document = base(draw, rule, place, _ENGINE)
    for one in some(draw, holders(document, place)):
        if draw(st.booleans()):
            one["installer"] = draw(other_words("pip") | st.integers(0, 9))
        else:
            take_away(draw, one, "installer")
    return Case(subject, document)


@st.composite
def _several_packages(draw: st.DrawFn, rule: Rule) -> Case:
    """An image with dependencies that an engine's model could have."""
    _, engine = base(draw, rule, "/dependencies/*/installer", _ENGINE)
    subject, document = base(draw, rule, "/dependencies", _IMAGE)
    document["dependencies"] = engine["dependencies"]
    return Case(subject, document)


def _exec_without_command(place: str) -> Any:
    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        subject, document = base(draw, rule, f"{place}/command", Wish())
        check = document[place[1:]]
        check["check_method"] = draw(st.sampled_from(("EXEC", "exec", "Exec")))
        take_away(draw, check, "command", "")
        return Case(subject, document)

    return make


def _health(first: int, name: str) -> Recipes:
    """The recipes on one of the three checks."""
    place = f"/{name}"
    by_http = Wish().with_(f"{place}/url")
    numbers = {
        f"MA-CFG-{first + 4 + number:03d}": put(bad_numbers(least, 86_400))
        for number, least in enumerate(model_bodies.HEALTH_LEAST.values())
    }
    return {
        f"MA-CFG-{first:03d}": lose(f"{place}/url", by_http, blank=""),
        f"MA-CFG-{first + 1:03d}": put(BAD_URLS),
        f"MA-CFG-{first + 2:03d}": put(other_words("HTTP", "EXEC", fold=True), by_http),
        f"MA-CFG-{first + 3:03d}": _exec_without_command(place),
        f"MA-CFG-{first + 8:03d}": put(other_words("http", "https", fold=True, blank=False)),
        **numbers,
    }


RECIPES: Recipes = {
    "MA-CFG-001": lose("/model_algorithm", _ENGINE),
    "MA-CFG-002": put(BAD_ALGORITHMS),
    "MA-CFG-003": put(BAD_URLS, _IMAGE),
    "MA-CFG-004": put(
        other_words(*(m.upper() for m in model_bodies.METHODS if m), fold=True, blank=False)
    ),
    "MA-CFG-005": put(other_words("http", "https", "ws", "wss", fold=True, blank=False)),
    "MA-CFG-006": put(_more_apis(), _ENGINE, at="/apis"),
    "MA-CFG-007": put(_bad_sides()),
    "MA-CFG-008": put(_other_sides()),
    "MA-CFG-009": put(_bad_sides()),
    "MA-CFG-010": put(_other_sides()),
    "MA-CFG-011": put(bad_numbers(1, 65535) | st.just("")),
    "MA-CFG-012": put(
        st.dictionaries(
            other_words("f1", "recall", "precision", "accuracy"),
            json_values(),
            min_size=1,
            max_size=2,
        )
    ),
    "MA-CFG-013": _several_packages,
    "MA-CFG-014": _other_installer,
    "MA-CFG-015": _other_restraint,
    "MA-CFG-016": lose("/health", _IMAGE),
    "MA-CFG-017": put(other_words("http", "https", "ws", "wss", "http2", fold=True, blank=False)),
    "MA-CFG-018": put(st.sampled_from(("http2", "HTTP2")), _IMAGE),
    **_health(20, "health"),
    **_health(30, "readiness_health"),
    **_health(40, "startup_health"),
}
