"""images build | list: the image that packages run in, with the Docker backend."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.output import Output, age
from simulator.cli.session import HomeOption, JsonOption, Session

if TYPE_CHECKING:
    from backends.base import ImageInfo
    from backends.docker_client import EngineClient

app = typer.Typer(help="Build and list the runtime's container image.", no_args_is_help=True)

QUICK_CALL_S = 15.0


@app.command("build")
def build(
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="IMAGE", help="Base image with glibc and Python 3.11+."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the runtime image now, rather than at the first deployment. Needs no server."""
    session = Session(home, as_json)
    chosen = session.settings(base_image=base).base_image
    began = time.monotonic()
    image = ensure_runtime_image(session.output, chosen)
    if session.output.as_json:
        session.output.document(
            {
                "reference": image.reference,
                "digest": image.digest,
                "size_bytes": image.size_bytes,
                "base": chosen,
            }
        )
        return
    seconds = time.monotonic() - began
    size = f"{image.size_bytes / 1e6:.0f} MB"
    session.output.line(f"{image.reference} is there ({size}, on {chosen}, {seconds:.1f} s)")


@app.command("list")
def list_images(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The runtime images that the engine has."""
    session = Session(home, as_json)
    rows = asyncio.run(_with_engine(_runtime_images))
    if session.output.as_json:
        session.output.document(rows)
    elif not rows:
        session.output.line("no runtime image yet: `drydock images build` makes one")
    else:
        session.output.table(
            ["IMAGE", ">MB", "AGE", "ID"],
            [
                [
                    row["reference"],
                    f"{row['size_bytes'] / 1e6:.0f}",
                    age(row["created_at_ms"]),
                    row["digest"].removeprefix("sha256:")[:12],
                ]
                for row in rows
            ],
        )


def ensure_runtime_image(output: Output, base: str) -> ImageInfo:
    """The runtime image on `base`, built now when the engine does not have it, with a live line.

    Raises:
        BackendError: no engine answers, the base cannot be had, or the build failed.
    """
    with output.working("looking for the runtime image") as working:

        async def ensure(engine: EngineClient) -> ImageInfo:
            import platformdirs  # noqa: PLC0415

            from backends.images import RuntimeImages  # noqa: PLC0415

            cache = platformdirs.user_cache_path("drydock")
            return await RuntimeImages(engine, base, cache).ensure(working.show)

        image: ImageInfo = asyncio.run(_with_engine(ensure))
        return image


async def _with_engine(work: Any) -> Any:
    from backends.docker_client import EngineClient  # noqa: PLC0415
    from backends.docker_endpoint import engine_answers, find_endpoint  # noqa: PLC0415
    from backends.errors import EngineUnavailable  # noqa: PLC0415

    probe = await engine_answers()
    endpoint = find_endpoint()
    if endpoint is None or not probe.answers:
        raise EngineUnavailable(
            f"No Docker engine answers: {probe.detail}.",
            hint="Start Docker; without it, packages run as child processes and need no image.",
        )
    engine = EngineClient(endpoint, QUICK_CALL_S)
    try:
        return await work(engine)
    finally:
        engine.close()


async def _runtime_images(engine: EngineClient) -> list[dict[str, Any]]:
    from backends.images import LABEL_RUNTIME  # noqa: PLC0415

    found: list[dict[str, Any]] = await engine.call(
        "listing images", lambda client: client.images(filters={"label": LABEL_RUNTIME})
    )
    rows = []
    for image in found:
        created = image.get("Created") or 0
        if isinstance(created, str):  # Podman's answer
            created = datetime.fromisoformat(created).astimezone(UTC).timestamp()
        rows.append(
            {
                "reference": (image.get("RepoTags") or ["(untagged)"])[0],
                "digest": image["Id"],
                "size_bytes": int(image.get("Size") or 0),
                "created_at_ms": int(created * 1000),
            }
        )
    return rows
