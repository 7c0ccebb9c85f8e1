"""Asks instances whether they are well. The one truth about health: the gateway does not probe.

An instance that has never answered is asked often, in real time, so that a deployment is over as
soon as it can be; once it has answered, as often as its model declares, on the platform clock.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from backends.base import Address
from simulator import grpc_health
from simulator.addresses import parse_address
from simulator.clock import PlatformClock
from simulator.lifecycle.objects import HealthCheck
from simulator.local_http import Answer, LocalHttp, LocalHttpError, NothingListens, TooSlow

FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 1.0
PAUSE_SHARE = 0.05
"""A pause is this share of the time since the start: so much later, at most, readiness is seen."""
BODY_LIMIT_BYTES = 64 * 1024
WORDS_LIMIT = 200
PROBE_HOST = "instance"
"""What the Host header of probes to Unix sockets says."""


@dataclass(frozen=True)
class Verdict:
    """What the probes say of an instance.

    Attributes:
        healthy: True, False (the threshold of failures was reached), None (has not answered yet).
        words: the last probe's result for people; empty after a success.
    """

    healthy: bool | None
    words: str = ""


@dataclass
class _Watch:
    """One run of one instance.

    Attributes:
        key: names the run.
        asking: a probe is under way, or is about to begin for the first time.
        failures: probes so far, while none has found the instance well.
    """

    key: str
    asking: bool = True
    failures: int = 0
    task: asyncio.Task[None] | None = None


class Prober:
    """One task an instance that runs; `on_change(instance_id)` is called when a verdict changes."""

    def __init__(self, clock: PlatformClock, on_change: Callable[[str], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._watches: dict[str, _Watch] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._hurry = asyncio.Event()

    def verdict(self, instance_id: str) -> Verdict:
        return self._verdicts.get(instance_id, Verdict(None))

    def watch(
        self,
        instance_id: str,
        address: str,
        run: str,
        check: HealthCheck,
        *,
        was_ready: bool,
        http2: bool = False,
    ) -> None:
        """Probe the instance from now on.

        Args:
            http2: it speaks HTTP/2 and not HTTP/1.1.
            run: names this run of the instance; another one (a restart) begins from nothing.
            was_ready: it answered before (to a server that has ended since): failures count from
                the first one on.
        """
        key = f"{address} {run}"
        known = self._watches.get(instance_id)
        if known is not None and known.key == key:
            return
        self.forget(instance_id)
        watch = self._watches[instance_id] = _Watch(key)
        client = client_of(parse_address(address), check.timeout_s, http2=http2)
        work = self._probe_for_ever(watch, instance_id, client, check, was_ready)
        watch.task = asyncio.create_task(work)

    def forget(self, instance_id: str) -> None:
        """Stop probing; what was known of its health no longer holds."""
        known = self._watches.pop(instance_id, None)
        self._verdicts.pop(instance_id, None)
        if known is not None and known.task is not None:
            known.task.cancel()

    def forget_all_but(self, instance_ids: set[str]) -> None:
        for instance_id in self._watches.keys() - instance_ids:
            self.forget(instance_id)

    def asking(self) -> list[str]:
        """Instances whose next verdict is a matter of milliseconds; not those of `unready`."""
        return [
            name for name, watch in self._watches.items() if watch.asking and not watch.failures
        ]

    def unready(self) -> dict[str, int]:
        """Instances that have been asked and were never well, and how often they were asked."""
        return {name: watch.failures for name, watch in self._watches.items() if watch.failures}

    def hurry(self) -> None:
        """Ask those of `unready` again now, not only after their pause."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def close(self) -> None:
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        self.forget_all_but(set())
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _probe_for_ever(
        self,
        watch: _Watch,
        instance_id: str,
        client: LocalHttp,
        check: HealthCheck,
        was_ready: bool,
    ) -> None:
        healthy: bool | None = None
        failures = 0
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        async with aclosing(client):
            while True:
                watch.asking = True
                words = await probe(client, check)
                watch.asking = False
                failures = failures + 1 if words else 0
                if not words:
                    healthy = True
                elif (healthy or was_ready) and failures >= check.failure_threshold:
                    healthy = False
                self._conclude(instance_id, Verdict(healthy, words))
                if healthy is None and not was_ready:
                    watch.failures = failures
                    share_s = PAUSE_SHARE * (loop.time() - started_s)
                    await self._pause(min(max(FIRST_PAUSE_S, share_s), LONGEST_PAUSE_S))
                else:
                    watch.failures = 0
                    now = self._clock.now_ms()
                    await self._clock.sleep_until(now + check.period_s * 1000)

    async def _pause(self, longest_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), longest_s)

    def _conclude(self, instance_id: str, verdict: Verdict) -> None:
        before = self._verdicts.get(instance_id)
        self._verdicts[instance_id] = verdict
        if before is None or before.healthy is not verdict.healthy:
            self._on_change(instance_id)


async def probe(client: LocalHttp, check: HealthCheck) -> str:
    """Ask once; empty when well, else what was wrong, for people.

    With a declared path, 200 to 399 is well. Without one any answer is: it proves that something
    listens and speaks HTTP, which a mere TCP connection would not. Redirects are not followed.
    HTTP/2 at gRPC's own health path is asked in gRPC, and SERVING is well; so is any answer there
    where no path is declared, as servers of gRPC do not answer a GET.
    """
    in_grpc = client.http2 and check.path in (None, grpc_health.PATH)
    path = grpc_health.PATH if in_grpc else check.path or "/"
    method = "POST" if in_grpc else "GET"
    shown = f"{method} {path.encode('unicode_escape').decode()}"
    if client.http2:
        shown += " over HTTP/2"
    try:
        answer = await _asked(client, path, in_grpc=in_grpc)
    except NothingListens:
        return "nothing listens on the instance's port yet"
    except TooSlow:
        return f"{shown} was not answered within {check.timeout_s} s"
    except LocalHttpError as error:
        return f"{shown}: {str(error)[:WORDS_LIMIT]}"
    words = "" if check.path is None else _wrong_with(answer, in_grpc=in_grpc)
    return f"{shown} {words}" if words else ""


def _wrong_with(answer: Answer, *, in_grpc: bool) -> str:
    """What an answer at a declared path says against the instance; empty when it is well."""
    if in_grpc:
        return grpc_health.wrong_with(answer.status, answer.headers, answer.body)
    if 200 <= answer.status < 400:
        return ""
    return f"was answered {answer.status}; 200 to 399 is healthy"


async def _asked(client: LocalHttp, path: str, *, in_grpc: bool) -> Answer:
    if not in_grpc:
        return await client.get(path, max_bytes=BODY_LIMIT_BYTES)
    question, headers = grpc_health.QUESTION, grpc_health.HEADERS
    return await client.post(path, question, headers=headers, max_bytes=BODY_LIMIT_BYTES)


def client_of(address: Address, timeout_s: float, *, http2: bool = False) -> LocalHttp:
    """The way to an instance.

    Args:
        http2: it speaks HTTP/2 and not HTTP/1.1.
    """
    authority = PROBE_HOST if address.is_unix else f"{address.host}:{address.port}"
    return LocalHttp(uds=address.path, authority=authority, timeout_s=timeout_s, http2=http2)
