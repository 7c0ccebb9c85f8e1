"""The declared apis as endpoints: a request body in, a call of the model and its answer out.

An endpoint plans before it reads: `plan` does what is cheap and says whether the rest is heavy
enough to block the event loop, in which case it is done in the worker thread (`compute`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import orjson

from backends.runtime.answers import compile_answer
from backends.runtime.compute import Call, Job
from backends.runtime.contract import CONFIG, FORM, JSON, Api
from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.model import Model
from backends.runtime.records import compile_reader
from backends.runtime.results import Results, find_roles
from backends.runtime.tensors import Feeds, json_type

INLINE_BODY_BYTES = 256 << 10
"""Larger bodies are read in the worker thread; parsing this much JSON takes about 2 ms."""
INLINE_PIXELS = 1 << 17
"""Larger pictures are unpacked in the worker thread; this many take about 2 ms."""


class Endpoint(Protocol):
    """One path and method that computes something."""

    media_type: str
    """What a body must be."""

    def plan(self, content_type: str, body: bytes) -> Job:
        """Look at a body of the right type; raises RequestError."""


def build_endpoint(api: Api, model: Model) -> Endpoint:
    """The endpoint that `api` declares.

    Raises:
        StartError: the api does not fit the model.
    """
    if api.media_type == FORM and api.file_keys:
        return ImageEndpoint(api, model)
    return JsonEndpoint(api, model)


def read_json(body: bytes) -> object:
    """A JSON body; NaN, Infinity and numbers beyond float64 are not JSON.

    Raises:
        RequestError: it is not valid; says where.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        why = "the body is empty" if not body.strip() else f"the body is not valid JSON: {exc}"
        raise RequestError(Problem.BAD_BODY, why) from exc


class JsonEndpoint:
    """Rows or tensors in JSON. An envelope's `meta.uuid` comes back with the answer."""

    media_type = JSON

    def __init__(self, api: Api, model: Model) -> None:
        self._read = compile_reader(api, model.inputs)
        self._answering = _Answering(api, model)

    def plan(self, content_type: str, body: bytes) -> Job:
        return Job(len(body) > INLINE_BODY_BYTES, partial(self._read_body, body))

    def _read_body(self, body: bytes) -> Call:
        document = read_json(body)
        meta = _read_meta(document)
        return self._answering.call(self._read(document), meta)


class ImageEndpoint:
    """One picture file in a form."""

    media_type = FORM

    def __init__(self, api: Api, model: Model) -> None:
        # Pillow and the form parser cost start-up time that JSON models need not pay
        from backends.runtime import forms, images  # noqa: PLC0415

        self._read_parts, self._read_image = forms.read_parts, images.read_image
        if len(api.file_keys) != 1 or len(model.inputs) != 1:
            raise StartError(
                "cannot map the request to the model",
                where=f"{CONFIG}, {api.where}.request",
                why=f"{len(api.file_keys)} file(s) are declared for {len(model.inputs)} input(s) "
                f"({'; '.join(map(str, model.inputs))})",
                hint="declare one file for a model with one image input",
            )
        self._key = api.file_keys[0]
        self._input = images.image_input(model.inputs[0], model.metadata, api)
        self._answering = _Answering(api, model)

    def plan(self, content_type: str, body: bytes) -> Job:
        if len(body) > INLINE_BODY_BYTES:
            return Job(True, lambda: self._call(self._find(content_type, body)))
        image = self._find(content_type, body)
        return Job(image.width * image.height > INLINE_PIXELS, partial(self._call, image))

    def _find(self, content_type: str, body: bytes) -> Any:
        parts = self._read_parts(content_type, body)
        files = parts.get(self._key, [])
        if len(files) == 1:
            return self._read_image(files[0])
        if files:
            text = f"{len(files)} files came under the key {self._key!r}; send one a request"
            raise RequestError(Problem.REPEATED, text)
        came = ", ".join(repr(name) for name in list(parts)[:20]) or "nothing"
        text = f"the form has no file under the key {self._key!r}; came: {came}"
        raise RequestError(Problem.MISSING, text)

    def _call(self, image: Any) -> Call:
        return self._answering.call({self._input.info.name: self._input.to_array(image)})


class _Answering:
    """Feeds to a call with the declared answer."""

    def __init__(self, api: Api, model: Model) -> None:
        self._names = model.output_names
        self._roles = find_roles(model.outputs, model.metadata)
        self._write = compile_answer(api, self._roles, model.outputs)
        self._input = model.inputs[0].name

    def call(self, feeds: Feeds, meta: Mapping[str, str] | None = None) -> Call:
        shape = feeds[self._input].shape
        return Call(feeds, self._names, partial(self._answer, shape[0] if shape else 1, meta))

    def _answer(self, rows: int, meta: Mapping[str, str] | None, values: Sequence[Any]) -> bytes:
        outputs = dict(zip(self._names, values, strict=True))
        answer = self._write(Results(outputs, self._roles, rows))
        if meta is not None and isinstance(answer, dict):
            answer = {"meta": meta, **answer}
        return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def _read_meta(document: object) -> dict[str, str] | None:
    """The envelope's `meta`, checked; None without one.

    Source: ModelArts, built-in engines: the optional `meta.uuid` is echoed.
    """
    if not isinstance(document, dict) or "meta" not in document or "data" not in document:
        return None
    meta = document["meta"]
    if not isinstance(meta, dict):
        text = f"property 'meta' must be an object; {json_type(meta)} came"
        raise RequestError(Problem.WRONG_TYPE, text)
    if "uuid" not in meta:
        return None
    if not isinstance(meta["uuid"], str):
        text = f"property 'meta.uuid' must be a string; {json_type(meta['uuid'])} came"
        raise RequestError(Problem.WRONG_TYPE, text)
    return {"uuid": meta["uuid"]}
