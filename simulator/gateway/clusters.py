"""Envoy clusters: one per service version, and the Python server's.

Endpoints stand in the cluster itself and not in a discovery file for each version: Envoy opens an
inotify instance a watched file, Linux allows a user 128 of them by default, and Envoy aborts when
there is none left. A cluster that changes is replaced; what runs on the old one runs to its end.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.state import Balancing, Endpoint, ServiceRoute, VersionRoute

CONTROL_CLUSTER = "~control"
"""The Python server; the tilde keeps it apart from any service."""
NAMESPACE = "drydock"
"""Of our own metadata, on endpoints and routes."""
ANSWERED_BY = f"%UPSTREAM_METADATA({NAMESPACE}:instance)%"
"""Command of Envoy's format strings: the instance that a request went to."""
DRAWN = 16
"""Of so many instances drawn by chance the one with the fewest requests is taken; of two, Envoy's
default, both are the same one half of the time."""
CONNECT_TIMEOUT_S = 2.0
UPSTREAM_IDLE_S = 1.5
"""Shorter than the keep-alive of common model servers (gunicorn 2 s, uvicorn 5 s), so that no
request goes out on a connection which the instance is about to close: a POST cannot be repeated."""
CONTROL_CONCURRENCY = 10_000
BUFFER_BYTES = 64 * 1024
"""Held of what one side has sent and the other has not taken, each way (our own limit). Beyond it
the faster side has to wait."""
HTTP2_WINDOWS = {
    # the defaults, 16 MiB a stream, are what the other side could have us hold
    "initial_stream_window_size": BUFFER_BYTES,
    "initial_connection_window_size": 16 * BUFFER_BYTES,
}
"""What may come over HTTP/2 before it has been taken, from clients and from instances."""

_CLUSTER = "envoy.config.cluster.v3.Cluster"
_SERVICE_ID = re.compile(r"[A-Za-z0-9_-]+")
_VERSION_ID = re.compile(r"[A-Za-z0-9_.-]+")


def cluster_name(service_id: str, version_id: str) -> str:
    """`service_id.version_id`: no dot may stand in the service id, so it can be taken apart again.

    Raises:
        ValueError: an id has characters that would make statistics or file names ambiguous.
    """
    for what, value, allowed in (
        ("service id", service_id, _SERVICE_ID),
        ("version id", version_id, _VERSION_ID),
    ):
        if not allowed.fullmatch(value):
            raise ValueError(f"{what} {value!r} must match {allowed.pattern}")
    return f"{service_id}.{version_id}"


def stat_name(cluster: str) -> str:
    """The cluster's name in statistics: as many segments for every version, so dots become tildes.

    Envoy itself adds segments to some counters, such as `.internal`.
    """
    service_id, _, version_id = cluster.partition(".")
    return f"{service_id}.{version_id.replace('.', '~')}"


def version_cluster(service: ServiceRoute, version: VersionRoute) -> Json:
    """The cluster of a version, with its endpoints."""
    name = cluster_name(service.service_id, version.version_id)
    localities = _localities(version.endpoints)
    return {
        **_base(name, localities, service.max_concurrent_requests, http2=version.http2),
        **_balanced(service.balancing),
        "alt_stat_name": stat_name(name),
        "common_lb_config": _spread(localities),
        "outlier_detection": _outlier_detection(),
    }


def _balanced(balancing: Balancing) -> Json:
    if balancing is Balancing.LEAST_CONNECTIONS:
        return {"lb_policy": "LEAST_REQUEST", "least_request_lb_config": {"choice_count": DRAWN}}
    if balancing is Balancing.SOURCE_ADDRESS:
        return {"lb_policy": "MAGLEV"}
    return {"lb_policy": "ROUND_ROBIN"}


def _localities(endpoints: Iterable[Endpoint]) -> list[Json]:
    """One group of endpoints a pool, all of the same weight."""
    pools: dict[str, list[Json]] = {}
    for endpoint in endpoints:
        pools.setdefault(endpoint.pool, []).append(_lb_endpoint(endpoint))
    return [_locality(pool, found) for pool, found in sorted(pools.items())]


def _locality(pool: str, endpoints: list[Json]) -> Json:
    if not pool:
        return {"lb_endpoints": endpoints}
    return {
        "locality": {"zone": pool},
        "load_balancing_weight": 1,
        "lb_endpoints": endpoints,
    }


