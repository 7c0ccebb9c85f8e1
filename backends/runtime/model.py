"""The ONNX model: loading it, choosing where it computes, measuring it, running it.

The session runs operators on at most `threads` threads that do not spin, so that an idle instance
uses no CPU. How long one call takes is measured once, at load: short calls run in the event loop
(a hand-over to a thread costs more than they do), long ones in a worker thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnxruntime as ort

from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.log import log, one_line
from backends.runtime.tensors import Feeds, TensorInfo

SLOW_CALL_S = 0.002
"""From this time on a call would starve the event loop: 500 calls a second fill it."""
MEASURED_CALLS = 5
MEASURING_LIMIT_S = 0.05
"""Measuring ends early once it has taken this long; a slow model must not delay the start."""
WARM_UP_LIMIT_S = 0.5
"""A first call that takes this long is not repeated, although first calls are slower."""
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"

_STATE = ort.capi.onnxruntime_pybind11_state
RUN_ERRORS: tuple[type[Exception], ...] = (
    _STATE.InvalidArgument,
    _STATE.Fail,
    _STATE.RuntimeException,
)


class Model:
    """A loaded ONNX model.

    Attributes:
        name: what clients of the Open Inference Protocol call it.
        inputs: what it takes, in the model's order.
        outputs: what it answers, in the model's order.
        metadata: the model's own properties, such as `labels`.
        provider: the execution provider that computes.
        has_open_dimensions: a dimension of an input beyond its first may have any size.
        call_s: seconds of the fastest of a few calls with one row of zeros, which other programs
            on the machine disturb least; None if the call failed.
    """

    def __init__(self, session: Any, name: str) -> None:
        self._session = session
        self.name = name
        self.inputs = [TensorInfo.from_onnx(i.name, i.type, i.shape) for i in session.get_inputs()]
        self.outputs = [
            TensorInfo.from_onnx(o.name, o.type, o.shape) for o in session.get_outputs()
        ]
        self.output_names = [o.name for o in self.outputs]
        self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        self.provider: str = session.get_providers()[0]
        self.has_open_dimensions = any(
            isinstance(d, str) for info in self.inputs for d in info.shape[1:]
        )
        self.call_s = self._measure()

    @property
    def is_slow(self) -> bool:
        """Whether calls belong in a worker thread; also when they could not be measured."""
        return self.call_s is None or self.call_s >= SLOW_CALL_S

    def run(self, feeds: Feeds, names: Sequence[str] | None = None) -> list[Any]:
        """The outputs `names` (default: all, in order) for checked `feeds`.

        Raises:
            RequestError: 400 when the values do not suit the model (say, an index out of range);
                500 when computing failed although they did.
        """
        try:
            return self.compute(feeds, names)
        except RUN_ERRORS as exc:
            reason = one_line(str(exc).strip(), 400)
            log(f"the model refused a call: {reason}")
            if isinstance(exc, _STATE.InvalidArgument) or self.has_open_dimensions:
                text = f"the model cannot compute with these values: {reason}"
                raise RequestError(Problem.WRONG_SHAPE, text) from exc
            raise RequestError(Problem.INTERNAL, "computing failed") from exc

    def compute(self, feeds: Feeds, names: Sequence[str] | None = None) -> list[Any]:
        """As `run`, but raises ONNX Runtime's own errors (`RUN_ERRORS`)."""
        result: list[Any] = self._session.run(names or self.output_names, feeds)
        return result

    def _measure(self) -> float | None:
        feeds = {info.name: info.zeros() for info in self.inputs}
        times: list[float] = []
        try:
            begin = time.perf_counter()
            self.compute(feeds)
            warm_up_s = time.perf_counter() - begin
            if warm_up_s >= WARM_UP_LIMIT_S:
                return warm_up_s
            while len(times) < MEASURED_CALLS and sum(times) < MEASURING_LIMIT_S:
                begin = time.perf_counter()
                self.compute(feeds)
                times.append(time.perf_counter() - begin)
        except RUN_ERRORS as exc:
            log(f"a call with one row of zeros failed: {one_line(str(exc).strip(), 300)}")
            return None
        return min(times)


def load_model(path: Path, *, threads: int, name: str = "") -> Model:
    """Load `path`, on an NVIDIA GPU where ONNX Runtime can use one, else on the CPU; logs both.

    Args:
        threads: within one operator, 1 or more.
        name: for clients; the stem of the file's name by default.

    Raises:
        StartError: ONNX Runtime cannot load the file.
    """
    log(f"loading {path} ({path.stat().st_size} bytes)")
    model = Model(_open_session(path, threads), name or path.stem)
    for word, infos in (("input", model.inputs), ("output", model.outputs)):
        for info in infos:
            log(f"{word} {info}")
    unsupported = [str(info) for info in model.inputs if not info.is_tensor]
    if unsupported or not model.inputs:
        raise StartError(
            "cannot serve the model",
            where=f"{path.name}, input {unsupported[0] if unsupported else '(none)'}",
            why="only tensors of numbers, booleans and strings can be sent to it",
            hint="export the model with tensor inputs",
        )
    return model


def _open_session(path: Path, threads: int) -> Any:
    if CUDA in ort.get_available_providers():
        try:
            session = ort.InferenceSession(
                str(path), _session_options(threads), providers=[CUDA, CPU]
            )
            why = "ONNX Runtime could not use the GPU; its libraries or a driver are missing"
        except Exception as exc:  # whatever the GPU stack raises, the CPU can still serve
            session, why = None, one_line(str(exc).strip(), 300)
        if session is not None and session.get_providers()[0] == CUDA:
            log(f"computing on GPU ({CUDA})")
            return session
    else:
        why = ""
    try:
        session = ort.InferenceSession(str(path), _session_options(threads), providers=[CPU])
    except Exception as exc:  # its loading errors have no common class of their own
        raise StartError(
            "cannot load the model",
            where=str(path),
            why=f"ONNX Runtime {ort.__version__} says: {one_line(str(exc).strip(), 400)}",
            hint="check the file with the onnx package's checker, or export it again",
        ) from exc
    log(f"computing on CPU ({CPU}), {threads} thread(s)" + (f": {why}" if why else ""))
    return session


def _session_options(threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options
