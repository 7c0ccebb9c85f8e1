"""What both front doors of the control server share: request ids, error answers, JSON."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import MutableHeaders
from starlette.responses import Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID = "x-request-id"
CONTROL_BODY_MAX_BYTES = 16 * 1024 * 1024
"""Largest body the control server reads. Inference bodies to be judged have up to 12 MB."""


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class RequestId:
    """Pure ASGI middleware: every answer carries the request's id, the gateway's if it gave one."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((v for k, v in scope["headers"] if k == REQUEST_ID.encode()), b"")
        request_id = given.decode("latin-1") or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class LocalOrigin:
    """Pure ASGI middleware: a page of another site may not use the browser of this machine's user
    to reach the control server. Clients other than browsers send neither of the two headers."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_foreign(dict(scope["headers"])):
            text = "Requests from pages of other sites are not served."
            answer = Json({"error_code": "Drydock.Origin", "error_msg": text}, status_code=403)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_foreign(headers: dict[bytes, bytes]) -> bool:
    if headers.get(b"sec-fetch-site") == b"cross-site":
        return True
    origin = headers.get(b"origin")
    if origin is None:
        return False
    host = urlsplit(origin.decode("latin-1")).hostname
    own = urlsplit("//" + headers.get(b"host", b"").decode("latin-1")).hostname
    return host is None or host not in {"127.0.0.1", "localhost", "::1", own}


class BodyTooLarge(Exception):
    """The request's body is larger than the control server reads."""


class BodyLimit:
    """Pure ASGI middleware: a body over the limit is refused before it fills the memory."""

    def __init__(self, app: App, max_bytes: int = CONTROL_BODY_MAX_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = 0
        started = False

        async def counted() -> MutableMapping[str, Any]:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_bytes:
                raise BodyTooLarge
            return message

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except BodyTooLarge:
            if started:
                raise
            text = f"The request body is larger than {self._max_bytes} bytes."
            answer = Json({"error_code": "APIG.0201", "error_msg": text}, status_code=413)
            await answer(scope, receive, send)
