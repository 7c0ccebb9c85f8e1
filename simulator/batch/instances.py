"""The instances of a job, and sending requests to whichever of them is free."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.addresses import parse_address
from simulator.batch.client import Client, Lost
from simulator.batch.requests import Request
from simulator.clock import steady_s

AT_ONCE = 8
"""Requests under way at one instance."""
TRIES = 3
"""How often a request is sent when the instance is at fault (our own limit)."""
PAUSE_S = 0.2
"""After an instance that cannot be reached, real seconds."""
EXCERPT = 300
"""Characters of a bad answer that are told."""
_AT_FAULT = (502, 503, 504)
"""Statuses with which an instance says that it cannot answer now."""


class NotAnswered(Exception):
    """The model has no answer to a request; the text says why."""


@dataclass(eq=False)
class _Instance:
    """One of them."""

    address: str
    client: Client
    gone: bool = False
    blocked_until: float = 0.0


@dataclass
class Instances:
    """Those that are ready now, each with `AT_ONCE` places.

    Attributes:
        timeout_s: real seconds that an answer may take in all.
    """

    timeout_s: float
    _known: dict[str, _Instance] = field(default_factory=dict)
    _free: asyncio.Queue[_Instance] = field(default_factory=asyncio.Queue)

    def set(self, addresses: Mapping[str, str]) -> None:
        """From now on these, by instance id; what is under way at others ends there."""
        for instance_id, instance in list(self._known.items()):
            if addresses.get(instance_id) != instance.address:
                instance.gone = True
                del self._known[instance_id]
                instance.client.close()
        for instance_id, address in addresses.items():
            if instance_id not in self._known:
                client = Client(parse_address(address), self.timeout_s)
                instance = self._known[instance_id] = _Instance(address, client)
                for _ in range(AT_ONCE):
                    self._free.put_nowait(instance)

    async def answer(self, request: Request) -> bytes:
        """The body of the model's answer with a status below 400.

        Waits as long as no instance is ready.

        Raises:
            NotAnswered: the model refuses it, or it was tried `TRIES` times in vain.
        """
        trouble = ""
        tried: list[_Instance] = []
        for _ in range(TRIES):
            instance = await self._next(tried)
            tried.append(instance)
            try:
                return await _sent(instance, request)
            except OSError as error:
                trouble = _words(error, self.timeout_s)
                instance.blocked_until = steady_s() + PAUSE_S
            finally:
                if not instance.gone:
                    self._free.put_nowait(instance)
        raise NotAnswered(f"no instance could answer, tried {TRIES} times: {trouble}")

    def close(self) -> None:
        self.set({})

    async def _next(self, tried: list[_Instance]) -> _Instance:
        """A free place at an instance that is there; at one that was not tried, if there is any."""
        aside: list[_Instance] = []
        try:
            while True:
                instance = await self._free.get()
                if instance.gone:
                    continue
                if instance in tried and set(self._known.values()) - set(tried):
                    aside.append(instance)
                    continue
                wait_s = instance.blocked_until - steady_s()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                return instance
        finally:
            for instance in aside:
                self._free.put_nowait(instance)


async def _sent(instance: _Instance, request: Request) -> bytes:
    """One try.

    Raises:
        NotAnswered: the answer is a refusal.
        OSError: the instance is at fault; `TimeoutError` is one.
    """
    answer = await instance.client.ask(request)
    if answer.status < 300:
        return answer.body
    if answer.status in _AT_FAULT:
        raise Lost(f"it answered {answer.status}")
    excerpt = answer.body[: 4 * EXCERPT].decode(errors="replace").strip()[:EXCERPT]
    raise NotAnswered(f"the model answered {answer.status}: {excerpt}")


def _words(error: BaseException, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    return str(error) or type(error).__name__
