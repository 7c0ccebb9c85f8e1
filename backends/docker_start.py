"""Starting one instance: adopt, restart, replace or create, and clean up when that fails."""

from __future__ import annotations

import asyncio
import logging
import stat
from pathlib import Path
from typing import Any

from backends.base import (
    ImageArtifact,
    ImageInfo,
    InstancePhase,
    InstanceSpec,
    Observation,
    PackageArtifact,
)
from backends.docker_client import EngineClient, EngineFacts, EngineRefused
from backends.docker_containers import OwnContainers
from backends.docker_logs import read_tail
from backends.docker_network import InstallationNetwork
from backends.docker_pull import inspect_image
from backends.docker_sockets import SocketFolders
from backends.docker_translate import (
    LABEL_INSTALLATION,
    LABEL_INSTANCE,
    LABEL_REACH,
    LABEL_SPEC_HASH,
    REACH_SOCKET,
    RUNTIME_USER,
    Way,
    address_of,
    container_config,
    container_name,
    hint_for,
    observation_of,
    phase_of,
    row_of,
)
from backends.errors import BackendError, EngineUnavailable, NameConflict, StartFailed
from backends.images import RuntimeImages

FOREIGN_START_S = 1.0
"""How long a program for another processor gets to fail, before it counts as started (emulated)."""
NAME_LIMIT_S = 10.0
"""How long a name may be taken by a container that is just being created or removed."""
POLL_S = 0.05
CANNOT_RUN = (126, 127)
"""Exit codes of the init process when it cannot execute the program."""
ENGINE_WORDS_HINT = "The engine's own words say why; `drydock doctor` checks this machine."

logger = logging.getLogger(__name__)


