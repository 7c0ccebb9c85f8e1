"""Held-out data of the fixtures, and what the models say when called directly."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass

import numpy as np
import onnxruntime
from PIL import Image

from tests.e2e.server import FIXTURES

MNIST = FIXTURES / "data" / "mnist"
IRIS = FIXTURES / "data" / "iris"
IRIS_FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


@dataclass(frozen=True)
class Digit:
    """A held-out image.

    Attributes:
        png: the file's bytes.
        pixels: uint8, shape (28, 28), light ink on black.
    """

    file: str
    label: str
    png: bytes
    pixels: np.ndarray


def held_out_digits() -> list[Digit]:
    rows = json.loads((MNIST / "split.json").read_text())["held_out"]
    return [
        Digit(
            row["file"],
            str(row["label"]),
            (MNIST / row["file"]).read_bytes(),
            np.asarray(Image.open(MNIST / row["file"])),
        )
        for row in rows
    ]


def direct_labels(package: str, digits: list[Digit]) -> list[str]:
    """What ONNX Runtime says without any server, image by image."""
    (file,) = (FIXTURES / "packages" / package / "model").glob("*.onnx")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
    name = session.get_inputs()[0].name
    answers = []
    for digit in digits:
        image = digit.pixels[None, None].astype(np.float32) / 255
        (scores,) = session.run(["probabilities"], {name: image})
        answers.append(labels[int(scores[0].argmax())])
    return answers


def held_out_irises() -> tuple[list[dict[str, float]], list[str]]:
    """Rows as the iris package's config.json names their fields, and their species."""
    chosen = json.loads((IRIS / "split.json").read_text())["held_out"]
    with (IRIS / "iris.csv").open(newline="") as table:
        rows = list(csv.reader(table))
    features = [
        dict(zip(IRIS_FEATURES, map(float, rows[index][:4]), strict=True)) for index in chosen
    ]
    return features, [rows[index][4] for index in chosen]
