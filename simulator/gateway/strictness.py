"""What is refused or taken away whatever the service: requests that two servers could read in two
ways, and header fields that are for one connection only.

Envoy's own parser does most of it; docs/gateway.md has the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.gateway.clusters import HTTP2_WINDOWS
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
    # a connection of HTTP/2 ends when so many of its streams were reset, and they are more than
    # half, each within a second of its beginning ("rapid reset")
    "overload.premature_reset_total_stream_count": 500,
    "overload.premature_reset_min_stream_lifetime_seconds": 1,
}
"""Envoy's runtime flags, which it takes at its start."""

HTTP1 = {
    # RFC 9112 section 3.2.2 lets the target's host go before Host, which nobody but a proxy needs
    "allow_absolute_url": False,
}
"""Options of the HTTP/1 parser."""

HTTP2 = {
    "max_concurrent_streams": 128,
    **HTTP2_WINDOWS,
    # answers, and acknowledgements of SETTINGS and PING, for a client that does not take them
    "max_outbound_frames": 10_000,
    "max_outbound_control_frames": 1_000,
    # frames that say nothing
    "max_consecutive_inbound_frames_with_empty_payload": 1,
    "max_inbound_priority_frames_per_stream": 100,
    "max_inbound_window_update_frames_per_data_frame_sent": 10,
}
"""Options of HTTP/2 with clients; a connection beyond them ends."""

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
