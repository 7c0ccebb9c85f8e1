"""The documented engines of models and the environments that each runs in.

Source: Obtaining the Model Runtime (fields, words, and the names of its example); AI application
guide of the Open Telekom Cloud (the three Ascend environments of CANN 6.3.0); Creating an AI
Application, `runtime` (plain Python versions of the engines for machine learning). What there is in
the cloud changes with region and date.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RequestMode(StrEnum):
    """How requests are answered: at once, or when the result is there."""

    SYNC = "sync"
    ASYNC = "async"


class EngineStatus(StrEnum):
    """Whether an environment can be chosen for a new model."""

    NORMAL = "normal"
    DELETED = "deleted"
    DELETING = "deleting"


class ImageSource(StrEnum):
    """Which family of images an environment is of: the older one, or that with unified names."""

    BASE = "base_image"
    UNIFORM = "uniform_image"


@dataclass(frozen=True)
class AcceleratorNeed:
    """What an environment computes on.

    Attributes:
        type: npu, gpu or none.
        name, cuda_version, driver_versions: empty where the document prints none.
    """

    type: str = "none"
    name: str = ""
    cuda_version: str = ""
    driver_versions: str = ""


CPU = AcceleratorNeed()
CUDA_10_2 = AcceleratorNeed("gpu", cuda_version="cuda 10.2")
ASCEND = AcceleratorNeed("npu")
SNT9 = AcceleratorNeed("npu", name="SNT9", driver_versions="C8x")


@dataclass(frozen=True)
class Runtime:
    """An environment.

    Attributes:
        arch: x86_64 or aarch64.
    """

    name: str
    accelerator: AcceleratorNeed = CPU
    arch: str = "x86_64"
    mode: RequestMode = RequestMode.SYNC
    image: ImageSource = ImageSource.BASE
    status: EngineStatus = EngineStatus.NORMAL


@dataclass(frozen=True)
class Engine:
    """What models are written for; the documents' model_type.

    Attributes:
        runtimes: the environments, in the document's order; none where the model brings its own.
    """

    name: str
    runtimes: tuple[Runtime, ...] = field(default=())


def _uniform(name: str, accelerator: AcceleratorNeed = CPU) -> Runtime:
    """An environment whose unified name says its architecture. In the document's example, those
    with CUDA in their name have no accelerator."""
    arch = "aarch64" if "-aarch64" in name else "x86_64"
    return Runtime(name, accelerator, arch, image=ImageSource.UNIFORM)


ENGINES: tuple[Engine, ...] = (
    Engine(
        "TensorFlow",
        (
            Runtime("tf1.13-python3.6-cpu"),
            Runtime("tf1.13-python3.6-gpu", CUDA_10_2),
            Runtime("tf1.13-python3.7-cpu"),
            Runtime("tf1.13-python3.7-gpu", CUDA_10_2),
            Runtime("python3.6"),
            Runtime("tf1.13-python3.7-aiflow-gpu", CUDA_10_2),
            Runtime("tf1.13-python3.7-gpu-async", CUDA_10_2, mode=RequestMode.ASYNC),
            _uniform("tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64"),
            _uniform("tensorflow_2.6.0-cuda_11.2-py_3.7-ubuntu_18.04-x86_64"),
            _uniform("tensorflow_1.15.5-cuda_11.4-py_3.8-ubuntu_20.04-x86_64"),
            _uniform("tensorflow_1.15.0-cann_6.3.0-py_3.7-euler_2.8.3-aarch64", ASCEND),
        ),
    ),
    Engine(
        "PyTorch",
        (
            Runtime("python3.6"),
            Runtime("python3.7"),
            Runtime("pytorch1.4-python3.7"),
            _uniform("pytorch_1.11.0-cann_7.0.1-py_3.9-euler_2.10.7-aarch64-snt9b", SNT9),
            _uniform("pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64"),
            _uniform("pytorch_1.8.2-cuda_11.1-py_3.7-ubuntu_18.04-x86_64"),
            _uniform("pytorch_1.11.0-cann_6.3.0-py_3.7-euler_2.8.3-aarch64", ASCEND),
        ),
    ),
    Engine(
        "MindSpore",
        (
            _uniform("mindspore_1.9.0-cann_6.0.1-py_3.7-euler_2.9.9-x86_64-snt3p-300i"),
            _uniform("mindspore_1.7.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64"),
            _uniform("mindspore_1.2.0-py_3.7-cuda_10.1-ubuntu_18.04-x86_64"),
            _uniform("mindspore_2.0.0-cann_6.3.0-py_3.7-euler_2.8.3-aarch64", ASCEND),
        ),
    ),
    Engine("XGBoost", (Runtime("python3.6"),)),
    Engine("Scikit_Learn", (Runtime("python3.6"),)),
    Engine("Spark_MLlib", (Runtime("python3.6"),)),
    Engine("Custom"),
)
"""All engines, in the order in which they are listed."""
