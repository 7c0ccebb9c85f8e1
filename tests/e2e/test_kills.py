"""The server is killed at random points of a workload. What it had acknowledged holds afterwards,
and nothing is left that nobody owns.

`DRYDOCK_PROVE_KILLS` kills (a few by default), `DRYDOCK_PROVE_SEED` for another run.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest

from tests.e2e.digits import held_out_irises
from tests.e2e.server import DrydockServer, realtime_request, wait_until

pytestmark = pytest.mark.envoy

KILLS = int(os.environ.get("DRYDOCK_PROVE_KILLS", "3"))
SEED = int(os.environ.get("DRYDOCK_PROVE_SEED", "20261127"))
SETTLE_S = 60.0
LONGEST_LIFE_S = 4.0
MOST_SERVICES = 3
ROWS, SPECIES = held_out_irises()


@dataclass
class Known:
    """What the client may rely on about one service.

    Attributes:
        counts: numbers of instances that it may have: the last one acknowledged, and, of a change
            that was not answered, also the one that was asked for.
        gone: whether its deletion was acknowledged; None when that was not answered.
    """

    counts: set[int] = field(default_factory=set)
    gone: bool | None = False


class Workload:
    """Makes, scales, stops, starts and deletes services, one request after the other.

    Attributes:
        known: by service id.
        maybe: names of services whose making was not answered.
    """

    def __init__(self, server: DrydockServer, model_id: str, dice: random.Random) -> None:
        self._server = server
        self._model_id = model_id
        self._dice = dice
        self._number = 0
        self._stop = threading.Event()
        self.known: dict[str, Known] = {}
        self.maybe: set[str] = set()
        self.answered = 0

    def run(self) -> None:
        """Until `stop` is called or the server does not answer any more."""
        self._stop.clear()
        try:
            while not self._stop.is_set():
                self._one()
                self.answered += 1
                time.sleep(self._dice.uniform(0, 0.15))
        except httpx.HTTPError:
            return

    def stop(self) -> None:
        self._stop.set()

    def _one(self) -> None:
        there = [service_id for service_id, one in self.known.items() if one.gone is False]
        if len(there) < MOST_SERVICES and (not there or self._dice.random() < 0.4):
            self._create()
        else:
            service_id = self._dice.choice(there)
            self._dice.choice([self._scale, self._scale, self._stop_or_start, self._delete])(
                service_id
            )

    def _create(self) -> None:
        self._number += 1
        name = f"iris-{self._number}"
        count = self._dice.randint(1, 2)
        body = realtime_request(name, (self._model_id, 100), instance_count=count)
        self.maybe.add(name)
        answer = self._server.call("POST", "/services", json=body)
        assert answer.status_code == 200, answer.text
        self.maybe.discard(name)
        self.known[answer.json()["service_id"]] = Known({count})

    def _scale(self, service_id: str) -> None:
        known, count = self.known[service_id], self._dice.randint(1, 3)
        change = [{"op": "replace", "path": "/config/0/instance_count", "value": count}]
        before = set(known.counts)
        known.counts.add(count)
        answer = self._server.call("PATCH", f"/services/{service_id}", json=change)
        if answer.status_code == 200:
            # an update that fails returns to what was before it
            known.counts = before | {count}
        else:
            assert answer.json()["error_code"] == "ModelArts.3519", answer.text
            known.counts = before

    def _stop_or_start(self, service_id: str) -> None:
        status = self._dice.choice(["stopped", "running"])
        answer = self._server.call("PUT", f"/services/{service_id}", json={"status": status})
        assert answer.status_code == 200 or answer.json()["error_code"] == "ModelArts.3519"

    def _delete(self, service_id: str) -> None:
        known = self.known[service_id]
        known.gone = None
        answer = self._server.call("DELETE", f"/services/{service_id}")
        assert answer.status_code == 200, answer.text
        known.gone = True


def services_of(server: DrydockServer) -> dict[str, dict[str, Any]]:
    listed = server.api("GET", "/services")["services"]
    return {one["service_id"]: one for one in listed}


def at_rest(server: DrydockServer) -> bool:
    """Whether every service has come to rest, and its instances with it."""
    resting = {"running": True, "stopped": False, "failed": False}
    for service_id, one in services_of(server).items():
        if one["status"] not in resting:
            return False
        detail = server.api("GET", f"/services/{service_id}")
        wanted = sum(config["instance_count"] for config in detail["config"])
        have = [i["state"] for i in server.instances(service_id)]
        if have != ["ready"] * (wanted if resting[one["status"]] else 0):
            return False
    return True


def instance_processes(server: DrydockServer) -> list[int]:
    """The children that run models: one for each instance, however it came to be."""
    home = str(server.home / "instances")
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = " ".join(process.info["cmdline"] or ())
        if home in words and "backends.runtime" in words:
            found.append(process.info["pid"])
    return found


def assert_metered(server: DrydockServer) -> None:
    """No instance is metered twice at one time, and none in the future."""
    with closing(sqlite3.connect(f"file:{server.home / 'state.db'}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT instance_id, since, until FROM usage ORDER BY instance_id, since"
        ).fetchall()
        open_runs = dict(
            database.execute(
                "SELECT instance_id, running_since FROM instance WHERE running_since IS NOT NULL"
            ).fetchall()
        )
    now = time.time() * 1000 + 1000
    last: dict[str, int] = {}
    for instance_id, since, until in rows:
        assert last.get(instance_id, 0) <= since <= until <= now
        last[instance_id] = until
    for instance_id, since in open_runs.items():
        assert last.get(instance_id, 0) <= since <= now


def assert_what_was_acknowledged(server: DrydockServer, workload: Workload) -> None:
    there = services_of(server)
    for service_id, known in workload.known.items():
        if known.gone is True:
            assert service_id not in there, "an acknowledged deletion was lost"
        elif known.gone is False:
            assert service_id in there, "an acknowledged service was lost"
        if service_id in there:
            known.gone = False
            detail = server.api("GET", f"/services/{service_id}")
            count = detail["config"][0]["instance_count"]
            assert count in known.counts, f"{count} instances; acknowledged were {known.counts}"
            known.counts = {count}
        else:
            known.gone = True
    strangers = {one["service_name"] for i, one in there.items() if i not in workload.known}
    assert strangers <= workload.maybe, "a service that nobody asked for"
    for service_id, one in there.items():
        if one["service_name"] in workload.maybe:
            detail = server.api("GET", f"/services/{service_id}")
            workload.known[service_id] = Known({detail["config"][0]["instance_count"]})
    workload.maybe.clear()


def answers(server: DrydockServer, service_id: str) -> bool:
    answer = server.infer(service_id, json={"data": {"req_data": ROWS[:1]}})
    return bool(
        answer.status_code == 200
        and answer.json()["data"]["resp_data"][0]["predictresult"] == SPECIES[0]
    )


def test_killed_at_random_points_it_loses_nothing_and_leaves_nothing(
    make_server: Callable[..., DrydockServer], record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(SEED)
    server = make_server("process")
    server.start()
    workload = Workload(server, server.import_package("iris"), dice)
    for number in range(1, KILLS + 1):
        client = threading.Thread(target=workload.run)
        client.start()
        time.sleep(dice.uniform(0.05, LONGEST_LIFE_S))
        server.kill()
        workload.stop()
        client.join(30)
        server.start()
        wait_until(f"everything is at rest after kill {number}", lambda: at_rest(server), SETTLE_S)
        assert_what_was_acknowledged(server, workload)
        running = [i for i, one in services_of(server).items() if one["status"] == "running"]
        for service_id in running:
            wait_until("it answers", lambda i=service_id: answers(server, i), 20)  # type: ignore[misc]
        owned = sorted(pid for i in services_of(server) for pid in server.pids(i))
        wait_until(
            "only owned instances are left",
            lambda owned=owned: sorted(instance_processes(server)) == owned,  # type: ignore[misc]
            20,
        )
        assert_metered(server)
    record_property(
        "measured", f"{KILLS} kills (seed {SEED}) during {workload.answered} requests: nothing lost"
    )
    server.stop("remove")
    assert instance_processes(server) == []
