"""A WebSocket through the gateway is a WebSocket: sound frames and broken ones get exactly what
they get where there is no gateway.

`DRYDOCK_PROVE` is the number of random conversations, `DRYDOCK_PROVE_SEED` chooses others.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from simulator.gateway.state import Endpoint as Address
from simulator.gateway.state import VersionRoute
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import PREFIX, a_service
from tests.simulator.gateway.wsframes import (
    GOODBYE,
    MAX_BYTES,
    PATIENCE_S,
    Ending,
    Endpoint,
    close,
    converse,
    frame,
)

pytestmark = pytest.mark.envoy

CONVERSATIONS = int(os.environ.get("DRYDOCK_PROVE", "25"))
SEED = int(os.environ.get("DRYDOCK_PROVE_SEED", "6455"))
PROOF_S = 24 * 3600.0
"""Longer than any proof takes: the token is good until its end."""
TEXT, BINARY, CONT = Opcode.TEXT, Opcode.BINARY, Opcode.CONT
PING, PONG = Opcode.PING, Opcode.PONG
EDGES = (0, 1, 125, 126, 127, 65535, 65536, 65537)
"""Sizes at which the form of a length changes, and their neighbours."""


@dataclass(frozen=True)
class Heard:
    """What both ends heard of a conversation.

    Attributes:
        back: bytes that came back to the client.
        frames: that the endpoint took: opcode, whether it is a message's last, payload.
        received, sent: code and reason of the close frames, as the endpoint has them.
    """

    back: bytes
    frames: list[tuple[int, bool, bytes]]
    received: Ending
    sent: Ending


@dataclass
class Ways:
    """The two ways to an endpoint."""

    endpoint: Endpoint
    path: Path
    port: int
    token: str
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def directly(self, pieces: list[bytes]) -> Heard:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))
            return self._heard(client, "/", "", pieces)

    def through_the_gateway(self, pieces: list[bytes]) -> Heard:
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            token = f"X-Auth-Token: {self.token}\r\n"
            return self._heard(client, f"{PREFIX}talk/", token, pieces)

    def _heard(self, client: socket.socket, path: str, more: str, pieces: list[bytes]) -> Heard:
        number = str(next(self._numbers))
        back = converse(client, path + number, more, pieces)
        noted = self.endpoint.noted.pop(number)
        assert noted.over.wait(PATIENCE_S)
        return Heard(back, noted.frames, noted.received, noted.sent)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ways(world: World) -> AsyncIterator[Ways]:
    path = world.directory / "endpoint.sock"
    endpoint = Endpoint(path)
    version = VersionRoute("v1", 100, (Address("one", path=str(path)),))
    await world.serve(a_service("talk", websocket=True, versions=(version,)))
    yield Ways(endpoint, path, world.state.port, world.issuer.token(expires_in_s=PROOF_S))
    endpoint.stop()


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", EDGES)
def test_messages_of_all_forms_of_length(ways: Ways, size: int, opcode: Opcode) -> None:
    sent = [frame(opcode, b"a" * size), GOODBYE]
    heard = ways.through_the_gateway(sent)
    assert heard == ways.directly(sent)
    assert heard.frames[0] == (opcode, True, b"a" * size)
    assert heard.received == heard.sent == (1000, "done")
    # it comes back unmasked, and the close frame after it
    assert heard.back == frame(opcode, b"a" * size, masked=False) + b"\x88\x06\x03\xe8done"


BROKEN = {
    "a reserved bit": (frame(TEXT, b"a", reserved=4), 1002),
    "all reserved bits": (frame(BINARY, b"a", reserved=7), 1002),
    "a reserved bit in a ping": (frame(PING, reserved=1), 1002),
    "an opcode of no data": (frame(0x3), 1002),
    "an opcode of no control": (frame(0xB), 1002),
    "no mask": (frame(TEXT, b"a", masked=False), 1002),
    "a ping of 126 bytes": (frame(PING, b"a" * 126), 1002),
    "a pong of 65536 bytes": (frame(PONG, b"a" * 65536), 1002),
    "a ping in fragments": (frame(PING, b"a", fin=False), 1002),
    "a continuation of nothing": (frame(CONT, b"a"), 1002),
    "a message within another": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "a text that is no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "a surrogate in a text": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "a character without its end": (
        frame(TEXT, "ß".encode()[:1], fin=False) + frame(CONT, b"a"),
        1007,
    ),
    "a message that is too large": (frame(BINARY, declared=MAX_BYTES + 1), 1009),
    "a length of 63 bits": (frame(BINARY, declared=2**63 - 1), 1009),
    "a close frame of one byte": (frame(Opcode.CLOSE, b"a"), 1002),
    "a close code that nobody sends": (close(1005), 1002),
    "a close code of nobody": (close(999), 1002),
    "a reason that is no UTF-8": (close(1000, b"\xff"), 1007),
}
"""What an endpoint must refuse, and the close code with which it ends the connection."""


@pytest.mark.parametrize("name", BROKEN)
def test_broken_frames_are_refused_by_the_instance(ways: Ways, name: str) -> None:
    broken, code = BROKEN[name]
    sent = [frame(TEXT, b"before"), broken, frame(TEXT, b"after"), GOODBYE]
    heard = ways.through_the_gateway(sent)
    assert heard == ways.directly(sent)
    assert heard.frames[0] == (TEXT, True, b"before")
    assert (TEXT, True, b"after") not in heard.frames
    assert heard.sent is not None
    assert heard.sent[0] == code
    assert heard.back.startswith(frame(TEXT, b"before", masked=False))


def sizes() -> st.SearchStrategy[int]:
    return st.integers(0, 300) | st.sampled_from(EDGES)


def payloads() -> st.SearchStrategy[bytes]:
    repeated = st.tuples(sizes(), st.binary(min_size=1, max_size=4)).map(
        lambda drawn: (drawn[1] * (drawn[0] // len(drawn[1]) + 1))[: drawn[0]]
    )
    return st.binary(max_size=200) | repeated


def texts() -> st.SearchStrategy[bytes]:
    return st.text(max_size=100).map(str.encode) | sizes().map(lambda size: b"a" * size)


@st.composite
def controls(draw: st.DrawFn) -> bytes:
    """A ping or a pong."""
    return frame(draw(st.sampled_from((PING, PONG))), draw(st.binary(max_size=125)))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message in one or several frames, with control frames between them; a text may be cut
    within a character."""
    is_text = draw(st.booleans())
    whole = draw(texts() if is_text else payloads())
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    parts = [whole[start:end] for start, end in itertools.pairwise((0, *cuts, len(whole)))]
    made = b""
    for index, part in enumerate(parts):
        opcode = CONT if index else TEXT if is_text else BINARY
        length_bytes = draw(st.sampled_from((0, 0, 0, 2, 8))) if len(part) < 126 else 0
        last = index == len(parts) - 1
        made += frame(opcode, part, fin=last, length_bytes=length_bytes)
        if not last and draw(st.booleans()):
            made += draw(controls())
    return made


