"""Models (AI applications): from a request to a published model.

A model's package is copied to a private place before it is `published`, so that a later change of
the source changes nothing that is deployed. What was being published when the server ended is taken
up again at its next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from backends.base import Backend, ImageArtifact, PackageArtifact
from backends.errors import BackendError
from simulator.backoff import Backoff
from simulator.clock import PlatformClock
from simulator.errors import NotSimulated, SourceUnusable
from simulator.facts.statuses import ModelStatus
from simulator.failures import log_failure
from simulator.lifecycle.objects import Event, EventKind
from simulator.lifecycle.transitions import HELD
from simulator.modelarts.config_json import ModelConfig, read_config
from simulator.modelarts.holding import Holding
from simulator.modelarts.rules.model import CreateModel
from simulator.objectpaths import BadObjectPath, parse_object_path, unsigned
from simulator.objects import NoSuchObject, ObjectStore, ObjectStoreError
from simulator.objects.local import local_folder
from simulator.packages import MODEL_MAX_BYTES, check_runnable, copy_package, package_root
from simulator.specs import artifact_document
from simulator.store.queries import Store
from simulator.store.tables import ModelRow
from simulator.strict_json import parse_object

logger = logging.getLogger(__name__)

RETRY_FIRST_S, RETRY_LAST_S = 0.1, 60.0
LOCAL_SCHEME = "file://"
CONFIG_MAX_BYTES = 1024 * 1024
_IMAGE_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-/:@]{0,254}")


class Publisher:
    """Creates models and publishes them in the background."""

    def __init__(
        self,
        store: Store,
        backend: Backend,
        clock: PlatformClock,
        holding: Holding,
        *,
        models: Path,
        objects: ObjectStore,
    ) -> None:
        self._store = store
        self._backend = backend
        self._clock = clock
        self._holding = holding
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_LAST_S)
        self._models = models
        self._objects = objects
        self._tasks: dict[str, asyncio.Task[None]] = {}

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
        source = unsigned(request.source_location or "")
        if request.source_location:
            body = body | {"source_location": source}
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
        event = Event(EventKind.NORMAL, f"the model is being made of {source}", "Publishing")
        await asyncio.to_thread(self._store.add_model, row, event)
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

    async def release(self, model_id: str) -> None:
        """Hold a model in `publishing` no longer; it is published when this returns, or has failed.
        Nothing happens to one that is not being published."""
        self._holding.release(model_id)
        if task := self._tasks.get(model_id):
            await asyncio.wait([task])

    async def discard(self, model_id: str) -> None:
        """Remove the private copy of a deleted model."""
        self._holding.release(model_id)
        await asyncio.to_thread(shutil.rmtree, self._models / model_id, True)

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def hurry(self) -> None:
        """The store can be written again: try at once what waits for that."""
        self._backoff.hurry()

    def under_way(self) -> list[str]:
        """What is being done now, in words; models that are held are at rest."""
        return [f"model {one} is published" for one in self._tasks.keys() - self._holding.held]

    def _begin(self, row: ModelRow) -> None:
        self._holding.begin(row.model_id)
        task = asyncio.create_task(self._publish(row))
        self._tasks[row.model_id] = task
        task.add_done_callback(lambda _: self._end(row.model_id))

    def _end(self, model_id: str) -> None:
        del self._tasks[model_id]
        self._holding.end(model_id)

    async def _publish(self, row: ModelRow) -> None:
        changes: dict[str, Any] = {}
        status, message = ModelStatus.PUBLISHED, ""
        try:
            if row.type != "Image":
                changes = await self._copied(row)
            await self._hold(row)
        except (SourceUnusable, OSError) as error:
            status, message = ModelStatus.FAILED, str(error)
        await self._note_end(row.model_id, status, message, changes)

    async def _note_end(
        self, model_id: str, status: ModelStatus, message: str, changes: dict[str, Any]
    ) -> None:
        """Keep how publishing ended; tried until the store can be written."""
        while True:
            now = self._clock.now_ms()
            try:
                await asyncio.to_thread(
                    self._store.finish_model, model_id, status, message, changes, now
                )
                return
            except SQLAlchemyError as error:
                log_failure(logger, f"model {model_id} is not published yet", error)
                await self._backoff.pause(model_id)

    async def _hold(self, row: ModelRow) -> None:
        if self._holding.is_held(row.model_id, row.created_at):
            text = "the model could be published now, and is held by a transition setting"
            event = Event(EventKind.NORMAL, text, HELD)
            now = self._clock.now_ms()
            try:
                await asyncio.to_thread(self._store.add_model_event, row.model_id, now, event)
            except SQLAlchemyError as error:
                log_failure(logger, f"that model {row.model_id} is held is not told", error)
            await self._holding.hold(row.model_id, row.created_at)

    async def _copied(self, row: ModelRow) -> dict[str, Any]:
        """Copy a model's package to its private place; what the record has to say of that.

        Raises:
            SourceUnusable, OSError: it cannot be copied.
        """
        target = self._models / row.model_id
        size_bytes = await asyncio.to_thread(self._copy, row.source, target)
        return {
            "size_bytes": size_bytes,
            "artifact": artifact_document(PackageArtifact(str(target))),
        }

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
        return config, artifact_document(artifact) | ({"http2": True} if config.http2 else {})

    def _check_package(self, source: str) -> ModelConfig:
        # of the model itself only the name is looked at, so that nothing large is fetched
        with self._package(source, whole=lambda key: key.endswith(".json")) as root:
            file = root / "model" / "config.json"
            try:
                body = file.read_bytes()
            except OSError as error:
                raise SourceUnusable(source, f"config.json cannot be read: {error}") from error
            document = parse_object(body, max_bytes=CONFIG_MAX_BYTES)
            config = read_config(document, "model/config.json")
            check_runnable(root, source)
        return config

    def _copy(self, source: str, target: Path) -> int:
        with self._package(source) as root:
            return copy_package(root, target)

    @contextlib.contextmanager
    def _package(
        self, source: str, whole: Callable[[str], bool] = lambda key: True
    ) -> Iterator[Path]:
        """The package's directory, from an object path or, for imports by the user of this
        machine, a local one. Arguments: `local_folder`."""
        if source.startswith(LOCAL_SCHEME):
            yield package_root(Path(source.removeprefix(LOCAL_SCHEME)), source)
            return
        try:
            path = parse_object_path(source)
            with local_folder(
                self._objects, path, self._models, max_bytes=MODEL_MAX_BYTES, whole=whole
            ) as directory:
                yield package_root(directory, source)
        except NoSuchObject as error:
            raise SourceUnusable(source, "it does not exist") from error
        except (BadObjectPath, ObjectStoreError) as error:
            raise SourceUnusable(source, str(error)) from error


def _health(model_type: str, config: ModelConfig) -> dict[str, Any]:
    """The built-in runtime always serves /health; an image has what it declares."""
    if config.health:
        return config.health
    return {} if model_type == "Image" else {"path": "/health"}
