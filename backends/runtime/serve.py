"""The process around the application: sockets and signals.

uvicorn speaks HTTP. Its own main loop wakes ten times a second and its signal handling ends the
process by the signal; `_Server` waits instead, so that an idle instance uses no CPU, and ends with
exit code 0 after a drain.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
from collections.abc import Generator
from pathlib import Path

import uvicorn
import uvloop

from backends.runtime.app import Application
from backends.runtime.errors import StartError
from backends.runtime.log import log
from backends.runtime.settings import DRAIN_S, KEEP_ALIVE_S, Settings

BACKLOG = 2048
MAX_UDS_BYTES = 107
"""Longest path a Unix socket address holds on Linux (108 with its closing NUL)."""


def serve(app: Application, settings: Settings) -> None:
    """Listen and answer until SIGTERM or SIGINT, then finish what runs, at most `DRAIN_S`.

    Raises:
        StartError: the address cannot be listened on.
    """
    listener = _listen_unix(settings.uds) if settings.uds else _listen_tcp(settings)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(DRAIN_S),
        backlog=BACKLOG,
    )
    name = settings.uds or "{}:{}".format(*listener.getsockname()[:2])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Server(config, name).serve([listener]))
    if settings.uds:
        Path(settings.uds).unlink(missing_ok=True)
    log("stopped")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, name: str) -> None:
        super().__init__(config)
        self._name = name
        self._stop_asked = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number.name)
        yield

    async def main_loop(self) -> None:
        log(f"listening on {self._name}")
        await self._stop_asked.wait()

    def _stop(self, why: str) -> None:
        if not self._stop_asked.is_set():
            running = len(self.server_state.tasks)
            log(f"{why}: no new connections; finishing {running} running request(s)")
        self._stop_asked.set()


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
