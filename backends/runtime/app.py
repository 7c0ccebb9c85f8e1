"""The application: routes, limits, content types, errors, headers.

Every answer is JSON. A failed request is one line in the log; a successful one is none.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TypeAlias, cast

from backends.runtime.compute import Computer
from backends.runtime.connection import Exchange, name_of, too_large
from backends.runtime.contract import CONFIG, Api
from backends.runtime.endpoints import Endpoint, build_endpoint
from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.log import log
from backends.runtime.model import Model
from backends.runtime.oip import InferEndpoint, metadata_documents

Route: TypeAlias = Endpoint | bytes
"""What answers a path and method: an endpoint, or a document that never changes."""
Routes: TypeAlias = Mapping[str, Mapping[str, Route]]
"""By path, then by method."""

HEALTH = b'{"status":"ok"}'


def build_routes(apis: Iterable[Api], model: Model) -> Routes:
    """Everything this server answers.

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
    """Answers the requests of all connections; a `connection.Handler`.

    Args:
        routes: as `build_routes` makes them.
        computer: where the model computes.
        body_limit_bytes: larger bodies are refused, by their declared length where they have one.
        identity: headers added to every answer.
    """

    def __init__(
        self,
        routes: Routes,
        computer: Computer,
        *,
        body_limit_bytes: int,
        identity: Mapping[str, str],
    ) -> None:
        self.body_limit_bytes = body_limit_bytes
        self._routes = routes
        self._computer = computer
        # a target that is spelled as the path is, which is nearly every one, needs no parsing
        self._by_target = {
            (method, path.encode()): route
            for path, methods in routes.items()
            for method, route in methods.items()
        }
        lines = {"content-type": "application/json", **identity}
        self._headers = "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v).encode()

    def begin(self, exchange: Exchange) -> None:
        """See `Handler.begin`."""
        try:
            route = self._by_target.get((exchange.method, exchange.target))
            if route is None:
                route = self._find(exchange.path, exchange.method)
            if isinstance(route, bytes):
                exchange.answer(200, route, self._headers)
                return
            exchange.content_type = _check_headers(exchange.headers, route.media_type)
            announced = int(exchange.headers.get(b"content-length", 0))
            if announced > self.body_limit_bytes:
                raise too_large(self.body_limit_bytes, announced, announced=True)
            exchange.route = route
        except Exception as exc:
            self._fail(exchange, exc)

    def complete(self, exchange: Exchange) -> None:
        """See `Handler.complete`."""
        try:
            job = cast(Endpoint, exchange.route).plan(exchange.content_type, exchange.body)
        except Exception as exc:
            self._fail(exchange, exc)
        else:
            self._computer.submit(job, partial(self._reply, exchange))

    def refuse(self, exchange: Exchange, error: RequestError) -> None:
        """See `Handler.refuse`."""
        self._fail(exchange, error)

    def _reply(self, exchange: Exchange, result: bytes | Exception) -> None:
        if isinstance(result, bytes):
            exchange.answer(200, result, self._headers)
        else:
            self._fail(exchange, result)

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

    def _fail(self, exchange: Exchange, exc: Exception) -> None:
        """Answer what went wrong: at worst a logged 500, never a dead connection."""
        headers = self._headers
        if isinstance(exc, RequestError):
            error = exc
            log(f"{name_of(exchange)} {error.problem.status} {error.problem.code} {error.message}")
        else:
            at = traceback.extract_tb(exc.__traceback__)[-1]
            where = f"{at.filename}:{at.lineno}"
            log(f"{name_of(exchange)} 500 {type(exc).__name__}: {exc} ({where})")
            error = RequestError(Problem.INTERNAL, "the server failed; its log has the reason")
        path = exchange.path
        if error.problem is Problem.WRONG_METHOD:
            headers += f"allow: {', '.join(sorted(self._routes[path]))}\r\n".encode()
        body = error.body(open_inference=f"{path}/".startswith("/v2/"))
        exchange.answer(error.problem.status, body, headers)


def _check_headers(headers: Mapping[bytes, bytes], media_type: str) -> str:
    """The content type of a request whose body must be `media_type`."""
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        text = f"compressed bodies are not accepted; {encoding.decode('latin-1')[:50]!r} came"
        raise RequestError(Problem.WRONG_MEDIA_TYPE, text)
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    if content_type != media_type:
        came = content_type.partition(";")[0].strip().lower()
        if came != media_type:
            text = f"expected content type {media_type}; {came[:100] or 'none'} came"
            raise RequestError(Problem.WRONG_MEDIA_TYPE, text)
    return content_type
