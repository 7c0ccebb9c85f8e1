"""Reads what a gateway sent: answers of HTTP/1.1, and what ends a stream of HTTP/2."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import hpack
import hyperframe.frame as frames
from hyperframe.exceptions import HyperframeError


@dataclass
class Answer:
    """A final answer.

    Attributes:
        status: of HTTP; 0 for a stream or connection that HTTP/2 ended without one.
        headers: names in small letters.
        last_of_connection: whether the gateway says that nothing follows.
        words: what HTTP/2 gave as the reason.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    last_of_connection: bool = False
    words: str = ""


def http1_answers(received: bytes | bytearray) -> list[Answer]:
    """The final answers, in order; one that is not complete counts with what there is of it."""
    answers = []
    rest = bytes(received)
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        if not first.startswith("HTTP/1.") or not first[9:12].isdigit():
            answers.append(Answer(0, words=f"not HTTP: {first[:60]!r}", last_of_connection=True))
            break
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        if 100 <= (status := int(first[9:12])) < 200 and status != 101:
            continue
        body, rest = _body(headers, rest)
        closes = headers.get("connection", "").lower() == "close"
        answers.append(Answer(status, headers, body, last_of_connection=closes))
    return answers


def _body(headers: dict[str, str], rest: bytes) -> tuple[bytes, bytes]:
    if headers.get("transfer-encoding") != "chunked":
        length = int(headers.get("content-length", 0))
        return rest[:length], rest[length:]
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size or b"0", 16)
        body, rest = body + rest[:length], rest[length + 2 :]
        if length == 0:
            break
    return body, rest


def http2_answers(received: bytes | bytearray) -> list[Answer]:
    """What ended each stream, in order, and what ended the connection."""
    answers: list[Answer] = []
    by_stream: dict[int, Answer] = {}
    decoder = hpack.Decoder()
    for frame in _frames(memoryview(bytes(received))):
        if isinstance(frame, frames.HeadersFrame):
            with contextlib.suppress(hpack.HPACKError):
                headers = {str(name): str(value) for name, value in decoder.decode(frame.data)}
                if ":status" in headers and not headers[":status"].startswith("1"):
                    answer = Answer(int(headers.pop(":status")), headers)
                    answers.append(answer)
                    by_stream[frame.stream_id] = answer
        elif isinstance(frame, frames.DataFrame) and frame.stream_id in by_stream:
            by_stream[frame.stream_id].body += frame.data
        elif isinstance(frame, frames.RstStreamFrame) and frame.stream_id not in by_stream:
            answers.append(Answer(0, words=f"RST_STREAM {frame.error_code}"))
        elif isinstance(frame, frames.GoAwayFrame):
            words = f"GOAWAY {frame.error_code} {frame.additional_data.decode('latin-1')}"
            answers.append(Answer(0, words=words, last_of_connection=True))
    return answers


def _frames(data: memoryview) -> list[frames.Frame]:
    """All whole frames; none after something that is no frame."""
    found = []
    while len(data) >= 9:
        try:
            frame, length = frames.Frame.parse_frame_header(data[:9])
            if len(data) < 9 + length:
                break
            frame.parse_body(data[9 : 9 + length])
        except HyperframeError:
            break
        found.append(frame)
        data = data[9 + length :]
    return found
