"""What a client does to a server that is killed, and what it may rely on afterwards."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.server import DrydockServer, realtime_request

MOST_SERVICES = 3
LONGEST_PAUSE_S = 0.1
STATUS_FORBIDS = "ModelArts.3519"
RUNNING, STOPPED = "running", "stopped"

Json = dict[str, Any]


class Unanswered(Exception):
    """The server was killed before it answered."""


@dataclass(frozen=True)
class Configuration:
    """What a service is configured with.

    Attributes:
        count: instances.
        mark: value of an environment variable; another one takes new instances.
    """

    count: int
    mark: str = ""

    @classmethod
    def of(cls, detail: Json) -> Configuration:
        """As the details of a service show it."""
        (version,) = detail["config"]
        return cls(version["instance_count"], version["envs"].get("MARK", ""))


@dataclass
class Known:
    """What the client may rely on about one service: what was acknowledged, and, of a change that
    was not answered, also what was asked for.

    Attributes:
        configurations: that it may have.
        statuses: that it may come to rest in.
        updates: how many entries its update history has at least, and at most.
        gone: whether it was deleted; None when its deletion was not answered.
    """

    configurations: set[Configuration]
    statuses: set[str] = field(default_factory=lambda: {RUNNING})
    updates: tuple[int, int] = (0, 0)
    gone: bool | None = False

    @property
    def configuration(self) -> Configuration:
        """The one that it has; only while no change of it is open."""
        (one,) = self.configurations
        return one


class Workload:
    """Makes, updates, scales, stops, starts and deletes services, one request after the other.

    Attributes:
        known: by service id.
        maybe: by name, configurations of services whose making was not answered.
        answered: how many requests were.
    """

    def __init__(self, server: DrydockServer, model_id: str, dice: random.Random) -> None:
        self._server = server
        self._model_id = model_id
        self._dice = dice
        self._number = 0
        self._killed = threading.Event()
        self._client: httpx.Client | None = None
        self.known: dict[str, Known] = {}
        self.maybe: dict[str, Configuration] = {}
        self.answered = 0

    def run(self) -> None:
        """Goes on until the server does not answer any more.

        Raises:
            AssertionError: an answer that nobody should get, or none though the server lives.
        """
        self._killed.clear()
        with (
            httpx.Client(base_url=self._server.url, timeout=30) as self._client,
            contextlib.suppress(Unanswered),
        ):
            while True:
                self._one()
                time.sleep(self._dice.uniform(0, LONGEST_PAUSE_S))

    def expect_the_kill(self) -> None:
        """From now on a request may stay without an answer, which ends the run."""
        self._killed.set()

    # -- requests ---------------------------------------------------------------------------

    def _one(self) -> None:
        there = [service_id for service_id, one in self.known.items() if one.gone is False]
        if len(there) < MOST_SERVICES and (not there or self._dice.random() < 0.4):
            self._create()
            return
        change = self._dice.choice(
            [self._scale, self._scale_property, self._update, self._stop_or_start, self._delete]
        )
        change(self._dice.choice(there))

    def _create(self) -> None:
        name, configuration = f"iris-{self._next()}", Configuration(self._dice.randint(1, 2))
        body = realtime_request(name, (self._model_id, 100), instance_count=configuration.count)
        self.maybe[name] = configuration
        answer = self._ask("POST", "/services", body)
        assert answer.status_code == 200, answer.text
        del self.maybe[name]
        self.known[answer.json()["service_id"]] = Known({configuration})

    def _scale(self, service_id: str) -> None:
        wanted = self._other_count(service_id)
        body = [{"op": "replace", "path": "/config/0/instance_count", "value": wanted.count}]
        self._configure("PATCH", service_id, "", body, wanted)

    def _scale_property(self, service_id: str) -> None:
        wanted = self._other_count(service_id)
        counts = [{"model_id": self._model_id, "changed_value": wanted.count}]
        body = {"changed_property": "instance_count", "configs": counts}
        self._configure("PUT", service_id, "/property", body, wanted)

    def _update(self, service_id: str) -> None:
        wanted = Configuration(self._dice.randint(1, 2), f"{self._next()}")
        envs = {"MARK": wanted.mark}
        whole = realtime_request("", (self._model_id, 100), instance_count=wanted.count, envs=envs)
        self._configure("PUT", service_id, "", {"config": whole["config"]}, wanted)

    def _configure(
        self, method: str, service_id: str, below: str, body: Any, wanted: Configuration
    ) -> None:
        known = self.known[service_id]
        before, (fewest, most) = set(known.configurations), known.updates
        known.configurations.add(wanted)
        known.updates = fewest, most + 1
        if self._is_done(self._ask(method, f"/services/{service_id}{below}", body)):
            known.configurations, known.updates = {wanted}, (fewest + 1, most + 1)
        else:
            known.configurations, known.updates = before, (fewest, most)

    def _stop_or_start(self, service_id: str) -> None:
        known, wanted = self.known[service_id], self._dice.choice([STOPPED, RUNNING])
        before = set(known.statuses)
        known.statuses.add(wanted)
        answer = self._ask("PUT", f"/services/{service_id}", {"status": wanted})
        known.statuses = {wanted} if self._is_done(answer) else before

    def _delete(self, service_id: str) -> None:
        known = self.known[service_id]
        known.gone = None
        answer = self._ask("DELETE", f"/services/{service_id}")
        assert answer.status_code == 200, answer.text
        known.gone = True

    # -- below ------------------------------------------------------------------------------

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _other_count(self, service_id: str) -> Configuration:
        now = self.known[service_id].configuration
        count = self._dice.choice([n for n in (1, 2, 3) if n != now.count])
        return Configuration(count, now.mark)

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer.

        Raises:
            Unanswered: there was none, and the kill is expected. While Envoy outlives the server
                for a moment, it says that there is none.
        """
        assert self._client is not None
        server = self._server
        more = {} if body is None else {"json": body}
        url, headers = f"/v1/{server.project_id}{path}", {"X-Auth-Token": server.token}
        try:
            answer = self._client.request(method, url, headers=headers, **more)
        except httpx.TransportError as error:
            raise self._unanswered(f"{method} {path}: {error!r}") from error
        if answer.status_code in (502, 503, 504):
            raise self._unanswered(f"{method} {path}: {answer.text}")
        self.answered += 1
        return answer

    def _unanswered(self, what: str) -> Unanswered:
        assert self._killed.is_set(), f"{what}, and the server lives"
        return Unanswered(what)

    @staticmethod
    def _is_done(answer: httpx.Response) -> bool:
        """Whether a change was made; the only refusal is that of the service's status."""
        if answer.status_code == 200:
            return True
        assert answer.json()["error_code"] == STATUS_FORBIDS, answer.text
        return False


