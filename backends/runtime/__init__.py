"""The built-in model server: one ModelArts package, one ONNX model, one process.

It runs inside a container and as a child process. It is copied alone into an image, so nothing
here imports the simulator, nor anything of `backends` outside this package, nor a web framework.

    python3 -m backends.runtime --package DIR (--uds PATH | --host H --port P)

How a request travels: `connection` (HTTP/1.1 on httptools, order, limits) -> `app` (routes, content
types, headers, errors) -> an endpoint of `endpoints` (documented apis) or `oip` (Open Inference
Protocol v2) -> `records`, `tensors` or `images` (bytes to arrays, every check on what came) ->
`compute` (which calls are made where, and for how many requests at once) -> `model` (ONNX
Runtime) -> `answers` (arrays to the declared JSON). `serve` has the sockets and the signals,
`batching` tries at load which rows may share a call, `contract` reads `config.json`, `errors` holds
every error code.
"""

import os

# ONNX Runtime's official builds (1.29 and later, also on Linux) keep a device id in the home folder
# and send events about each loaded model to its maker. Drydock works offline and tells nobody. Only
# this variable stops it, and only if set before the library is first imported: hence here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
