"""Models (AI applications): from a request to a published model.

A model's package is copied to a private place before it is `published`, so that a later change of
the source changes nothing that is deployed. What was being published when the server ended is taken
up again at its next start.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from backends.base import Backend, ImageArtifact, PackageArtifact
from backends.errors import BackendError
from simulator.errors import NotSimulated, SourceUnusable
from simulator.facts.statuses import ModelStatus
from simulator.modelarts.config_json import ModelConfig, read_config
from simulator.modelarts.rules.model import CreateModel
from simulator.objectpaths import BadObjectPath, parse_object_path
from simulator.objects import local_path
from simulator.packages import check_runnable, copy_package, package_root
from simulator.specs import artifact_document
from simulator.store.queries import Store
from simulator.store.tables import ModelRow
from simulator.strict_json import parse_object

logger = logging.getLogger(__name__)

LOCAL_SCHEME = "file://"
CONFIG_MAX_BYTES = 1024 * 1024
_IMAGE_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-/:@]{0,254}")


class Publisher:
    """Creates models and publishes them in the background."""

    def __init__(self, store: Store, backend: Backend, *, models: Path, objects: Path) -> None:
        self._store = store
        self._backend = backend
        self._models = models
        self._objects = objects
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(
        self,
        request: CreateModel,
        body: dict[str, Any],
        *,
        project_id: str,
        owner: str,
        tenant: str,
        now: int,
    ) -> str:
        """Check that the model can be imported, store it and begin to publish it.

        Args:
            body: the request as it is shown later.

        Returns:
            The model's id; its status is `publishing` at first.

        Raises:
            SourceUnusable, InvalidRequest: what is wrong with the source or its config.json.
            NameTaken: the project has this name in this version.
            NotSimulated: it comes from a template, or its health is checked by a command.
        """
        if request.model_type == "Template":
            raise NotSimulated("creating models from templates")
        source = request.source_location or ""
        if request.model_type == "Image":
            config, artifact = await self._check_image(request, source)
        else:
            config, artifact = await asyncio.to_thread(self._check_package, source), {}
        row = ModelRow(
            model_id=str(uuid.uuid4()),
            project_id=project_id,
            name=request.model_name,
            version=request.model_version,
            type=request.model_type,
            status=ModelStatus.PUBLISHING.value,
            source=source,
            created_at=now,
            workspace_id=request.workspace_id,
            artifact=artifact,
            apis=[{"path": api.url, "method": api.method} for api in config.apis],
            health=_health(request.model_type, config),
            document=body | {"owner": owner, "tenant": tenant, "config": config.document},
        )
        await asyncio.to_thread(self._store.add_model, row)
        self._begin(row)
        return row.model_id

    async def resume(self) -> None:
        """Take up what the last server left unpublished, and drop copies without a model."""
        rows = await asyncio.to_thread(self._store.models)
        for row in rows:
            if row.status == ModelStatus.PUBLISHING:
                self._begin(row)
        known = {row.model_id for row in rows}
        for directory in self._models.iterdir():
            if directory.name.removesuffix(".part") not in known:
                await asyncio.to_thread(shutil.rmtree, directory, True)

    async def discard(self, model_id: str) -> None:
        """Remove the private copy of a deleted model."""
        await asyncio.to_thread(shutil.rmtree, self._models / model_id, True)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def under_way(self) -> list[str]:
        """What is being done now, in words."""
        return ["a model is published"] * len(self._tasks)

    def _begin(self, row: ModelRow) -> None:
        task = asyncio.create_task(self._publish(row))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish(self, row: ModelRow) -> None:
        changes: dict[str, Any] = {}
        status, message = ModelStatus.PUBLISHED, ""
        if row.type != "Image":
            target = self._models / row.model_id
            try:
                root = await asyncio.to_thread(self._package, row.source)
                changes["size_bytes"] = await asyncio.to_thread(copy_package, root, target)
                changes["artifact"] = artifact_document(PackageArtifact(str(target)))
            except (SourceUnusable, OSError) as error:
                status, message = ModelStatus.FAILED, str(error)
        try:
            await asyncio.to_thread(
                self._store.finish_model, row.model_id, status, message, changes
            )
        except SQLAlchemyError:
            logger.exception("model %s stays unpublished until the next start", row.model_id)

    async def _check_image(
        self, request: CreateModel, reference: str
    ) -> tuple[ModelConfig, dict[str, Any]]:
        if not _IMAGE_REFERENCE.fullmatch(reference):
            raise SourceUnusable(reference, "it is no image reference such as team/model:1.0")
        document: dict[str, Any] = {"model_type": "Image"}
        if request.initial_config:
            document |= parse_object(request.initial_config.encode())
        if request.apis is not None:
            document["apis"] = request.apis
        config = read_config(document, "initial_config")
        try:
            info = await self._backend.inspect_image(reference)
        except BackendError as error:
            raise SourceUnusable(reference, error.message, hint=error.hint) from error
        # The content id, not the tag: a later move of the tag changes nothing that is deployed.
        artifact = ImageArtifact(reference=info.digest or reference, port=config.port)
        return config, artifact_document(artifact)

    def _check_package(self, source: str) -> ModelConfig:
        root = self._package(source)
        file = root / "model" / "config.json"
        try:
            body = file.read_bytes()
        except OSError as error:
            raise SourceUnusable(source, f"config.json cannot be read: {error}") from error
        config = read_config(parse_object(body, max_bytes=CONFIG_MAX_BYTES), "model/config.json")
        check_runnable(root, source)
        return config

    def _package(self, source: str) -> Path:
        """The package's directory, from an object path or, for imports by the user of this
        machine, a local one."""
        if source.startswith(LOCAL_SCHEME):
            return package_root(Path(source.removeprefix(LOCAL_SCHEME)), source)
        try:
            directory = local_path(self._objects, parse_object_path(source))
        except BadObjectPath as error:
            raise SourceUnusable(source, str(error)) from error
        return package_root(directory, source)


def _health(model_type: str, config: ModelConfig) -> dict[str, Any]:
    """The built-in runtime always serves /health; an image has what it declares."""
    if config.health:
        return config.health
    return {} if model_type == "Image" else {"path": "/health"}
