"""Open Inference Protocol, version 2, over JSON: metadata and inference by tensor name.

JSON has no NaN or infinity: in an answer they are null. Source: the protocol's published
specification (kserve/open-inference-protocol), "HTTP/REST".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson

from backends.runtime.compute import Call, Job
from backends.runtime.contract import JSON
from backends.runtime.endpoints import INLINE_BODY_BYTES, read_json
from backends.runtime.errors import Problem, RequestError
from backends.runtime.model import Model
from backends.runtime.results import as_json
from backends.runtime.tensors import (
    Array,
    Feeds,
    TensorInfo,
    check_symbols,
    json_type,
    shape_text,
    shares_symbols,
    to_array,
)

SERVER_NAME = "drydock-runtime"
SERVER_VERSION = "1"

_DATATYPES = {
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
    "bool": "BOOL",
    "string": "BYTES",
}


def datatype(info: TensorInfo) -> str:
    """The protocol's word for a dtype: FP32, INT64, BOOL, BYTES."""
    return _DATATYPES.get(info.dtype) or info.dtype.upper()


def metadata_documents(model: Model) -> dict[str, bytes]:
    """The documents that answer GET, by path."""
    base = f"/v2/models/{model.name}"
    documents: dict[str, object] = {
        "/v2": {"name": SERVER_NAME, "version": SERVER_VERSION, "extensions": []},
        "/v2/health/live": {"live": True},
        "/v2/health/ready": {"ready": True},
        base: {
            "name": model.name,
            "versions": [],
            "platform": "onnxruntime_onnx",
            "inputs": [_describe(info) for info in model.inputs],
            "outputs": [_describe(info) for info in model.outputs if info.is_tensor],
        },
        f"{base}/ready": {"name": model.name, "ready": True},
    }
    return {path: orjson.dumps(document) for path, document in documents.items()}


class InferEndpoint:
    """POST /v2/models/{name}/infer."""

    media_type = JSON

    def __init__(self, model: Model) -> None:
        self._model_name = model.name
        self._inputs = {info.name: info for info in model.inputs}
        self._outputs = {info.name: info for info in model.outputs if info.is_tensor}
        self._all_outputs = tuple(self._outputs)
        self._datatypes = {name: datatype(info) for name, info in self._outputs.items()}
        self._shares_symbols = shares_symbols(model.inputs)

    def plan(self, content_type: str, body: bytes) -> Job:
        return Job(len(body) > INLINE_BODY_BYTES, partial(self._read, body))

    def _read(self, body: bytes) -> Call:
        request = read_json(body)
        if not isinstance(request, dict):
            raise _wrong("the body", "an object", request)
        feeds = self._read_inputs(request.get("inputs"), _may_have_booleans(body))
        names = self._read_outputs(request.get("outputs"))
        answer: dict[str, object] = {"model_name": self._model_name}
        if "id" in request:
            if not isinstance(request["id"], str):
                raise _wrong("'id'", "a string", request["id"])
            answer["id"] = request["id"]
        return Call(feeds, names, partial(self._answer, answer, names))

    def _answer(
        self, answer: dict[str, object], names: Sequence[str], values: Sequence[Any]
    ) -> bytes:
        answer["outputs"] = [
            {
                "name": name,
                "datatype": self._datatypes[name],
                "shape": value.shape,
                "data": as_json(value.reshape(-1)),
            }
            for name, value in zip(names, values, strict=True)
        ]
        return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)

    def _read_inputs(self, tensors: object, may_have_booleans: bool) -> Feeds:
        sent: dict[str, dict[str, Any]] = {}
        for name, tensor in _named(tensors, "inputs"):
            if name in sent:
                raise RequestError(Problem.REPEATED, f"tensor {name!r} came more than once")
            if name not in self._inputs:
                known = ", ".join(map(repr, self._inputs))
                text = f"the model has no input {name!r}; it takes {known}"
                raise RequestError(Problem.UNKNOWN_NAME, text)
            sent[name] = tensor
        feeds: Feeds = {}
        for name, info in self._inputs.items():
            if name not in sent:
                came = ", ".join(map(repr, sent)) or "nothing"
                text = f"tensor {info} is missing from 'inputs'; came: {came}"
                raise RequestError(Problem.MISSING, text)
            feeds[name] = _read_tensor(sent[name], info, may_have_booleans)
        if self._shares_symbols:
            check_symbols(feeds, self._inputs.values())
        return feeds

    def _read_outputs(self, outputs: object) -> Sequence[str]:
        if outputs is None or outputs == []:
            return self._all_outputs
        wanted: dict[str, None] = {}
        for name, _ in _named(outputs, "outputs"):
            if name not in self._outputs:
                known = ", ".join(map(repr, self._outputs))
                text = f"the model has no output {name!r}; it gives {known}"
                raise RequestError(Problem.UNKNOWN_NAME, text)
            wanted[name] = None
        return tuple(wanted)


def _may_have_booleans(body: bytes) -> bool:
    """Whether a JSON text can hold a boolean. A letter is found 20 times faster than a word."""
    return (b"r" in body and b"true" in body) or (b"l" in body and b"false" in body)


def _read_tensor(tensor: dict[str, Any], info: TensorInfo, may_have_booleans: bool) -> Array:
    for key in ("shape", "datatype", "data"):
        if key not in tensor:
            expected = f"{datatype(info)} of shape {shape_text(info.shape)}"
            text = f"tensor {info.name!r} lacks {key!r}; it expects {expected}"
            raise RequestError(Problem.MISSING, text)
    if tensor["datatype"] != datatype(info):
        text = f"tensor {info.name!r} expects datatype {datatype(info)}; "
        raise RequestError(Problem.WRONG_TYPE, text + f"{str(tensor['datatype'])[:50]!r} came")
    shape = tensor["shape"]
    if not isinstance(shape, list) or set(map(type, shape)) - {int} or min(shape, default=0) < 0:
        place = f"'shape' of tensor {info.name!r}"
        raise _wrong(place, "an array of integers from 0", shape)
    return to_array(tensor["data"], info, shape, may_have_booleans=may_have_booleans)


def _named(entries: object, key: str) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(entries, list):
        problem = Problem.MISSING if entries is None else Problem.WRONG_TYPE
        text = f"{key!r} must be an array of tensors; "
        raise RequestError(problem, text + f"{json_type(entries)} came")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise _wrong(f"each of {key!r}", "an object with a string 'name'", entry)
    return [(entry["name"], entry) for entry in entries]


def _describe(info: TensorInfo) -> dict[str, object]:
    shape = [size if isinstance(size, int) else -1 for size in info.shape]
    return {"name": info.name, "datatype": datatype(info), "shape": shape}


def _wrong(place: str, expected: str, came: object) -> RequestError:
    return RequestError(Problem.WRONG_TYPE, f"{place} must be {expected}; {json_type(came)} came")
