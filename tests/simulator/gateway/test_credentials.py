"""Who may call, through a real Envoy."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio

from simulator.gateway.credentials import PROJECT_HEADER
from simulator.gateway.state import Api, Availability, Cause
from tests.simulator.gateway.conftest import World, assert_answers
from tests.simulator.gateway.support import (
    PROJECT,
    Instance,
    Issuer,
    Request,
    a_service,
    a_version,
    say,
)

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SIGNATURE = "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=0f"
SIGNED = {"Authorization": SIGNATURE, "X-Sdk-Date": "20260101T000000Z"}
APP_CODE = {"X-Apig-AppCode": "secret-app-code"}
API_KEY = {"apikey": "secret-app-key"}
JUDGED = pytest.mark.parametrize(
    "credentials", [SIGNED, APP_CODE, API_KEY], ids=["signature", "app code", "app key"]
)


@pytest_asyncio.fixture(loop_scope="module")
async def one(world: World) -> Instance:
    """The only instance of the service `digits`; the judge allows everything."""
    instance = await world.an_instance("one")
    await world.serve(
        a_service(versions=(a_version(instance),), apis=(Api(),)),
        a_service("stopped", availability=Availability.STOPPED),
    )
    world.control.script = None
    world.control.requests.clear()
    return instance


def a_judge(status: int, answer: dict[str, Any]) -> Any:
    async def judge(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(
            writer,
            status,
            json.dumps(answer).encode(),
            content_type="application/json",
            x_from_judge="yes",
        )

    return judge


async def test_good_token_passes(world: World, one: Instance) -> None:
    assert (await world.call("/v1/infers/digits")).status_code == 200


@pytest.mark.parametrize("target", ["digits", "digits/no/api", "stopped", "unknown", ""])
async def test_missing_token_is_told_before_anything_else(
    world: World, one: Instance, target: str
) -> None:
    response = await world.call(f"/v1/infers/{target}", token=None)
    assert_answers(response, Cause.TOKEN_MISSING)


async def test_malformed_or_foreign_tokens_are_invalid(world: World, one: Instance) -> None:
    head, payload, _ = world.issuer.token().split(".")
    unsigned = jwt.encode({"iss": "drydock", "project_id": PROJECT}, None, algorithm="none")
    for token in (
        "nonsense",
        "a.b.c",
        f"{head}.{payload}.AAAA",
        Issuer().token(),
        unsigned,
        world.issuer.token(iss="someone else"),
    ):
        response = await world.call("/v1/infers/digits", token=token)
        assert_answers(response, Cause.TOKEN_INVALID)
    assert not one.requests


async def test_expired_token_is_told_apart(world: World, one: Instance) -> None:
    response = await world.call("/v1/infers/digits", token=world.issuer.token(expires_in_s=-10))
    assert_answers(response, Cause.TOKEN_EXPIRED)


async def test_remembered_token_still_expires(world: World, one: Instance) -> None:
    token = world.issuer.token(expires_in_s=1)
    assert (await world.call("/v1/infers/digits", token=token)).status_code == 200
    deadline = time.monotonic() + 10
    while (last := await world.call("/v1/infers/digits", token=token)).status_code == 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert_answers(last, Cause.TOKEN_EXPIRED)


@pytest.mark.parametrize("target", ["digits", "digits/no/api", "stopped"])
async def test_token_of_another_project_is_forbidden(
    world: World, one: Instance, target: str
) -> None:
    response = await world.call(f"/v1/infers/{target}", token=world.issuer.token(project="other"))
    assert_answers(response, Cause.PROJECT_FORBIDDEN)


async def test_the_project_is_the_tokens_whatever_the_client_says_of_it(
    world: World, one: Instance
) -> None:
    said = {PROJECT_HEADER: PROJECT}
    for token in (world.issuer.token(project="other"), world.issuer.token(project_id=None)):
        response = await world.call("/v1/infers/digits", token=token, headers=said)
        assert_answers(response, Cause.PROJECT_FORBIDDEN)
    twice = [(PROJECT_HEADER, PROJECT), (PROJECT_HEADER.title(), PROJECT)]
    request = httpx.Headers([*twice, ("X-Auth-Token", world.issuer.token(project="other"))])
    response = await world.client.post("/v1/infers/digits", headers=request)
    assert_answers(response, Cause.PROJECT_FORBIDDEN)


@pytest.mark.parametrize("token", ["", None], ids=["token", "signature"])
async def test_the_header_that_holds_the_project_never_reaches_the_instance(
    world: World, one: Instance, token: str | None
) -> None:
    headers = {PROJECT_HEADER: "other", **({} if token == "" else SIGNED)}
    assert (await world.call("/v1/infers/digits", token=token, headers=headers)).is_success
    assert PROJECT_HEADER not in one.requests[-1].headers


async def test_unknown_service_is_missing_for_every_project(world: World, one: Instance) -> None:
    response = await world.call("/v1/infers/unknown", token=world.issuer.token(project="other"))
    assert_answers(response, Cause.SERVICE_MISSING)


async def test_token_never_reaches_the_instance(world: World, one: Instance) -> None:
    token = world.issuer.token()
    await world.call("/v1/infers/digits", token=token, headers={"Authorization": "Bearer own"})
    seen = one.requests[-1].headers
    assert token not in str(seen)
    assert seen["authorization"] == "Bearer own"


@JUDGED
async def test_signed_request_is_judged_with_all_it_needs(
    world: World, one: Instance, credentials: dict[str, str]
) -> None:
    response = await world.call(
        "/v1/infers/digits/?a=1&b=%20",
        token=None,
        headers={**credentials, "X-Stage": "RELEASE", "Content-Type": "text/x"},
        content=b"the body",
    )
    assert response.status_code == 200
    (judged,) = world.control.requests
    assert (judged.method, judged.body) == ("POST", b"the body")
    assert judged.target == "/_drydock/judge/v1/infers/digits/?a=1&b=%20"
    wanted = {**credentials, "X-Stage": "RELEASE", "Content-Type": "text/x"}
    assert wanted.items() <= {name: judged.headers.get(name.lower()) for name in wanted}.items()
    assert judged.headers["host"] == f"127.0.0.1:{world.state.port}"
    assert one.requests[-1].body == b"the body"


@JUDGED
async def test_signatures_and_codes_never_reach_the_instance(
    world: World, one: Instance, credentials: dict[str, str]
) -> None:
    also = {"X-Security-Token": "temporary", "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}
    token = None if credentials is API_KEY else ""  # which goes before the key
    await world.call("/v1/infers/digits", token=token, headers={**credentials, **also})
    seen = one.requests[-1].headers
    for name in (*SIGNED, *APP_CODE, *API_KEY, *also, "X-Auth-Token"):
        assert name.lower() not in seen
    assert seen["x-forwarded-for"] == "127.0.0.1"


async def test_a_token_goes_before_an_app_key_which_may_be_the_models_own_field(
    world: World, one: Instance
) -> None:
    own = {"Authorization": "Bearer own"}
    response = await world.call("/v1/infers/digits", headers=API_KEY | own)
    assert response.status_code == 200
    assert not world.control.requests
    assert "apikey" not in one.requests[-1].headers
    assert one.requests[-1].headers["authorization"] == "Bearer own"


async def test_judges_refusal_reaches_the_client_as_it_is(world: World, one: Instance) -> None:
    for status in (400, 401, 403, 404, 413, 429):
        refusal = {"error_code": f"APIG.{status}", "error_msg": "not so"}
        world.control.script = a_judge(status, refusal)
        response = await world.call("/v1/infers/digits", token=None, headers=SIGNED)
        assert (response.status_code, response.json()) == (status, refusal)
        assert response.headers["content-type"] == "application/json"
        assert "x-request-id" in response.headers
    assert not one.requests


async def test_who_is_refused_has_not_called_the_version(world: World, one: Instance) -> None:
    before = await _calls(world)
    for status in (401, 403):
        world.control.script = a_judge(status, {"error_code": "x", "error_msg": "y"})
        response = await world.call("/v1/infers/digits", token=None, headers=SIGNED)
        assert response.status_code == status
    world.control.script = a_judge(500, {"error_code": "x", "error_msg": "y"})
    assert (await world.call("/v1/infers/digits", token=None, headers=SIGNED)).status_code == 503
    assert (await world.call("/v1/infers/digits", token=None)).status_code == 401
    assert await _calls(world) == before
    world.control.script = None
    assert (await world.call("/v1/infers/digits", token=None, headers=SIGNED)).status_code == 200
    assert await _calls(world) == before + 1


async def _calls(world: World) -> int:
    """How many requests versions have answered, as Envoy counts them."""
    return sum(each.requests_total for each in await world.gateway.admin.traffic())


async def test_judge_that_fails_is_no_judge(world: World, one: Instance) -> None:
    world.control.script = a_judge(500, {"error_code": "x", "error_msg": "y"})
    response = await world.call("/v1/infers/digits", token=None, headers=SIGNED)
    assert_answers(response, Cause.CONTROL_UNAVAILABLE)
    assert not one.requests


async def test_signed_request_is_judged_before_anything_else_is_told(
    world: World, one: Instance
) -> None:
    refusal = {"error_code": "APIG.0301", "error_msg": "no"}
    world.control.script = a_judge(401, refusal)
    for target in ("unknown", "stopped", "digits/no/api"):
        response = await world.call(f"/v1/infers/{target}", token=None, headers=SIGNED)
        assert response.json() == refusal
    world.control.script = None
    for target, cause in (
        ("unknown", Cause.SERVICE_MISSING),
        ("stopped", Cause.SERVICE_STOPPED),
        ("digits/no/api", Cause.NO_SUCH_API),
    ):
        response = await world.call(f"/v1/infers/{target}", token=None, headers=SIGNED)
        assert_answers(response, cause)


async def test_signed_request_is_refused_while_the_judge_is_away(
    world: World, one: Instance
) -> None:
    await world.control.stop()
    try:
        response = await world.call("/v1/infers/digits", token=None, headers=SIGNED)
    finally:
        await world.control.start()
    assert_answers(response, Cause.CONTROL_UNAVAILABLE)
    assert not one.requests


async def test_signed_body_over_the_limit_is_refused(world: World, one: Instance) -> None:
    await world.serve(a_service(versions=(a_version(one),), max_body_bytes=1000))
    response = await world.call(
        "/v1/infers/digits", token=None, headers=SIGNED, content=bytes(1001)
    )
    assert_answers(response, Cause.BODY_TOO_LARGE)
    response = await world.call(
        "/v1/infers/digits", token=None, headers=SIGNED, content=bytes(1000)
    )
    assert response.status_code == 200


async def test_other_authorization_schemes_are_no_way_around_the_token(
    world: World, one: Instance
) -> None:
    for value in ("SDK-HMAC-SHA1 x", "Bearer SDK-HMAC-SHA256 x", "sdk-hmac-sha256 x", "Basic eA=="):
        response = await world.call(
            "/v1/infers/digits", token=None, headers={"Authorization": value}
        )
        assert_answers(response, Cause.TOKEN_MISSING)
    for empty in ("X-Apig-AppCode", "apikey"):
        response = await world.call("/v1/infers/digits", token=None, headers={empty: ""})
        assert_answers(response, Cause.TOKEN_MISSING)


async def test_judge_cannot_be_called_from_outside(world: World, one: Instance) -> None:
    for target in ("/_drydock/judge", "/_drydock/judge/v1/infers/digits", "/_drydock/judge?x"):
        for headers in ({}, SIGNED):
            assert_answers(await world.call(target, headers=headers), Cause.NO_SUCH_API)
    assert not world.control.requests
    assert (await world.call("/_drydock/judges")).json()["instance"] == "control"
