"""Where instances run: as the settings say, or as this machine allows."""

from __future__ import annotations

from backends.base import Backend
from simulator.config import BackendChoice, Paths, Settings
from simulator.errors import ConfigError


async def choose_backend(
    settings: Settings, paths: Paths, installation: str, *, last: str | None
) -> Backend:
    """Docker where an engine answers, else child processes; or what the settings demand.

    Args:
        last: name of the backend that holds this data directory's instances; None if there are
            none. An engine that is away for the moment must not make them start a second time
            elsewhere.

    Raises:
        ConfigError: Docker is demanded and there is no engine to talk to.
    """
    if settings.backend is BackendChoice.PROCESS:
        return _process(paths, installation)
    from backends.docker_endpoint import engine_answers  # noqa: PLC0415

    probe = await engine_answers()
    if probe.answers or last == BackendChoice.DOCKER:
        return _docker(settings, paths, installation)
    if settings.backend is BackendChoice.DOCKER:
        raise ConfigError(
            f"no Docker engine answers: {probe.detail}",
            hint="start the engine, or choose the process backend (--backend process)",
        )
    return _process(paths, installation)


def _process(paths: Paths, installation: str) -> Backend:
    from backends.process import ProcessBackend  # noqa: PLC0415

    return ProcessBackend(installation, paths.instances)


def _docker(settings: Settings, paths: Paths, installation: str) -> Backend:
    # Imported only here: the SDK costs memory and time that the process backend need not pay.
    from backends.docker import DockerBackend  # noqa: PLC0415

    return DockerBackend(
        installation, base_image=settings.base_image, sockets_dir=paths.container_sockets
    )
