"""Envoy clusters: one per service version, and the Python server's.

Endpoints stand in the cluster itself and not in a discovery file for each version: Envoy opens an
inotify instance a watched file, Linux allows a user 128 of them by default, and Envoy aborts when
there is none left. A cluster that changes is replaced; what runs on the old one runs to its end.
"""

from __future__ import annotations

import ipaddress
import re

from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.state import Endpoint, ServiceRoute, VersionRoute

CONTROL_CLUSTER = "~control"
"""The Python server; the tilde keeps it apart from any service."""
CONNECT_TIMEOUT_S = 2.0
UPSTREAM_IDLE_S = 1.5
"""Shorter than the keep-alive of common model servers (gunicorn 2 s, uvicorn 5 s), so that no
request goes out on a connection which the instance is about to close: a POST cannot be repeated."""
CONTROL_CONCURRENCY = 10_000

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
    addresses = [_address(endpoint) for endpoint in version.endpoints]
    return {
        **_base(name, addresses, service.max_concurrent_requests),
        "alt_stat_name": stat_name(name),
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "outlier_detection": _outlier_detection(),
    }


def control_cluster(socket: str) -> Json:
    """The Python server on its Unix socket."""
    return _base(CONTROL_CLUSTER, [{"pipe": {"path": socket}}], CONTROL_CONCURRENCY)


def bridging_cluster(old: Json, new: Json) -> Json:
    """A version's cluster while routes change over: with the endpoints of before and after."""
    before, after = _endpoints(old), _endpoints(new)
    gone = [endpoint for endpoint in before if endpoint not in after]
    if not gone:
        return new
    if all(endpoint in before for endpoint in after):
        return old
    return {**new, "load_assignment": _load_assignment(new["name"], [*after, *gone])}


def _endpoints(cluster: Json) -> list[Json]:
    localities = cluster["load_assignment"]["endpoints"]
    return [endpoint for locality in localities for endpoint in locality["lb_endpoints"]]


def _load_assignment(name: str, endpoints: list[Json]) -> Json:
    localities = [{"lb_endpoints": endpoints}] if endpoints else []
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


def _base(name: str, addresses: list[Json], concurrency: int) -> Json:
    limits = {
        "max_connections": concurrency,
        "max_pending_requests": concurrency,
        "max_requests": concurrency,
        "max_retries": concurrency,
    }
    options = typed(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        common_http_protocol_options={"idle_timeout": duration(UPSTREAM_IDLE_S)},
        explicit_http_config={"http_protocol_options": {}},
    )
    return typed(
        _CLUSTER,
        name=name,
        type="STATIC",
        load_assignment=_load_assignment(
            name, [{"endpoint": {"address": address}} for address in addresses]
        ),
        connect_timeout=duration(CONNECT_TIMEOUT_S),
        lb_policy="ROUND_ROBIN",
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
