"""The process around the application: sockets and signals."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import stat
from pathlib import Path

import uvloop

from backends.runtime.connection import Connection, Connections, Handler
from backends.runtime.errors import StartError
from backends.runtime.log import log
from backends.runtime.settings import DRAIN_S, Settings

BACKLOG = 2048
MAX_UDS_BYTES = 107
"""Longest path a Unix socket address holds on Linux (108 with its closing NUL)."""


def serve(handler: Handler, settings: Settings) -> None:
    """Listen and answer until SIGTERM or SIGINT, then finish what runs, at most `DRAIN_S`.

    Raises:
        StartError: the address cannot be listened on.
    """
    listener = _listen_unix(settings.uds) if settings.uds else _listen_tcp(settings)
    name = settings.uds or "{}:{}".format(*listener.getsockname()[:2])
    # what is loaded by now stays: the collector need not look at it again and again
    gc.collect()
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(handler, listener, name))
    if settings.uds:
        Path(settings.uds).unlink(missing_ok=True)
    log("stopped")


async def _serve(handler: Handler, listener: socket.socket, name: str) -> None:
    loop = asyncio.get_running_loop()
    connections, stop = Connections(), asyncio.Event()

    def ask_to_stop(why: str) -> None:
        if not stop.is_set():
            running = connections.running
            log(f"{why}: no new connections; finishing {running} running request(s)")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop, number.name)
    server = await loop.create_server(
        lambda: Connection(handler, connections), sock=listener, backlog=BACKLOG
    )
    log(f"listening on {name}")
    await stop.wait()
    server.close()
    try:
        await connections.drain(DRAIN_S)
    except TimeoutError:
        log(f"{connections.running} request(s) still run after {DRAIN_S:g} s; not waiting longer")


def _listen_tcp(settings: Settings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as exc:
        raise _cannot_listen(f"{settings.host}:{settings.port}", exc.strerror or str(exc)) from exc
    return listener


def _listen_unix(path: str) -> socket.socket:
    """A socket file anyone may connect to: its directory's permissions guard it."""
    if len(os.fsencode(path)) > MAX_UDS_BYTES:
        raise _cannot_listen(path, f"the path is longer than {MAX_UDS_BYTES} bytes")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        listener.bind(path)
        Path(path).chmod(0o666)
    except OSError as exc:
        raise _cannot_listen(path, exc.strerror or str(exc)) from exc
    return listener


def _remove_stale(path: str) -> None:
    """Remove a socket nobody answers on; leave anything else alone, bind will refuse it."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            with contextlib.suppress(ConnectionRefusedError):
                probe.connect(path)
                return
        Path(path).unlink()


def _cannot_listen(where: str, why: str) -> StartError:
    hint = "give another address with --uds, or --host and --port"
    return StartError("cannot listen", where=where, why=why, hint=hint)