def reconcile(server: DrydockServer, workload: Workload) -> None:
    """Holds what is there against what the client may rely on; that is then known for certain.

    Raises:
        AssertionError: something acknowledged is lost, or something is there that nobody asked for.
    """
    there = {one["service_id"]: one for one in server.api("GET", "/services")["services"]}
    for service_id, item in there.items():
        if service_id not in workload.known:
            assert item["service_name"] in workload.maybe, f"nobody asked for {item}"
            asked = workload.maybe[item["service_name"]]
            workload.known[service_id] = Known({asked})
    workload.maybe.clear()
    for service_id, known in workload.known.items():
        if service_id not in there:
            assert known.gone is not False, f"the acknowledged service {service_id} is lost"
            known.gone = True
            continue
        assert known.gone is not True, f"the acknowledged deletion of {service_id} is lost"
        known.gone = False
        _reconcile_one(server, service_id, known)


def _reconcile_one(server: DrydockServer, service_id: str, known: Known) -> None:
    detail = server.api("GET", f"/services/{service_id}")
    has = Configuration.of(detail)
    assert has in known.configurations, f"{has}, not one of {known.configurations}"
    assert detail["status"] in known.statuses, f"{detail['status']}: {server.events(service_id)}"
    updates = len(server.api("GET", f"/services/{service_id}/logs")["logs"])
    fewest, most = known.updates
    assert fewest <= updates <= most, f"{updates} updates, not {fewest} to {most}"
    known.configurations, known.statuses = {has}, {detail["status"]}
    known.updates = updates, updates
