"""Images of the engine: looked up, and pulled where they are missing."""

from __future__ import annotations

import time

from docker import APIClient

from backends.base import ImageInfo, Progress
from backends.docker_client import EngineClient, EngineRefused
from backends.errors import ArtifactUnsupported, ImageNotFound

PULL_LIMIT_S = 3600.0
STALL_LIMIT_S = 300.0
"""How long a pull may show no sign of life."""
PROGRESS_EVERY_S = 1.0


async def inspect_image(engine: EngineClient, reference: str) -> ImageInfo:
    """Facts about an image that the engine has.

    Raises:
        ImageNotFound: it has none of this name.
        ArtifactUnsupported: it is not a Linux image.
        EngineUnavailable: the engine does not answer.
    """
    try:
        found = await engine.call(
            f"inspecting image {reference}", lambda client: client.inspect_image(reference)
        )
    except EngineRefused as error:
        raise ImageNotFound(
            f"The engine has no image {reference}.",
            hint="Build or pull it first: `docker images` lists what there is.",
            evidence=error.evidence,
        ) from error
    if found.get("Os") not in (None, "", "linux"):
        raise ArtifactUnsupported(f"{reference} is an image for {found['Os']}, not for Linux.")
    return ImageInfo(
        reference=reference,
        digest=found["Id"],
        size_bytes=int(found.get("Size") or 0),
        architecture=str(found.get("Architecture") or ""),
        user=str((found.get("Config") or {}).get("User") or ""),
    )


async def ensure_image(
    engine: EngineClient, reference: str, progress: Progress, hint: str = ""
) -> ImageInfo:
    """The image, pulled when the engine does not have it.

    Args:
        hint: said in addition when it cannot be had.

    Raises:
        ImageNotFound: it is not there and cannot be pulled, with the reason why.
    """
    try:
        return await inspect_image(engine, reference)
    except ImageNotFound:
        progress(f"Pulling {reference}")
    try:
        await engine.call(
            f"pulling {reference}",
            lambda client: _pull(client, reference, progress),
            wait_s=PULL_LIMIT_S,
        )
    except EngineRefused as error:
        raise _pull_failed(reference, error.evidence, hint) from error
    return await inspect_image(engine, reference)


def _pull(client: APIClient, reference: str, progress: Progress) -> None:
    client.timeout = STALL_LIMIT_S
    sizes: dict[str, tuple[int, int]] = {}
    last_said = time.monotonic()
    for event in client.pull(reference, stream=True, decode=True):
        if "error" in event:
            raise EngineRefused(f"Pulling {reference} failed.", 500, str(event["error"]))
        detail = event.get("progressDetail") or {}
        if event.get("status") == "Downloading" and detail.get("total"):
            sizes[event.get("id", "")] = (int(detail.get("current", 0)), int(detail["total"]))
        if sizes and time.monotonic() - last_said > PROGRESS_EVERY_S:
            last_said = time.monotonic()
            done, total = (sum(column) / 1e6 for column in zip(*sizes.values(), strict=True))
            progress(f"Pulling {reference}: {done:.0f} of {total:.0f} MB")


def _pull_failed(reference: str, words: str, hint: str) -> ImageNotFound:
    lower = words.lower()
    unreachable = ("dial tcp", "no such host", "timeout", "connection refused", "tls", "proxy")
    if any(sign in lower for sign in unreachable):
        why = "and its registry cannot be reached"
        what = "Check the network, or bring the image with `docker load` or `docker build`."
    elif "unauthorized" in lower or "authentication required" in lower:
        why = "and its registry asks for a login"
        what = "`docker login` to that registry."
    elif "no space left" in lower:
        why = "and the engine's disk is full"
        what = "Make room: `docker system df`."
    else:
        why = "and no registry gave it"
        what = "Check its name; a private image may need `docker login`."
    message = f"The engine does not have the image {reference}, {why}."
    return ImageNotFound(message, hint=f"{what} {hint}".strip(), evidence=words)
