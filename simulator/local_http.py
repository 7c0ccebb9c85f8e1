"""Plain HTTP to programs on this machine: instances and the gateway's admin socket.

On httpcore, the transport that httpx is made of: httpx itself costs 0.3 s of start-up and 10 MB
here, for features that a health probe does not need.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
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
    """Status and body; the body is cut at what was asked for."""

    status: int
    body: bytes


class LocalHttp:
    """A client of one program, on a Unix socket or a TCP port. Closed with `aclose`.

    Args:
        uds: path of the Unix socket; empty for TCP.
        authority: `host:port` for TCP; what the Host header says.
        timeout_s: real seconds for connecting and for each wait for bytes.
    """

    def __init__(self, *, uds: str = "", authority: str = "localhost", timeout_s: float) -> None:
        self._pool = httpcore.AsyncConnectionPool(uds=uds or None, max_connections=10)
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

    async def post(self, path: str, body: bytes = b"") -> Answer:
        """A POST of JSON, or of nothing. Raises as `get`."""
        return await self._send("POST", path, None, body)

    async def _send(
        self, method: str, target: str, max_bytes: int | None, body: bytes | None = None
    ) -> Answer:
        headers = [] if body is None else [("content-length", str(len(body)))]
        if body:
            headers.append(("content-type", "application/json"))
        try:
            async with self._pool.stream(
                method,
                self._base + target,
                headers=headers,
                content=body,
                extensions=self._extensions,
            ) as answer:
                return Answer(answer.status, await _read(answer, max_bytes))
        except httpcore.ConnectError as error:
            raise NothingListens(str(error)) from error
        except httpcore.TimeoutException as error:
            raise TooSlow(str(error)) from error
        except _FAILURES as error:
            raise LocalHttpError(str(error) or type(error).__name__) from error


async def _read(answer: httpcore.Response, max_bytes: int | None) -> bytes:
    body = bytearray()
    async with aclosing(answer.aiter_stream()) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            body += chunk
            if max_bytes is not None and len(body) > max_bytes:
                break
    return bytes(body[:max_bytes])
