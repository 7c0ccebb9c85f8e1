"""The servers that `benchmarks/model_server.py` compares, their environments, and the models.

Each rival is as its own documentation starts it, without access logs, and MLServer without its
worker process, whose hand-over costs more than these models compute. All get one thread for the
model, as they get one core.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import platformdirs
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
PACKAGES = ROOT / "fixtures" / "packages"
DIGIT = ROOT / "fixtures" / "data" / "mnist" / "images" / "0001_2.png"
INSTALL_LIMIT_S = 900


class Unavailable(Exception):
    """An environment cannot be made; the text says why."""


@dataclass(frozen=True)
class Model:
    """One ONNX file and a request for it.

    Attributes:
        package: directory with `model/<name>.onnx`.
        body: a request of the Open Inference Protocol with one row.
    """

    name: str
    package: Path
    body: bytes

    @property
    def file(self) -> Path:
        return self.package / "model" / f"{self.name}.onnx"


@dataclass(frozen=True)
class Contender:
    """One server.

    Attributes:
        requirements: what its environment needs; none for the environment that runs this.
        command: its arguments from (the environment's Python, model, port, a folder to write in).
        path: where it answers, with `{model}` for the model's name.
        cwd: the folder it is started in.
        env: environment variables beside the model's file.
    """

    name: str
    requirements: Sequence[str]
    command: Callable[[Path, Model, int, Path], list[str]]
    path: str
    cwd: Path = HERE
    env: Mapping[str, str] = field(default_factory=dict)

    def python(self) -> Path:
        """The Python of its environment, which is made now where it is not there.

        Raises:
            Unavailable: it cannot be installed.
        """
        if not self.requirements:
            return Path(sys.executable)
        return environment(self.name, self.requirements)


def environment(name: str, requirements: Sequence[str]) -> Path:
    """The Python of a virtual environment in the user's cache with just these packages."""
    folder = platformdirs.user_cache_path("drydock") / "benchmarks" / name
    python, done = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if done.is_file() and done.read_text() == wanted:
        return python
    print(f"installing {', '.join(requirements)} in {folder}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        install = [uv, "pip", "install", "--quiet", "--python", str(python), *requirements]
    else:
        make = [sys.executable, "-m", "venv", str(folder)]
        install = [str(python), "-m", "pip", "install", "--quiet", *requirements]
    for command in (make, install):
        try:
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=INSTALL_LIMIT_S
            )
        except subprocess.SubprocessError as exc:
            words = str(getattr(exc, "stderr", "") or exc).strip().splitlines()
            raise Unavailable(words[-1] if words else "it cannot be installed") from exc
    done.write_text(wanted)
    return python


def _drydock(python: Path, model: Model, port: int, scratch: Path) -> list[str]:
    options = ["--package", str(model.package), "--host", "127.0.0.1", "--port", str(port)]
    return [str(python), "-m", "backends.runtime", *options, "--threads", "1"]


def _drydock_alone(python: Path, model: Model, port: int, scratch: Path) -> list[str]:
    return [*_drydock(python, model, port, scratch), "--batch-rows", "1"]


def _mlserver(python: Path, model: Model, port: int, scratch: Path) -> list[str]:
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": 0,
        "metrics_port": 0,
        "parallel_workers": 0,
        "debug": False,
    }
    (scratch / "settings.json").write_text(json.dumps(settings))
    served = {"name": model.name, "implementation": "mlserver_model.OnnxModel"}
    (scratch / "model-settings.json").write_text(json.dumps(served))
    return [str(python.with_name("mlserver")), "start", str(scratch)]


def _bentoml(python: Path, model: Model, port: int, scratch: Path) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(port)]
    return [str(python.with_name("bentoml")), "serve", "bentoml_service:OnnxModel", *where]


def _litserve(python: Path, model: Model, port: int, scratch: Path) -> list[str]:
    return [str(python), "litserve_app.py", str(port)]


def _asgi(python: Path, model: Model, port: int, scratch: Path) -> list[str]:
    return [str(python), "asgi_app.py", str(port)]


_ORT = f"onnxruntime=={version('onnxruntime')}"
_UVLOOP = "uvloop<0.23"
_RUNTIME = ("numpy", "orjson", "httptools", "pillow", "python-multipart")
_OIP = "/v2/models/{model}/infer"

DRYDOCK = "drydock"
MLSERVER = "mlserver"
CONTENDERS = (
    Contender(DRYDOCK, (), _drydock, _OIP, ROOT),
    Contender("drydock-alone", (), _drydock_alone, _OIP, ROOT),
    Contender(
        "drydock-uvloop-0.23",
        (_ORT, "uvloop==0.23.0", *(f"{name}=={version(name)}" for name in _RUNTIME)),
        _drydock,
        _OIP,
        ROOT,
    ),
    Contender("asgi", (), _asgi, "/"),
    Contender(
        MLSERVER,
        ("mlserver==1.7.1", _ORT, _UVLOOP),
        _mlserver,
        _OIP,
        env={"PYTHONPATH": str(HERE)},
    ),
    Contender(
        "bentoml",
        ("bentoml==1.4.40", _ORT, "numpy", _UVLOOP),
        _bentoml,
        "/predict",
        env={"BENTOML_DO_NOT_TRACK": "True"},
    ),
    Contender("litserve", ("litserve==0.2.19", _ORT, "numpy", _UVLOOP), _litserve, "/predict"),
)


def iris() -> Model:
    return Model("iris", PACKAGES / "iris", _body("features", np.array([[5.1, 3.5, 1.4, 0.2]])))


def mnist() -> Model:
    pixels = np.asarray(Image.open(DIGIT).convert("L")) / 255
    return Model("mnist", PACKAGES / "mnist", _body("image", pixels.reshape(1, 1, 28, 28)))


def dense() -> Model:
    """A dense network of 2.2 million parameters, made in the user's cache.

    Raises:
        Unavailable: the package `onnx`, which writes it, cannot be installed.
    """
    python = environment("onnx", ("onnx", f"numpy=={version('numpy')}"))
    package = platformdirs.user_cache_path("drydock") / "benchmarks" / "dense"
    (package / "model").mkdir(parents=True, exist_ok=True)
    (package / "model" / "config.json").write_text("{}")
    file = package / "model" / "dense.onnx"
    subprocess.run([str(python), str(HERE / "dense_model.py"), str(file)], check=True)
    row = np.random.default_rng(7).standard_normal((1, 64))
    return Model("dense", package, _body("features", row))


MODELS: Mapping[str, Callable[[], Model]] = {"iris": iris, "mnist": mnist, "dense": dense}


def _body(name: str, array: np.ndarray) -> bytes:
    data = [float(f"{value:.5g}") for value in array.reshape(-1).tolist()]
    tensor = {"name": name, "datatype": "FP32", "shape": list(array.shape), "data": data}
    return json.dumps({"inputs": [tensor]}).encode()
