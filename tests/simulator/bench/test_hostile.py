"""No body whatever gets more than a refusal, and none takes long.

A seeded stream, the same each time; `make prove` has 200,000 of it:

    DRYDOCK_PROVE_INPUTS=200000 DRYDOCK_PROVE_SEED=7 pytest tests/simulator/bench/test_hostile.py

What fails is printed with the line that repeats it alone.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from simulator.bench.hostile import Hostile, Stream
from simulator.catalogues import PROVIDERS, catalogue
from simulator.config import BackendChoice, Settings
from simulator.errors import Refused, Violation
from simulator.modelarts import services, wire
from simulator.modelarts.config_json import read_config
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.facts import Facts
from simulator.modelarts.rules.model import CREATE_MODEL, CreateModel
from simulator.modelarts.ruling import Ruling
from simulator.modelarts.schemas import CreateService, UpdateService
from simulator.offline import Checker
from simulator.server import build_app
from simulator.strict_json import parse_object
from simulator.system import System
from tests.support.builders import NOW, a_model_row
from tests.support.requests import documented

INPUTS = int(os.environ.get("DRYDOCK_PROVE_INPUTS", "3000"))
FIRST = int(os.environ.get("DRYDOCK_PROVE_FIRST", "0"))
SEED = int(os.environ.get("DRYDOCK_PROVE_SEED", "1"))
OVER_HTTP = max(1, INPUTS // 10)
"""Inputs that go through the whole application too."""

LIMIT_S = 0.1
TRIES = 4
"""The fastest counts: a machine that does something else for a moment must not fail an input. What
computes and never waits is measured in CPU time for the same reason."""
MESSAGE_CHARS = 6000
"""No message is longer: values and names are cut, and there are 64 levels at most."""
BIG_FAILURE = 4000

STREAM = Stream([catalogue(name) for name in PROVIDERS], SEED)
RULING = Ruling(Settings())
pytestmark = pytest.mark.timeout(7200)


def replayed(hostile: Hostile, why: str) -> str:
    """What is told of an input that fails."""
    body = repr(hostile.body)
    shown = (
        body if len(body) <= BIG_FAILURE else f"{body[:BIG_FAILURE]}... ({len(hostile.body)} bytes)"
    )
    test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]
    again = f"DRYDOCK_PROVE_SEED={SEED} DRYDOCK_PROVE_FIRST={hostile.number} DRYDOCK_PROVE_INPUTS=1"
    return (
        f"{why}\n  {replace(hostile, body=b'')}\n  body: {shown}\n  again: {again} pytest {test!r}"
    )


def _last_calls() -> str:
    lines = traceback.format_exc(limit=-4).splitlines()
    return "\n".join(line[:300] for line in lines[:40])


def quick(hostile: Hostile, judge: Callable[[], object]) -> None:
    """Run something that must not raise, and must not take long however often it is tried."""
    fastest = math.inf
    for _ in range(TRIES):
        began = time.thread_time()
        try:
            judge()
        except Exception:
            pytest.fail(replayed(hostile, _last_calls()), pytrace=False)
        fastest = min(fastest, time.thread_time() - began)
        if fastest < LIMIT_S:
            return
    pytest.fail(replayed(hostile, f"took {fastest:.3f} s or more, every time"), pytrace=False)


def inputs() -> Iterator[Hostile]:
    yield from STREAM.inputs(INPUTS, FIRST)


def check_told(told: list[Violation]) -> None:
    """What is told can be sent, and can be read."""
    orjson.dumps([vars(one) for one in told])
    for one in told:
        assert one.rule
        assert len(one.message) <= MESSAGE_CHARS, one.message[:200]


def checkers(hostile: Hostile) -> Iterator[Checker]:
    """Kinds of documents told apart, and each kind forced upon the body."""
    strict = bool(hostile.number % 2)
    yield Checker(strict=strict)
    for name in PROVIDERS:
        yield Checker(provider=name, strict=strict)
    yield Checker(provider=hostile.provider, subject=hostile.subject, strict=strict)


def checked(hostile: Hostile, checker: Checker) -> None:
    found = checker.check(hostile.body, hostile.name)
    check_told([*found.violations, *found.warnings])
    assert found.is_valid == (not found.violations)


def test_the_offline_checker_answers_whatever_it_is_given() -> None:
    for hostile in inputs():
        for checker in checkers(hostile):
            quick(hostile, partial(checked, hostile, checker))


def create_service(body: dict[str, Any]) -> None:
    accepted = RULING.accept(CREATE, CreateService, body)
    services.check_simulated(accepted.request)
    models = {one.model_id: a_model_row(one.model_id) for one in accepted.request.config}
    RULING.admit(CREATE, body, RULING.facts(models))
    row, versions = services.build_service(
        accepted.request,
        accepted.body,
        project_id="p",
        user_id="u",
        domain_id="d",
        models=models,
        now=NOW,
    )
    orjson.dumps(row.document)
    assert len(versions) == len(accepted.request.config)


def update_service(body: dict[str, Any]) -> None:
    facts = Facts(status="running", request=documented("realtime"))
    RULING.accept(CHANGE, UpdateService, body, facts)
    RULING.admit(CHANGE, body, facts)


def create_model(body: dict[str, Any]) -> None:
    request = RULING.accept(CREATE_MODEL, CreateModel, body).request
    if request.initial_config:
        read_config(parse_object(request.initial_config.encode()), "initial_config")


def config_file(body: dict[str, Any]) -> None:
    read_config(body, "config.json")


FRONT_DOORS = (create_service, update_service, create_model, config_file)


def check_answer(status: int, body: dict[str, Any]) -> None:
    """An error in the cloud's form: the client's fault, or something that is not simulated."""
    assert isinstance(body["error_code"], str)
    assert body["error_code"]
    assert isinstance(body["error_msg"], str)
    assert body["error_msg"]
    if status == 501:
        assert body["error_code"] == "Drydock.NotSimulated"
        assert re.match(r"(?s).+ (is|are) not simulated", body["error_msg"])
    else:
        assert 400 <= status < 500


def admitted(hostile: Hostile, door: Callable[[dict[str, Any]], None]) -> None:
    try:
        door(parse_object(hostile.body))
    except Refused as error:
        answer = wire.error_answer(error)
        orjson.dumps(answer.body())
        check_answer(answer.status, answer.body())


@pytest.mark.parametrize("door", FRONT_DOORS, ids=lambda door: door.__name__)
def test_the_server_refuses_in_words_what_it_does_not_admit(
    door: Callable[[dict[str, Any]], None],
) -> None:
    for hostile in inputs():
        quick(hostile, partial(admitted, hostile, door))


async def test_the_whole_application_answers_in_the_documented_form(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, backend=BackendChoice.PROCESS)
    settings.paths.create()
    system = System(settings)
    await system.open()
    try:
        store = system.store
        model_id = documented("realtime")["config"][0]["model_id"]
        store.add_model(a_model_row(model_id, project_id=system.identity.projects[0].id))
        transport = httpx.ASGITransport(build_app(system), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            await _use(client, system)
    finally:
        system.store.close()
        await system.backend.close()


async def _use(client: httpx.AsyncClient, system: System) -> None:
    """Send bodies to every place that takes one, and read what came back."""
    prefix = f"/v1/{system.identity.projects[0].id}"
    token = await _token(client, system)
    created = await client.post(
        f"{prefix}/services", json=documented("realtime"), headers={"X-Auth-Token": token}
    )
    assert created.status_code == 200, created.text
    service = f"{prefix}/services/{created.json()['service_id']}"
    places = (
        ("POST", f"{prefix}/services"),
        ("PUT", service),
        ("POST", f"{prefix}/models"),
        ("POST", "/v3/auth/tokens"),
    )
    for hostile in STREAM.inputs(OVER_HTTP, FIRST):
        for method, path in places:
            await _ask(client, hostile, method, path, token)
    shown = await client.get(service, headers={"X-Auth-Token": token})
    assert shown.status_code == 200


async def _token(client: httpx.AsyncClient, system: System) -> str:
    identity = system.identity
    user = {"name": identity.user_name, "password": identity.password}
    user["domain"] = {"name": identity.domain_name}  # type: ignore[assignment]
    methods = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"id": identity.projects[0].id}}
    answer = await client.post(
        "/v3/auth/tokens", json={"auth": {"identity": methods, "scope": scope}}
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["X-Subject-Token"]


async def _ask(
    client: httpx.AsyncClient, hostile: Hostile, method: str, path: str, token: str
) -> None:
    for _attempt in range(TRIES):
        began = time.perf_counter()
        answer = await client.request(
            method,
            path,
            content=hostile.body,
            headers={"X-Auth-Token": token, "Content-Type": "application/json"},
        )
        taken = time.perf_counter() - began
        try:
            body = answer.json()
            assert isinstance(body, dict)
            if path.startswith("/v1/") and answer.status_code >= 400:
                check_answer(answer.status_code, body)
            assert answer.status_code < 500 or answer.status_code == 501
        except (AssertionError, ValueError, KeyError):
            why = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            pytest.fail(replayed(hostile, f"{_last_calls()}\n{why}"), pytrace=False)
        if taken < LIMIT_S:
            return
        await asyncio.sleep(0)
    pytest.fail(replayed(hostile, f"{method} {path} took {taken:.3f} s, every time"), pytrace=False)
