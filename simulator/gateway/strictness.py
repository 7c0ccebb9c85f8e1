"""What is refused or taken away whatever the service: requests that two servers could read in two
ways, and header fields that are for one connection only.

Envoy's own parser does most of it; docs/gateway.md has the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.gateway.clusters import BUFFER_BYTES
from simulator.gateway.credentials import Credentials, access_rules
from simulator.gateway.envoy_json import Json
from simulator.gateway.local_replies import direct
from simulator.gateway.matching import (
    header_matches,
    none_of,
    route,
    to_routes,
)
from simulator.gateway.state import Cause, GatewayState

RUNTIME = {
    # without it whatever stands between a chunk and the next line end is passed over, and a line
    # may end in LF alone: the next server could see the chunk end elsewhere
    "envoy.reloadable_features.strict_chunk_parsing": True,
}
"""Envoy's runtime flags, which it takes at its start."""

HTTP1 = {
    # RFC 9112 section 3.2.2 lets the target's host go before Host, which nobody but a proxy needs
    "allow_absolute_url": False,
}
"""Options of the HTTP/1 parser."""

HTTP2 = {
    "max_concurrent_streams": 128,
    # the default of 16 MiB a stream is what a client could have us hold
    "initial_stream_window_size": BUFFER_BYTES,
    "initial_connection_window_size": 16 * BUFFER_BYTES,
}
"""Options of HTTP/2. Floods are bounded by Envoy's own defaults."""

HOP_BY_HOP = (
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "trailer",
)
"""Fields for one connection only (RFC 9110 section 7.6.1), beside those that Envoy takes away by
itself: Connection and what it names, Upgrade, Transfer-Encoding, TE but for `trailers`."""

WAY_SO_FAR = (
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-real-ip",
)
"""What a client says of where a request came from: no evidence, and so taken away. X-Forwarded-For
and X-Forwarded-Proto are set anew."""

ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def refusals(state: GatewayState) -> list[Json]:
    """Matchers that come before all others, each with the answer that it leads to."""
    answers = state.answers
    return [
        # Envoy has answered and removed `100-continue` by then: what is left is something else
        _refusal(
            "expectation_failed",
            header_matches("expect", ".*"),
            direct(answers[Cause.EXPECTATION_FAILED]),
        ),
        _refusal(
            "method_refused",
            header_matches(":method", "TRACE|CONNECT"),
            direct(answers[Cause.METHOD_REFUSED], allow=ALLOWED_METHODS),
        ),
        _refusal(
            "host_not_allowed",
            none_of(header_matches(":authority", _authority(state.allowed_hosts))),
            direct(answers[Cause.HOST_NOT_ALLOWED]),
        ),
    ]


def _refusal(name: str, predicate: Json, answer: Json) -> Json:
    # no prefix matches CONNECT, whose target is no path
    matches: list[Json] = [{"prefix": "/"}, {"connect_matcher": {}}]
    routes = [route(name, match, answer, access_rules(Credentials.NONE)) for match in matches]
    return {"predicate": predicate, "on_match": to_routes(routes)}


def _authority(hosts: Iterable[str]) -> str:
    """Our names, each with or without a port, in RE2."""
    names = "|".join(_name(host) for host in sorted(hosts))
    return f"(?i)({names})(:[0-9]{{0,5}})?"


def _name(host: str) -> str:
    below = "[a-z0-9.-]+" if host.startswith("*.") else ""
    return below + re.escape(host.removeprefix("*"))
