"""The admin API as the dashboard uses it: the only module that knows its URLs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from tui.clean import clean_line
from tui.connection import Connection
from tui.errors import NotUnderstood, Refused
from tui.shapes import ErrorAnswer, Event, EventList, LogLine, ServiceDetail, State

if TYPE_CHECKING:
    import httpx
    from pydantic import TypeAdapter

T = TypeVar("T")
ROOT = "/_drydock"
LONGEST_LINE_BYTES = 1 << 20
"""A stream line beyond this is thrown away: nothing the server sends is near it."""

_PARSERS: dict[type, TypeAdapter[Any]] = {}
"""By shape. Made when a client is opened: importing pydantic and making them takes 0.2 s."""


class AdminClient:
    """Asks the server, and turns its answers into `tui.shapes`.

    Every method raises `tui.errors.DashboardError`: `Unreachable`, `OutcomeUnknown`,
    `NotUnderstood` or `Refused`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def address(self) -> str:
        """Where the server is, as a user reads it: `127.0.0.1:8780`."""
        return clean_line(self._connection.base_url.split("://")[-1])

    @property
    def over_socket(self) -> bool:
        """Whether the last answer came over the Unix socket, past the gateway."""
        return self._connection.over_socket

    async def open(self) -> None:
        """Makes the client usable; slow parts run in a thread. A second call does nothing."""
        await asyncio.gather(self._connection.open(), asyncio.to_thread(_make_parsers))

    async def close(self) -> None:
        await self._connection.close()

    async def state(self) -> State:
        return await self._get(f"{ROOT}/state", State)

    async def service(self, service_id: str) -> ServiceDetail:
        return await self._get(_service_path(service_id), ServiceDetail)

    async def events(self, service_id: str) -> tuple[Event, ...]:
        """The service's events, newest first."""
        return (await self._get(f"{_service_path(service_id)}/events", EventList)).events

    async def start(self, service_id: str) -> None:
        await self._change("POST", f"{_service_path(service_id)}/start")

    async def stop(self, service_id: str) -> None:
        await self._change("POST", f"{_service_path(service_id)}/stop")

    async def delete(self, service_id: str) -> None:
        await self._change("DELETE", _service_path(service_id))

    async def follow_logs(self, service_id: str, tail: int) -> AsyncIterator[LogLine | None]:
        """The last `tail` lines of all instances, then new ones as they are written.

        None says that the stream is open and nothing was written: first of all, and at heartbeats.
        """
        path = f"{_service_path(service_id)}/logs?tail={tail}&follow=1"
        async with self._connection.stream(path) as response:
            await _refuse_errors(response)
            yield None
            async for line in _lines(response):
                yield _parse(line, LogLine, "the log stream") if line else None

    async def changes(self) -> AsyncIterator[None]:
        """Yields whenever something changed on the server; says nothing about what."""
        async with self._connection.stream(f"{ROOT}/events") as response:
            await _refuse_errors(response)
            async for line in _lines(response):
                if line.startswith(b"data:"):
                    yield

    async def _get(self, path: str, shape: type[T]) -> T:
        response = await self._connection.request("GET", path)
        await _refuse_errors(response)
        return _parse(response.content, shape, f"GET {path}")

    async def _change(self, method: str, path: str) -> None:
        await _refuse_errors(await self._connection.request(method, path))


def _make_parsers() -> None:
    from pydantic import TypeAdapter  # noqa: PLC0415

    for shape in (State, ServiceDetail, EventList, LogLine, ErrorAnswer):
        if shape not in _PARSERS:
            _PARSERS[shape] = TypeAdapter(shape)


def _service_path(service_id: str) -> str:
    return f"{ROOT}/services/{quote(service_id, safe='')}"


def _parse(body: bytes, shape: type[T], what: str) -> T:
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        parsed: T = _PARSERS[shape].validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise NotUnderstood(
            clean_line(f"The answer of {what} is not understood: {place}: {first['msg']}."),
            "Are the dashboard and the server of the same version?",
        ) from error
    return parsed


async def _refuse_errors(response: httpx.Response) -> None:
    if response.is_success:
        return
    body = await response.aread()
    path = clean_line(response.request.url.path)
    try:
        said = _parse(body, ErrorAnswer, path)
    except NotUnderstood:
        # Not the server's own words: a proxy's page, or another program on this port.
        said = ErrorAnswer(message=f"{response.request.method} {path}: {response.status_code}")
    hint = said.hint
    if response.status_code == 401 and not hint:
        hint = "The admin token is not the server's: start the dashboard again with `drydock`."
    raise Refused(response.status_code, said.code, said.message, hint, said.request_id)


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    # Not httpx's aiter_lines: it also splits at U+2028 and U+0085, which JSON texts may hold.
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r")
        if len(rest) > LONGEST_LINE_BYTES:
            rest = b""
