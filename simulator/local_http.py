"""Plain HTTP to programs on this machine: instances and the gateway's admin socket.

On httpcore, the transport that httpx is made of: httpx itself costs 0.3 s of start-up and 10 MB
here, for features that a health probe does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpcore

_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


class LocalHttpError(Exception):
    """The other side could not be asked; the text says why, for people."""


class NothingListens(LocalHttpError):
    """Nobody takes connections at the address."""


class TooSlow(LocalHttpError):
    """No answer within the time limit."""


@dataclass(frozen=True)
class Answer:
    """Status, body and headers.

    Attributes:
        body: cut at what was asked for.
        headers: names in small letters, of several with one name the last; without trailers.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class LocalHttp:
    """A client of one program, on a Unix socket or a TCP port. Closed with `aclose`.

    Args:
        uds: path of the Unix socket; empty for TCP.
        authority: `host:port` for TCP; what the Host header says.
        timeout_s: real seconds for connecting and for each wait for bytes.
        http2: the program speaks HTTP/2 from the first byte on, and not HTTP/1.1. Each request has
            a connection of its own: httpcore does not see that an idle one was closed.
    """

    def __init__(
        self,
        *,
        uds: str = "",
        authority: str = "localhost",
        timeout_s: float,
        http2: bool = False,
    ) -> None:
        self.http2 = http2
        self._pool = httpcore.AsyncConnectionPool(
            uds=uds or None,
            max_connections=10,
            max_keepalive_connections=0 if http2 else None,
            http1=not http2,
            http2=http2,
        )
        self._base = f"http://{authority}"
        self._extensions = {
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
        }

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def get(
        self, path: str, params: dict[str, str] | None = None, *, max_bytes: int | None = None
    ) -> Answer:
        """Redirects are not followed.

        Raises:
            NothingListens, TooSlow, LocalHttpError.
        """
        return await self._send("GET", f"{path}?{urlencode(params)}" if params else path, max_bytes)

    async def post(
        self,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
    ) -> Answer:
        """A POST of JSON, or of nothing, or of what the headers say. Raises as `get`."""
        of_json = {"content-type": "application/json"} if body else {}
        return await self._send("POST", path, max_bytes, body, headers or of_json)

    async def _send(
        self,
        method: str,
        target: str,
        max_bytes: int | None,
        body: bytes | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Answer:
        headers = [] if body is None else [("content-length", str(len(body)))]
        headers += (extra or {}).items()
        try:
            async with self._pool.stream(
                method,
                self._base + target,
                headers=headers,
                content=body,
                extensions=self._extensions,
            ) as answer:
                return Answer(answer.status, await _read(answer, max_bytes), _named(answer))
        except httpcore.ConnectError as error:
            raise NothingListens(str(error)) from error
        except httpcore.TimeoutException as error:
            raise TooSlow(str(error)) from error
        except _FAILURES as error:
            raise LocalHttpError(str(error) or type(error).__name__) from error


def _named(answer: httpcore.Response) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
    }


async def _read(answer: httpcore.Response, max_bytes: int | None) -> bytes:
    body = bytearray()
    async with aclosing(answer.aiter_stream()) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            body += chunk
            if max_bytes is not None and len(body) > max_bytes:
                break
    return bytes(body[:max_bytes])
