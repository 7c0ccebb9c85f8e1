"""Writes the tiny ONNX models of these tests. Needs the package `onnx`, which Drydock does not.

python make_models.py    # writes beside this file
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

HERE = Path(__file__).parent
FLOAT, INT64, STRING, UINT8 = (
    TensorProto.FLOAT,
    TensorProto.INT64,
    TensorProto.STRING,
    TensorProto.UINT8,
)


def tensor(name, dtype, *shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value), name)


def write(name, nodes, inputs, outputs, constants=(), **metadata):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata)
    checker.check_model(model)
    save(model, HERE / f"{name}.onnx")


# the mean of four columns
write(
    "mean4",
    [node("ReduceMean", "x", "y", axes=[1], keepdims=1)],
    [tensor("x", FLOAT, "N", 4)],
    [tensor("y", FLOAT, "N", 1)],
)
# two classes, as scikit-learn's converters write them: the column with the larger number wins
write(
    "classifier2",
    [node("ArgMax", "x", "label", axis=1, keepdims=0), node("Softmax", "x", "probabilities")],
    [tensor("x", FLOAT, "N", 2)],
    [tensor("label", INT64, "N"), tensor("probabilities", FLOAT, "N", 2)],
    labels='["no", "yes"]',
)
# one input a column, of different types
write(
    "columns",
    [node("Cast", "count", "count_f", to=FLOAT), node("Mul", "price count_f", "total")],
    [tensor("price", FLOAT, "N", 1), tensor("count", INT64, "N", 1)],
    [tensor("total", FLOAT, "N", 1)],
)
write(
    "text",
    [node("Identity", "word", "echo")],
    [tensor("word", STRING, "N")],
    [tensor("echo", STRING, "N")],
)
# pictures handed back as the model got them
write(
    "pixels_bgr",
    [node("Identity", "image", "pixels")],
    [tensor("image", FLOAT, 1, 3, 2, 4)],
    [tensor("pixels", FLOAT, 1, 3, 2, 4)],
    **{"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"},
)
write(
    "pixels_nhwc",
    [node("Identity", "image", "pixels")],
    [tensor("image", UINT8, "N", "H", "W", 3)],
    [tensor("pixels", UINT8, "N", "H", "W", 3)],
)
# looks up one of three numbers; other indices cannot be computed
write(
    "lookup",
    [node("Gather", "table index", "found")],
    [tensor("index", INT64, "N")],
    [tensor("found", FLOAT, "N")],
    [constant("table", np.array([1, 2, 3], np.float32))],
)
# logarithms of two columns: not a number below zero
write(
    "log2",
    [node("Log", "x", "y")],
    [tensor("x", FLOAT, "N", 2)],
    [tensor("y", FLOAT, "N", 2)],
)
# several milliseconds of arithmetic that no optimiser can do beforehand
write(
    "slow",
    [
        node("Expand", "x size", "square"),
        node("MatMul", "square square", "once"),
        node("MatMul", "once square", "twice"),
        node("ReduceMean", "twice", "y", axes=[1], keepdims=1),
        node("Slice", "y start end", "first"),
    ],
    [tensor("x", FLOAT, 1, 1)],
    [tensor("first", FLOAT, 1, 1)],
    [
        constant("size", np.array([700, 700], np.int64)),
        constant("start", np.array([0], np.int64)),
        constant("end", np.array([1], np.int64)),
    ],
)
# mixes its rows: what a row gets depends on the others
write(
    "centred",
    [node("ReduceMean", "x", "mean", axes=[0], keepdims=1), node("Sub", "x mean", "y")],
    [tensor("x", FLOAT, "N", 2)],
    [tensor("y", FLOAT, "N", 2)],
)
# gives fewer results than it has rows
write(
    "positives",
    [node("Greater", "x zero", "is_positive"), node("Compress", "x is_positive", "y", axis=0)],
    [tensor("x", FLOAT, "N")],
    [tensor("y", FLOAT, "M")],
    [constant("zero", np.array(0, np.float32))],
)
