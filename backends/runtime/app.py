"""The ASGI application: routes, limits, content types, errors, headers.

Every answer is JSON. A failed request is one line in the log; a successful one is none.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from backends.runtime.contract import CONFIG, Api
from backends.runtime.endpoints import Endpoint, build_endpoint
from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.log import log
from backends.runtime.model import Model
from backends.runtime.oip import InferEndpoint, metadata_documents

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]
Route: TypeAlias = Endpoint | bytes
"""What answers a path and method: an endpoint, or a document that never changes."""

HEALTH = b'{"status":"ok"}'


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


def build_routes(apis: Iterable[Api], model: Model) -> dict[str, dict[str, Route]]:
    """{path: {method: route}} of everything this server answers.

    Raises:
        StartError: an api does not fit the model, or takes a path that the server needs.
    """
    routes: dict[str, dict[str, Route]] = {"/health": {"GET": HEALTH}}
    for path, document in metadata_documents(model).items():
        routes[path] = {"GET": document}
    routes[f"/v2/models/{model.name}/infer"] = {"POST": InferEndpoint(model)}
    for api in apis:
        if api.method in routes.get(api.url, {}):
            raise StartError(
                "cannot use the model package",
                where=f"{CONFIG}, {api.where}",
                why=f"{api.method} {api.url} is answered by the server itself",
                hint="give the api another url",
            )
        routes.setdefault(api.url, {})[api.method] = build_endpoint(api, model)
    for methods in routes.values():
        if "GET" in methods:
            methods.setdefault("HEAD", methods["GET"])
    return routes


class Application:
    """An ASGI 3 application around the routes of one model.

    Args:
        routes: as `build_routes` makes them.
        use_thread: compute in a worker thread, because a call would starve the event loop.
        body_limit_bytes: larger bodies are refused, by their declared length where they have one.
        identity: headers added to every answer.
    """

    def __init__(
        self,
        routes: Mapping[str, Mapping[str, Route]],
        *,
        use_thread: bool,
        body_limit_bytes: int,
        identity: Mapping[str, str],
    ) -> None:
        self._routes = routes
        self._use_thread = use_thread
        self._body_limit_bytes = body_limit_bytes
        self._headers: Headers = [(b"content-type", b"application/json")]
        self._headers += [(k.encode(), v.encode()) for k, v in identity.items() if v]
        self._worker = ThreadPoolExecutor(1, "inference")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, headers = 200, self._headers
        try:
            body = await self._answer(scope, receive)
        except RequestError as exc:
            status, body = exc.problem.status, _error_body(scope, exc)
            log(f"{_name(scope)} {status} {exc.problem.code} {exc.message}")
            if exc.problem is Problem.WRONG_METHOD:
                allowed = ", ".join(sorted(self._routes[scope["path"]]))
                headers = [*headers, (b"allow", allowed.encode())]
        except ClientGone:
            log(f"{_name(scope)} the client closed the connection before the end of its body")
            return
        except Exception as exc:  # the last line of defence: a logged 500, never a dead connection
            at = traceback.extract_tb(exc.__traceback__)[-1]
            log(f"{_name(scope)} 500 {type(exc).__name__}: {exc} ({at.filename}:{at.lineno})")
            failure = RequestError(Problem.INTERNAL, "the server failed; its log has the reason")
            status, body = 500, _error_body(scope, failure)
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        route = self._find(scope["path"], scope["method"])
        if isinstance(route, bytes):
            return route
        content_type, length = _check_headers(scope["headers"], route.media_type)
        body = await self._read(receive, length)
        job = route.plan(content_type, body)
        if job.heavy or self._use_thread:
            return await asyncio.get_running_loop().run_in_executor(self._worker, job.work)
        return job.work()

    def _find(self, path: str, method: str) -> Route:
        methods = self._routes.get(path)
        if methods is None:
            models = [p for p in self._routes if p.startswith("/v2/models/") and p.count("/") == 3]
            hint = f"; the model is {models[0]}" if path.startswith("/v2/models/") else ""
            raise RequestError(Problem.NOT_FOUND, f"there is no path {path[:200]!r}{hint}")
        route = methods.get(method)
        if route is None:
            text = f"{path} takes {', '.join(sorted(methods))}; {method} came"
            raise RequestError(Problem.WRONG_METHOD, text)
        return route

    async def _read(self, receive: Receive, length: int) -> bytes:
        if length > self._body_limit_bytes:
            raise self._too_large(f"{length} bytes are announced")
        message = await receive()
        chunks: list[bytes] = []
        size = 0
        while True:
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._body_limit_bytes:
                raise self._too_large(f"at least {size} bytes came")
            if not message.get("more_body", False):
                return b"".join((*chunks, chunk)) if chunks else chunk
            chunks.append(chunk)
            message = await receive()

    def _too_large(self, came: str) -> RequestError:
        text = f"a body may have {self._body_limit_bytes} bytes; {came}"
        return RequestError(Problem.TOO_LARGE, text)


def _check_headers(headers: Iterable[tuple[bytes, bytes]], media_type: str) -> tuple[str, int]:
    """(content type, declared length or 0) of a request whose body must be `media_type`."""
    content_type, length = "", 0
    for name, value in headers:
        if name == b"content-type":
            content_type = value.decode("latin-1")
        elif name == b"content-length":
            length = int(value)
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            text = f"compressed bodies are not accepted; {value.decode('latin-1')[:50]!r} came"
            raise RequestError(Problem.WRONG_MEDIA_TYPE, text)
    if content_type != media_type:
        came = content_type.partition(";")[0].strip().lower()
        if came != media_type:
            text = f"expected content type {media_type}; {came[:100] or 'none'} came"
            raise RequestError(Problem.WRONG_MEDIA_TYPE, text)
    return content_type, length


def _error_body(scope: Scope, error: RequestError) -> bytes:
    return error.body(open_inference=f"{scope['path']}/".startswith("/v2/"))


def _name(scope: Scope) -> str:
    return f"{scope['method']} {scope['path'][:200]}"
