"""An instance as a job sees it: answers on a Unix socket, and may refuse, fail or be slow."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

Behave = Callable[[web.Request, bytes], Awaitable[web.Response]]


async def answer_with_length(request: web.Request, body: bytes) -> web.Response:
    return web.json_response({"path": request.path, "bytes": len(body)})


class ModelServer:
    """See the module.

    Attributes:
        bodies: how often each body came.
        most_at_once: requests under way at one time.
    """

    def __init__(self, path: Path, behave: Behave = answer_with_length) -> None:
        self.path = path
        self.behave = behave
        self.bodies: Counter[bytes] = Counter()
        self.most_at_once = 0
        self._at_once = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        return f"unix:{self.path}"

    async def start(self) -> ModelServer:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies[body] += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(0)
            return await self.behave(request, body)
        finally:
            self._at_once -= 1
