"""A whole server inside this process: its own thread, event loop, port and data directory."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

# A new database needs it. Imported here, in the calling thread, so that the first server of a
# process starts as quickly as the others.
import alembic.command
import alembic.config  # noqa: F401

from backends.base import Backend
from simulator.backend_choice import choose_backend
from simulator.bench.options import BackendName, Options
from simulator.bench.simulated import SimulatedBackend
from simulator.config import Paths, Settings
from simulator.server import ControlServer, build_app, listening, loop_factory, unix_socket
from simulator.system import ChooseBackend, ShutdownMode, System

HOST = "127.0.0.1"
START_LIMIT_S = 60.0
STOP_LIMIT_S = 60.0
"""Real instances get 30 s to end by themselves, and open requests 5 s."""
CONNECTIONS_LIMIT_S = 2.0
POLL_S = 0.002

T = TypeVar("T")


class EmbeddedServer:
    """One private server. `start` it once, `stop` it whatever happens in between.

    Attributes:
        options: what it is like.
        home: its data directory, removed by `stop`.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.home = Path()
        self._ready: Future[tuple[System, asyncio.AbstractEventLoop]] = Future()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._give_up: Callable[[], object] = bool
        """Ends a start that is still under way."""

    @property
    def system(self) -> System:
        """The server's parts, which belong to its event loop: use them through `run`."""
        return self._ready.result(0)[0]

    def start(self) -> None:
        """Returns when the server answers.

        Raises:
            ConfigError: it cannot start, e.g. no Docker engine answers. Nothing is left behind.
        """
        self.home = Path(tempfile.mkdtemp(prefix="drydock-"))
        self._thread = threading.Thread(target=self._main, name="drydock", daemon=True)
        self._thread.start()
        try:
            self._ready.result(START_LIMIT_S)
        except BaseException:
            with contextlib.suppress(BaseException):
                self.stop()
            raise

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Run a coroutine in the server's event loop, and wait for its end.

        Raises:
            TimeoutError: it has not ended after `timeout_s` real seconds; it is cancelled.
        """
        if self._thread is None or not self._thread.is_alive():
            work.close()
            raise RuntimeError("the server has ended")
        future = asyncio.run_coroutine_threadsafe(work, self._ready.result(0)[1])
        try:
            return future.result(timeout_s)
        finally:
            future.cancel()

    def stop(self) -> None:
        """End the server with its instances, and remove its data directory.

        Raises:
            RuntimeError: it does not end.
        """
        if self._thread is not None:
            self._ask_to_end()
            self._thread.join(STOP_LIMIT_S)
            if self._thread.is_alive():
                raise RuntimeError(f"the server has not ended after {STOP_LIMIT_S:.0f} s")
            self._thread = None
        if self.home != Path():
            paths = Paths(self.home)
            for directory in {self.home, paths.run}:
                shutil.rmtree(directory, ignore_errors=True)
        if self._error is not None:
            raise self._error

    def _ask_to_end(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended by itself
            if not self._ready.done():
                self._give_up()
            elif self._ready.exception() is None:
                system, loop = self._ready.result()
                loop.call_soon_threadsafe(system.shutdown.set)

    def _main(self) -> None:
        """The thread. What goes wrong before the server answers is what `start` raises; the event
        loop and all that belongs to it are closed by then."""
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._ready.done():
                self._error = error
            else:
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        loop, me = asyncio.get_running_loop(), asyncio.current_task()
        assert me is not None
        self._give_up = lambda: loop.call_soon_threadsafe(me.cancel)
        async with contextlib.AsyncExitStack() as stack:
            address = stack.enter_context(_bound_socket())
            port: int = address.getsockname()[1]
            settings = self.options.private_settings(self.home, port)
            settings.paths.create()
            system = System(settings, gateway=self.options.gateway, backend=self._backend())
            await system.open()
            stack.push_async_callback(system.close)
            system.shutdown_mode = ShutdownMode.REMOVE
            where = address
            if self.options.gateway:
                _make_way_for_envoy(address)
                where = stack.enter_context(unix_socket(settings.paths.control_socket))
            await stack.enter_async_context(listening(build_app(system), where, _QuickServer))
            await system.start()
            self._ready.set_result((system, loop))
            await system.shutdown.wait()
            system.shutdown_mode = ShutdownMode.REMOVE

    def _backend(self) -> ChooseBackend:
        return _simulated if self.options.backend is BackendName.FAKE else choose_backend


async def _simulated(
    settings: Settings, paths: Paths, installation: str, *, last: str | None
) -> Backend:
    return SimulatedBackend(installation, paths.run)


@contextlib.contextmanager
def _bound_socket() -> Iterator[socket.socket]:
    """A socket at a port that the kernel chose, and that is nobody else's until the end."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, 0))
        yield bound


def _make_way_for_envoy(bound: socket.socket) -> None:
    """Envoy binds its port itself. On Linux it can beside a socket that does not listen, which goes
    on keeping the port from others; elsewhere the port is free for a moment."""
    if sys.platform != "linux":
        bound.close()


class _QuickServer(ControlServer):
    """Ends at once when told to, where uvicorn takes up to 0.3 s: there is one for each test."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            # a tenth of a second, as uvicorn's own loop, but looked at more often
            for _ in range(10):
                if self.should_exit:
                    return
                await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECTIONS_LIMIT_S):
                while self.server_state.connections or self.server_state.tasks:
                    await asyncio.sleep(POLL_S)
        for task in self.server_state.tasks:
            task.cancel()
