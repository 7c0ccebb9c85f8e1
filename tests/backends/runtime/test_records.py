from __future__ import annotations

import numpy as np
import pytest

from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.records import compile_reader
from backends.runtime.tensors import TensorInfo

X2 = TensorInfo("x", "float32", ("N", 2))


@pytest.fixture
def reader(an_api, rows_of):
    def build(inputs=(X2,), **columns):
        return compile_reader(an_api(rows_of("req_data", **columns)), inputs)

    return build


def rows(*values):
    return {"data": {"req_data": list(values)}}


def test_columns_come_in_declared_order_whatever_order_is_sent(reader):
    read = reader(b="number", a="number")
    feeds = read(rows({"a": 1, "b": 2.5}, {"b": 4, "a": 3, "extra": "ignored"}))
    assert feeds["x"].dtype == np.float32
    assert feeds["x"].tolist() == [[2.5, 1], [4, 3]]


def test_declared_types_become_numbers(reader):
    read = reader(
        inputs=[TensorInfo("x", "float32", ("N", 4))],
        n="number",
        i="integer",
        s="string",
        b="boolean",
    )
    feeds = read(rows({"n": 1.5, "i": 2.0, "s": "-3.5", "b": True}))
    assert feeds["x"].tolist() == [[1.5, 2, -3.5, 1]]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "1"),
        ("number", True),
        ("number", None),
        ("number", [1]),
        ("number", {}),
        ("integer", 1.5),
        ("integer", "1"),
        ("integer", False),
        ("string", 1),
        ("string", "one"),
        ("string", "nan"),
        ("string", "1_0"),
        ("string", ""),
        ("boolean", 1),
        ("boolean", "true"),
    ],
)
def test_another_type_is_refused_naming_the_property(reader, kind, value):
    read = reader(a="number", b=kind)
    with pytest.raises(RequestError, match=r"data\.req_data\[1\]\.b") as caught:
        read(
            rows(
                {"a": 0, "b": "0" if kind == "string" else kind == "boolean" or 0}
                if kind != "boolean"
                else {"a": 0, "b": True},
                {"a": 0, "b": value},
            )
        )
    assert caught.value.problem is Problem.WRONG_TYPE


def test_a_missing_property_is_named_with_what_came(reader):
    read = reader(a="number", b="number")
    with pytest.raises(
        RequestError, match=r"data\.req_data\[1\]\.b' is missing; came: 'a', 'c'"
    ) as caught:
        read(rows({"a": 0, "b": 0}, {"a": 0, "c": 0}))
    assert caught.value.problem is Problem.MISSING


@pytest.mark.parametrize(
    ("body", "problem", "named"),
    [
        ({}, Problem.MISSING, "'data'"),
        ({"data": {}}, Problem.MISSING, r"data\.req_data"),
        ([], Problem.WRONG_TYPE, "the body"),
        ({"data": []}, Problem.WRONG_TYPE, "'data'"),
        ({"data": {"req_data": {}}}, Problem.WRONG_TYPE, "array of objects"),
        (rows(), Problem.WRONG_SHAPE, "empty"),
        (rows([1, 2]), Problem.WRONG_TYPE, r"req_data\[0\]"),
        (rows(7), Problem.WRONG_TYPE, r"req_data\[0\]"),
        (rows({"a": 0, "b": 1e39}), Problem.NOT_FINITE, "'x'"),
    ],
)
def test_a_body_of_another_form_is_refused(reader, body, problem, named):
    with pytest.raises(RequestError, match=named) as caught:
        reader(a="number", b="number")(body)
    assert caught.value.problem is problem


def test_a_fixed_number_of_rows_is_checked(reader):
    read = reader(inputs=[TensorInfo("x", "float32", (1, 2))], a="number", b="number")
    row = {"a": 0, "b": 0}
    assert read(rows(row))["x"].shape == (1, 2)
    with pytest.raises(RequestError, match=r"expects float32 of shape \(1, 2\); shape \(2, 2\)"):
        read(rows(row, row))


def test_integer_inputs_take_whole_numbers_only(reader):
    read = reader(inputs=[TensorInfo("x", "int64", ("N", 2))], a="number", b="integer")
    assert read(rows({"a": 1.0, "b": 2}))["x"].tolist() == [[1, 2]]
    with pytest.raises(RequestError, match="must be of type integer"):
        read(rows({"a": 1.5, "b": 2}))


def test_columns_named_as_the_inputs_feed_them_one_by_one(reader):
    inputs = [
        TensorInfo("price", "float32", ("N", 1)),
        TensorInfo("colour", "string", ("N",)),
        TensorInfo("size", "float32", ("N", 2)),
    ]
    schema = {"price": {"type": "number"}, "colour": {"type": "string"}}
    schema["size"] = {"type": "array", "items": [{"type": "number"}]}
    row = {"type": "object", "properties": schema}
    from backends.runtime.contract import read_apis

    (api,) = read_apis({"apis": [{"request": {"type": "array", "items": [row]}}]})
    feeds = compile_reader(api, inputs)([{"price": 2, "colour": "red", "size": [3, 4]}])
    assert feeds["price"].tolist() == [[2]]
    assert feeds["colour"].tolist() == ["red"]
    assert feeds["size"].tolist() == [[3, 4]]


def test_an_object_of_scalars_is_a_single_row(an_api):
    schema = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}
    assert compile_reader(an_api(schema), [X2])({"a": 1, "b": 2})["x"].tolist() == [[1, 2]]


def test_an_object_of_arrays_is_a_tensor_each(an_api):
    schema = {"type": "object", "properties": {"anything": {"type": "array"}}}
    read = compile_reader(an_api(schema), [X2])
    assert read({"anything": [[1, 2], [3, 4]]})["x"].tolist() == [[1, 2], [3, 4]]


def test_the_envelopes_meta_is_no_column(an_api):
    meta = {"type": "object", "properties": {"uuid": {"type": "string"}}}
    row = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}
    data = {"type": "array", "items": [row]}
    schema = {"type": "object", "properties": {"meta": meta, "data": data}}
    read = compile_reader(an_api(schema), [X2])
    assert read({"data": [{"a": 1, "b": 2}]})["x"].tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("columns", "inputs"),
    [
        ({"a": "number", "b": "number", "c": "number"}, [X2]),
        ({"a": "number"}, [X2]),
        ({"a": "number", "b": "number"}, [TensorInfo("x", "float32", ("N", 1, 28, 28))]),
        ({"a": "number", "b": "number"}, [X2, TensorInfo("y", "float32", ("N", 2))]),
        ({"a": "number", "b": "string"}, [TensorInfo("x", "string", ("N", 2))]),
    ],
)
def test_columns_that_do_not_fit_are_refused_at_start_naming_both(reader, columns, inputs):
    with pytest.raises(StartError, match="'x'") as caught:
        reader(inputs=inputs, **columns)
    assert "a" in caught.value.why


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number"},
        {"type": "array", "items": [{"type": "number"}]},
        {"type": "array", "items": [{"type": "object", "properties": {}}]},
        {
            "type": "object",
            "properties": {
                "a": {"type": "object", "properties": {"x": {"type": "number"}}},
                "b": {"type": "object", "properties": {"y": {"type": "number"}}},
            },
        },
    ],
)
def test_a_schema_without_rows_is_refused_at_start(an_api, schema):
    with pytest.raises(StartError, match="neither rows"):
        compile_reader(an_api(schema), [X2])
