"""From a trace to a line: nothing of a body is changed, and what is no trace does no harm."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.collection.exchange import Exchange, Message, Unreadable, line, read_trace

KINDS = st.sampled_from(["application/json", "text/plain", "image/png", "", "TEXT/html; charset=x"])


def an_exchange(body: bytes, kind: str = "", *, is_cut: bool = False) -> Exchange:
    request = Message({":method": "POST", "content-type": kind}, body, is_cut, 1.0)
    answer = Message({":status": "200", "x-drydock-collected": "s"}, body, is_cut, 1.25)
    return Exchange(request, answer)


def body_of(content: dict[str, object]) -> bytes:
    body = str(content["body"])
    return base64.b64decode(body) if content["is_base64"] else body.encode()


@given(st.binary() | st.text().map(str.encode), KINDS, st.integers(0, 40))
def test_a_line_has_the_body_s_first_bytes_and_says_whether_there_are_more(
    body: bytes, kind: str, most: int
) -> None:
    text = line(an_exchange(body, kind), most)
    assert text.count(b"\n") == 1
    content = json.loads(text)["request"]
    assert content["is_cut"] is (len(body) > most)
    found = body_of(content)
    # of a character that would be cut through nothing is kept
    assert body[:most].startswith(found)
    assert len(body[:most]) - len(found) <= 3
    if content["is_base64"] or not content["is_cut"]:
        assert found == body[:most]


def test_a_coded_body_is_no_text() -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    request = Message(headers, b"{}", False, 1.0)
    content = json.loads(line(Exchange(request, an_exchange(b"").answer), 10))["request"]
    assert (content["body"], content["is_base64"]) == ("e30=", True)
    assert content["content_encoding"] == "gzip"


def test_the_time_to_the_first_byte_is_told() -> None:
    assert json.loads(line(an_exchange(b""), 10))["first_byte_ms"] == 250


@given(st.binary(max_size=200))
def test_what_is_no_trace_is_refused_or_no_exchange(data: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert read_trace(data) is None


@pytest.mark.parametrize("data", [b"", b"\x05", b"\x05ab", b"\xff" * 20])
def test_half_a_trace_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read_trace(data)
