"""Model inputs and outputs as data, and JSON lists to arrays with every check. Pure.

A dimension is an int (fixed), or a str: the model's own symbol ("N", "batch") for any size, where
equal symbols in several inputs must be equal sizes. An unnamed dimension is the empty string.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from backends.runtime.errors import Problem, RequestError

Array: TypeAlias = npt.NDArray[Any]
Feeds: TypeAlias = dict[str, Array]
"""Arrays by input name, each checked against its `TensorInfo`."""

MAX_RANK = 32
"""More nested lists than NumPy has dimensions; deeper bodies are refused before any recursion."""

SIDE_BY_SIDE = "values and lists came side by side"

_LISTS = {list}
_NUMBERS = frozenset({int, float})
_INTEGERS = frozenset({int})
_LEAVES: dict[str, frozenset[type]] = {"bool": frozenset({bool}), "string": frozenset({str})}
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

    @cached_property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    @cached_property
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


def to_array(
    values: object,
    info: TensorInfo,
    shape: Sequence[int] | None = None,
    *,
    may_have_booleans: bool = True,
) -> Array:
    """A nested list (or, with `shape`, a flat one too) as an array for `info`.

    Args:
        may_have_booleans: False promises that none is among the values, which would pass for
            numbers; then numbers are not looked at one by one.

    Raises:
        RequestError: a value has the wrong type or is out of range, lists are ragged, or the shape
            does not fit; names the tensor, what it expects and what came.
    """
    if not isinstance(values, list):
        raise _refuse(Problem.WRONG_TYPE, info, f"{json_type(values)} came instead of a list")
    flat, sizes, is_ragged = _flatten(values, info)
    if may_have_booleans or not info.is_float or is_ragged:
        _check_leaves(flat, info)
    if is_ragged:
        raise _refuse(Problem.WRONG_SHAPE, info, "lists of different lengths came")
    array = pack(flat, info)
    if shape is not None and sizes != tuple(shape):
        sizes = _as_sent(sizes, info, shape)
    check_shape(sizes, info)
    return array.reshape(sizes)


def pack(flat: list[Any], info: TensorInfo) -> Array:
    """Values as an array (count,), read-only where it is one of floats.

    Raises:
        RequestError: a value is no number, or too large for the dtype.
    """
    dtype = info.numpy_dtype
    if dtype.kind == "f":
        try:
            # twice as fast as NumPy, and what is too large is an error rather than infinity
            data = struct.pack(f"={len(flat)}{dtype.char}", *flat)
        except (struct.error, OverflowError):
            _check_leaves(flat, info)
            text = "a number came that it cannot hold"
            raise _refuse(Problem.NOT_FINITE, info, text) from None
        return np.frombuffer(data, dtype) if flat else np.empty(0, dtype)
    if dtype.kind not in "iu":
        return np.array(flat, dtype=dtype)
    try:
        array: Array = np.array(flat, dtype=np.int64)
    except OverflowError:
        array = np.array(flat, dtype=object)  # beyond int64: compare Python's exact integers
    limits = np.iinfo(dtype)
    if array.size and not (limits.min <= int(array.min()) and int(array.max()) <= limits.max):
        text = f"a number came that is not from {limits.min} to {limits.max}"
        raise _refuse(Problem.NOT_FINITE, info, text)
    return array.astype(dtype)


def check_shape(shape: Sequence[int], info: TensorInfo) -> None:
    """Refuse a shape that differs from the declared one, and one without elements."""
    fits = len(shape) == len(info.shape) and 0 not in shape
    if fits and tuple(shape[1:]) != info.shape[1:]:
        fits = all(
            want == have
            for want, have in zip(info.shape[1:], shape[1:], strict=True)
            if isinstance(want, int)
        )
    if fits and shape and isinstance(info.shape[0], int):
        fits = info.shape[0] == shape[0]
    if not fits:
        raise _refuse(Problem.WRONG_SHAPE, info, f"shape {shape_text(shape)} came")


def shares_symbols(inputs: Iterable[TensorInfo]) -> bool:
    """Whether one symbol stands for several dimensions, so that `check_symbols` has a purpose."""
    symbols = [size for info in inputs for size in info.shape if isinstance(size, str) and size]
    return len(symbols) > len(set(symbols))


def check_symbols(feeds: Mapping[str, Array], inputs: Iterable[TensorInfo]) -> None:
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


def _flatten(values: list[Any], info: TensorInfo) -> tuple[list[Any], tuple[int, ...], bool]:
    """(The leaves in order, the lists' lengths by depth, whether these differ at some depth)."""
    sizes, is_ragged = [len(values)], False
    while values and type(values[0]) is list:
        if len(sizes) == MAX_RANK:
            raise _refuse(Problem.WRONG_SHAPE, info, f"more than {MAX_RANK} nested lists came")
        if set(map(type, values)) != _LISTS:
            raise _refuse(Problem.WRONG_SHAPE, info, SIDE_BY_SIDE)
        lengths = set(map(len, values))
        is_ragged |= len(lengths) > 1
        sizes.append(min(lengths))
        values = list(chain.from_iterable(values)) if len(values) > 1 else values[0]
    return values, tuple(sizes), is_ragged


def _check_leaves(values: list[Any], info: TensorInfo) -> None:
    """Every leaf must be what the dtype holds: a boolean is no number, 1.5 no integer."""
    wrong = set(map(type, values)) - _leaf_types(info)
    if list in wrong:
        raise _refuse(Problem.WRONG_SHAPE, info, SIDE_BY_SIDE)
    if wrong:
        words = ", ".join(sorted(_type_word(kind) for kind in wrong))
        raise _refuse(Problem.WRONG_TYPE, info, f"{words} came among the values")


def _leaf_types(info: TensorInfo) -> frozenset[type]:
    if info.is_float:
        return _NUMBERS
    return _LEAVES.get(info.dtype, _INTEGERS)


def _as_sent(sizes: tuple[int, ...], info: TensorInfo, shape: Sequence[int]) -> tuple[int, ...]:
    """The shape that was sent with flat data."""
    if len(sizes) != 1 or sizes[0] != math.prod(shape):
        text = f"data of shape {shape_text(sizes)} came for shape {shape_text(shape)}"
        raise _refuse(Problem.WRONG_SHAPE, info, text)
    return tuple(shape)


def _type_word(kind: type) -> str:
    words = {bool: "a boolean", str: "a string", float: "a decimal number", int: "an integer"}
    return words.get(kind, "an object" if kind is dict else "null")


def _refuse(problem: Problem, info: TensorInfo, came: str) -> RequestError:
    expected = f"expects {info.dtype} of shape {shape_text(info.shape)}"
    return RequestError(problem, f"tensor {info.name!r} {expected}; {came}")
