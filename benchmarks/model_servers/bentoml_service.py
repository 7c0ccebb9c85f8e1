"""BentoML's side of `benchmarks/model_server.py`: `bentoml serve bentoml_service:OnnxModel`."""

import os
from typing import Any

import bentoml
import numpy as np
import onnxruntime as ort


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class OnnxModel:
    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(os.environ["BENCHMARK_MODEL"], options)
        self._input = self._session.get_inputs()[0].name

    # a coroutine runs in the event loop, which is faster here than BentoML's thread pool
    @bentoml.api
    async def predict(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        tensor = inputs[0]
        array = np.array(tensor["data"], np.float32).reshape(tensor["shape"])
        (values,) = self._session.run(None, {self._input: array})
        return {"outputs": [{"shape": list(values.shape), "data": values.reshape(-1).tolist()}]}
