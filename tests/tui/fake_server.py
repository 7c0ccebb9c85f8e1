"""A stand-in for the server's admin API, from recorded state: for tests and for trying by hand.

`FakeAdmin` answers in memory, through httpx.MockTransport, without time or chance. Run as a program
it serves the same over loopback with figures that change:

    python -m tests.tui.fake_server 8791
"""

import asyncio
import copy
import json
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Json = dict[str, Any]
STATE = Path(__file__).parent / "state"
TOKEN = "a-token-for-tests"
MNIST, IRIS, CONCERNING, CRASHING = (
    f"{number:08x}-6f1d-4c2b-9a57-3e8d5b7c{number:04x}"
    for number in (0x1A01, 0x1A02, 0x1A03, 0x1A04)
)
BATCH = "00001a07-6f1d-4c2b-9a57-3e8d5b7c1a07"


def recorded(name: str) -> Any:
    """One of the recorded files."""
    return json.loads((STATE / name).read_text("utf-8"))


class FakeAdmin:
    """The recorded state, and what tests do to it."""

    def __init__(self) -> None:
        self.state: Json = recorded("state.json")
        self.details: Json = recorded("services.json")
        self.event_lists: Json = recorded("events.json")
        self.logs: Json = recorded("logs.json")
        self.is_dead = False
        self.refusal: tuple[int, Json] | None = None
        """The answer to every change, where a test wants one that is not 200."""
        self.asked: list[str] = []
        """The changes that were asked for, as `POST /services/…/stop`."""
        self.log_written = asyncio.Event()

    def service(self, service_id: str) -> Json | None:
        return next((s for s in self.state["services"] if s["service_id"] == service_id), None)

    def remove(self, service_id: str) -> None:
        self.state["services"].remove(self.service(service_id))

    def write_log(self, service_id: str, line: Json) -> None:
        self.logs.setdefault(service_id, []).append(line)
        self.log_written.set()

    def answer(self, method: str, path: str) -> tuple[int, Json]:
        """The status and body for one request, but for streams."""
        match path.removeprefix("/_drydock/").split("/"):
            case ["state"]:
                return 200, self.state
            case ["services", service_id, *rest]:
                service = self.service(service_id)
                if service is None:
                    return 404, {"code": "NotFound", "message": f"No service {service_id}."}
                if method != "GET":
                    return self._change(method, "/".join(["/services", service_id, *rest]), service)
                if rest == ["events"]:
                    return 200, {"events": self.event_lists.get(service_id, [])}
                recorded_detail = self.details.get(service_id, {"instances": [], "config": {}})
                return 200, {**recorded_detail, **service}
        return 404, {"code": "NotFound", "message": f"No path {path}."}

    def _change(self, method: str, path: str, service: Json) -> tuple[int, Json]:
        self.asked.append(f"{method} {path}")
        if self.refusal is not None:
            return self.refusal
        if method == "DELETE":
            self.state["services"].remove(service)
        else:
            service["status"] = "deploying" if path.endswith("start") else "stopped"
            service["instances_ready"] = 0
        return 200, {}

    async def log_stream(self, service_id: str, tail: int) -> AsyncIterator[bytes]:
        """The recorded lines, then whatever is written, for ever."""
        sent = max(0, len(self.logs.get(service_id, [])) - tail)
        while not self.is_dead:
            lines = self.logs.get(service_id, [])
            for line in lines[sent:]:
                yield json.dumps(line).encode() + b"\n"
            sent = len(lines)
            self.log_written.clear()
            await self.log_written.wait()

    def transport(self) -> httpx.MockTransport:
        """All this as an httpx transport; refuses connections while `is_dead`."""

        async def handle(request: httpx.Request) -> httpx.Response:
            if self.is_dead:
                raise httpx.ConnectError("refused", request=request)
            if request.headers.get("X-Drydock-Token") != TOKEN:
                return httpx.Response(401, json={"code": "BadToken", "message": "Wrong token."})
            path = request.url.path
            if path.endswith("/logs"):
                tail = int(parse_qs(request.url.query.decode())["tail"][0])
                return httpx.Response(
                    200, stream=_Stream(self.log_stream(path.split("/")[3], tail))
                )
            if path == "/_drydock/events":
                return httpx.Response(200, stream=_Stream(_never()))
            status, body = self.answer(request.method, path)
            return httpx.Response(status, json=body)

        return httpx.MockTransport(handle)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            yield chunk


async def _never() -> AsyncIterator[bytes]:
    yield b": open\n\n"
    await asyncio.Event().wait()


def application(fake: FakeAdmin) -> Starlette:
    """The same as an ASGI application."""

    async def plain(request: Request) -> Response:
        if request.headers.get("X-Drydock-Token") != TOKEN:
            return JSONResponse({"code": "BadToken", "message": "Wrong token."}, 401)
        status, body = fake.answer(request.method, request.url.path)
        return JSONResponse(copy.deepcopy(body), status)

    async def logs(request: Request) -> Response:
        stream = fake.log_stream(request.path_params["id"], int(request.query_params["tail"]))
        return StreamingResponse(stream, media_type="application/x-ndjson")

    async def events(request: Request) -> Response:
        return StreamingResponse(_never(), media_type="text/event-stream")

    return Starlette(
        routes=[
            Route("/_drydock/services/{id}/logs", logs),
            Route("/_drydock/events", events),
            Route("/{path:path}", plain, methods=["GET", "POST", "DELETE"]),
        ]
    )


def move_on(fake: FakeAdmin, elapsed_ms: int, chance: random.Random) -> None:
    """Lets time pass in the recorded state: traffic, latencies, log lines."""
    now_ms = fake.state["clock"]["now_ms"] = fake.state["clock"]["now_ms"] + elapsed_ms
    for service in fake.state["services"]:
        if service["status"] not in {"running", "concerning"} or not service["requests_per_s"]:
            continue
        service["requests_per_s"] = round(max(0.1, service["requests_per_s"] + chance.gauss()), 1)
        service["p99_ms"] = round(service["p99_ms"] * chance.uniform(0.9, 1.11), 1)
        served = round(service["requests_per_s"] * elapsed_ms / 1000)
        service["requests_total"] += served
        for version in service["versions"]:
            version["requests_total"] += round(served * version["weight"] / 100)
    for service_id, detail in fake.details.items():
        for instance in detail["instances"]:
            text = f"INFO  GET /health 200 {chance.uniform(0.2, 0.6):.1f} ms"
            line = {"instance_id": instance["instance_id"], "text": text, "at_ms": now_ms}
            fake.write_log(service_id, line)


async def serve(port: int) -> None:
    """Serves on loopback until interrupted."""
    fake, chance = FakeAdmin(), random.Random(1)

    async def live() -> None:
        while True:
            await asyncio.sleep(1)
            move_on(fake, 1000, chance)

    config = uvicorn.Config(application(fake), host="127.0.0.1", port=port, log_level="warning")
    async with asyncio.TaskGroup() as tasks:
        living = tasks.create_task(live())
        await uvicorn.Server(config).serve()
        living.cancel()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
