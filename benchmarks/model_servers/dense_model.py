"""Writes a dense network of 2.2 million parameters (9 MB), from a fixed seed. Needs `onnx`.

python dense_model.py FILE
"""

import sys
from itertools import pairwise

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

SIZES = (64, 1024, 1024, 1024, 10)

random = np.random.default_rng(7)
nodes, constants, value = [], [], "features"
for i, (rows, columns) in enumerate(pairwise(SIZES)):
    weights = (random.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)
    constants += [
        numpy_helper.from_array(weights, f"weights_{i}"),
        numpy_helper.from_array(np.zeros(columns, np.float32), f"bias_{i}"),
    ]
    nodes.append(helper.make_node("Gemm", [value, f"weights_{i}", f"bias_{i}"], [f"layer_{i}"]))
    nodes.append(helper.make_node("Relu", [f"layer_{i}"], [f"active_{i}"]))
    value = f"active_{i}"
nodes[-1] = helper.make_node("Softmax", [nodes[-2].output[0]], ["probabilities"], axis=1)
graph = helper.make_graph(
    nodes,
    "dense",
    [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", SIZES[0]])],
    [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", SIZES[-1]])],
    constants,
)
save(
    helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
    sys.argv[1],
)
