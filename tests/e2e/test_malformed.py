"""Malformed and hostile requests to a whole server: at a service with a real model, and at the API.

What arrives, and in which form, is shown with recording servers in `tests/simulator/gateway`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.e2e.digits import held_out_digits
from tests.e2e.server import DrydockServer, realtime_request, wait_until
from tests.simulator.gateway.malformed.case import Case, Place
from tests.simulator.gateway.malformed.corpus import CASES
from tests.simulator.gateway.malformed.playing import Outcome, converse

pytestmark = pytest.mark.envoy

AT_ONCE = 50
PATIENCE_S = 2.0
"""Requests that are made harmless may be waited for in vain: the model is asked nonsense."""
REFUSED = [case for case in CASES if case.wanted.arrives == () and not case.wanted.silence]
HARMLESS = [case for case in CASES if case.wanted.arrives != ()]


@pytest.fixture(scope="module")
def service(
    shared_servers: Callable[[str], DrydockServer],
    model_of: Callable[[DrydockServer, str], str],
) -> Iterator[tuple[DrydockServer, str]]:
    """The shared server, and an MNIST service on it."""
    server = shared_servers("process")
    service_id = server.deploy(realtime_request("hostile", (model_of(server, "mnist"), 100)))
    yield server, service_id
    server.delete_all_services()


def play_all(server: DrydockServer, path: str, cases: Iterable[Case]) -> dict[str, Outcome]:
    """What the clients of these cases got at a path."""
    place = Place(path, (("X-Auth-Token", server.token),))
    ports = (server.port, server.port)

    async def main() -> dict[str, Outcome]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(case: Case) -> Outcome:
            async with room:
                return await converse(case, ports, place, PATIENCE_S)

        chosen = list(cases)
        found = await asyncio.gather(*(one(case) for case in chosen))
        return {case.name: outcome for case, outcome in zip(chosen, found, strict=True)}

    return asyncio.run(main())


def assert_all_refused(found: dict[str, Outcome]) -> None:
    wanted = {case.name: case.wanted.statuses for case in REFUSED}
    for name, outcome in found.items():
        answer = outcome.answers[0]
        assert answer.status in wanted[name], name
        if answer.status:
            assert list(json.loads(answer.body)) == ["error_code", "error_msg"], name
            assert len(answer.headers["x-request-id"]) == 36, name


def life(server: DrydockServer, service_id: str) -> tuple[Any, ...]:
    """What is another one after something has died."""
    state = server.admin("GET", "/state")["gateway"]
    return server.pid, state["pid"], state["restarts"], server.pids(service_id)


def test_refused_requests_never_count_as_calls_of_the_model(
    service: tuple[DrydockServer, str],
) -> None:
    server, service_id = service

    def calls() -> int:
        return int(server.api("GET", f"/services/{service_id}")["invocation_times"])

    before, was = calls(), life(server, service_id)
    assert_all_refused(play_all(server, f"/v1/infers/{service_id}", REFUSED))
    digit = held_out_digits()[0]
    answer = server.predict_digit(service_id, digit.png)
    assert (answer.status_code, answer.json()["predicted_label"]) == (200, digit.label)
    wait_until("the prediction is counted", lambda: calls() > before, 10)
    assert calls() == before + 1
    assert life(server, service_id) == was


def test_the_api_is_out_of_reach_for_refused_requests(service: tuple[DrydockServer, str]) -> None:
    server, service_id = service
    was, names = life(server, service_id), server.service_names()
    assert_all_refused(play_all(server, f"/v1/{server.project_id}/services", REFUSED))
    assert server.service_names() == names
    assert life(server, service_id) == was


@pytest.mark.parametrize("where", ["service", "api"])
def test_harmless_requests_break_nothing(service: tuple[DrydockServer, str], where: str) -> None:
    server, service_id = service
    path = {"service": f"/v1/infers/{service_id}", "api": f"/v1/{server.project_id}/services"}
    was = life(server, service_id)
    found = play_all(server, path[where], HARMLESS)
    broken = {
        name: answer.status
        for name, outcome in found.items()
        for answer in outcome.answers
        if answer.status >= 500
    }
    assert broken == {}
    digit = held_out_digits()[0]
    assert server.predict_digit(service_id, digit.png).status_code == 200
    assert life(server, service_id) == was
