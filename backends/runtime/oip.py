"""Open Inference Protocol, version 2, over JSON: metadata and inference by tensor name.

JSON has no NaN or infinity: in an answer they are null. Source: the protocol's published
specification (kserve/open-inference-protocol), "HTTP/REST".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson

from backends.runtime.contract import JSON
from backends.runtime.endpoints import INLINE_BODY_BYTES, Job, read_json
from backends.runtime.errors import Problem, RequestError
from backends.runtime.model import Model
from backends.runtime.results import as_json
from backends.runtime.tensors import (
    Feeds,
    TensorInfo,
    check_symbols,
    json_type,
    shape_text,
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
    return _DATATYPES.get(info.dtype, info.dtype.upper())


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
        self._model = model
        self._outputs = {info.name: info for info in model.outputs if info.is_tensor}

    def plan(self, content_type: str, body: bytes) -> Job:
        return Job(len(body) > INLINE_BODY_BYTES, partial(self._work, body))

    def _work(self, body: bytes) -> bytes:
        request = read_json(body)
        if not isinstance(request, dict):
            raise _wrong("the body", "an object", request)
        feeds = self._read_inputs(request.get("inputs"))
        wanted = self._read_outputs(request.get("outputs"))
        values = self._model.run(feeds, [info.name for info in wanted])
        answer: dict[str, object] = {"model_name": self._model.name}
        if "id" in request:
            if not isinstance(request["id"], str):
                raise _wrong("'id'", "a string", request["id"])
            answer["id"] = request["id"]
        answer["outputs"] = [
            {
                "name": info.name,
                "datatype": datatype(info),
                "shape": list(value.shape),
                "data": as_json(value.reshape(-1)),
            }
            for info, value in zip(wanted, values, strict=True)
        ]
        return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)

    def _read_inputs(self, tensors: object) -> Feeds:
        sent: dict[str, dict[str, Any]] = {}
        for name, tensor in _named(tensors, "inputs"):
            if name in sent:
                raise RequestError(Problem.REPEATED, f"tensor {name!r} came more than once")
            sent[name] = tensor
        known = [info.name for info in self._model.inputs]
        unknown = [name for name in sent if name not in known]
        if unknown:
            text = f"the model has no input {unknown[0]!r}; it takes {', '.join(map(repr, known))}"
            raise RequestError(Problem.UNKNOWN_NAME, text)
        feeds: Feeds = {}
        for info in self._model.inputs:
            if info.name not in sent:
                came = ", ".join(map(repr, sent)) or "nothing"
                text = f"tensor {info} is missing from 'inputs'; came: {came}"
                raise RequestError(Problem.MISSING, text)
            feeds[info.name] = _read_tensor(sent[info.name], info)
        check_symbols(feeds, self._model.inputs)
        return feeds

    def _read_outputs(self, outputs: object) -> Sequence[TensorInfo]:
        if outputs is None or outputs == []:
            return list(self._outputs.values())
        wanted: dict[str, TensorInfo] = {}
        for name, _ in _named(outputs, "outputs"):
            if name not in self._outputs:
                known = ", ".join(map(repr, self._outputs))
                text = f"the model has no output {name!r}; it gives {known}"
                raise RequestError(Problem.UNKNOWN_NAME, text)
            wanted[name] = self._outputs[name]
        return list(wanted.values())


def _read_tensor(tensor: dict[str, Any], info: TensorInfo) -> Any:
    for key in ("shape", "datatype", "data"):
        if key not in tensor:
            expected = f"{datatype(info)} of shape {shape_text(info.shape)}"
            text = f"tensor {info.name!r} lacks {key!r}; it expects {expected}"
            raise RequestError(Problem.MISSING, text)
    if tensor["datatype"] != datatype(info):
        text = f"tensor {info.name!r} expects datatype {datatype(info)}; "
        raise RequestError(Problem.WRONG_TYPE, text + f"{str(tensor['datatype'])[:50]!r} came")
    shape = tensor["shape"]
    if not isinstance(shape, list) or any(type(size) is not int or size < 0 for size in shape):
        place = f"'shape' of tensor {info.name!r}"
        raise _wrong(place, "an array of integers from 0", shape)
    return to_array(tensor["data"], info, shape)


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
