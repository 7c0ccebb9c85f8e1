"""The runtime image of the built-in model server: found by its content, or built.

It is a base image with Python, the wheels of `docker_wheels`, and `backends.runtime`
as its model server. It is built by the engine without any network, once per content: its tag is a
hash of everything that goes in, so a changed runtime, base or library gives a new image and an
unchanged one is found again.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from docker import APIClient

from backends.base import ImageInfo, Progress
from backends.docker_client import EngineClient, EngineRefused
from backends.docker_context import image_hash, source_hash, write_context
from backends.docker_pull import ensure_image, inspect_image
from backends.docker_translate import LABEL_PROBE
from backends.docker_wheels import Target, fetch_site
from backends.errors import ImageBuildFailed, ImageNotFound

RUNTIME_REPOSITORY = "drydock-runtime"
LABEL_RUNTIME = "drydock.runtime"
LABEL_SOURCE = "drydock.runtime-source"

BUILD_LIMIT_S = 1800.0
STALL_LIMIT_S = 300.0
"""How long a build may show no sign of life."""
OLDEST_PYTHON = (3, 11)
EVIDENCE_LINES = 20
BASE_HINT = (
    "Choose another base, any image with glibc and "
    f"Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer that the engine has or can pull: "
    "set DRYDOCK_BASE_IMAGE and start the server again, or `drydock images build --base IMAGE`. "
    "Without containers: `drydock up --backend process`."
)

_ASK_PYTHON = (
    "import json, platform, sys; print(json.dumps([sys.version_info[:2], platform.machine(), "
    "platform.libc_ver()]))"
)


class RuntimeImages:
    """Finds or builds the runtime image of one base.

    Args:
        engine: where images are.
        base: name of the base image.
        cache_dir: folder for fetched wheels and facts about bases; made when needed.
    """

    def __init__(self, engine: EngineClient, base: str, cache_dir: Path) -> None:
        self._engine = engine
        self._base = base
        self._cache_dir = cache_dir
        self._lock = asyncio.Lock()
        self._image: ImageInfo | None = None

    def forget(self) -> None:
        """Look again next time: the image has gone."""
        self._image = None

    async def ensure(self, progress: Progress) -> ImageInfo:
        """The runtime image; built now when there is none of this content.

        Raises:
            ImageNotFound: the base image is not there and cannot be pulled.
            ImageBuildFailed: base unfit, wheels not to be had, or the build failed.
        """
        async with self._lock:
            if self._image is None:
                self._image = await self._find_or_build(progress)
            return self._image

    async def _find_or_build(self, progress: Progress) -> ImageInfo:
        source = source_hash(self._base)
        try:
            base = await inspect_image(self._engine, self._base)
        except ImageNotFound:
            # built from a base that has been removed since: still good
            if found := await self._built_from(source):
                return found
            base = await ensure_image(self._engine, self._base, progress, BASE_HINT)
        reference = f"{RUNTIME_REPOSITORY}:{image_hash(source, base.digest)}"
        try:
            return await inspect_image(self._engine, reference)
        except ImageNotFound:
            await self._build(reference, source, base, progress)
            return await inspect_image(self._engine, reference)

    async def _built_from(self, source: str) -> ImageInfo | None:
        rows = await self._engine.call(
            "listing images",
            lambda client: client.images(filters={"label": f"{LABEL_SOURCE}={source}"}),
        )
        if not rows:
            return None
        newest = max(rows, key=lambda row: int(row.get("Created") or 0))
        return await inspect_image(self._engine, newest["Id"])

    async def _build(
        self, reference: str, source: str, base: ImageInfo, progress: Progress
    ) -> None:
        progress(f"Building the runtime image {reference} from {self._base}")
        target = await self._target(base)
        site = await asyncio.to_thread(fetch_site, target, self._cache_dir, progress)
        with tempfile.TemporaryFile() as context:
            await asyncio.to_thread(write_context, context, site)
            context.seek(0)
            try:
                await self._engine.call(
                    "building the runtime image",
                    lambda client: _build(client, context, reference, source, self._base, progress),
                    wait_s=BUILD_LIMIT_S,
                )
            except EngineRefused as error:
                raise ImageBuildFailed(
                    "The runtime image could not be built.", hint=BASE_HINT, evidence=error.evidence
                ) from error
        progress(f"Built {reference}")

    async def _target(self, base: ImageInfo) -> Target:
        """What the base's Python needs; asked once per image, in a throw-away container."""
        known = self._cache_dir / "bases" / f"{base.digest.removeprefix('sha256:')[:32]}.json"
        try:
            return Target(**json.loads(known.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            pass
        try:
            words = await self._engine.call(
                f"asking {self._base} for its Python",
                lambda client: _run_once(client, base.digest, ["python3", "-c", _ASK_PYTHON]),
                wait_s=60,
            )
        except EngineRefused as error:
            raise ImageBuildFailed(
                f"The base image {self._base} does not run python3.",
                hint=BASE_HINT,
                evidence=error.evidence,
            ) from error
        target = read_target(words, self._base)
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps(asdict(target)), encoding="utf-8")
        return target


def read_target(words: str, base: str) -> Target:
    """The target from what `_ASK_PYTHON` printed.

    Raises:
        ImageBuildFailed: that Python is too old, or the image has no glibc.
    """
    try:
        (major, minor), machine, (libc, libc_version) = json.loads(words)
    except (ValueError, TypeError) as error:
        raise ImageBuildFailed(
            f"The base image {base} does not run python3.", hint=BASE_HINT, evidence=words[-2000:]
        ) from error
    if (major, minor) < OLDEST_PYTHON:
        raise ImageBuildFailed(
            f"The base image {base} has Python {major}.{minor}, too old for the model server.",
            hint=BASE_HINT,
        )
    if libc != "glibc":
        raise ImageBuildFailed(
            f"The base image {base} has no glibc, which ONNX Runtime's wheels need.",
            hint=BASE_HINT,
        )
    return Target(f"{major}.{minor}", machine, int(libc_version.split(".")[1]))


def _run_once(client: APIClient, image: str, command: list[str]) -> str:
    """Output of a command in a container without network, which is removed again."""
    created = client.create_container_from_config(
        {
            "Image": image,
            "Entrypoint": command,
            "Labels": {LABEL_PROBE: "1"},
            "HostConfig": {"NetworkMode": "none", "CapDrop": ["ALL"]},
        }
    )
    try:
        client.start(created["Id"])
        client.wait(created["Id"], timeout=60)
        return str(client.logs(created["Id"]).decode("utf-8", "replace"))
    finally:
        client.remove_container(created["Id"], force=True, v=True)


def _build(
    client: APIClient,
    context: IO[bytes],
    reference: str,
    source: str,
    base: str,
    progress: Progress,
) -> None:
    client.timeout = STALL_LIMIT_S
    events = client.build(
        fileobj=context,
        custom_context=True,
        tag=reference,
        buildargs={"BASE": base},
        labels={LABEL_RUNTIME: "1", LABEL_SOURCE: source},
        network_mode="none",
        rm=True,
        forcerm=True,
        use_config_proxy=False,
        decode=True,
    )
    _follow_build(events, progress)


def _follow_build(events: Iterable[dict[str, Any]], progress: Progress) -> None:
    words: list[str] = []
    for event in events:
        text = str(event.get("stream") or event.get("error") or "").rstrip()
        words += text.splitlines()
        if text.startswith("Step "):
            progress(text.splitlines()[0])
        if "error" in event:
            evidence = "\n".join(words[-EVIDENCE_LINES:])
            raise EngineRefused("The build failed.", 500, evidence)
