"""Types and mandatory fields, and that no JSON whatever gets more than a refusal."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.config import Settings
from simulator.errors import InvalidRequest, Refused
from simulator.modelarts import services, wire
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.model import CREATE_MODEL, CreateModel
from simulator.modelarts.ruling import Ruling
from simulator.modelarts.schemas import CreateService, UpdateService
from simulator.rules.shape import build, fields_of
from simulator.rules.text import readable_path
from simulator.strict_json import parse_object
from tests.support.builders import a_model_row
from tests.support.requests import DOCUMENTED, changed, documented

ONE = documented("realtime")
RULING = Ruling(Settings())


def shape_errors(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Kind of the rule, MA-TYPE or MA-MUST, and place of each violation."""
    report = CATALOGUE.judge(CREATE, body)
    return [(violation.rule[:7], violation.path) for violation in report.violations]


def read(body: dict[str, Any]) -> CreateService:
    report = CATALOGUE.judge(CREATE, body)
    return build(CreateService, report.clean)


class TestReading:
    @pytest.mark.parametrize("name", DOCUMENTED)
    def test_the_documents_own_examples_have_the_shape(self, name: str) -> None:
        request = read(documented(name))
        assert request.config[0].instance_count == 1

    @pytest.mark.parametrize("sent", ["70", " 70 ", 70])
    def test_weights_may_be_strings_as_in_the_documents_examples(self, sent: object) -> None:
        request = read(changed(ONE, "/config/0/weight", sent))
        assert request.config[0].weight == 70

    @pytest.mark.parametrize("sent", ["", "70.0", "7e1", "seventy", "--7", "0x46", 70.0, True, []])
    def test_a_weight_that_is_no_whole_number_is_refused(self, sent: object) -> None:
        body = changed(ONE, "/config/0/weight", sent)
        assert shape_errors(body) == [("MA-TYPE", "/config/0/weight")]

    @pytest.mark.parametrize("digits", [20, 4300, 100_000])
    def test_a_weight_of_many_digits_is_refused(self, digits: int) -> None:
        weights = ["9" * digits, "9" * digits]
        body = documented("realtime-two-versions")
        for index, weight in enumerate(weights):
            body = changed(body, f"/config/{index}/weight", weight)
        assert {path for _, path in shape_errors(body)} >= {"/config/0/weight", "/config/1/weight"}

    @pytest.mark.parametrize("field", ["infer_type", "service_name", "config"])
    def test_a_mandatory_field_that_is_absent_is_named(self, field: str) -> None:
        assert shape_errors(changed(ONE, f"/{field}", ...)) == [("MA-MUST", f"/{field}")]

    @pytest.mark.parametrize("field", ["model_id", "specification", "instance_count"])
    def test_a_mandatory_field_of_a_version_is_named_with_its_place(self, field: str) -> None:
        pointer = f"/config/0/{field}"
        (violation,) = CATALOGUE.judge(CREATE, changed(ONE, pointer, ...)).violations
        assert (violation.rule[:9], violation.path) == ("MA-MUST-0", pointer)
        assert violation.message == f"config[0].{field}: is mandatory"
        assert violation.source == f"Deploying Services, table 5, {field}"

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/service_name", 5),
            ("/infer_type", True),
            ("/config", {}),
            ("/config", "[]"),
            ("/config/0", []),
            ("/config/0/instance_count", "1"),
            ("/config/0/instance_count", 1.0),
            ("/config/0/instance_count", True),
            ("/config/0/model_id", 7),
            ("/config/0/deploy_timeout_in_seconds", "600"),
        ],
    )
    def test_a_value_of_another_type_is_refused_at_its_place(
        self, pointer: str, value: object
    ) -> None:
        assert shape_errors(changed(ONE, pointer, value)) == [("MA-TYPE", pointer)]

    def test_an_environment_variable_must_be_text(self) -> None:
        body = changed(ONE, "/config/0/envs", {"A": "1", "B": 2})
        assert shape_errors(body) == [("MA-TYPE", "/config/0/envs/B")]

    def test_everything_of_the_wrong_type_is_told_at_once(self) -> None:
        body = changed(changed(ONE, "/service_name", 5), "/config/0/model_id", 7)
        assert {path for _, path in shape_errors(body)} == {"/service_name", "/config/0/model_id"}

    def test_a_long_value_is_not_repeated_in_full(self) -> None:
        (violation,) = CATALOGUE.judge(CREATE, changed(ONE, "/config", "x" * 100_000)).violations
        assert len(violation.message) < 250

    def test_an_update_may_leave_out_everything(self) -> None:
        assert CATALOGUE.judge(CHANGE, {}).violations == []
        assert build(UpdateService, {}).status is None

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            (("config", 0, "weight"), "config[0].weight"),
            (("a",), "a"),
            ((), "the body"),
            ((3, "a"), "[3].a"),
        ],
    )
    def test_paths_read_as_people_write_them(self, path: tuple[str | int, ...], words: str) -> None:
        assert readable_path(path) == words


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["0", "70", "-1", "9" * 30, "custom", "real-time", "batch", "a\x00b", "\ud800"]
    ),
    st.sampled_from([0, 1, 5, 100, 2**63 - 1, 2**63, -(2**63), 1e308]),
)
field_names = st.sampled_from(
    sorted({*fields_of(CreateService), *ONE["config"][0], "envs", "custom_spec", "\ud800", ""})
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(field_names, inner, max_size=4)
    ),
    max_leaves=8,
)


@st.composite
def nearly_valid(draw: st.DrawFn) -> dict[str, Any]:
    """A documented example with some of its fields, at any depth, replaced by anything."""
    body = documented(draw(st.sampled_from(DOCUMENTED)))
    for _ in range(draw(st.integers(0, 3))):
        holder: Any = body
        while True:
            keys = list(range(len(holder))) if isinstance(holder, list) else sorted(holder)
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(holder[key], dict | list) and draw(st.booleans()):
                holder = holder[key]
                continue
            holder[key] = draw(documents)
            break
    return body


bodies = st.one_of(
    nearly_valid(), st.dictionaries(field_names, documents, max_size=6), documents
).map(lambda value: json.dumps(value).encode())
endings = st.sampled_from([b"", b"}", b',"a":1,"a":1}', rb',"\ud800":1,"\ud800":1}', b"\xff"])
hostile = st.one_of(
    bodies,
    st.binary(max_size=40),
    st.tuples(bodies, endings).map(lambda parts: parts[0][:-1] + parts[1]),
)


def admit(body: bytes) -> None:
    """What the front door does with a body before it touches the store."""
    document = parse_object(body)
    request = RULING.accept(CREATE, CreateService, document).request
    services.check_simulated(request)
    models = {config.model_id: a_model_row(config.model_id) for config in request.config}
    RULING.admit(CREATE, document, RULING.facts(models))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile)
def test_no_body_whatever_gets_more_than_a_refusal_that_can_be_sent(body: bytes) -> None:
    try:
        admit(body)
    except Refused as error:
        answer = wire.error_answer(error)
        assert 400 <= answer.status <= 501
        orjson.dumps(answer.body())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile)
def test_no_body_whatever_breaks_the_rules_of_models(body: bytes) -> None:
    try:
        RULING.accept(CREATE_MODEL, CreateModel, parse_object(body))
    except InvalidRequest as error:
        orjson.dumps(wire.error_answer(error).body())
