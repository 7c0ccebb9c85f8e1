"""Small building blocks of Envoy's JSON: typed messages, durations, version marks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

TYPE_PREFIX = "type.googleapis.com/"
Json = dict[str, Any]
"""A JSON object as Envoy's protobuf JSON mapping wants it."""


def typed(message: str, **fields: Any) -> Json:
    """An `Any` of the protobuf type `message`, e.g. `envoy.config.cluster.v3.Cluster`."""
    return {"@type": TYPE_PREFIX + message, **fields}


def duration(seconds: float) -> str:
    """Seconds in protobuf's JSON form, to the millisecond: 0.25 gives `0.250s`."""
    return f"{seconds:.3f}s"


def encode(document: Json) -> bytes:
    """The one byte sequence of a document: keys sorted, UTF-8."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def discovery(resources: Sequence[Json]) -> Json:
    """A discovery response whose `version_info` is a hash of what it holds.

    Envoy shows the mark of the last accepted response, so whoever wrote the file can await it.
    """
    content = encode({"resources": list(resources)})
    version = hashlib.sha256(content).hexdigest()[:16]
    return {"version_info": version, "resources": list(resources)}
