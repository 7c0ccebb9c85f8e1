"""A request and its answer, as the gateway saw them: from Envoy's trace to one line of JSON. Pure.

A trace is a `data.tap.v3.TraceWrapper`, its length before it. Source: Envoy's API, data/tap/v3.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from google.protobuf.proto import parse_length_prefixed

from simulator.gateway.collecting import COLLECTED_HEADER
from simulator.gateway.routes import INSTANCE_HEADER, VERSION_HEADER

TEXT_TYPES = ("text/", "application/json", "application/x-www-form-urlencoded", "application/xml")
"""Bodies of these are text where they are UTF-8; all others are written in base64."""


class Unreadable(Exception):
    """Not a whole trace: it is being written, or could not be."""


@dataclass(frozen=True)
class Message:
    """A request or an answer.

    Attributes:
        headers: by name in lower case; of several of a name the last.
        body: as far as the gateway kept it.
        is_cut: there was more.
        at_s: when its head came, seconds since the epoch.
    """

    headers: Mapping[str, str]
    body: bytes
    is_cut: bool
    at_s: float


@dataclass(frozen=True)
class Exchange:
    """See the module.

    Attributes:
        service_id, version_id: whose it is.
        instance_id: who answered; empty where the gateway did.
    """

    request: Message
    answer: Message

    @property
    def service_id(self) -> str:
        return self.answer.headers[COLLECTED_HEADER]

    @property
    def version_id(self) -> str:
        return self.answer.headers.get(VERSION_HEADER, "")

    @property
    def instance_id(self) -> str:
        return self.answer.headers.get(INSTANCE_HEADER, "")

    @property
    def status(self) -> int:
        return int(self.answer.headers[":status"])

    @property
    def content_type(self) -> str:
        """Of the request; empty for none."""
        return self.request.headers.get("content-type", "")


def read_trace(data: bytes) -> Exchange | None:
    """The exchange of a trace; None for one without an answer, or of no collecting service.

    Raises:
        Unreadable
    """
    try:
        wrapper = parse_length_prefixed(_TRACE, io.BytesIO(data))
    except (DecodeError, ValueError) as error:
        raise Unreadable(str(error)) from error
    if wrapper is None:
        raise Unreadable("it is empty")
    trace = wrapper.http_buffered_trace
    found = Exchange(_message(trace.request), _message(trace.response))
    has_answer = found.answer.headers.keys() >= {COLLECTED_HEADER, ":status"}
    return found if has_answer else None


def line(exchange: Exchange, max_body_bytes: int) -> bytes:
    """An exchange as one line of JSON, which ends in a line feed.

    Args:
        max_body_bytes: longer bodies are cut there.
    """
    request, answer = exchange.request, exchange.answer
    document = {
        "time": datetime.fromtimestamp(request.at_s, UTC).isoformat(timespec="milliseconds"),
        "request_id": request.headers.get("x-request-id", ""),
        "service": exchange.service_id,
        "version": exchange.version_id,
        "instance": exchange.instance_id,
        "status": exchange.status,
        "first_byte_ms": round(max(0.0, answer.at_s - request.at_s) * 1000, 3),
        "request": {
            "method": request.headers.get(":method", ""),
            "path": request.headers.get(":path", ""),
            **_content(request, max_body_bytes),
        },
        "answer": _content(answer, max_body_bytes),
    }
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _content(message: Message, max_body_bytes: int) -> dict[str, Any]:
    body = message.body[:max_body_bytes]
    cut = message.is_cut or len(body) < len(message.body)
    content_type = message.headers.get("content-type", "")
    text = _text(body, cut=cut) if content_type.lower().startswith(TEXT_TYPES) else None
    if "content-encoding" in message.headers:
        text = None
    return {
        "content_type": content_type,
        "content_encoding": message.headers.get("content-encoding", ""),
        "body": base64.b64encode(body).decode() if text is None else text,
        "is_base64": text is None,
        "is_cut": cut,
    }


def _text(body: bytes, *, cut: bool) -> str | None:
    """None for what is not UTF-8; a character that was cut through is left out."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        if cut and error.start > len(body) - 4:
            return body[: error.start].decode()
        return None


def _message(traced: Any) -> Message:
    headers = {one.key: one.value or one.raw_value.decode("latin-1") for one in traced.headers}
    body = traced.body.as_bytes or traced.body.as_string.encode()
    at = traced.headers_received_time
    return Message(headers, body, traced.body.truncated, at.seconds + at.nanos / 1e9)


_FIELD = descriptor_pb2.FieldDescriptorProto
_SCHEMA: dict[str, list[tuple[str, int, int, str]]] = {
    "Header": [
        ("key", 1, _FIELD.TYPE_STRING, ""),
        ("value", 2, _FIELD.TYPE_STRING, ""),
        ("raw_value", 3, _FIELD.TYPE_BYTES, ""),
    ],
    "Body": [
        ("as_bytes", 1, _FIELD.TYPE_BYTES, ""),
        ("as_string", 2, _FIELD.TYPE_STRING, ""),
        ("truncated", 3, _FIELD.TYPE_BOOL, ""),
    ],
    "Time": [("seconds", 1, _FIELD.TYPE_INT64, ""), ("nanos", 2, _FIELD.TYPE_INT32, "")],
    "Message": [
        ("headers", 1, _FIELD.TYPE_MESSAGE, "Header*"),
        ("body", 2, _FIELD.TYPE_MESSAGE, "Body"),
        ("headers_received_time", 4, _FIELD.TYPE_MESSAGE, "Time"),
    ],
    "Buffered": [
        ("request", 1, _FIELD.TYPE_MESSAGE, "Message"),
        ("response", 2, _FIELD.TYPE_MESSAGE, "Message"),
    ],
    "Trace": [("http_buffered_trace", 1, _FIELD.TYPE_MESSAGE, "Buffered")],
}
"""The fields that are read, with their numbers on the wire; a star for several."""


def _trace_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="drydock_tap.proto", package="drydock.tap", syntax="proto3"
    )
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of in fields:
            label = _FIELD.LABEL_REPEATED if of.endswith("*") else _FIELD.LABEL_OPTIONAL
            type_name = f".drydock.tap.{of.rstrip('*')}" if of else None
            message.field.add(
                name=field, number=number, type=kind, label=label, type_name=type_name
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("drydock.tap.Trace"))


_TRACE = _trace_class()
