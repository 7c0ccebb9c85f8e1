"""The package is copied alone into an image, and must start fast there."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
RUNTIME = ROOT / "backends" / "runtime"
ALLOWED = {
    "onnxruntime",
    "numpy",
    "PIL",
    "uvloop",
    "httptools",
    "orjson",
    "python_multipart",
}


def test_nothing_is_imported_beyond_the_listed_libraries():
    for path in RUNTIME.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.partition(".")[0]
                ours = name == "backends.runtime" or name.startswith("backends.runtime.")
                assert ours or top in ALLOWED | sys.stdlib_module_names, f"{path.name}: {name}"


def test_a_json_model_pays_for_no_framework_and_no_picture_library():
    code = (
        "import sys; import backends.runtime.serve, backends.runtime.app, backends.runtime.package;"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {
        "uvicorn",
        "fastapi",
        "starlette",
        "pydantic",
        "PIL",
        "python_multipart",
        "simulator",
    }


def test_loading_a_model_leaves_no_device_id_behind(tmp_path):
    """ONNX Runtime's telemetry is off: with it on, the same call writes into the home folder."""
    code = (
        "import sys; from pathlib import Path; from backends.runtime.model import load_model;"
        "load_model(Path(sys.argv[1]), threads=1)"
    )
    model = Path(__file__).parent / "models" / "mean4.onnx"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ORT_DISABLE_TELEMETRY": "0"}
    subprocess.run([sys.executable, "-c", code, str(model)], cwd=ROOT, env=env, check=True)
    assert list(tmp_path.rglob("*")) == []
