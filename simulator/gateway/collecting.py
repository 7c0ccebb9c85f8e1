"""Data collection: Envoy's tap filter, which writes each exchange into a file of the spool.

The filter is off except for the share of a version's requests that is collected: a version with a
share has two entries among the route's weighted ones, one with the filter and one without. So data
collection that is turned on or off changes routes and nothing else, and requests that were not
drawn pay nothing for it. It stands behind everything that refuses callers, and what callers proved
themselves with is removed before it: the route would remove that too, but not from a request that
ends before it is sent on, such as one that a fault aborts. Source: Envoy's documentation, Tap and
Header mutation.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.gateway.envoy_json import Json, typed

COLLECTED_HEADER = "x-drydock-collected"
"""On answers: the exchange was drawn for data collection; its value is the service's id."""
MAX_BODY_BYTES = 12 * 1024 * 1024
"""Most that can be kept of a body: as much as a request has by default."""
TAP = "tap"
WITHOUT_SECRETS = "header_mutation"
"""Name of the filter that removes what callers proved themselves with."""
FILE_PREFIX = "x"
SHARES = 10_000
"""Parts in which the share of collected requests is counted: hundredths of a percent."""
_ANY_METHOD = {"name": ":method", "present_match": True}


def tap_filters(spool: str) -> list[Json]:
    """The filter and the one that makes its requests fit to be kept, off; none without a spool.

    Args:
        spool: directory for a file an exchange; empty for none.
    """
    if not spool:
        return []
    sink = {
        "format": "PROTO_BINARY_LENGTH_DELIMITED",
        "file_per_tap": {"path_prefix": f"{spool}/{FILE_PREFIX}"},
    }
    config = typed(
        "envoy.extensions.filters.http.tap.v3.Tap",
        common_config={
            "static_config": {
                # a request that was refused before it came here is not written: only its answer
                # passes through
                "match": {"http_request_headers_match": {"headers": [_ANY_METHOD]}},
                "output_config": {
                    "max_buffered_rx_bytes": MAX_BODY_BYTES,
                    "max_buffered_tx_bytes": MAX_BODY_BYTES,
                    "sinks": [sink],
                },
            }
        },
        record_headers_received_time=True,
    )
    remover = typed("envoy.extensions.filters.http.header_mutation.v3.HeaderMutation")
    return [
        {"name": WITHOUT_SECRETS, "typed_config": remover, "disabled": True},
        {"name": TAP, "typed_config": config, "disabled": True},
    ]


def collected(entry: Json, service_id: str, percent: float, secrets: Iterable[str]) -> list[Json]:
    """A version's entry among the weighted ones of its route, divided into that for the requests
    that are collected and that for the others.

    Args:
        percent: of its requests that are collected, 0 to 100.
        secrets: names of the header fields that callers proved themselves with.
    """
    parts = round(percent * SHARES / 100)
    told = {
        "header": {"key": COLLECTED_HEADER, "value": service_id},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    settings = {
        WITHOUT_SECRETS: typed(
            "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
            mutations={"request_mutations": [{"remove": name} for name in secrets]},
        ),
        TAP: typed("envoy.config.route.v3.FilterConfig", config={}),
    }
    tapped = {
        **entry,
        "weight": entry["weight"] * parts,
        "response_headers_to_add": [*entry.get("response_headers_to_add", []), told],
        "typed_per_filter_config": {**entry.get("typed_per_filter_config", {}), **settings},
    }
    plain = {**entry, "weight": entry["weight"] * (SHARES - parts)}
    return [one for one in (tapped, plain) if one["weight"]]
