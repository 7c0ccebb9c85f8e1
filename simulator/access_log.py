"""The access log: one line of JSON for each request, kept within a bound, and read.

Envoy writes it (`gateway/listener.py` says what). Here its file is put aside when it has grown, and
lines become entries in the words of everything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from simulator.gateway.admin import AdminUnavailable
from simulator.gateway.interface import DataPlane

logger = logging.getLogger(__name__)

MAX_BYTES = 16 * 1024 * 1024
"""A file that is longer is put aside; one such file is kept. What is written until that is noticed
comes on top of it."""
LOOK_S = 1.0


class AccessLog:
    """Keeps the access log short, for as long as it runs."""

    def __init__(self, path: Path, gateway: DataPlane, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._gateway = gateway
        self._max_bytes = max_bytes
        self._is_aside = False
        """Envoy may still write to the file that was put aside."""
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeping = asyncio.create_task(self._keep(), name="access log")

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None

    async def look(self) -> None:
        """Put the file aside if it is too long, in the place of the one of before.

        Raises:
            OSError: it cannot be put aside.
        """
        if not self._is_aside:
            if _size(self._path) <= self._max_bytes:
                return
            os.replace(self._path, aside(self._path))  # noqa: PTH105
            self._is_aside = True
        with contextlib.suppress(AdminUnavailable, RuntimeError):  # tried again at the next look
            await self._gateway.admin.reopen_logs()
            self._is_aside = False

    async def _keep(self) -> None:
        while True:
            try:
                await self.look()
            except OSError as error:
                logger.warning("the access log cannot be put aside: %s", error)
            await asyncio.sleep(LOOK_S)


@dataclass(frozen=True)
class Entry:
    """One request.

    Attributes:
        time: when it began, ISO 8601, UTC.
        path: without its query; where an instance was asked, as that got it.
        service, version: ids; empty where the request was for no service, or was refused before a
            version was drawn. A version that was drawn need not have got it: see `instance`.
        instance: id of the one that answered; empty where the gateway did, or the control server.
        status: of the answer; 0 where there was none, as when the client went away.
        reason: why the answer is what it is, in Envoy's words; `via_upstream` is an instance's own.
        flags: Envoy's response flags; `-` for none.
        duration_ms: from the request's beginning to the answer's end.
        request_bytes, response_bytes: of the bodies.
    """

    time: str
    request_id: str
    method: str
    path: str
    service: str
    version: str
    instance: str
    status: int
    reason: str
    flags: str
    duration_ms: int
    request_bytes: int
    response_bytes: int

    def document(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def parse_line(line: str | bytes) -> Entry | None:
    """The entry of a line; None for one that is cut or no entry."""
    try:
        found = orjson.loads(line)
        return _entry(found) if isinstance(found, dict) else None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _entry(found: dict[str, Any]) -> Entry:
    service, version = _whose(found["version"] or "", found["route"] or "", found["path"] or "")
    return Entry(
        time=str(found["time"]),
        request_id=found["request_id"] or "",
        method=found["method"] or "",
        path=found["path"] or "",
        service=service,
        version=version,
        instance=found["instance"] or "",
        status=int(found["status"] or 0),
        reason=found["reason"] or "",
        flags=found["flags"] or "-",
        duration_ms=int(found["duration_ms"] or 0),
        request_bytes=int(found["request_bytes"] or 0),
        response_bytes=int(found["response_bytes"] or 0),
    )


def _whose(cluster: str, route: str, path: str) -> tuple[str, str]:
    """Service and version; see `clusters.stat_name`. A service's routes have its id as their name,
    which stands in the path then, or begin with it."""
    if cluster:
        service, _, version = cluster.partition(".")
        return (service, version.replace("~", ".")) if version else ("", "")
    name = route.partition("/")[0]
    return (name if name in path.split("/") else "", "")


def aside(path: Path) -> Path:
    """Where the lines of before are."""
    return path.with_name(f"{path.name}.1")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
