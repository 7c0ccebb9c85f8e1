from __future__ import annotations

import pytest

from backends.runtime.errors import Problem, RequestError
from backends.runtime.named import TensorsByName, descend
from backends.runtime.tensors import TensorInfo

A, B = TensorInfo("a", "float32", ("N", 1)), TensorInfo("b", "int64", ("N",))


@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: {"data": x}, lambda x: {"data": x, "meta": {}}]
)
def test_tensors_are_found_under_data_or_at_the_top(wrap):
    feeds = TensorsByName([A, B], ())(wrap({"a": [[1.5]], "b": [2]}))
    assert (feeds["a"].tolist(), feeds["b"].tolist()) == ([[1.5]], [2])


def test_an_input_called_data_is_found_at_the_top():
    info = TensorInfo("data", "float32", (1,))
    assert TensorsByName([info], ())({"data": [3]})["data"].tolist() == [3]


@pytest.mark.parametrize(
    ("body", "problem", "text"),
    [
        ({}, Problem.MISSING, r"'a' \(float32 \(N, 1\)\).*came: nothing"),
        ({"a": [[1]], "c": 1}, Problem.MISSING, "'b' is missing.*came: 'a', 'c'"),
        ({"data": [[1]]}, Problem.WRONG_TYPE, "an array came"),
        ([1], Problem.WRONG_TYPE, "an array came"),
        (None, Problem.WRONG_TYPE, "null came"),
        ({"a": [[1], [2]], "b": [1]}, Problem.WRONG_SHAPE, "N is 1 here and 2"),
        ({"a": 5, "b": [1]}, Problem.WRONG_TYPE, "a number came instead of a list"),
    ],
)
def test_what_is_missing_or_wrong_is_named(body, problem, text):
    with pytest.raises(RequestError, match=text) as caught:
        TensorsByName([A, B], ())(body)
    assert caught.value.problem is problem


def test_descending_ends_at_a_named_place():
    assert descend({"a": {"b": 1}}, ("a", "b")) == 1
    with pytest.raises(RequestError, match=r"'a\.b' is missing; came: 'c'"):
        descend({"a": {"c": 1}}, ("a", "b"))
    with pytest.raises(RequestError, match=r"'a' must be an object with 'b'; null came"):
        descend({"a": None}, ("a", "b"))