@st.composite
def mistakes(draw: st.DrawFn) -> bytes:
    """A frame that is drawn without regard to the rules, whole in itself."""
    payload = draw(payloads())
    return frame(
        draw(st.integers(0, 15)),
        payload,
        fin=draw(st.booleans()),
        reserved=draw(st.sampled_from((0, 0, 0, 1, 2, 4, 7))),
        masked=draw(st.sampled_from((True, True, True, False))),
    )


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """What a client sends, cut anywhere; it ends with a close frame."""
    steps = messages() | messages() | controls()
    sent = b"".join(draw(st.lists(steps, max_size=6)))
    if draw(st.booleans()):
        wrong = mistakes() | st.sampled_from([broken for broken, _ in BROKEN.values()])
        sent += draw(wrong) + b"".join(draw(st.lists(steps, max_size=2)))
    ends = st.tuples(st.sampled_from((1000, 1001, 1011, 3000, 4999)), st.text(max_size=30))
    goodbye = draw(ends.map(lambda drawn: close(drawn[0], drawn[1].encode())))
    sent += draw(st.sampled_from((goodbye, frame(Opcode.CLOSE))))
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    return [sent[start:end] for start, end in itertools.pairwise((0, *cuts, len(sent)))]


@seed(SEED)
@settings(
    max_examples=CONVERSATIONS,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sent=conversations())
def test_any_conversation_is_the_same_through_the_gateway(ways: Ways, sent: list[bytes]) -> None:
    assert ways.through_the_gateway(sent) == ways.directly(sent)