def _spread(localities: list[Json]) -> Json:
    """Each pool gets the same share where there are several, whatever it has of instances; nothing
    goes to instances that are not healthy."""
    never_panic = {"healthy_panic_threshold": {"value": 0}}
    if len(localities) < 2 or not all("locality" in one for one in localities):
        return never_panic
    return {**never_panic, "locality_weighted_lb_config": {}}


def _lb_endpoint(endpoint: Endpoint) -> Json:
    """An endpoint that says whose it is, for answers and the access log."""
    named = {"filter_metadata": {NAMESPACE: {"instance": endpoint.instance_id}}}
    return {"endpoint": {"address": _address(endpoint)}, "metadata": named}


def control_cluster(socket: str) -> Json:
    """The Python server on its Unix socket."""
    address = {"endpoint": {"address": {"pipe": {"path": socket}}}}
    return _base(CONTROL_CLUSTER, [{"lb_endpoints": [address]}], CONTROL_CONCURRENCY)


def bridging_cluster(old: Json, new: Json) -> Json:
    """A version's cluster while routes change over: with the endpoints of before and after."""
    before, after = _by_pool(old), _by_pool(new)
    if before == after or _holds(after, before):
        return new
    if _holds(before, after):
        return old
    both = [
        _united(after.get(pool), before.get(pool)) for pool in sorted(before.keys() | after.keys())
    ]
    return {
        **new,
        "common_lb_config": _spread(both),
        "load_assignment": _load_assignment(new["name"], both),
    }


def _by_pool(cluster: Json) -> dict[str, Json]:
    """The groups of endpoints, by the pool that each stands for."""
    localities = cluster["load_assignment"]["endpoints"]
    return {one.get("locality", {}).get("zone", ""): one for one in localities}


def _holds(groups: dict[str, Json], others: dict[str, Json]) -> bool:
    """Whether each endpoint of the others is in the same group here."""
    return all(
        endpoint in groups.get(pool, {"lb_endpoints": []})["lb_endpoints"]
        for pool, other in others.items()
        for endpoint in other["lb_endpoints"]
    )


def _united(new: Json | None, old: Json | None) -> Json:
    """Two groups of the same pool as one."""
    if new is None or old is None:
        return new or old or {}
    gone = [one for one in old["lb_endpoints"] if one not in new["lb_endpoints"]]
    return {**new, "lb_endpoints": [*new["lb_endpoints"], *gone]}


def _load_assignment(name: str, localities: list[Json]) -> Json:
    return {"cluster_name": name, "endpoints": localities}


def _address(endpoint: Endpoint) -> Json:
    if endpoint.path:
        return {"pipe": {"path": endpoint.path}}
    try:
        ipaddress.ip_address(endpoint.host)
    except ValueError:
        raise ValueError(
            f"instance {endpoint.instance_id}: {endpoint.host!r} is not an IP address; "
            "names are not resolved here"
        ) from None
    return {"socket_address": {"address": endpoint.host, "port_value": endpoint.port}}


def _base(name: str, localities: list[Json], concurrency: int, *, http2: bool = False) -> Json:
    limits = {
        "max_connections": concurrency,
        "max_pending_requests": concurrency,
        "max_requests": concurrency,
        "max_retries": concurrency,
    }
    options = typed(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        common_http_protocol_options={"idle_timeout": duration(UPSTREAM_IDLE_S)},
        explicit_http_config=(
            {"http2_protocol_options": HTTP2_WINDOWS} if http2 else {"http_protocol_options": {}}
        ),
    )
    return typed(
        _CLUSTER,
        name=name,
        type="STATIC",
        load_assignment=_load_assignment(name, localities),
        connect_timeout=duration(CONNECT_TIMEOUT_S),
        per_connection_buffer_limit_bytes=BUFFER_BYTES,
        circuit_breakers={"thresholds": [limits]},
        typed_extension_protocol_options={
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options
        },
    )


def _outlier_detection() -> Json:
    """Passive ejection of an instance that cannot be reached; its own error answers do not count.

    At most half are ejected: the engine's probes are the judge, this only bridges the time until
    they have noticed, and a lone instance is never kept out after it has come back.
    """
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 3,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_local_origin_success_rate": 0,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "interval": duration(1),
        "base_ejection_time": duration(2),
        "max_ejection_time": duration(10),
        "max_ejection_percent": 50,
    }
