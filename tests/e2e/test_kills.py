"""The server is killed at random points of a workload. What it had acknowledged holds afterwards,
and nothing is left that nobody owns.

`DRYDOCK_PROVE_KILLS` kills on each backend (a few by default), `DRYDOCK_PROVE_SEED` for another
run.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import BACKENDS
from tests.e2e.digits import held_out_irises
from tests.e2e.docker_engine import Engine
from tests.e2e.killed_workload import Workload, reconcile
from tests.e2e.metered import assert_metered, assert_nothing_unmetered, meter_left_by, meter_of
from tests.e2e.server import DrydockServer, is_alive, wait_until

pytestmark = pytest.mark.envoy

KILLS = int(os.environ.get("DRYDOCK_PROVE_KILLS", "2"))
SEED = int(os.environ.get("DRYDOCK_PROVE_SEED", "20261128"))
SETTLE_S = 60.0
LONGEST_LIFE_S = 4.0
ROWS, SPECIES = held_out_irises()

Json = dict[str, Any]
Refs = Callable[[], list[str]]
"""What each instance that is there runs as, in the backend's own eyes."""


def child_processes(server: DrydockServer) -> list[str]:
    """The children that run models, however they came to be."""
    home = str(server.home / "instances")
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = " ".join(process.info["cmdline"] or ())
        if home in words and "backends.runtime" in words:
            found.append(f"pid {process.info['pid']}")
    return found


def labelled_containers(server: DrydockServer, engine: Engine) -> list[str]:
    """The containers with the data directory's label, running or not."""
    return [container[:12] for container in engine.containers(server.installation)]


@pytest.fixture(params=BACKENDS)
def server_and_refs(
    request: pytest.FixtureRequest, make_server: Callable[..., DrydockServer]
) -> tuple[DrydockServer, Refs]:
    """A server on each backend, and a look behind its back."""
    server = make_server(request.param)
    if request.param == "process":
        return server, lambda: child_processes(server)
    engine: Engine = request.getfixturevalue("engine")
    return server, lambda: labelled_containers(server, engine)


def all_instances(server: DrydockServer) -> list[Json]:
    services = server.api("GET", "/services")["services"]
    return [one for service in services for one in server.instances(service["service_id"])]


def at_rest(server: DrydockServer) -> bool:
    """Whether every service has come to rest, and its instances with it."""
    for one in server.api("GET", "/services")["services"]:
        if one["status"] not in ("running", "stopped", "failed"):
            return False
        detail = server.api("GET", f"/services/{one['service_id']}")
        wanted = sum(version["instance_count"] for version in detail["config"])
        states = [instance["state"] for instance in server.instances(one["service_id"])]
        if states != ["ready"] * (wanted if one["status"] == "running" else 0):
            return False
    return True


def answers(server: DrydockServer, service_id: str) -> bool:
    answer = server.infer(service_id, json={"data": {"req_data": ROWS[:1]}})
    return bool(
        answer.status_code == 200
        and answer.json()["data"]["resp_data"][0]["predictresult"] == SPECIES[0]
    )


def assert_quotas(server: DrydockServer, workload: Workload) -> None:
    """What is used is what is there, whatever its status."""
    there = [one for one in workload.known.values() if one.gone is False]
    used = {one["name"]: one["used"] for one in server.admin("GET", "/quotas")["quotas"]}
    assert used == {
        "real-time-services": len(there),
        "batch-services": 0,
        "apps": 0,
        "public-instances": sum(one.configuration.count for one in there),
    }


def kill_amid(workload: Workload, server: DrydockServer, life_s: float) -> int:
    """Kills the server while the workload runs; returns when, epoch milliseconds."""
    envoy = server.envoy_pid()
    with ThreadPoolExecutor(1) as client:
        run = client.submit(workload.run)
        time.sleep(life_s)
        workload.expect_the_kill()
        os.kill(server.pid, signal.SIGKILL)
        killed_at = int(time.time() * 1000)
        run.result(40)
    server.wait_for_end()
    wait_until(
        "the killed server's Envoy has ended", lambda: envoy is None or not is_alive(envoy), 10
    )
    return killed_at


def assert_all_well(server: DrydockServer, refs: Refs, workload: Workload) -> list[str]:
    """What was acknowledged holds, what runs answers and is owned, and the quotas are right.

    Returns:
        the ids of the instances.
    """
    reconcile(server, workload)
    owned = all_instances(server)
    expected = sorted(one["ref"] for one in owned)
    wait_until("only owned instances are left, each once", lambda: sorted(refs()) == expected, 20)
    for service_id, known in workload.known.items():
        if known.gone is False and known.statuses == {"running"}:
            wait_until("it answers", partial(answers, server, service_id), 20)
    assert_quotas(server, workload)
    return [one["instance_id"] for one in owned]


@pytest.mark.timeout(120 + 60 * KILLS)
def test_killed_at_random_points_it_loses_nothing_and_leaves_nothing(
    server_and_refs: tuple[DrydockServer, Refs], record_property: Callable[[str, object], None]
) -> None:
    server, refs = server_and_refs
    survive = server.backend == "docker"
    dice = random.Random(SEED)
    server.start()
    workload = Workload(server, server.import_package("iris"), random.Random(SEED))
    for number in range(1, KILLS + 1):
        killed_at = kill_amid(workload, server, dice.uniform(0.05, LONGEST_LIFE_S))
        before = meter_left_by(server.home)
        server.start()
        wait_until(f"everything is at rest after kill {number}", lambda: at_rest(server), SETTLE_S)
        running = assert_all_well(server, refs, workload)
        after = meter_of(server.home)
        assert_metered(after, int(time.time() * 1000), running)
        assert_nothing_unmetered(before, after, killed_at, survive=survive)
    figures = f"{KILLS} kills (seed {SEED}) during {workload.answered} requests"
    record_property("measured", f"{server.backend}: {figures}: nothing lost")
    server.stop("remove")
    assert refs() == []
