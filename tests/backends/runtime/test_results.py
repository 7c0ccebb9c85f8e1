from __future__ import annotations

import json

import numpy as np
import orjson
import pytest

from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.results import Results, Roles, as_distribution, as_json, find_roles, plain
from backends.runtime.tensors import TensorInfo

SCORES = TensorInfo("p", "float32", ("N", 3))
LABEL = TensorInfo("label", "int64", ("N",))
VALUE = TensorInfo("v", "float32", ("N", 1))
MAPS = TensorInfo("maps", "seq(map(int64,tensor(float)))", ())


@pytest.mark.parametrize(
    ("outputs", "label", "scores", "value"),
    [
        ([SCORES], None, "p", None),
        ([LABEL, SCORES], "label", "p", None),
        ([LABEL, MAPS], "label", "maps", None),
        ([VALUE], None, None, "v"),
        ([TensorInfo("v", "float64", ("N",))], None, None, "v"),
        ([TensorInfo("s", "string", ("N", 1))], "s", None, None),
        ([TensorInfo("box", "float32", ("N", 4, 4))], None, None, None),
        ([TensorInfo("flag", "bool", ("N",))], None, None, None),
    ],
)
def test_outputs_get_their_roles_from_dtype_and_shape(outputs, label, scores, value):
    assert find_roles(outputs, {}) == Roles(label, scores, value, ())


def test_class_names_come_from_the_metadata():
    assert find_roles([SCORES], {"labels": '["a", "b", "c"]'}).classes == ("a", "b", "c")


@pytest.mark.parametrize("labels", ["a,b,c", "[1, 2, 3]", '{"a": 1}', '["a", "b"]'])
def test_labels_that_are_no_names_of_the_classes_are_refused(labels):
    with pytest.raises(StartError, match="labels"):
        find_roles([SCORES], {"labels": labels})


def test_a_distribution_stays_as_it_is():
    assert as_distribution([0.25, 0.75], 0) == [0.25, 0.75]


@pytest.mark.parametrize("scores", [[1.0, 1.0], [-0.5, 1.5], [1000.0, 0.0], [0.0, 0.0]])
def test_anything_else_becomes_one(scores):
    found = as_distribution(scores, 0)
    assert sum(found) == pytest.approx(1)
    assert min(found) >= 0
    assert found.index(max(found)) == scores.index(max(scores))


@pytest.mark.parametrize("scores", [[float("nan"), 0.0], [float("inf"), 0.0]])
def test_scores_that_are_no_numbers_are_our_failure(scores):
    with pytest.raises(RequestError, match="row 7") as caught:
        as_distribution(scores, 7)
    assert caught.value.problem is Problem.BAD_RESULT


def results(outputs, roles, count=1):
    return Results(outputs, roles, count)


def test_the_label_is_the_likeliest_class():
    probabilities = np.array([[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]], np.float32)
    first, second = results({"p": probabilities}, Roles(None, "p", None, ("a", "b", "c")), 2).rows
    assert (first.label, first.class_number) == ("b", 1)
    assert second.label == "a"
    assert second.pairs() == [["a", "0.500"], ["b", "0.250"], ["c", "0.250"]]


def test_without_names_classes_are_called_by_number():
    (row,) = results({"p": np.array([[0.1, 0.9]])}, Roles(None, "p", None, ())).rows
    assert row.label == "1"


def test_at_most_five_classes_are_listed():
    scores = np.arange(1000, dtype=np.float32)[np.newaxis]
    (row,) = results({"p": scores}, Roles(None, "p", None, ())).rows
    assert [name for name, _ in row.pairs()] == ["999", "998", "997", "996", "995"]


@pytest.mark.parametrize(
    ("found", "label"), [(np.array([2]), "c"), (np.array([[7]]), "7"), (np.array(["x"]), "x")]
)
def test_a_label_of_the_models_own_wins(found, label):
    outputs = {"label": found, "p": np.array([[1.0, 0.0, 0.0]])}
    (row,) = results(outputs, Roles("label", "p", None, ("a", "b", "c"))).rows
    assert row.label == label


def test_maps_name_the_classes():
    outputs = {"maps": [{"cat": 0.25, "dog": 0.75}]}
    (row,) = results(outputs, Roles(None, "maps", None, ())).rows
    assert row.pairs() == [["dog", "0.750"], ["cat", "0.250"]]


def test_fewer_results_than_rows_are_our_failure():
    with pytest.raises(RequestError, match="1 results for 2 row") as caught:
        _ = results({"v": np.zeros(1)}, Roles(None, None, "v", ()), 2).rows
    assert caught.value.problem is Problem.BAD_RESULT


def test_a_value_that_is_no_number_is_our_failure():
    (row,) = results({"v": np.array([np.nan])}, Roles(None, None, "v", ())).rows
    with pytest.raises(RequestError, match="not a number"):
        row.value()


def test_numbers_keep_the_digits_of_their_dtype():
    values = np.array([[0.1, 0.2]], np.float32)[:, ::-1]
    got = orjson.dumps(as_json(values), option=orjson.OPT_SERIALIZE_NUMPY)
    assert got == b"[[0.2,0.1]]"


def test_outputs_become_json_values():
    value = [{1: np.float32(0.5)}, np.array([[1, 2]]), np.array(["é"], object)]
    assert json.loads(json.dumps(plain(value))) == [{"1": 0.5}, [[1, 2]], ["é"]]
