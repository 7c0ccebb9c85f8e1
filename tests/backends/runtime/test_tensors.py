from __future__ import annotations

import numpy as np
import pytest

from backends.runtime.errors import Problem, RequestError
from backends.runtime.tensors import (
    TensorInfo,
    check_symbols,
    json_type,
    shares_symbols,
    to_array,
)

MATRIX = TensorInfo("x", "float32", ("N", 2))
FLAT = TensorInfo("x", "float32", ("N",))


def test_onnx_types_become_numpys():
    info = TensorInfo.from_onnx("x", "tensor(float)", ["N", None, 3])
    assert info == TensorInfo("x", "float32", ("N", "", 3))
    assert str(info) == "'x' float32 (N, ?, 3)"
    assert not TensorInfo.from_onnx("p", "seq(map(int64,tensor(float)))", []).is_tensor


def test_zeros_have_one_for_every_open_dimension():
    assert MATRIX.zeros().shape == (1, 2)
    assert TensorInfo("s", "string", (2,)).zeros().tolist() == ["", ""]


def test_nested_lists_become_an_array_of_the_models_dtype():
    array = to_array([[1, 2.5], [3, 4]], MATRIX)
    assert array.dtype == np.float32
    assert array.tolist() == [[1.0, 2.5], [3.0, 4.0]]


def test_flat_data_takes_the_shape_sent_with_it():
    assert to_array([1, 2, 3, 4], MATRIX, [2, 2]).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("int8", [-128, 127]), ("uint64", [0, 2**64 - 1]), ("bool", [True]), ("string", ["é"])],
)
def test_each_dtype_takes_its_values(dtype, values):
    assert to_array(values, TensorInfo("x", dtype, ("N",))).tolist() == values


@pytest.mark.parametrize(
    ("dtype", "values", "problem"),
    [
        ("float32", ["1"], Problem.WRONG_TYPE),
        ("float32", [True], Problem.WRONG_TYPE),
        ("float32", [1, True], Problem.WRONG_TYPE),
        ("float32", [None], Problem.WRONG_TYPE),
        ("float32", [{}], Problem.WRONG_TYPE),
        ("float32", "1", Problem.WRONG_TYPE),
        ("float32", {"0": 1}, Problem.WRONG_TYPE),
        ("int64", [1.5], Problem.WRONG_TYPE),
        ("int64", [1.0], Problem.WRONG_TYPE),
        ("bool", [1], Problem.WRONG_TYPE),
        ("string", [1], Problem.WRONG_TYPE),
        ("float32", [1e39], Problem.NOT_FINITE),
        ("float16", [70000], Problem.NOT_FINITE),
        ("int8", [128], Problem.NOT_FINITE),
        ("uint8", [-1], Problem.NOT_FINITE),
        ("int64", [2**63], Problem.NOT_FINITE),
        ("float32", [], Problem.WRONG_SHAPE),
        ("float32", [[1]], Problem.WRONG_SHAPE),
        ("float32", [1, [2]], Problem.WRONG_SHAPE),
    ],
)
def test_other_values_are_refused_naming_the_tensor(dtype, values, problem):
    with pytest.raises(RequestError, match=f"'x' expects {dtype} of shape") as caught:
        to_array(values, TensorInfo("x", dtype, ("N",)))
    assert caught.value.problem is problem


@pytest.mark.parametrize("values", [[[1, 2], [3]], [[1, 2, 3]], [1, 2], [[[1, 2]]], [[]]])
def test_other_shapes_are_refused_with_what_came(values):
    with pytest.raises(RequestError, match=r"shape \(N, 2\); .* came") as caught:
        to_array(values, MATRIX)
    assert caught.value.problem is Problem.WRONG_SHAPE


@pytest.mark.parametrize("shape", [[3, 2], [2], [0, 2], [10**18, 10**18]])
def test_data_that_does_not_fill_the_sent_shape_is_refused(shape):
    with pytest.raises(RequestError) as caught:
        to_array([1, 2, 3, 4], MATRIX, shape)
    assert caught.value.problem is Problem.WRONG_SHAPE


def test_lists_nested_without_end_are_refused():
    values: list = [1]
    for _ in range(900):
        values = [values]
    with pytest.raises(RequestError, match="nested lists"):
        to_array(values, MATRIX)


def test_inputs_must_agree_on_a_common_dimension():
    inputs = [TensorInfo("a", "float32", ("N", 1)), TensorInfo("b", "float32", ("N",))]
    feeds = {"a": np.zeros((2, 1)), "b": np.zeros(2)}
    check_symbols(feeds, inputs)
    with pytest.raises(RequestError, match="N is 3 here and 2 in tensor 'a'"):
        check_symbols(feeds | {"b": np.zeros(3)}, inputs)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1.5, "a number"),
        ("", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_values_are_named_in_jsons_words(value, word):
    assert json_type(value) == word


def test_values_that_hold_no_boolean_need_no_look_at_each():
    """Only a boolean would pass for a number; everything else is refused all the same."""
    assert to_array([1, 2.5], FLAT, may_have_booleans=False).tolist() == [1, 2.5]
    for wrong, problem in (
        ([1, "2"], Problem.WRONG_TYPE),
        ([1, None], Problem.WRONG_TYPE),
        ([1, {}], Problem.WRONG_TYPE),
        ([1, [2]], Problem.WRONG_SHAPE),
        ([[1], 2], Problem.WRONG_SHAPE),
        ([[1], ["2", 3]], Problem.WRONG_TYPE),
        ([1, 10**400], Problem.NOT_FINITE),
    ):
        with pytest.raises(RequestError) as caught:
            to_array(wrong, FLAT, may_have_booleans=False)
        assert caught.value.problem is problem


@pytest.mark.parametrize(
    ("shape", "shares"),
    [(("N", 2), False), (("N", "N"), True), (("", ""), False), ((3, 3), False)],
)
def test_only_a_symbol_that_comes_twice_can_be_contradicted(shape, shares):
    assert shares_symbols([TensorInfo("x", "float32", shape)]) == shares
    assert shares_symbols([TensorInfo("x", "float32", ("N",)), MATRIX])
