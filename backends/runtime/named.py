"""JSON request bodies that name the model's inputs: objects of nested lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backends.runtime.errors import Problem, RequestError
from backends.runtime.tensors import (
    Feeds,
    TensorInfo,
    check_symbols,
    json_type,
    shape_text,
    to_array,
)


class TensorsByName:
    """An object of nested lists; with an empty `path` found under "data" or at the top."""

    def __init__(
        self,
        inputs: Sequence[TensorInfo],
        path: tuple[str, ...],
        property_of: Mapping[str, str] | None = None,
    ) -> None:
        self._inputs = inputs
        self._path = path
        self._declared = property_of is not None
        self._property_of = property_of or {info.name: info.name for info in inputs}

    def __call__(self, body: object) -> Feeds:
        node = descend(body, self._path)
        if not self._declared and isinstance(node, dict):
            inner = node.get("data")
            if isinstance(inner, dict) or ("data" in node and "data" not in self._names()):
                node = inner
        if not isinstance(node, dict):
            text = f"expected an object with {self._expected()}; {json_type(node)} came"
            raise RequestError(Problem.WRONG_TYPE, text)
        feeds: Feeds = {}
        for info in self._inputs:
            name = self._property_of[info.name]
            if name not in node:
                came = ", ".join(repr(key) for key in list(node)[:20]) or "nothing"
                text = f"property {name!r} is missing; expected {self._expected()}; came: {came}"
                raise RequestError(Problem.MISSING, text)
            feeds[info.name] = to_array(node[name], info)
        check_symbols(feeds, self._inputs)
        return feeds

    def _names(self) -> list[str]:
        return [info.name for info in self._inputs]

    def _expected(self) -> str:
        return ", ".join(
            f"{self._property_of[info.name]!r} ({info.dtype} {shape_text(info.shape)})"
            for info in self._inputs
        )


def descend(body: object, path: tuple[str, ...]) -> object:
    """What stands below `path`; raises RequestError naming the place where it ends."""
    node = body
    for i, key in enumerate(path):
        if not isinstance(node, dict):
            place = ".".join(path[:i]) or "the body"
            text = f"{place!r} must be an object with {key!r}; {json_type(node)} came"
            raise RequestError(Problem.WRONG_TYPE, text)
        if key not in node:
            came = ", ".join(repr(k) for k in list(node)[:20]) or "nothing"
            text = f"property {'.'.join(path[: i + 1])!r} is missing; came: {came}"
            raise RequestError(Problem.MISSING, text)
        node = node[key]
    return node