class InstanceStarter:
    """Starts instances of one installation. Callers make sure that no id is started twice at once;
    against another process the container's name does."""

    def __init__(
        self,
        engine: EngineClient,
        containers: OwnContainers,
        network: InstallationNetwork,
        runtime: RuntimeImages,
        sockets: SocketFolders | None,
    ) -> None:
        self._engine = engine
        self._containers = containers
        self._network = network
        self._runtime = runtime
        self._sockets = sockets

    async def start(self, spec: InstanceSpec) -> Observation:
        """See `Backend.start`."""
        row = await self._containers.row(spec.instance_id)
        if row is not None and (kept := await self._keep(row, spec)):
            return kept
        try:
            return await self._create_and_start(spec)
        except EngineUnavailable:
            raise  # a container may be there
        except BackendError:
            if self._sockets is not None:
                await self._sockets.remove(spec.instance_id)
            raise

    async def _keep(self, row: dict[str, Any], spec: InstanceSpec) -> Observation | None:
        """Adopt or restart an existing container; None when it was unfit and has been removed."""
        container = row["Id"]
        same = row["Labels"].get(LABEL_SPEC_HASH) == spec.spec_hash
        if same and row["State"] not in ("removing", "dead") and await self._wake(row):
            observation = await self._look(container)
            if observation is not None and observation.address is not None:
                return observation
        await self._containers.remove(container)
        return None

    async def _wake(self, row: dict[str, Any]) -> bool:
        """Let a container run that does not; False when the engine refuses."""
        container = row["Id"]
        try:
            if row["State"] == "paused":
                await self._engine.call(
                    "unpausing a container", lambda client: client.unpause(container), of_one=True
                )
            elif phase_of(row["State"]) is not InstancePhase.RUNNING:
                await self._ensure_way(row)
                await self._run(container)
        except EngineRefused as error:
            logger.info("container %s is replaced: %s", container[:12], error.message)
            return False
        return True

    async def _ensure_way(self, row: dict[str, Any]) -> None:
        """Make what an existing container is reached by, unless it is there."""
        if row["Labels"].get(LABEL_REACH) != REACH_SOCKET:
            await self._network.ensure()
        elif self._sockets is not None:
            await self._sockets.make(row["Labels"][LABEL_INSTANCE])

    async def _way(self, spec: InstanceSpec, image: ImageInfo) -> Way:
        """How a new container is to be reached; what that takes is there afterwards."""
        if (
            self._sockets is not None
            and isinstance(spec.artifact, PackageArtifact)
            and await self._sockets.carry(image.digest)
        ):
            return await self._sockets.make(spec.instance_id)
        return await self._network.ensure()

    async def _create_and_start(self, spec: InstanceSpec) -> Observation:
        await asyncio.to_thread(_check_package, spec)
        image, facts = await self._image(spec), await self._engine.facts()
        way = await self._way(spec, image)
        foreign = bool(image.architecture) and image.architecture != facts.architecture
        if foreign:
            logger.warning(
                "image %s is for %s, the engine's machine is %s: it runs emulated or not at all",
                *(image.reference, image.architecture, facts.architecture),
            )
        config = container_config(spec, image.digest, way, facts)
        created = await self._create(spec, config, facts)
        if isinstance(created, Observation):
            return created
        try:
            await self._run(created)
        except EngineRefused as error:
            await self._containers.remove(created)
            raise _failed(spec, error.evidence, facts) from error
        return await self._watch_first_moments(spec, created, facts, foreign=foreign)

    async def _run(self, container: str) -> None:
        for attempt in (1, 2):
            try:
                await self._engine.call(
                    "starting a container", lambda client: client.start(container), of_one=True
                )
                return
            except EngineRefused as error:
                # another server made a network of our name just now: one of the two must go
                if "ambiguous" not in error.evidence or attempt == 2:
                    raise
                await self._network.ensure()

    async def _image(self, spec: InstanceSpec) -> ImageInfo:
        """The image to run, by its id: a tag moved later changes nothing."""
        if isinstance(spec.artifact, ImageArtifact):
            return await inspect_image(self._engine, spec.artifact.reference)
        return await self._runtime.ensure(logger.info)

    async def _create(
        self, spec: InstanceSpec, config: dict[str, Any], facts: EngineFacts
    ) -> str | Observation:
        """Id of a new container, or the instance that another process started meanwhile."""
        name = container_name(spec.installation, spec.instance_id)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + NAME_LIMIT_S
        while True:
            try:
                created = await self._engine.call(
                    "creating a container",
                    lambda client: client.create_container_from_config(config, name),
                    of_one=True,
                )
                return str(created["Id"])
            except EngineRefused as error:
                if error.status == 404 and isinstance(spec.artifact, PackageArtifact):
                    # the runtime image was removed behind our back
                    self._runtime.forget()
                    config["Image"] = (await self._runtime.ensure(logger.info)).digest
                elif error.status != 409:
                    raise _failed(spec, error.evidence, facts) from error
                elif found := await self._holder_of(name, spec):
                    return found
                if loop.time() > deadline:
                    raise _failed(spec, error.evidence, facts) from error
            # the engine reserves a name a moment before its container can be looked at
            await asyncio.sleep(POLL_S)

    async def _holder_of(self, name: str, spec: InstanceSpec) -> Observation | None:
        """The instance behind a taken name, started; None when it has been removed."""
        inspection = await self._containers.inspect(name)
        if inspection is None:
            return None
        row = row_of(inspection)
        if row["Labels"].get(LABEL_INSTALLATION) != spec.installation:
            raise NameConflict(
                f"A container named {name} exists and is not Drydock's; it was left alone.",
                hint=f"Rename or remove it: `docker rename {name} other`.",
            )
        return await self._keep(row, spec)

    async def _look(self, container: str) -> Observation | None:
        inspection = await self._containers.inspect(container)
        if inspection is None:
            return None
        row = row_of(inspection)
        return observation_of(row, inspection["State"], address_of(row, self._network.name))

    async def _watch_first_moments(
        self, spec: InstanceSpec, container: str, facts: EngineFacts, *, foreign: bool
    ) -> Observation:
        """The started instance; a program that this machine cannot execute is a failed start."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (FOREIGN_START_S if foreign else 0.0)
        while True:
            seen = await self._look(container)
            if seen is None:
                raise StartFailed(
                    f"Instance {spec.instance_id} was removed while it started.",
                    hint="Something outside Drydock removes containers: start it again.",
                )
            if seen.phase is InstancePhase.EXITED or loop.time() >= deadline:
                break
            await asyncio.sleep(POLL_S)
        if seen.exit_code and (foreign or seen.exit_code in CANNOT_RUN):
            await self._refuse_unrunnable(spec, container, facts, foreign=foreign)
        return seen

    async def _refuse_unrunnable(
        self, spec: InstanceSpec, container: str, facts: EngineFacts, *, foreign: bool
    ) -> None:
        """Fail the start when the program could not be executed; say nothing of other exits.

        The init process hands a program of an unknown format to the shell, so its own words may
        be about that; where the processor differs, that is the cause to name.
        """
        lines = await self._engine.call(
            "reading a log", lambda client: read_tail(client, container, 5), of_one=True
        )
        words = "\n".join(line.text for line in lines)
        known = hint_for(words, facts.architecture)
        if not foreign and not known:
            return
        await self._containers.remove(container)
        if not foreign:
            raise _failed(spec, words, facts)
        raise StartFailed(
            f"Instance {spec.instance_id} could not be started: its image is for another processor "
            f"than the engine's {facts.architecture}, and it ended at once.",
            hint=hint_for("exec format error", facts.architecture),
            evidence=words,
        )


def _failed(spec: InstanceSpec, words: str, facts: EngineFacts) -> StartFailed:
    return StartFailed(
        f"Instance {spec.instance_id} could not be started: {words.strip()[:500]}",
        hint=hint_for(words, facts.architecture) or ENGINE_WORDS_HINT,
        evidence=words,
    )


def _check_package(spec: InstanceSpec) -> None:
    """Without capabilities not even root reads others' files: all must be readable for everyone.

    Raises:
        StartFailed: the package is not there, or a file of it is not readable.
    """
    if not isinstance(spec.artifact, PackageArtifact):
        return
    root = Path(spec.artifact.path)
    if not root.is_dir():
        raise StartFailed(
            f"The model package {root} is not a directory.", hint="Register the model again."
        )
    for path in (root, *root.rglob("*")):
        mode = path.stat().st_mode
        wanted = 0o005 if stat.S_ISDIR(mode) else 0o004
        if mode & wanted != wanted:
            raise StartFailed(
                f"{path} is not readable for the instance's user {RUNTIME_USER}.",
                hint=f"`chmod -R a+rX {root}`",
            )
