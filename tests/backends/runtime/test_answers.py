from __future__ import annotations

import json

import numpy as np
import orjson
import pytest

from backends.runtime.answers import compile_answer
from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.results import Results, find_roles
from backends.runtime.tensors import TensorInfo

P = TensorInfo("p", "float32", ("N", 2))
V = TensorInfo("v", "float32", ("N", 1))
LABELS = {"labels": '["no", "yes"]'}
CLASSIFIED = np.array([[0.25, 0.75], [0.875, 0.125]], np.float32)
STRING, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}


def an_object(**properties):
    return {"type": "object", "properties": properties}


def an_array(*items):
    return {"type": "array", "items": list(items)}


@pytest.fixture
def answer(an_api):
    def build(response, outputs=(P,), values=None, count=1, request=None):
        values = {"p": CLASSIFIED[:count]} if values is None else values
        roles = find_roles(outputs, LABELS if outputs[0] is P else {})
        write = compile_answer(an_api(request, response), roles, outputs)
        answer = write(Results(values, roles, count))
        return json.loads(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY))

    return build


def test_the_documented_picture_answer(answer):
    pair = an_array(STRING, NUMBER)
    schema = an_object(predicted_label=STRING, scores=an_array(pair))
    expected = {"predicted_label": "yes", "scores": [["yes", "0.750"], ["no", "0.250"]]}
    assert answer(schema) == expected


def test_an_array_of_objects_has_one_a_row(answer):
    row = an_object(predictresult=STRING, probability=NUMBER)
    got = answer(an_object(data=an_object(resp_data=an_array(row))), count=2)
    assert got == {
        "data": {
            "resp_data": [
                {"predictresult": "yes", "probability": 0.75},
                {"predictresult": "no", "probability": 0.875},
            ]
        }
    }


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("label", STRING, "yes"),
        ("anything", STRING, "yes"),
        ("top_score", STRING, "0.750"),
        ("Probability", NUMBER, 0.75),
        ("no", NUMBER, 0.25),
        ("class_id", INTEGER, 1),
        ("klass", NUMBER, 1),
        ("probabilities", an_array(NUMBER), [0.25, 0.75]),
        ("probabilities", {"type": "array"}, [0.25, 0.75]),
        ("pairs", an_array(an_array(STRING, STRING)), [["yes", "0.750"], ["no", "0.250"]]),
        ("p", an_array(NUMBER), [0.25, 0.75]),
        ("p", an_array(an_array(NUMBER)), [[0.25, 0.75]]),
        ("nested", an_object(label=STRING), {"label": "yes"}),
    ],
)
def test_a_classifier_fills_each_value_by_type_and_name(answer, name, schema, expected):
    assert answer(an_object(**{name: schema})) == {name: expected}


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("price", NUMBER, 2.5),
        ("v", NUMBER, 2.5),
        ("v", STRING, "2.5"),
        ("v", an_array(NUMBER), [2.5]),
    ],
)
def test_a_regression_fills_numbers(answer, name, schema, expected):
    got = answer(an_object(**{name: schema}), [V], {"v": np.array([[2.5]])})
    assert got == {name: expected}


def test_row_objects_without_properties_get_the_result(answer):
    schema = an_object(resp_data=an_array(an_object()))
    assert answer(schema, count=2)["resp_data"] == [
        {"predictresult": "yes"},
        {"predictresult": "no"},
    ]
    got = answer(schema, [V], {"v": np.array([[2.5]])})
    assert got == {"resp_data": [{"predictresult": 2.5}]}


def test_a_whole_output_may_have_many_rows(answer):
    assert answer(an_object(p=an_array(an_array(NUMBER))), count=2) == {"p": CLASSIFIED.tolist()}


def test_a_single_answer_needs_a_single_row(answer):
    with pytest.raises(RequestError, match=r"one 'label'.*2 rows came") as caught:
        answer(an_object(label=STRING), count=2)
    assert caught.value.problem is Problem.WRONG_SHAPE


def test_without_a_schema_json_is_answered_by_output(answer):
    assert answer(None, count=2) == {"data": {"p": CLASSIFIED.tolist()}}


def test_without_a_schema_a_picture_is_answered_as_documented(answer):
    got = answer(None, request=an_object(images={"type": "file"}))
    assert got == {"predicted_label": "yes", "scores": [["yes", "0.750"], ["no", "0.250"]]}


@pytest.mark.parametrize(
    ("schema", "outputs"),
    [
        (an_object(flag={"type": "boolean"}), [P]),
        (an_object(names=an_array(STRING)), [P]),
        (an_object(label=STRING), [V]),
        (an_object(score=NUMBER), [TensorInfo("box", "float32", ("N", 4, 4))]),
        (an_object(scores=an_array(NUMBER)), [V]),
        (an_object(p=NUMBER), [P]),
        (an_object(p=an_object()), [P]),
        (an_array(an_object()), [TensorInfo("box", "float32", ("N", 4, 4))]),
    ],
)
def test_a_value_that_nothing_fills_is_refused_at_start_naming_both(answer, schema, outputs):
    with pytest.raises(StartError, match=f"model's output '{outputs[0].name}' float32"):
        answer(schema, outputs)
