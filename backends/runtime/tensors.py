"""Model inputs and outputs as data, and JSON lists to arrays with every check. Pure.

A dimension is an int (fixed), or a str: the model's own symbol ("N", "batch") for any size, where
equal symbols in several inputs must be equal sizes. An unnamed dimension is the empty string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from backends.runtime.errors import Problem, RequestError

Array: TypeAlias = npt.NDArray[Any]
Feeds: TypeAlias = dict[str, Array]
"""Arrays by input name, each checked against its `TensorInfo`."""

MAX_RANK = 32
"""More nested lists than NumPy has dimensions; deeper bodies are refused before any recursion."""

_ONNX_TO_DTYPE = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int8)": "int8",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(uint8)": "uint8",
    "tensor(uint16)": "uint16",
    "tensor(uint32)": "uint32",
    "tensor(uint64)": "uint64",
    "tensor(bool)": "bool",
    "tensor(string)": "string",
}


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of the model.

    Attributes:
        name: as the model calls it.
        dtype: NumPy's name ("float32", "int64", "bool"), or "string", or for an output that is no
            tensor ONNX Runtime's own words ("seq(map(int64,tensor(float)))").
        shape: see the module's docstring.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    @classmethod
    def from_onnx(cls, name: str, onnx_type: str, shape: Sequence[int | str | None]) -> TensorInfo:
        """From what ONNX Runtime says about it."""
        dims = tuple(d if isinstance(d, int) and d >= 0 else str(d or "") for d in shape)
        return cls(name, _ONNX_TO_DTYPE.get(onnx_type, onnx_type), dims)

    @property
    def is_tensor(self) -> bool:
        return "(" not in self.dtype

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        return np.dtype(object if self.dtype == "string" else self.dtype)

    def zeros(self) -> Array:
        """An array this input accepts, every open dimension 1."""
        shape = tuple(d if isinstance(d, int) else 1 for d in self.shape)
        if self.dtype == "string":
            return np.full(shape, "", dtype=object)
        return np.zeros(shape, dtype=self.numpy_dtype)

    def __str__(self) -> str:
        return f"{self.name!r} {self.dtype} {shape_text(self.shape)}"


def shape_text(shape: Sequence[int | str]) -> str:
    """ "(N, 1, 28, 28)", with ? for a dimension without a name."""
    return "(" + ", ".join(str(d) if d != "" else "?" for d in shape) + ")"


def to_array(values: object, info: TensorInfo, shape: Sequence[int] | None = None) -> Array:
    """A nested list (or, with `shape`, a flat one too) as an array for `info`.

    Raises:
        RequestError: a value has the wrong type or is out of range, lists are ragged, or the shape
            does not fit; names the tensor, what it expects and what came.
    """
    if not isinstance(values, list):
        raise _refuse(Problem.WRONG_TYPE, info, f"{json_type(values)} came instead of a list")
    _check_leaves(values, info)
    try:
        array = _build(values, info)
    except ValueError:
        text = "lists of different lengths came"
        raise _refuse(Problem.WRONG_SHAPE, info, text) from None
    if shape is not None and array.shape != tuple(shape):
        array = _reshape(array, info, shape)
    check_finite(array, info)
    check_shape(array.shape, info)
    return array


def check_finite(array: Array, info: TensorInfo) -> None:
    """Refuse infinities and NaN, which are what numbers too large for the dtype become."""
    if info.is_float and not np.isfinite(array).all():
        raise _refuse(Problem.NOT_FINITE, info, "a number came that it cannot hold")


def check_shape(shape: Sequence[int], info: TensorInfo) -> None:
    """Refuse a shape that differs from the declared one, and one without elements."""
    fits = len(shape) == len(info.shape) and all(
        want == have for want, have in zip(info.shape, shape, strict=True) if isinstance(want, int)
    )
    if not fits or 0 in shape:
        raise _refuse(Problem.WRONG_SHAPE, info, f"shape {shape_text(shape)} came")


def check_symbols(feeds: Mapping[str, Array], inputs: Sequence[TensorInfo]) -> None:
    """Refuse inputs whose common dimension (one symbol) has different sizes."""
    sizes: dict[str, tuple[int, str]] = {}
    for info in inputs:
        for symbol, size in zip(info.shape, feeds[info.name].shape, strict=True):
            if isinstance(symbol, str) and symbol:
                first, other = sizes.setdefault(symbol, (size, info.name))
                if first != size:
                    text = f"{symbol} is {size} here and {first} in tensor {other!r}"
                    raise _refuse(Problem.WRONG_SHAPE, info, text)


def json_type(value: object) -> str:
    """What a value read from JSON is, in JSON's words."""
    if value is None:
        return "null"
    for kind, word in ((bool, "a boolean"), (str, "a string"), (list, "an array")):
        if isinstance(value, kind):
            return word
    return "an object" if isinstance(value, dict) else "a number"


def _build(values: list[Any], info: TensorInfo) -> Array:
    dtype = info.numpy_dtype
    if dtype.kind not in "iu":
        with np.errstate(over="ignore"):
            return np.array(values, dtype=dtype)
    try:
        array: Array = np.array(values, dtype=np.int64)
    except OverflowError:
        array = np.array(values, dtype=object)  # beyond int64: compare Python's exact integers
    limits = np.iinfo(dtype)
    if array.size and not (limits.min <= int(array.min()) and int(array.max()) <= limits.max):
        text = f"a number came that is not from {limits.min} to {limits.max}"
        raise _refuse(Problem.NOT_FINITE, info, text)
    return array.astype(dtype)


def _reshape(array: Array, info: TensorInfo, shape: Sequence[int]) -> Array:
    size = int(np.prod(shape, dtype=object))
    if array.ndim != 1 or array.size != size:
        text = f"data of shape {shape_text(array.shape)} came for shape {shape_text(shape)}"
        raise _refuse(Problem.WRONG_SHAPE, info, text)
    return array.reshape(tuple(shape))


def _check_leaves(values: list[Any], info: TensorInfo) -> None:
    """Every leaf must be what the dtype holds: a boolean is no number, 1.5 no integer."""
    allowed: set[type] = {int}
    if info.is_float:
        allowed = {int, float}
    elif info.dtype == "bool":
        allowed = {bool}
    elif info.dtype == "string":
        allowed = {str}
    wrong = _leaf_types(values, info, 1) - allowed
    if wrong:
        if list in wrong:
            raise _refuse(Problem.WRONG_SHAPE, info, "values and lists came side by side")
        words = ", ".join(sorted(_type_word(kind) for kind in wrong))
        raise _refuse(Problem.WRONG_TYPE, info, f"{words} came among the values")


def _leaf_types(values: list[Any], info: TensorInfo, depth: int) -> set[type]:
    if depth > MAX_RANK:
        raise _refuse(Problem.WRONG_SHAPE, info, f"more than {MAX_RANK} nested lists came")
    types = set(map(type, values))
    if types != {list}:
        return types
    return set[type]().union(*(_leaf_types(inner, info, depth + 1) for inner in values))


def _type_word(kind: type) -> str:
    words = {bool: "a boolean", str: "a string", float: "a decimal number", int: "an integer"}
    return words.get(kind, "an object" if kind is dict else "null")


def _refuse(problem: Problem, info: TensorInfo, came: str) -> RequestError:
    expected = f"expects {info.dtype} of shape {shape_text(info.shape)}"
    return RequestError(problem, f"tensor {info.name!r} {expected}; {came}")
