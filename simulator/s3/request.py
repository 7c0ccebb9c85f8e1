"""One request to the endpoint, read from ASGI."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator.s3.address import Pairs, Place, place_of, query_pairs
from simulator.web import Receive, Scope

AWS = "x-amz-"
OBS = "x-obs-"
META = "meta-"


class Incoming:
    """ASGI's `receive` for one body, which may be asked again after the body's end: whoever asks
    ASGI's own then waits until the client has gone."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> MutableMapping[str, Any]:
        if self._ended:
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        return message


@dataclass(frozen=True)
class S3Request:
    """A request whose place is known.

    Attributes:
        raw_path, raw_query: percent-encoded, as received.
        pairs: the query, decoded.
        headers: as received, names in lower case, values as latin-1 text.
    """

    method: str
    place: Place
    raw_path: str
    raw_query: str
    pairs: Pairs
    headers: Pairs
    receive: Receive
    request_id: str

    @classmethod
    def of(cls, scope: Scope, receive: Receive, region: str) -> S3Request | None:
        """The request; None for one that is not meant for this endpoint."""
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
        found = dict(headers)
        raw_query = scope["query_string"].decode("latin-1")
        raw_path = scope["raw_path"].decode("latin-1")
        pairs = query_pairs(raw_query)
        authorization = found.get("authorization", "")
        place = place_of(found.get("host", ""), raw_path, authorization, dict(pairs), region)
        if place is None:
            return None
        request_id: str = scope.get("state", {}).get("request_id", "")
        return cls(
            method=scope["method"],
            place=place,
            raw_path=raw_path,
            raw_query=raw_query,
            pairs=pairs,
            headers=headers,
            receive=Incoming(receive),
            request_id=request_id,
        )

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query by name; of a repeated name the last value."""
        return dict(self.pairs)

    @cached_property
    def _by_name(self) -> Mapping[str, str]:
        return dict(self.headers)

    @property
    def bucket(self) -> str:
        return self.place.bucket

    @property
    def key(self) -> str:
        return self.place.key

    @cached_property
    def is_obs(self) -> bool:
        """Whether the client speaks OBS's dialect."""
        if self.header("authorization").startswith("OBS "):
            return True
        return "AccessKeyId" in self.query or "apiversion" in self.query

    @property
    def prefix(self) -> str:
        """How the dialect's own headers begin."""
        return OBS if self.is_obs else AWS

    def header(self, name: str) -> str:
        """A header's value, empty if absent; `name` in lower case."""
        return self._by_name.get(name, "")

    def own(self, name: str) -> str:
        """The value of `x-amz-NAME` or `x-obs-NAME`; empty if absent."""
        return self.header(AWS + name) or self.header(OBS + name)

    @property
    def metadata(self) -> dict[str, str]:
        """The user's own metadata, by name without prefix."""
        found = {}
        for name, value in self.headers:
            for prefix in (AWS + META, OBS + META):
                if name.startswith(prefix):
                    found[name.removeprefix(prefix)] = value
        return found

    def answer_headers(self, **more: str) -> dict[str, str]:
        """The dialect's own headers of an answer; names without prefix, `_` for `-`."""
        named: dict[str, Any] = {"request-id": self.request_id, "id-2": self.request_id}
        named |= {name.replace("_", "-"): value for name, value in more.items()}
        return {self.prefix + name: str(value) for name, value in named.items()}
