"""LitServe's side of `benchmarks/model_server.py`: `python litserve_app.py PORT`."""

import os
import sys
from typing import Any

import litserve
import numpy as np
import onnxruntime as ort


class OnnxModel(litserve.LitAPI):
    def setup(self, device: str) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(os.environ["BENCHMARK_MODEL"], options)
        self._input = self._session.get_inputs()[0].name

    def decode_request(self, request: dict[str, Any]) -> Any:
        tensor = request["inputs"][0]
        return np.array(tensor["data"], np.float32).reshape(tensor["shape"])

    def predict(self, x: Any) -> Any:
        return self._session.run(None, {self._input: x})[0]

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"outputs": [{"shape": list(output.shape), "data": output.reshape(-1).tolist()}]}


if __name__ == "__main__":
    server = litserve.LitServer(
        OnnxModel(api_path="/predict"), accelerator="cpu", workers_per_device=1
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error"
    )
