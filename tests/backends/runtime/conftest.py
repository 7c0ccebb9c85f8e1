"""What the tests of the model server share: models, apis, and an application without a socket."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backends.runtime.app import Application, build_routes
from backends.runtime.compute import Computer
from backends.runtime.contract import Api, read_apis
from backends.runtime.model import Model, load_model
from tests.support.wire import Caller

MODELS = Path(__file__).parent / "models"


@pytest.fixture(scope="session")
def load() -> Callable[[str], Model]:
    """The model of that name in tests/backends/runtime/models."""
    loaded: dict[str, Model] = {}

    def get(name: str) -> Model:
        if name not in loaded:
            loaded[name] = load_model(MODELS / f"{name}.onnx", threads=1)
        return loaded[name]

    return get


@pytest.fixture(scope="session")
def an_api() -> Callable[..., Api]:
    """One api from the `data` schemas of its request and response."""

    def build(request: Any = None, response: Any = None, **rest: Any) -> Api:
        raw: dict[str, Any] = dict(rest)
        for key, schema in (("request", request), ("response", response)):
            if schema is not None:
                raw[key] = {"data": schema}
        (api,) = read_apis({"apis": [raw]})
        return api

    return build


@pytest.fixture
def caller(load: Callable[[str], Model]) -> Callable[..., Caller]:
    """A caller of an application that serves `apis` on a model."""

    def build(
        model: str,
        *apis: Api,
        limit: int = 1 << 20,
        in_thread: bool = False,
        batch_rows: int = 1,
        identity: Mapping[str, str] | None = None,
    ) -> Caller:
        loaded = load(model)
        computer = Computer(loaded, in_thread=in_thread, batch_rows=batch_rows)
        routes = build_routes(apis, loaded)
        return Caller(
            Application(routes, computer, body_limit_bytes=limit, identity=identity or {})
        )

    return build


@pytest.fixture(scope="session")
def rows_of() -> Callable[..., dict[str, Any]]:
    """The documents' schema of rows: `data.<key>[]` with these columns and types."""

    def build(key: str, **columns: str) -> dict[str, Any]:
        row = {"type": "object", "properties": {n: {"type": t} for n, t in columns.items()}}
        rows = {"type": "array", "items": [row]}
        inner = {"type": "object", "properties": {key: rows}}
        return {"type": "object", "properties": {"data": inner}}

    return build


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    """A PNG of one colour, or of a Pillow image."""

    def build(image: Image.Image | None = None, **kwargs: Any) -> bytes:
        stream = io.BytesIO()
        (image or Image.new(**{"mode": "RGB", "size": (4, 2), **kwargs})).save(stream, "PNG")
        return stream.getvalue()

    return build


@pytest.fixture(scope="session")
def form() -> Callable[..., bytes]:
    """A multipart body with boundary B from (name, content) pairs."""

    def build(*parts: tuple[str, bytes]) -> bytes:
        body = b""
        for name, content in parts:
            disposition = f'form-data; name="{name}"; filename="f"'.encode()
            body += b"--B\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n"
        return body + b"--B--\r\n"

    return build


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    """A package directory with a configuration (JSON value or text) and a model."""

    def build(config: Any, model: str = "mean4", directory: str = "package") -> Path:
        folder = tmp_path / directory / "model"
        folder.mkdir(parents=True)
        text = config if isinstance(config, str) else json.dumps(config)
        (folder / "config.json").write_text(text)
        (folder / f"{model}.onnx").write_bytes((MODELS / f"{model}.onnx").read_bytes())
        return folder.parent

    return build
