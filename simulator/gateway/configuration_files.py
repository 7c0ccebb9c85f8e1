"""The files that Envoy watches: written step by step, each awaited at Envoy's admin interface."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from simulator.gateway.admin import AdminClient, AdminUnavailable, Subscription
from simulator.gateway.envoy_json import encode
from simulator.gateway.errors import GatewayUpdateRejected
from simulator.gateway.process import EnvoyLog, write_atomically
from simulator.gateway.render import Rendering
from simulator.gateway.transition import Step

TAKE_UP_S = 10.0
"""How long Envoy may take to come up, or to take up an update."""
POLL_S = 0.005
WORDS = 600
"""Length to which Envoy's explanations are cut; the reason stands at their end."""
_NONE = Subscription()


class ConfigurationFiles:
    """The watched `directory` of one Envoy.

    Args:
        directory: made if missing.
        admin: of this Envoy.
        log: of this Envoy, for its reasons.
        is_alive: whether Envoy runs; nothing is awaited of a dead one, which will read the files
            when it is started again.
    """

    def __init__(
        self, directory: Path, admin: AdminClient, log: EnvoyLog, is_alive: Callable[[], bool]
    ) -> None:
        self._directory = directory
        self._admin = admin
        self._log = log
        self._is_alive = is_alive

    def write_all(self, rendering: Rendering) -> None:
        """Writes everything, for an Envoy that is to be started."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, document in rendering.files.items():
            write_atomically(self._directory / name, encode(document))

    def write_back(self, old: Rendering, new: Rendering) -> None:
        """Undoes a refused update, so that Envoy would also start with what it runs with."""
        for name, document in old.files.items():
            if new.files.get(name) != document:
                write_atomically(self._directory / name, encode(document))

    async def perform(self, step: Step) -> None:
        """Writes a step's files and waits until Envoy has taken them up.

        Raises:
            GatewayUpdateRejected: Envoy refused one of them, or did not react in time.
        """
        mark = self._log.size_bytes()
        before: dict[str, Subscription] = {}
        with contextlib.suppress(AdminUnavailable):
            before = await self._admin.subscriptions()
        for name, document in step.writes.items():
            write_atomically(self._directory / name, encode(document))
        await self.wait_until_taken_up(step.awaited, before, mark)

    async def wait_until_taken_up(
        self, awaited: dict[str, str], before: dict[str, Subscription], mark: int
    ) -> None:
        """Waits until Envoy shows these versions, or has ended.

        Args:
            awaited: subscription to `version_info`.
            before: the subscriptions as they were, to tell new refusals from old ones.
            mark: size of the log before, in bytes, to quote what Envoy wrote since.

        Raises:
            GatewayUpdateRejected: as for `perform`.
        """
        deadline = time.monotonic() + TAKE_UP_S
        missing = tuple(awaited)
        while missing and self._is_alive():
            with contextlib.suppress(AdminUnavailable):
                now = await self._admin.subscriptions()
                missing = tuple(n for n in awaited if now.get(n, _NONE).version != awaited[n])
                refused = tuple(
                    name
                    for name in awaited
                    if now.get(name, _NONE).rejected > before.get(name, _NONE).rejected
                )
                if refused:
                    raise GatewayUpdateRejected(refused, self._words_since(mark))
                if not missing:
                    return
            if time.monotonic() > deadline:
                raise GatewayUpdateRejected(missing, f"no reaction in {TAKE_UP_S:.0f} s")
            await asyncio.sleep(POLL_S)

    def _words_since(self, mark: int) -> str:
        lines = self._log.since(mark).strip().splitlines()
        telling = [line for line in lines if "reject" in line.lower() or "error" in line.lower()]
        return " ".join((telling or lines)[-1:])[-WORDS:]
