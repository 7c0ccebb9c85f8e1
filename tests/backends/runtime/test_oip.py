from __future__ import annotations

import json

import pytest

from backends.runtime.errors import Problem, RequestError
from backends.runtime.oip import InferEndpoint, metadata_documents


@pytest.fixture
def infer(load):
    def call(model, body):
        loaded = load(model)
        job = InferEndpoint(loaded).plan("application/json", json.dumps(body).encode())
        call = job.read()
        return json.loads(call.answer(loaded.run(call.feeds, call.names)))

    return call


def x(data, shape, datatype="FP32", name="x"):
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def test_metadata_describes_the_model(load):
    documents = {path: json.loads(raw) for path, raw in metadata_documents(load("columns")).items()}
    assert set(documents) == {
        "/v2",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models/columns",
        "/v2/models/columns/ready",
    }
    assert documents["/v2/health/ready"] == {"ready": True}
    assert documents["/v2/models/columns"]["inputs"] == [
        {"name": "price", "datatype": "FP32", "shape": [-1, 1]},
        {"name": "count", "datatype": "INT64", "shape": [-1, 1]},
    ]
    assert documents["/v2"]["extensions"] == []


@pytest.mark.parametrize("data", [[1, 2, 3, 6, 0, 0, 0, 4], [[1, 2, 3, 6], [0, 0, 0, 4]]])
def test_tensors_come_flat_or_nested(infer, data):
    assert infer("mean4", {"id": "7", "inputs": [x(data, [2, 4])]}) == {
        "model_name": "mean4",
        "id": "7",
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [2, 1], "data": [3.0, 1.0]}],
    }


def test_only_the_asked_outputs_are_answered(infer):
    body = {"inputs": [x([0, 1], [1, 2])], "outputs": [{"name": "label"}]}
    (output,) = infer("classifier2", body)["outputs"]
    assert output == {"name": "label", "datatype": "INT64", "shape": [1], "data": [1]}


def test_strings_are_bytes(infer):
    body = {"inputs": [x(["é", ""], [2], "BYTES", "word")]}
    (output,) = infer("text", body)["outputs"]
    assert output == {"name": "echo", "datatype": "BYTES", "shape": [2], "data": ["é", ""]}


def test_what_is_not_a_number_is_null(infer):
    (output,) = infer("log2", {"inputs": [x([-1, 0], [1, 2])]})["outputs"]
    assert output["data"] == [None, None]


GOOD = x([1, 2, 3, 4], [1, 4])


@pytest.mark.parametrize(
    ("body", "problem", "named"),
    [
        ([], Problem.WRONG_TYPE, "the body"),
        ({}, Problem.MISSING, "'inputs'"),
        ({"inputs": {}}, Problem.WRONG_TYPE, "'inputs'"),
        ({"inputs": []}, Problem.MISSING, r"'x' float32 \(N, 4\)"),
        ({"inputs": [1]}, Problem.WRONG_TYPE, "string 'name'"),
        ({"inputs": [{"name": 1}]}, Problem.WRONG_TYPE, "string 'name'"),
        ({"inputs": [{"name": "x"}]}, Problem.MISSING, "lacks 'shape'"),
        ({"inputs": [GOOD, GOOD]}, Problem.REPEATED, "'x'"),
        ({"inputs": [GOOD, x([1], [1], name="z")]}, Problem.UNKNOWN_NAME, "'z'; it takes 'x'"),
        ({"inputs": [GOOD | {"datatype": "FP64"}]}, Problem.WRONG_TYPE, "FP32; 'FP64' came"),
        ({"inputs": [GOOD | {"shape": [-1, 4]}]}, Problem.WRONG_TYPE, "'shape'"),
        ({"inputs": [GOOD | {"shape": [True, 4]}]}, Problem.WRONG_TYPE, "'shape'"),
        ({"inputs": [GOOD | {"shape": 4}]}, Problem.WRONG_TYPE, "'shape'"),
        ({"inputs": [GOOD | {"shape": [2, 4]}]}, Problem.WRONG_SHAPE, r"\(2, 4\)"),
        ({"inputs": [GOOD | {"shape": [4]}]}, Problem.WRONG_SHAPE, r"shape \(4\) came"),
        ({"inputs": [GOOD | {"data": ["1", 2, 3, 4]}]}, Problem.WRONG_TYPE, "a string came"),
        ({"inputs": [GOOD | {"data": [1, 2, 3, None]}]}, Problem.WRONG_TYPE, "null came"),
        ({"inputs": [GOOD | {"data": [1, 2, 3, {}]}]}, Problem.WRONG_TYPE, "an object came"),
        ({"inputs": [GOOD | {"data": [1, 2, 3, True]}]}, Problem.WRONG_TYPE, "a boolean came"),
        ({"inputs": [GOOD | {"data": [1, 2, 3, False]}]}, Problem.WRONG_TYPE, "a boolean came"),
        ({"inputs": [GOOD | {"data": [1, 2, 3, [4]]}]}, Problem.WRONG_SHAPE, "side by side"),
        ({"inputs": [GOOD | {"data": [[1, 2], [3, 4, 5]]}]}, Problem.WRONG_SHAPE, "lengths"),
        ({"inputs": [GOOD | {"data": [1, 2, 3, 1e39]}]}, Problem.NOT_FINITE, "cannot hold"),
        ({"inputs": [GOOD | {"data": 5}]}, Problem.WRONG_TYPE, "a number came"),
        ({"inputs": [GOOD], "outputs": [{"name": "z"}]}, Problem.UNKNOWN_NAME, "'z'; it gives 'y'"),
        ({"inputs": [GOOD], "outputs": "y"}, Problem.WRONG_TYPE, "'outputs'"),
        ({"inputs": [GOOD], "id": 7}, Problem.WRONG_TYPE, "'id'"),
    ],
)
def test_what_is_wrong_is_named(infer, body, problem, named):
    with pytest.raises(RequestError, match=named) as caught:
        infer("mean4", body)
    assert caught.value.problem is problem
