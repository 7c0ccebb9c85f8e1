"""Malformed and hostile requests, raw over sockets, through a real Envoy.

The instance behind it records each byte it gets. Whatever a client sends, what arrives is in the
one form of HTTP/1.1 that cannot be read in two ways, and no second request arrives in a first one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.simulator.gateway.malformed.case import SMUGGLED, Case
from tests.simulator.gateway.malformed.corpus import CASES
from tests.simulator.gateway.malformed.handshakes import CASES as HANDSHAKES
from tests.simulator.gateway.malformed.nginx import PROGRAM, nginx
from tests.simulator.gateway.malformed.playing import misses
from tests.simulator.gateway.malformed.stage import (
    Played,
    Stage,
    Where,
    drydock,
    play_all,
    tunnel,
)

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

PLACES = (Where.SERVICE, Where.CONTROL)
BY_NAME = {case.name: case for case in CASES}
FEWEST = 80
HTTP1 = [case for case in CASES if not case.http2]
LAXER_THAN_NGINX = {
    # made harmless: a fold becomes a space, a bare CR is taken out
    "request line/tabs between the parts",
    "request line/bare CR after the version",
    "field/bare CR in the value",
    "field/bare CR that would end a line",
    "field/folded by a space",
    "field/folded by a tab",
    "field/folded into nothing",
    "framing/chunked after a tab",
    # arrives as it is; there is no second way to read it
    "target/of 9 KiB",
    "target/escape that is none",
    "target/escape without an end",
    # what HTTP/2 says beside the request is left out
    "HTTP/2 host/another one",
    "HTTP/2 trailers/sound",
    # the request was whole before the frame that ends the connection
    "HTTP/2 frames/DATA after the end",
    "HTTP/2 frames/stream depends on itself",
}
"""What nginx refuses and Drydock does not."""


@pytest.fixture(scope="module")
def short_directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="dd-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(short_directory: Path) -> AsyncIterator[Stage]:
    async with drydock(short_directory) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(stage: Stage) -> Played:
    """Every case at its places, played once for all tests."""
    at_both = await play_all(stage, CASES, PLACES)
    return at_both | await play_all(stage, HANDSHAKES, [Where.WEBSOCKET])


async def test_corpus_has_many_different_cases() -> None:
    assert [
        name for name, number in Counter(case.name for case in CASES).items() if number > 1
    ] == []
    assert len(HTTP1) > FEWEST
    assert len(CASES) - len(HTTP1) > FEWEST


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("name", BY_NAME)
async def test_refused_or_made_harmless(played: Played, name: str, where: Where) -> None:
    assert misses(BY_NAME[name], played[name, where]) == []


@pytest.mark.parametrize("case", HANDSHAKES, ids=lambda case: case.name)
async def test_what_follows_a_refused_handshake_is_no_request(played: Played, case: Case) -> None:
    assert misses(case, played[case.name, Where.WEBSOCKET]) == []


@pytest.mark.usefixtures("played")
async def test_not_a_byte_of_a_second_request_reaches_the_instance(stage: Stage) -> None:
    assert stage.talker is not None
    for instance in (stage.instance, stage.talker):
        assert instance.requests
        assert [bytes(raw) for raw in instance.raw if SMUGGLED.encode() in raw] == []


async def test_every_refusal_has_the_body_and_an_id(played: Played) -> None:
    refusals = [
        (name, answer)
        for (name, where), outcome in played.items()
        for answer in outcome.answers
        if answer.status >= 400 and where in PLACES
    ]
    assert len(refusals) > FEWEST
    for name, answer in refusals:
        assert list(json.loads(answer.body)) == ["error_code", "error_msg"], name
        assert answer.headers["content-type"] == "application/json", name
        assert len(answer.headers["x-request-id"]) == 36, name


async def test_access_log_has_the_ids_that_clients_were_told(stage: Stage, played: Played) -> None:
    told = {
        answer.headers["x-request-id"]
        for outcome in played.values()
        for answer in outcome.answers
        if answer.status >= 400
    }
    lines = [json.loads(line) for line in stage.access_log.read_text().splitlines()]
    assert told <= {line["request_id"] for line in lines}


async def test_without_a_gateway_requests_are_smuggled_and_the_cases_show_it(
    short_directory: Path,
) -> None:
    directory = short_directory / "tunnel"
    directory.mkdir()
    framed = [case for case in HTTP1 if case.name.startswith(("framing/", "length/", "chunks/"))]
    async with tunnel(directory) as bare:
        found = await play_all(bare, framed, [Where.CONTROL])
    missed = [" ".join(misses(case, found[case.name, Where.CONTROL])) for case in framed]
    assert sum("smuggled" in each for each in missed) > len(framed) / 2
    assert sum("misread" in each for each in missed) > len(framed) / 2


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed: nothing to compare with")
async def test_what_nginx_refuses_is_refused_but_for_what_is_listed(
    short_directory: Path, played: Played
) -> None:
    directory = short_directory / "nginx"
    directory.mkdir()
    async with nginx(directory) as other:
        found = await play_all(other, CASES, [Where.SERVICE])
    assert [name for (name, _), outcome in found.items() if not outcome.alive] == []
    laxer = {
        name
        for (name, where), outcome in found.items()
        if not outcome.arrived and played[name, where].arrived
    }
    assert laxer <= LAXER_THAN_NGINX
