"""The rendering: compared with golden files, and judged by Envoy itself.

To accept a changed rendering after having looked at it: `DRYDOCK_UPDATE_GOLDEN=1 pytest ...`.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.gateway.envoy_json import Json, encode
from simulator.gateway.render import render, static_bootstrap
from simulator.gateway.state import (
    Abort,
    Api,
    Availability,
    Balancing,
    Cause,
    Endpoint,
    GatewayState,
    Latency,
    PathFaults,
    ServiceRoute,
    SlowAnswers,
    VersionRoute,
)
from tests.simulator.gateway.support import (
    ANSWERS,
    a_service,
    a_state,
    validate,
    with_services,
)

GOLDEN = Path(__file__).with_name("golden")

SERVING = with_services(
    a_state(access_log_path="/dev/null"),
    a_service(
        "digits",
        apis=(Api("/", "POST"), Api("/v2/predict.json", "GET")),
        versions=(
            VersionRoute("v1", 70, (Endpoint("i1", path="/run/i1.sock"),)),
            VersionRoute("v2.0", 30, (Endpoint("i2", "127.0.0.1", 9000), Endpoint("i3", "::1", 1))),
        ),
        timeout_s=40,
        requests_per_s=100,
    ),
    a_service("open", versions=(VersionRoute("v1", 1),)),
)
UNAVAILABLE = with_services(
    a_state(),
    a_service("deploying", availability=Availability.DEPLOYING),
    a_service("stopped", availability=Availability.STOPPED),
    a_service("failed", availability=Availability.FAILED),
    a_service("zero", versions=(VersionRoute("v1", 0),)),
)
KINDS = with_services(
    a_state(),
    a_service(
        "chat",
        apis=(Api("/ws", "POST"),),
        versions=(VersionRoute("v1", 100, (Endpoint("c1", path="/run/c1.sock"),)),),
        websocket=True,
        requests_per_s=None,
    ),
    a_service(
        "fewest",
        versions=(VersionRoute("v1", 100, (Endpoint("f1", path="/run/f1.sock"),)),),
        balancing=Balancing.LEAST_CONNECTIONS,
    ),
    a_service(
        "sticky",
        versions=(VersionRoute("v1", 100, (Endpoint("s1", path="/run/s1.sock"),)),),
        balancing=Balancing.SOURCE_ADDRESS,
    ),
    a_service(
        "two-pools",
        versions=(
            VersionRoute(
                "v1",
                100,
                (
                    Endpoint("t1", path="/run/t1.sock", pool="a"),
                    Endpoint("t2", path="/run/t2.sock", pool="b"),
                ),
            ),
        ),
        balancing=Balancing.SOURCE_ADDRESS,
    ),
    a_service(
        "talk",
        apis=(Api("/test.Talk/Say"),),
        versions=(
            VersionRoute("v1", 50, (Endpoint("g1", path="/run/g1.sock"),), http2=True),
            VersionRoute("v2", 50, (Endpoint("g2", path="/run/g2.sock"),)),
        ),
    ),
)
FAULTY = with_services(
    a_state(),
    a_service(
        "sick",
        versions=(
            VersionRoute(
                "v1",
                60,
                (Endpoint("s1", path="/run/s1.sock"),),
                PathFaults(Latency("f1", 0.3, 10), Abort("f2", 503, 0.5), SlowAnswers("f3", 64)),
            ),
            VersionRoute("v2", 40, faults=PathFaults(abort=Abort("f4", 500))),
        ),
    ),
)
COLLECTED = with_services(
    a_state(spool="/run/drydock/spool"),
    a_service(
        "some",
        versions=(
            VersionRoute("v1", 60, (Endpoint("s1", path="/run/s1.sock"),)),
            VersionRoute("v2", 40, faults=PathFaults(abort=Abort("f4", 500))),
        ),
        collected_percent=0.25,
    ),
    a_service(
        "all",
        versions=(VersionRoute("v1", 100, (Endpoint("a1", path="/run/a1.sock"),)),),
        collected_percent=100.0,
    ),
)

STATES = {
    "empty": a_state(),
    "serving": SERVING,
    "unavailable": UNAVAILABLE,
    "kinds": KINDS,
    "faulty": FAULTY,
    "collected": COLLECTED,
}


def pretty(state: GatewayState) -> str:
    rendering = render(state)
    document: Json = {"bootstrap": rendering.bootstrap, "files": rendering.files}
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", STATES)
def test_rendering_is_the_golden_one(name: str) -> None:
    file = GOLDEN / f"{name}.json"
    if os.environ.get("DRYDOCK_UPDATE_GOLDEN"):
        file.write_text(pretty(STATES[name]))
    assert pretty(STATES[name]) == file.read_text()


@pytest.mark.envoy
@pytest.mark.parametrize("name", STATES)
def test_envoy_finds_the_rendering_valid(name: str, tmp_path: Path) -> None:
    validate(STATES[name], tmp_path)


@pytest.mark.envoy
def test_envoy_finds_a_wrong_rendering_invalid(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="jwks"):
        validate(a_state(jwks="not keys"), tmp_path)


@pytest.mark.envoy
def test_hundred_services_are_valid(tmp_path: Path) -> None:
    services = [
        a_service(f"s{number}", apis=(Api(),), versions=(VersionRoute("v1", 100),))
        for number in range(100)
    ]
    validate(with_services(a_state(), *services), tmp_path)


def test_order_of_services_does_not_change_a_byte() -> None:
    turned = replace(SERVING, services=SERVING.services[::-1])
    assert render(turned) == render(SERVING)
    assert encode(static_bootstrap(turned)) == encode(static_bootstrap(SERVING))


def test_rendering_touches_no_file() -> None:
    assert (
        render(a_state("/nonexistent/place")).bootstrap["admin"]["address"]["pipe"]["mode"] == 384
    )


def changed_files(old: GatewayState, new: GatewayState) -> set[str]:
    before, after = render(old), render(new)
    assert before.bootstrap == after.bootstrap
    return {
        name
        for name in before.files.keys() | after.files.keys()
        if before.files.get(name) != after.files.get(name)
    }


def test_instance_that_comes_changes_only_the_clusters() -> None:
    first, second = SERVING.services
    grown = replace(
        first.versions[0], endpoints=(Endpoint("a", path="/a"), Endpoint("b", path="/b"))
    )
    new = with_services(SERVING, replace(first, versions=(grown, first.versions[1])), second)
    assert changed_files(SERVING, new) == {"cds.json"}


def test_weights_change_only_the_routes() -> None:
    first, second = SERVING.services
    shifted = tuple(replace(one, weight=50) for one in first.versions)
    new = with_services(SERVING, replace(first, versions=shifted), second)
    assert changed_files(SERVING, new) == {"rds.json"}


def test_services_never_touch_the_listener() -> None:
    assert (
        render(SERVING).files["lds.json"] == render(replace(SERVING, services=())).files["lds.json"]
    )


def test_same_content_has_the_same_version_mark() -> None:
    marks = {name: doc["version_info"] for name, doc in render(SERVING).files.items()}
    again = {name: doc["version_info"] for name, doc in render(SERVING).files.items()}
    assert marks == again
    assert len(set(marks.values())) == len(marks)


V1 = (VersionRoute("v1", 1),)


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (a_service("a.b", versions=V1), "service id 'a.b'"),
        (a_service("a", versions=V1, prefix="/elsewhere/a"), "not below"),
        (a_service("a", versions=(VersionRoute("v 1", 1),)), "version id 'v 1'"),
        (
            a_service("a", versions=(VersionRoute("v1", 1, (Endpoint("i", "localhost", 1),)),)),
            "not an IP address",
        ),
    ],
)
def test_what_cannot_be_expressed_is_refused(service: ServiceRoute, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        render(with_services(a_state(), service))


def test_two_services_cannot_share_a_path() -> None:
    one, other = a_service("a"), replace(a_service("b"), prefix="/v1/infers/a")
    with pytest.raises(ValueError, match="share the prefix"):
        render(with_services(a_state(), one, other))


def test_answer_that_may_not_be_left_out_is_missed() -> None:
    fewer = {cause: one for cause, one in ANSWERS.items() if cause is not Cause.SERVICE_MISSING}
    with pytest.raises(KeyError):
        render(a_state(answers=fewer))


def test_access_log_has_no_field_that_could_hold_a_secret() -> None:
    (manager,) = render(SERVING).files["lds.json"]["resources"][0]["filter_chains"][0]["filters"]
    log = json.dumps(manager["typed_config"]["access_log"]).lower()
    assert "request_id" in log
    for secret in ("auth", "appcode", "sdk", "query"):
        assert secret not in log
