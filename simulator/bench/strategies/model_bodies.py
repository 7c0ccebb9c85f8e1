"""Models and their config.json, such that nothing is refused and nothing told."""

from __future__ import annotations

import json
import string
from functools import cache, partial
from typing import Any

from hypothesis import strategies as st

from simulator.bench.strategies import words
from simulator.bench.strategies.wish import ANY, Document, Draft, Wish
from simulator.modelarts.rules.model import INSTALL_TYPES, MODEL_TYPES, PARAMETER_TYPES

METHODS = ("GET", "post", "PUT", "delete", "Patch", "HEAD", "OPTIONS", "")
PROTOCOLS = ("http", "HTTPS", "ws", "wss", "")
CONTENT_TYPES = (
    "application/json",
    "multipart/form-data",
    "application/json; charset=utf-8",
    "Application/JSON",
)
CHECKS = ("health", "readiness_health", "startup_health")
HEALTH_LEAST = {
    "initial_delay_seconds": 0,
    "timeout_seconds": 1,
    "period_seconds": 1,
    "failure_threshold": 1,
}
ALGORITHM_REST = st.characters(codec="utf-8", exclude_characters="&!'\\\"<>=")
_PATH = string.ascii_letters + string.digits + "/-_.~%"


@cache
def model_versions() -> st.SearchStrategy[str]:
    """Three numbers from 0 to 99 without leading zeros."""
    number = st.integers(0, 99)
    return st.builds("{}.{}.{}".format, number, number, number)


@cache
def algorithms(least: int = 1, most: int = 36) -> st.SearchStrategy[str]:
    """Names of algorithms: a letter, then anything but a few characters."""
    first = st.sampled_from(string.ascii_letters)
    rest = st.text(ALGORITHM_REST, min_size=least - 1, max_size=most - 1)
    return st.builds(str.__add__, first, rest)


@cache
def json_texts() -> st.SearchStrategy[str]:
    """JSON objects in a string."""
    return words.json_objects().map(json.dumps)


@st.composite
def model(draw: st.DrawFn, wish: Wish = ANY) -> Document:
    """Bodies that create a model; `wish.kinds` may narrow its types."""
    draft = Draft(draw, wish)
    kinds = tuple(kind for kind in wish.kinds if kind in MODEL_TYPES)
    kind = draw(st.sampled_from(kinds or (*MODEL_TYPES, "Image", "Template", "Image")))
    made: Document = {
        "model_name": draw(words.names()),
        "model_version": draw(model_versions()),
        "model_type": kind,
    }
    source = words.object_paths("/") | st.just("swr.example.com/team/model:1.0")
    if kind == "Template":
        made["template"] = draw(words.json_objects(least=1))
        draft.maybe(made, "/source_location", source, blank="")
    else:
        draft.maybe(made, "/template", words.json_objects())
        made["source_location"] = draw(source)
    if kind == "Image":
        draft.maybe(made, "/source_copy", st.sampled_from(("true", "false", True, False)))
    else:
        draft.idle(made, "/source_copy")
    for side in ("input_params", "output_params"):
        draft.maybe(made, f"/{side}", partial(_parameters, draft, f"/{side}"))
    _optional_of_model(draft, made)
    draft.strange(made)
    return made


def _optional_of_model(draft: Draft, made: Document) -> None:
    draft.maybe(made, "/description", words.descriptions())
    for name in ("source_type", "runtime", "source_job_id", "source_job_version"):
        draft.maybe(made, f"/{name}", words.plain(), blank="")
    draft.maybe(made, "/model_algorithm", algorithms())
    draft.maybe(made, "/execution_code", words.object_paths("/"))
    draft.maybe(made, "/model_metrics", json_texts())
    draft.maybe(made, "/initial_config", json_texts())
    draft.maybe(made, "/workspace_id", st.sampled_from(("0", "ws-1")))
    kinds = st.sampled_from((*INSTALL_TYPES, "realtime"))
    draft.maybe(made, "/install_type", st.lists(kinds, max_size=3))
    draft.maybe(made, "/apis", st.lists(words.json_objects(), max_size=2))
    document = st.fixed_dictionaries(
        {"doc_name": words.names(1, 48), "doc_url": st.just("https://example.com")}
    )
    least = draft.least("/model_docs")
    draft.maybe(made, "/model_docs", st.lists(document, min_size=least, max_size=3))
    draft.maybe(made, "/dependencies", lambda: dependencies(draft))


def _parameters(draft: Draft, place: str) -> list[Document]:
    found = []
    for _ in range(draft.draw(st.integers(draft.least(place), 2))):
        one: Document = {}
        draft.maybe(one, f"{place}/*/url", st.sampled_from(("/", "/predict")))
        draft.maybe(one, f"{place}/*/method", st.sampled_from(METHODS))
        draft.maybe(one, f"{place}/*/protocol", st.sampled_from(PROTOCOLS))
        draft.maybe(one, f"{place}/*/param_name", words.texts(64))
        draft.maybe(one, f"{place}/*/param_type", st.sampled_from(PARAMETER_TYPES))
        for end in ("min", "max"):
            draft.maybe(one, f"{place}/*/{end}", st.integers(-9, 9) | st.floats(-9, 9))
        draft.maybe(one, f"{place}/*/param_desc", words.texts(100))
        found.append(one)
    return found


