"""Faults on the request path: Envoy's fault filters, one for each kind, so that several kinds can
hold at once and an answer tells which of them it met.

The filters are off except for versions that have faults, whose settings stand with their weight in
the route: a fault that comes or goes changes routes and nothing else. They come last before the
router, so that a request has been let in, counted and read whole before anything goes wrong with
it. Source: Envoy's documentation, HTTP fault injection.
"""

from __future__ import annotations

from typing import Any

from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.state import PathFaults

FAULT_HEADER = "x-drydock-fault"
"""On answers: the ids of the faults that they met. The cloud has no such header."""
LATENCY, ABORT, SLOW = "fault_latency", "fault_abort", "fault_slow"
"""The filters, in the order in which a request meets them."""

_CONFIG = "envoy.extensions.filters.http.fault.v3.HTTPFault"
_ID = "id"


def fault_filters() -> list[Json]:
    """The filters, off."""
    return [
        {"name": name, "typed_config": typed(_CONFIG), "disabled": True}
        for name in (LATENCY, ABORT, SLOW)
    ]


def fault_settings(faults: PathFaults) -> Json:
    """Settings, by filter, for the requests to a version; empty without faults."""
    found: Json = {}
    if latency := faults.latency:
        delay = {
            "fixed_delay": duration(latency.seconds),
            "percentage": _share(latency.share_percent),
        }
        found[LATENCY] = _config(latency.fault_id, delay=delay)
    if abort := faults.abort:
        answer = {"http_status": abort.status, "percentage": _share(abort.share_percent)}
        found[ABORT] = _config(abort.fault_id, abort=answer)
    if slow := faults.slow:
        # Envoy calls it kbps, and counts KiB a second
        limit = {"fixed_limit": {"limit_kbps": slow.kib_per_s}, "percentage": _share(100)}
        found[SLOW] = _config(slow.fault_id, response_rate_limit=limit)
    return found


def fault_headers(faults: PathFaults) -> list[Json]:
    """Headers to add to a version's answers, each only on those that met the fault."""
    values = []
    # a filter notes its fault's id on the request that it delays or aborts
    if faults.latency:
        values.append(f"%DYNAMIC_METADATA({LATENCY}:{_ID})%")
    if faults.abort:
        values.append(f"%DYNAMIC_METADATA({ABORT}:{_ID})%")
    # ... but not on those whose answers it slows down, which are all
    if faults.slow:
        values.append(faults.slow.fault_id)
    return [
        {
            "header": {"key": FAULT_HEADER, "value": value},
            "append_action": "APPEND_IF_EXISTS_OR_ADD",
        }
        for value in values
    ]


def _config(fault_id: str, **fields: Any) -> Json:
    return typed(
        _CONFIG,
        filter_metadata={_ID: fault_id},
        # names that clients send would make statistics without end
        disable_downstream_cluster_stats=True,
        **fields,
    )


def _share(percent: float) -> Json:
    return {"numerator": round(percent * 100), "denominator": "TEN_THOUSAND"}
