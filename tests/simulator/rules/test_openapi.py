"""JSON Schema from shapes and rules: what a schema refuses, the judge refuses."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from simulator.catalogues import PROVIDERS, catalogue
from simulator.rules.catalogue import Catalogue, changed
from simulator.rules.openapi import COMPONENTS, examples, merged, request_schemas
from simulator.rules.rule import Level, Severity

Document = dict[str, Any]

SUBJECTS = [
    pytest.param(provider, subject.name, id=f"{provider}-{subject.name}")
    for provider in PROVIDERS
    for subject in catalogue(provider).subjects
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10_000)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | st.text(max_size=70)
    | st.sampled_from(["5", " 5 ", "stop", "real-time", "5.0", "/a", "a" * 101])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@cache
def validator(provider: str, subject: str) -> Draft202012Validator:
    """Holds documents of a kind against their schema."""
    rules = catalogue(provider)
    schemas = request_schemas(rules, [subject])
    name = rules.subject(subject).shape.__name__
    whole = {"$ref": COMPONENTS + name, "components": {"schemas": schemas}}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)


def places(value: Any, place: str = "") -> Iterator[str]:
    """JSON pointers of everything in a document."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        below = f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}"
        yield below
        yield from places(item, below)


def is_refused(rules: Catalogue, subject: str, document: Document) -> bool:
    return bool(rules.judge(subject, document).violations)


@pytest.mark.parametrize(("provider", "subject"), SUBJECTS)
def test_sound_documents_fit_their_schema(provider: str, subject: str) -> None:
    rules = catalogue(provider)
    for name in rules.subject(subject).examples:
        errors = [
            error.message
            for error in validator(provider, subject).iter_errors(rules.documents[name])
        ]
        assert errors == [], name


@pytest.mark.parametrize(("provider", "subject"), SUBJECTS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_the_schema_refuses_the_judge_refuses(
    provider: str, subject: str, data: st.DataObject
) -> None:
    rules = catalogue(provider)
    base = rules.documents[data.draw(st.sampled_from(rules.subject(subject).examples))]
    known = sorted(set(places(base)))
    document = copy.deepcopy(base)
    for place in data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=2)):
        if place in set(places(document)):
            document = changed(document, {place: data.draw(VALUES)})
    if not validator(provider, subject).is_valid(document):
        assert is_refused(rules, subject, document)


def with_keywords() -> Iterator[Any]:
    """Every rule that says something in a schema, with the kind of document it is shown on."""
    for provider in PROVIDERS:
        rules = catalogue(provider)
        for rule in rules.written:
            is_said = rule.schema and rule.level is Level.REQUEST and not rule.when
            if is_said and rule.severity is Severity.ERROR and rule.example:
                subject = next(
                    name
                    for name in rule.subjects
                    if rule.example.base in rules.subject(name).examples
                )
                yield pytest.param(provider, subject, rule.id, id=rule.id)


@pytest.mark.parametrize(("provider", "subject", "rule_id"), list(with_keywords()))
def test_schema_refuses_the_example_of_a_rule_that_has_keywords(
    provider: str, subject: str, rule_id: str
) -> None:
    rules = catalogue(provider)
    rule = rules.by_id[rule_id]
    assert rule.example is not None
    if rule.example.readings:
        pytest.skip("the example needs another reading than the schema's")
    assert not validator(provider, subject).is_valid(rules.example(rule))


class TestModelArts:
    RULES = catalogue("modelarts")

    def schemas(self, **readings: str) -> dict[str, Document]:
        chosen = self.RULES.read({name.replace("_", "-"): one for name, one in readings.items()})
        return request_schemas(self.RULES, ("create-service", "create-model"), chosen)

    def version(self, name: str, **readings: str) -> Document:
        field: Document = self.schemas(**readings)["ServiceConfig"]["properties"][name]
        return field

    def test_mandatory_fields_are_required_and_never_null(self) -> None:
        schema = self.schemas()["CreateService"]
        assert schema["required"] == ["infer_type", "service_name", "config"]
        assert schema["properties"]["service_name"]["type"] == "string"

    def test_optional_fields_take_null(self) -> None:
        assert self.version("model_id") == {"description": "The model to run.", "type": "string"}
        assert {"type": "null"} in self.version("envs")["anyOf"]

    def test_integers_that_may_come_as_text_say_so(self) -> None:
        number, digits, absent = self.version("weight")["anyOf"]
        assert number == {"type": "integer", "minimum": 0, "maximum": 100}
        assert digits["type"] == "string"
        assert absent == {"type": "null"}

    def test_a_map_may_be_one_object_where_clients_send_one(self) -> None:
        schema = self.schemas()["ServiceAdditionalProperties"]["properties"]["smn_notification"]
        one, many, absent = schema["anyOf"]
        assert one == {"$ref": "#/components/schemas/SmnNotification"}
        assert many == {"type": "object", "additionalProperties": one}
        assert absent == {"type": "null"}

    def test_fields_have_their_descriptions_and_defaults(self) -> None:
        field = self.schemas()["CreateService"]["properties"]["workspace_id"]
        assert field["description"] == "Workspace of the service."
        assert field["default"] == "0"

    def test_unknown_fields_are_allowed(self) -> None:
        assert "additionalProperties" not in self.schemas()["CreateService"]

    def test_keywords_of_a_rule_go_with_its_reading(self) -> None:
        seconds = {"type": "integer", "minimum": 180, "maximum": 7200}
        assert self.version("deploy_timeout_in_seconds")["anyOf"][0] == seconds
        minutes = self.version("deploy_timeout_in_seconds", deploy_timeout="minutes")
        assert minutes["anyOf"][0] == {"type": "integer"}

    def test_examples_are_the_sound_documents(self) -> None:
        found = examples(self.RULES, "create-service")
        assert found["real-time"]["value"] == self.RULES.documents["real-time"]


def test_two_rules_on_one_field_are_both_said() -> None:
    assert merged({"minimum": 1, "maximum": 9}, {"minimum": 3, "maximum": 7}) == {
        "minimum": 3,
        "maximum": 7,
    }
    assert merged({"pattern": "a"}, {"pattern": "b"}) == {
        "pattern": "a",
        "allOf": [{"pattern": "b"}],
    }
    assert merged({"items": {"type": "string"}}, {"items": {"enum": ["a"]}}) == {
        "items": {"type": "string", "enum": ["a"]}
    }
