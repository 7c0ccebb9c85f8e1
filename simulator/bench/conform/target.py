"""The endpoint as one user of one project sees it, and what was created there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from simulator.bench.conform.connection import Answer, NothingThere, Sender, Unanswered
from simulator.clock import steady_s

BUSY_TRIES = 3
BUSY_WAIT_S = 10.0
GONE_WITHIN_S = 5.0
"""How long the deletion of a service is waited for, so that its name is free again."""


class Interrupted(KeyboardInterrupt):
    """The user has had enough."""


@dataclass(frozen=True)
class Thing:
    """Something that was created.

    Attributes:
        family: `services` or `models`.
    """

    family: str
    id: str


_IDS = {"services": "service_id", "models": "model_id"}


class Target:
    """Sends requests as one user, and remembers what they have created.

    Args:
        interrupted: asked before each request, except while cleaning up.
        now_s, sleep: real time (tests give their own).

    Attributes:
        requests: how many were sent.
        left: what could not be deleted, in words.
    """

    def __init__(
        self,
        sender: Sender,
        project_id: str,
        token: str,
        *,
        interrupted: Callable[[], bool] = bool,
        now_s: Callable[[], float] = steady_s,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sender = sender
        self._root = f"/v1/{quote(project_id, safe='')}"
        self._token = token
        self.interrupted = interrupted
        self._now_s, self._sleep = now_s, sleep
        self._made: list[Thing] = []
        self._uninterruptible = False
        self.requests = 0
        self.left: list[str] = []

    @property
    def base(self) -> str:
        return self._sender.base

    def url(self, path: str) -> str:
        """The whole address of a path below the project."""
        return f"{self._sender.base}{self._root}{path}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, token: str | None = None
    ) -> Answer:
        """One request below `/v1/{project_id}`; what it creates is remembered. One that the
        endpoint is too busy for is sent again, a few times.

        Args:
            token: another than the user's; empty for none.

        Raises:
            NothingThere, Unanswered: there is no answer.
            Interrupted: the user wants to end; nothing was sent.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        sent = self._token if token is None else token
        if sent:
            headers["X-Auth-Token"] = sent
        for attempt in range(BUSY_TRIES):
            if not self._uninterruptible and self.interrupted():
                raise Interrupted
            self.requests += 1
            answer = self._sender.send(method, self._root + path, headers, body)
            if answer.status != 429 or attempt == BUSY_TRIES - 1:
                break
            self._sleep(_pause_s(answer))
        self._remember(method, path, answer)
        return answer

    def clean_up(self) -> None:
        """Delete all that is still there; what cannot be is in `left`."""
        with self._without_interruption():
            for thing in list(self._made):
                self._delete(thing)

    @contextmanager
    def cleaning(self) -> Iterator[None]:
        """Whatever the block has created is deleted at its end, whatever happens."""
        before = len(self._made)
        try:
            yield
        finally:
            with self._without_interruption():
                for thing in self._made[before:]:
                    self._delete(thing)

    @contextmanager
    def _without_interruption(self) -> Iterator[None]:
        before, self._uninterruptible = self._uninterruptible, True
        try:
            yield
        finally:
            self._uninterruptible = before

    def _remember(self, method: str, path: str, answer: Answer) -> None:
        family = path.strip("/")
        if method != "POST" or family not in _IDS or not 200 <= answer.status < 300:
            return
        made = answer.object.get(_IDS[family])
        if isinstance(made, str) and made:
            self._made.append(Thing(family, made))
        else:
            self.left.append(f"one of {family}: the answer has no {_IDS[family]}")

    def _delete(self, thing: Thing) -> None:
        place = f"/{thing.family}/{quote(thing.id, safe='')}"
        try:
            answer = self.ask("DELETE", place)
            refused = answer.object.get("delete_failed_list")
            if answer.status != 404 and (answer.status >= 300 or refused):
                self.left.append(f"{place[1:]}: its deletion was answered {answer.status}")
            else:
                self._await_gone(place)
        except (NothingThere, Unanswered) as error:
            self.left.append(f"{place[1:]}: perhaps not deleted: {error}")
        self._made.remove(thing)

    def _await_gone(self, place: str) -> None:
        until_s, pause_s = self._now_s() + GONE_WITHIN_S, 0.01
        while self.ask("GET", place).status < 300 and self._now_s() < until_s:
            self._sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)


def _pause_s(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "")
    return min(float(text), BUSY_WAIT_S) if text.isdecimal() else 1.0
