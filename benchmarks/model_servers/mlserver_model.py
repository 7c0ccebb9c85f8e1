"""MLServer's side of `benchmarks/model_server.py`: the ONNX file as a custom runtime.

Runs in MLServer's own environment, named by the `model-settings.json` that the benchmark writes.
"""

import os

import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(os.environ["BENCHMARK_MODEL"], options)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        array = NumpyCodec.decode_input(payload.inputs[0])
        (values,) = self._session.run(None, {self._input: array})
        output = NumpyCodec.encode_output(self._output, values)
        return InferenceResponse(model_name=self.name, outputs=[output])
