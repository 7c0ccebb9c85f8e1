"""Importing a model from this machine: what `drydock models import` asks for."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from simulator.errors import InvalidRequest, SourceUnusable, Violation
from simulator.modelarts.models import LOCAL_SCHEME
from simulator.modelarts.rules.model import CREATE_MODEL, CreateModel
from simulator.packages import package_root
from simulator.strict_json import parse_object
from simulator.system import System

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_\-]+")


class ImportModel(BaseModel):
    """Body of POST /_drydock/models/import: a package directory or an image, one of the two."""

    model_config = ConfigDict(extra="forbid")

    path: str | None = None
    image: str | None = None
    name: str | None = None
    version: str | None = None
    config: dict[str, Any] | None = None


async def import_model(system: System, wanted: ImportModel) -> dict[str, Any]:
    """Create a model of the development user's project.

    Raises:
        InvalidRequest, SourceUnusable, NameTaken: as creating a model by the API does.
    """
    if (wanted.path is None) == (wanted.image is None):
        text = "name a package directory (path) or an image, one of the two"
        raise InvalidRequest([Violation("DD-IMP-001", "", text, "drydock models import")])
    body = _from_path(wanted) if wanted.path is not None else _from_image(wanted)
    identity = system.identity
    project_id = system.project_id
    name = str(body["model_name"])
    body["model_version"] = wanted.version or await _next_version(system, project_id, name)
    accepted = system.ruling.accept(CREATE_MODEL, CreateModel, body)
    model_id = await system.publisher.create(
        accepted.request,
        accepted.body,
        project_id=project_id,
        owner=identity.user_id,
        tenant=identity.domain_id,
        now=system.clock.now_ms(),
    )
    return {"model_id": model_id, "name": name, "version": body["model_version"]}


def _from_path(wanted: ImportModel) -> dict[str, Any]:
    path = Path(wanted.path or "")
    if not path.is_absolute():
        raise SourceUnusable(str(path), "the path must be absolute")
    root = package_root(path, str(path))
    config = parse_object((root / "model" / "config.json").read_bytes())
    return {
        "model_name": wanted.name or _as_name(root.name),
        "model_type": str(config.get("model_type", "")),
        "source_location": f"{LOCAL_SCHEME}{root}",
    }


def _from_image(wanted: ImportModel) -> dict[str, Any]:
    reference = wanted.image or ""
    last = reference.split("@")[0].rsplit("/", 1)[-1].split(":")[0]
    body = {
        "model_name": wanted.name or _as_name(last),
        "model_type": "Image",
        "source_location": reference,
    }
    if wanted.config:
        body["initial_config"] = orjson.dumps(wanted.config).decode()
    return body


def _as_name(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text).strip("-")[:64] or "model"


async def _next_version(system: System, project_id: str, name: str) -> str:
    """The next free 0.0.N."""
    rows = await asyncio.to_thread(system.store.models, project_id)
    taken = {row.version for row in rows if row.name == name}
    return next(v for n in range(1, 100) if (v := f"0.0.{n}") not in taken)