def dependencies(draft: Draft) -> list[Document]:
    place = "/dependencies/*/packages/*"
    found = []
    for _ in range(draft.draw(st.integers(draft.least("/dependencies"), 2))):
        packages = []
        for _ in range(draft.draw(st.integers(draft.least(f"{place[:-2]}"), 2))):
            one: Document = {"package_name": draft.draw(words.plain())}
            if draft.yes(True if draft.needs(f"{place}/restraint") else None):
                one["restraint"] = draft.draw(st.sampled_from(("EXACT", "ATLEAST", "ATMOST")))
                one["package_version"] = draft.draw(st.sampled_from(("1", "1.17.0")))
            else:
                draft.idle(one, f"{place}/restraint")
                draft.maybe(one, f"{place}/package_version", st.just("1.17.0"), blank="")
            packages.append(one)
        found.append({"installer": "pip", "packages": packages})
    return found


@st.composite
def config_file(draw: st.DrawFn, wish: Wish = ANY) -> Document:
    """Contents of a config.json; `wish.kinds` may narrow them to `Image` or `engine`."""
    draft = Draft(draw, wish)
    kinds = tuple(kind for kind in wish.kinds if kind in ("Image", "engine"))
    is_image = draw(st.sampled_from(kinds or ("Image", "engine"))) == "Image"
    made: Document = {}
    if is_image:
        made["model_type"] = "Image"
        draft.maybe(made, "/model_algorithm", algorithms())
        draft.idle(made, "/dependencies", [])
    else:
        made["model_type"] = draw(st.sampled_from(("TensorFlow", "PyTorch", "any")))
        made["model_algorithm"] = draw(algorithms())
        draft.maybe(made, "/dependencies", lambda: dependencies(draft))
    for name in ("runtime", "swr_location"):
        draft.maybe(made, f"/{name}", words.plain(), blank="")
    draft.maybe(made, "/protocol", st.sampled_from(PROTOCOLS))
    metrics = st.sampled_from(("f1", "recall", "precision", "accuracy"))
    draft.maybe(made, "/metrics", st.dictionaries(metrics, st.floats(0, 1), max_size=4))
    draft.maybe(made, "/apis", lambda: _apis(draft, is_image=is_image))
    for name in CHECKS:
        if is_image and name == "health" and "/health" not in wish.lacking:
            made[name] = health(draft, f"/{name}")
        else:
            draft.maybe(made, f"/{name}", partial(health, draft, f"/{name}"))
    draft.maybe(made, "/port", whole_numbers(1, 65535))
    draft.strange(made)
    return made


def _apis(draft: Draft, *, is_image: bool) -> list[Document]:
    most = 3 if is_image else 1
    return [
        _api(draft, is_image=is_image)
        for _ in range(draft.draw(st.integers(draft.least("/apis"), most)))
    ]


def _api(draft: Draft, *, is_image: bool) -> Document:
    one: Document = {}
    draft.maybe(one, "/apis/*/url", urls() if is_image else st.just("/"), blank="")
    draft.maybe(one, "/apis/*/method", st.sampled_from(METHODS))
    draft.maybe(one, "/apis/*/protocol", st.sampled_from(PROTOCOLS))
    for side in ("request", "response"):
        draft.maybe(one, f"/apis/*/{side}", sides())
    return one


@cache
def urls() -> st.SearchStrategy[str]:
    """Plain paths that begin with /."""
    return st.text(_PATH, max_size=12).map(lambda rest: f"/{rest}")


@st.composite
def sides(draw: st.DrawFn) -> dict[str, Any]:
    """A request or answer in the newer shape, content type and schema, or the older: a schema."""
    schema = words.json_objects()
    if draw(st.booleans()):
        return {"type": "object", "properties": draw(schema)}
    made: dict[str, Any] = {}
    key = draw(st.sampled_from(("Content-type", "Content-Type")))
    how = draw(st.sampled_from(("both", "type", "schema")))
    if how != "schema":
        made[key] = draw(st.sampled_from(CONTENT_TYPES))
    if how != "type":
        made["data"] = draw(schema)
    return made


@cache
def whole_numbers(low: int, high: int) -> st.SearchStrategy[int | str]:
    """Numbers as themselves or as strings, as the documents write them."""
    numbers = st.integers(low, high)
    return numbers | numbers.map(str)


def health(draft: Draft, place: str) -> Document:
    """A health check, by HTTP with a path or by EXEC with a command."""
    by_exec = draft.yes(None if not draft.needs(f"{place}/url") else False)
    by_exec = by_exec or draft.needs(f"{place}/command")
    one: Document = {}
    if by_exec:
        one["check_method"] = draft.draw(st.sampled_from(("EXEC", "exec")))
        one["command"] = draft.draw(words.plain())
        draft.maybe(one, f"{place}/url", urls(), blank="")
    else:
        draft.maybe(one, f"{place}/check_method", st.sampled_from(("HTTP", "http")))
        one["url"] = draft.draw(urls())
        draft.maybe(one, f"{place}/command", words.plain(), blank="")
    draft.maybe(one, f"{place}/protocol", st.sampled_from(("http", "HTTPS", "")))
    for name, least in HEALTH_LEAST.items():
        draft.maybe(one, f"{place}/{name}", whole_numbers(least, 86_400), blank="")
    draft.strange(one)
    return one
