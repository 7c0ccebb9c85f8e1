"""Where the demo runs: on the running server, or on one of its own that ends with it."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.cli.client import Server
from simulator.cli.demo.steps import Steps
from simulator.cli.failures import Failure
from simulator.cli.images import ensure_runtime_image
from simulator.cli.launching import Started, ensure_started, stop
from simulator.cli.removal import remove_offline
from simulator.cli.session import Session
from simulator.config import BackendChoice, Paths, Settings
from simulator.lockfile import owner_pid

DEMO_PREFIX = "demo-"
"""A demo's own data directory lies in the home: this and the process id."""
TRAFFIC_LIMIT_PER_S = 100
"""Of the demo's own server; the documented one."""


@dataclass(frozen=True)
class Place:
    """A server to run the demo on.

    Attributes:
        home: its data directory.
        own: it was started for this demo and goes when the demo ends.
    """

    server: Server
    home: Path
    address: str
    own: bool


@contextlib.contextmanager
def place(session: Session, steps: Steps, settings: Settings, *, keep: bool) -> Iterator[Place]:
    """The server to use; one of the demo's own is ended and removed in the end.

    Args:
        keep: use the normal data directory, and leave the server running.

    Raises:
        Failure, BackendError: no server could be started as asked.
    """
    running = _running_backend(session, settings.backend)
    if running is not None:
        if running == BackendChoice.DOCKER:
            _make_image(steps, settings)
        with steps.step("using the running server", "looking for a server") as step:
            started = ensure_started(session.paths)
            step.note = f"{started.address}, {running} backend"
        with contextlib.closing(Server(session.paths)) as server:
            yield Place(server, session.home, started.address, own=False)
        return
    chosen = _prepare_backend(session, steps, settings)
    if keep:
        with steps.step("server started", "starting the server") as step:
            started = ensure_started(session.paths, ["--backend", chosen])
            step.note = f"{started.address}, {chosen} backend"
        with contextlib.closing(Server(session.paths)) as server:
            yield Place(server, session.home, started.address, own=False)
        return
    with (
        _own_server(session, steps, settings, chosen) as (paths, started),
        contextlib.closing(Server(paths)) as server,
    ):
        yield Place(server, paths.home, started.address, own=True)


def _running_backend(session: Session, wanted: BackendChoice) -> str | None:
    """The backend of the server that runs, if there is one and it will do."""
    if owner_pid(session.paths.lock) is None:
        return None
    ensure_started(session.paths)  # it may be starting just now
    with session.server() as server:
        name = str(server.state()["backend"]["name"])
    return name if wanted in (BackendChoice.AUTO, name) else None


def _prepare_backend(session: Session, steps: Steps, settings: Settings) -> str:
    """Which backend the demo's own server gets; with Docker, the runtime image is there then."""
    import asyncio  # noqa: PLC0415

    from backends.docker_endpoint import engine_answers  # noqa: PLC0415
    from backends.errors import BackendError  # noqa: PLC0415

    if settings.backend is BackendChoice.PROCESS:
        return BackendChoice.PROCESS.value
    probe = asyncio.run(engine_answers())
    if settings.backend is BackendChoice.DOCKER:
        _make_image(steps, settings)
        return BackendChoice.DOCKER.value
    if not probe.answers:
        steps.say(f"! {probe.detail}", "yellow")
        steps.say("  The model runs as a child process instead of in a container.", "yellow")
        return BackendChoice.PROCESS.value
    try:
        _make_image(steps, settings)
    except BackendError as error:
        steps.say("! A Docker engine answers, but the runtime image cannot be had:", "yellow")
        steps.say(f"  {error.message}", "yellow")
        steps.say(f"  To use Docker: {error.hint}", "yellow")
        steps.say("  The model runs as a child process instead of in a container.", "yellow")
        return BackendChoice.PROCESS.value
    return BackendChoice.DOCKER.value


def _make_image(steps: Steps, settings: Settings) -> None:
    with steps.step("runtime image is there", "looking for the runtime image") as step:
        with step.working.paused():
            ensure_runtime_image(steps.output, settings.base_image)
        step.note = f"on {settings.base_image}"


@contextlib.contextmanager
def _own_server(
    session: Session, steps: Steps, settings: Settings, backend: str
) -> Iterator[tuple[Paths, Started]]:
    home_was_there = session.home.exists()
    _remove_leftovers(session)
    paths = Paths(session.home / f"{DEMO_PREFIX}{os.getpid()}")
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DRYDOCK_")},
        "DRYDOCK_BASE_IMAGE": settings.base_image,
        "DRYDOCK_TRAFFIC_LIMIT_PER_S": str(TRAFFIC_LIMIT_PER_S),
    }
    port = free_port(settings.port)
    flags = ["--backend", backend, "--port", str(port), "--host", "127.0.0.1", "--clock", "real"]
    try:
        with steps.step("server started", "starting the server") as step:
            started = ensure_started(paths, flags, environ=environ, tied=True)
            step.note = f"{started.address}, {backend} backend"
        yield paths, started
    finally:
        with steps.output.working("cleaning up"):
            _remove_home(paths)
            if not home_was_there:
                with contextlib.suppress(OSError):  # somebody used it meanwhile
                    session.home.rmdir()


def free_port(wanted: int) -> int:
    """`wanted` when nobody listens there on loopback, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise Failure("there is no free port on 127.0.0.1")


def _remove_leftovers(session: Session) -> None:
    """Directories of demos that were killed; their servers ended with them."""
    for home in session.home.glob(f"{DEMO_PREFIX}*"):
        if home.is_dir() and owner_pid(Paths(home).lock) is None:
            _remove_home(Paths(home))


def _remove_home(paths: Paths) -> None:
    if owner_pid(paths.lock) is not None:
        stop(paths, "remove")
    remove_offline(paths)
