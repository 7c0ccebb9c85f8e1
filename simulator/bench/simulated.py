"""The fake backend with something that answers at its instances' addresses.

Health probes are answered as the script says, everything else with 501: no model runs. Whatever is
seen of such an instance says that it is simulated.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

from backends.base import (
    Address,
    Artifact,
    BackendInfo,
    InstancePhase,
    InstanceSpec,
    Observation,
    Progress,
)
from backends.fake import FakeBackend
from backends.fake_host import FakeHost
from simulator import grpc_health
from simulator.bench import simulated_http2
from simulator.prober import PROBE_HOST

MARK = "x-drydock-simulated"
"""Header on every answer of a simulated instance."""
SIMULATED_LINE = "simulated by the fake backend: no model runs here"
_NOTHING_RUNS = {
    "error_code": "Drydock.Simulated",
    "error_msg": (
        "The instance is simulated by the fake backend: it runs no model. "
        "The backend process or docker runs it."
    ),
}
LINGER_S = 5.0
"""Real seconds in which a client may finish sending, so that it reads the answer undisturbed."""


class SimulatedBackend(FakeBackend):
    """See the module.

    Args:
        directory: for the instances' Unix sockets; short, private, made already.
        host: the engine; one of its own by default.
    """

    def __init__(self, installation: str, directory: Path, *, host: FakeHost | None = None) -> None:
        super().__init__(installation, host=host, survives_server=False)
        self._directory = directory
        self._new_are_well = True
        self._numbers = count(1)
        self._sockets: dict[str, tuple[Path, asyncio.Server]] = {}
        self._talks: set[asyncio.Task[None]] = set()
        self._opening = asyncio.Lock()

    def start_unwell(self, unwell: bool = True) -> None:
        """Whether instances answer probes with 503 from now on; `set_health` says it of one."""
        self._new_are_well = not unwell

    def healthy(self, instance_id: str) -> bool | None:
        instance = self._find(instance_id)
        unsaid = instance is not None and instance.healthy is None
        return super().healthy(instance_id) and (self._new_are_well or not unsaid)

    async def info(self) -> BackendInfo:
        detail = "simulated: instances answer health probes and run nothing"
        seen = await super().info()
        return replace(seen, detail=detail if seen.available else f"simulated: {seen.detail}")

    async def prepare(self, artifact: Artifact, progress: Progress) -> None:
        def simulated(_: str) -> None:
            progress("simulated by the fake backend: nothing is prepared, no model will run")

        await super().prepare(artifact, simulated)

    async def start(self, spec: InstanceSpec) -> Observation:
        seen = await super().start(spec)
        async with self._opening:
            await self._serve(spec.instance_id)
            if self._find(spec.instance_id):
                self.write_log(spec.instance_id, SIMULATED_LINE)
        return self._as_it_is(seen)

    async def observe(self) -> list[Observation]:
        return [self._as_it_is(seen) for seen in await super().observe()]

    async def close(self) -> None:
        await super().close()
        for instance_id in list(self._sockets):
            self._end(instance_id)
        for task in self._talks:
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _drop(self, instance_id: str) -> None:
        super()._drop(instance_id)
        self._end(instance_id)

    def _as_it_is(self, seen: Observation) -> Observation:
        """With the address at which something answers in place of the made-up one."""
        known = self._sockets.get(seen.instance_id)
        running = seen.phase is InstancePhase.RUNNING and known is not None
        address = Address(path=str(known[0])) if running and known else None
        return replace(seen, address=address, accelerator="simulated")

    async def _serve(self, instance_id: str) -> None:
        if instance_id in self._sockets:
            return
        path = self._directory / f"fake-{next(self._numbers)}.sock"

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._talks.add(task)
            try:
                await self._talk(instance_id, reader, writer)
            finally:
                self._talks.discard(task)
                writer.close()

        self._sockets[instance_id] = path, await asyncio.start_unix_server(talk, path)
        if self._find(instance_id) is None:  # it was removed meanwhile
            self._end(instance_id)

    def _end(self, instance_id: str) -> None:
        if known := self._sockets.pop(instance_id, None):
            path, server = known
            server.close()
            path.unlink(missing_ok=True)

    async def _talk(
        self, instance_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One request and its answer; in HTTP/2 as many as come in the time."""
        with contextlib.suppress(
            asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, TimeoutError
        ):
            async with asyncio.timeout(LINGER_S):
                head = await reader.readuntil(b"\r\n\r\n")
                if head == simulated_http2.FIRST_LINE:
                    await simulated_http2.talk(reader, writer, partial(self._said, instance_id))
                    return
                writer.write(self._answer(instance_id, head))
                await writer.drain()
                writer.write_eof()
                while await reader.read(65536):
                    pass

    def _answer(self, instance_id: str, head: bytes) -> bytes:
        # Only the prober names this host: the gateway serves names of this machine alone.
        if f"\r\nhost: {PROBE_HOST}\r\n".encode() in head.lower():
            return _http_answer("200 OK" if self.healthy(instance_id) else "503 Unwell", {})
        return _http_answer("501 Not Implemented", _NOTHING_RUNS)

    def _said(self, instance_id: str, authority: str, path: str) -> simulated_http2.Answer:
        """The same over HTTP/2, and in gRPC where the prober asks in it."""
        headers = {MARK: "fake", "content-type": "application/json"}
        if authority != PROBE_HOST:
            return simulated_http2.Answer(501, headers, json.dumps(_NOTHING_RUNS).encode())
        if not self.healthy(instance_id):
            return simulated_http2.Answer(503, headers, b"{}")
        if path != grpc_health.PATH:
            return simulated_http2.Answer(200, headers, b"{}")
        headers["content-type"] = "application/grpc"
        return simulated_http2.Answer(200, headers, grpc_health.SERVING, {"grpc-status": "0"})


def _http_answer(status: str, body: dict[str, str]) -> bytes:
    """An HTTP/1.1 answer after which the connection is closed."""
    content = json.dumps(body).encode()
    head = [
        f"HTTP/1.1 {status}",
        f"{MARK}: fake",
        "content-type: application/json",
        f"content-length: {len(content)}",
        "connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + content
