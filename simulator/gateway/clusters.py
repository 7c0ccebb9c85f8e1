"""Envoy clusters: one per service version, and the Python server's.

A version's endpoints stand in a discovery file of their own, so that an instance that comes or goes
changes neither the cluster (and its connections) nor the routes.
"""

from __future__ import annotations

import ipaddress
import re

from simulator.gateway.envoy_json import Json, discovery, duration, typed
from simulator.gateway.state import Endpoint, ServiceRoute, VersionRoute

CONTROL_CLUSTER = "~control"
"""The Python server; the tilde keeps it apart from any service."""
CONNECT_TIMEOUT_S = 2.0
UPSTREAM_IDLE_S = 1.5
"""Shorter than the keep-alive of common model servers (gunicorn 2 s, uvicorn 5 s), so that no
request goes out on a connection which the instance is about to close: a POST cannot be repeated."""
CONTROL_CONCURRENCY = 10_000

_CLUSTER = "envoy.config.cluster.v3.Cluster"
_ASSIGNMENT = "envoy.config.endpoint.v3.ClusterLoadAssignment"
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


def endpoints_file(cluster: str) -> str:
    """Name of the file that holds the endpoints of a version's cluster."""
    return f"eds-{cluster}.json"


def cluster_of(file: str) -> str:
    """The cluster whose endpoints stand in `file`."""
    return file.removeprefix("eds-").removesuffix(".json")


def version_cluster(service: ServiceRoute, version: VersionRoute, directory: str) -> Json:
    """The cluster of a version, its endpoints in a file below `directory`."""
    name = cluster_name(service.service_id, version.version_id)
    return {
        **_base(name, service.max_concurrent_requests),
        "alt_stat_name": stat_name(name),
        "type": "EDS",
        "eds_cluster_config": {
            "eds_config": {
                "path_config_source": {"path": f"{directory}/{endpoints_file(name)}"},
                "resource_api_version": "V3",
            }
        },
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "outlier_detection": _outlier_detection(),
    }


def static_version_cluster(service: ServiceRoute, version: VersionRoute) -> Json:
    """The same cluster with its endpoints inside, for `--mode validate`."""
    cluster = version_cluster(service, version, "")
    del cluster["eds_cluster_config"], cluster["@type"]
    return {**cluster, "type": "STATIC", "load_assignment": _load_assignment(service, version)}


def control_cluster(socket: str) -> Json:
    """The Python server on its Unix socket."""
    address = {"pipe": {"path": socket}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    cluster = _base(CONTROL_CLUSTER, CONTROL_CONCURRENCY)
    del cluster["@type"]
    return {
        **cluster,
        "type": "STATIC",
        "load_assignment": {"cluster_name": CONTROL_CLUSTER, "endpoints": endpoints},
    }


def endpoints_document(service: ServiceRoute, version: VersionRoute) -> Json:
    """The discovery response with the endpoints of one version."""
    return discovery([{"@type": typed(_ASSIGNMENT)["@type"], **_load_assignment(service, version)}])


def merged_endpoints(old: Json, new: Json) -> Json:
    """The endpoints of both discovery responses: what may be served while routes change over."""
    resource = new["resources"][0]
    known = _lb_endpoints(new)
    gone = [endpoint for endpoint in _lb_endpoints(old) if endpoint not in known]
    return discovery([{**resource, "endpoints": [{"lb_endpoints": [*known, *gone]}]}])


def has_all_endpoints(larger: Json, smaller: Json) -> bool:
    """Whether every endpoint of `smaller` is in `larger`; both are discovery responses."""
    known = _lb_endpoints(larger)
    return all(endpoint in known for endpoint in _lb_endpoints(smaller))


def _lb_endpoints(document: Json) -> list[Json]:
    localities = document["resources"][0]["endpoints"]
    return [endpoint for locality in localities for endpoint in locality["lb_endpoints"]]


def _load_assignment(service: ServiceRoute, version: VersionRoute) -> Json:
    endpoints = [{"endpoint": {"address": _address(one)}} for one in version.endpoints]
    return {
        "cluster_name": cluster_name(service.service_id, version.version_id),
        "endpoints": [{"lb_endpoints": endpoints}] if endpoints else [],
    }


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


def _base(name: str, concurrency: int) -> Json:
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
