"""The least that an ASGI application on uvicorn can do: no check, no error, one path.

python asgi_app.py PORT
"""

import asyncio
import os
import sys
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime as ort
import orjson
import uvicorn
import uvloop

options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["BENCHMARK_MODEL"], options)
input_name = session.get_inputs()[0].name


async def app(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    tensor = orjson.loads(body)["inputs"][0]
    array = np.array(tensor["data"], np.float32).reshape(tensor["shape"])
    (values,) = session.run(None, {input_name: array})
    answer = orjson.dumps(
        {"outputs": [{"shape": values.shape, "data": values.reshape(-1)}]},
        option=orjson.OPT_SERIALIZE_NUMPY,
    )
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(answer)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


config = uvicorn.Config(
    app,
    port=int(sys.argv[1]),
    http="httptools",
    lifespan="off",
    interface="asgi3",
    log_config=None,
    access_log=False,
    proxy_headers=False,
    server_header=False,
    date_header=False,
)
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(uvicorn.Server(config).serve())
