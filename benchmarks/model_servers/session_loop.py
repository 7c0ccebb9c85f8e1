"""Calls of `session.run` a second with one row that is ready, and nothing around them.

python session_loop.py SECONDS    # a body on standard input; prints the number
"""

import json
import os
import sys
import time

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["BENCHMARK_MODEL"], options)
tensor = json.load(sys.stdin)["inputs"][0]
array = np.array(tensor["data"], np.float32).reshape(tensor["shape"])
feeds = {session.get_inputs()[0].name: array}

for _ in range(100):
    session.run(None, feeds)
calls, begin = 0, time.perf_counter()
end = begin + float(sys.argv[1])
while time.perf_counter() < end:
    for _ in range(20):
        session.run(None, feeds)
    calls += 20
print(calls / (time.perf_counter() - begin))
