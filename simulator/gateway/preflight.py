"""What is looked at before Envoy is started."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from simulator.errors import ConfigError
from simulator.gateway.errors import GatewayPortInUse
from simulator.gateway.process import end_stale_process, living_owner

SOCKET_PATH_BYTES = 103
"""Longest path of a Unix socket that macOS and Linux both take."""


def clear_the_way(directory: Path, process_file: Path) -> None:
    """Makes the directory, and ends an Envoy that a killed server left behind in it.

    Raises:
        ConfigError: the Envoy belongs to another server, which is alive.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = living_owner(process_file)
    if owner is not None:
        raise ConfigError(
            f"the gateway of {directory} is run by another server (process {owner})",
            hint="stop that server, or choose another data directory",
        )
    end_stale_process(process_file)


def probe_port(host: str, port: int) -> None:
    """Raises `GatewayPortInUse` if nothing could listen on the address now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # as Envoy does: connections of a process that has just ended are no obstacle
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise GatewayPortInUse(host, port) from error


def check_socket_path(path: str) -> None:
    """Raises `ConfigError` if the path is too long for a Unix socket."""
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
        raise ConfigError(
            f"Unix socket path of {len(os.fsencode(path))} bytes, at most {SOCKET_PATH_BYTES} "
            f"work everywhere: {path}",
            hint="choose a data directory with a shorter path",
        )
