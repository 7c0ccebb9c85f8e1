"""Traffic limits: one token bucket a service, whatever route, credentials or worker thread."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.gateway.clusters import NAMESPACE
from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.state import ServiceRoute

FILTER = "local_ratelimit"
_CONFIG = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
_KEY = "service"
_ALWAYS = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}

_SERVICE_OF_ROUTE = {
    "metadata": {
        "descriptor_key": _KEY,
        "metadata_key": {"key": NAMESPACE, "path": [{"key": _KEY}]},
        "source": "ROUTE_ENTRY",
        "skip_if_absent": True,
    }
}
_UNLIMITED = 2**32 - 1


def limit_filter() -> Json:
    """The filter itself, which limits nothing: buckets belong to the virtual host."""
    return {"name": FILTER, "typed_config": typed(_CONFIG, stat_prefix=FILTER)}


def limits(services: Iterable[ServiceRoute]) -> Json:
    """The virtual host's filter settings: a bucket for each service that has a limit.

    Buckets stand here and not in the routes since each route's settings would make a bucket of
    their own, which doubles the limit of a service with two routes.
    """
    descriptors = [
        {
            "entries": [{"key": _KEY, "value": service.service_id}],
            "token_bucket": _bucket(service.requests_per_s),
        }
        for service in sorted(services, key=lambda one: one.service_id)
        if service.requests_per_s is not None
    ]
    if not descriptors:
        return {}
    config = typed(
        _CONFIG,
        stat_prefix=FILTER,
        token_bucket=_bucket(_UNLIMITED),
        descriptors=descriptors,
        rate_limits=[{"actions": [_SERVICE_OF_ROUTE]}],
        filter_enabled=_ALWAYS,
        filter_enforced=_ALWAYS,
        always_consume_default_token_bucket=False,
    )
    return {FILTER: config}


def limited_by(service: ServiceRoute) -> Json:
    """Fields of a route whose requests draw from the service's bucket, if it has one."""
    return {"metadata": {"filter_metadata": {NAMESPACE: {_KEY: service.service_id}}}}


def _bucket(requests_per_s: int) -> Json:
    return {
        "max_tokens": requests_per_s,
        "tokens_per_fill": requests_per_s,
        "fill_interval": duration(1),
    }
