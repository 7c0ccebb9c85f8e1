"""The proxies that `gateway.py` compares, as configurations: Envoy's as JSON, nginx's as text.

One service with two versions, both of whose instances are the same static upstream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.gateway.envoy_json import Json, typed
from simulator.gateway.render import static_bootstrap
from simulator.gateway.state import (
    Api,
    Availability,
    Endpoint,
    GatewayState,
    ServiceRoute,
    VersionRoute,
)
from simulator.modelarts import wire
from tests.simulator.gateway.support import PREFIX, PROJECT, a_state

SERVICE_ID = "digits"
PATH = f"{PREFIX}{SERVICE_ID}"
LIMIT_PER_S = 1_000_000
"""A bucket that is never empty: what is measured is asking it."""
_ROUTER = typed("envoy.extensions.filters.http.router.v3.Router")


def state_of(directory: Path, port: int, jwks: str, upstream: str) -> GatewayState:
    """What the gateway is told of the service, as a server on its defaults would."""
    versions = tuple(
        VersionRoute(name, weight, (Endpoint(f"{name}-0", path=upstream),))
        for name, weight in (("v1", 70), ("v2", 30))
    )
    service = ServiceRoute(
        SERVICE_ID,
        PROJECT,
        PATH,
        Availability.SERVING,
        versions,
        apis=(Api("/", "POST"),),
        requests_per_s=LIMIT_PER_S,
    )
    return a_state(
        str(directory),
        port=port,
        jwks=jwks,
        answers=wire.gateway_answers(),
        access_log_path=str(directory / "access.log"),
        services=(service,),
    )


def complete(state: GatewayState) -> Json:
    return static_bootstrap(state)


def without_log(state: GatewayState) -> Json:
    return static_bootstrap(replace(state, access_log_path=""))


def bare(state: GatewayState) -> Json:
    """One route to one cluster, and what Envoy cannot do without."""
    (upstream,) = state.services[0].versions[0].endpoints
    endpoint = {"endpoint": {"address": {"pipe": {"path": upstream.path}}}}
    cluster = {
        "name": "upstream",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "upstream",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }
    route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream"}}
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="bare",
        route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        http_filters=[{"name": "router", "typed_config": _ROUTER}],
    )
    listener = {
        "name": "bare",
        "address": {"socket_address": {"address": state.host, "port_value": state.port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


# -- the configuration without one of its parts -------------------------------------------------


def without_keys(document: Any, *keys: str) -> Any:
    """The document without these keys, wherever they stand."""
    if isinstance(document, dict):
        kept = {key: value for key, value in document.items() if key not in keys}
        return {key: without_keys(value, *keys) for key, value in kept.items()}
    if isinstance(document, list):
        return [without_keys(one, *keys) for one in document]
    return document


def without_filters(document: Json, *names: str) -> Json:
    """Without these filters, and what routes say to them."""
    found: Json = without_keys(document, *names)
    manager = _manager(found)
    manager["http_filters"] = [one for one in manager["http_filters"] if one["name"] not in names]
    return found


def _manager(document: Json) -> Json:
    (listener,) = document["static_resources"]["listeners"]
    manager: Json = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager


def _serving_route(document: Json) -> Json:
    """The route that requests with a token take."""
    (host,) = _manager(document)["route_config"]["virtual_hosts"]
    by_path = host["matcher"]["on_no_match"]["matcher"]["matcher_tree"]["prefix_match_map"]["map"]
    route: Json = by_path[PATH]["action"]["typed_config"]["routes"][0]
    return route


def with_plain_route(document: Json) -> Json:
    """One route in place of the tree that finds it."""
    found: Json = without_keys(document)
    (host,) = _manager(found)["route_config"]["virtual_hosts"]
    host["routes"] = [_serving_route(found)]
    del host["matcher"]
    return found


def with_one_version(document: Json) -> Json:
    found: Json = without_keys(document)
    action = _serving_route(found)["route"]
    action["cluster"] = action.pop("weighted_clusters")["clusters"][0]["name"]
    return found


PARTS: dict[str, Callable[[Json], Json]] = {
    "access log": lambda one: without_keys(one, "access_log"),
    "token": lambda one: without_filters(one, "envoy.filters.http.jwt_authn", "rbac"),
    "project of the token": lambda one: without_filters(one, "rbac"),
    "traffic limit": lambda one: without_filters(one, "local_ratelimit"),
    "body limit": lambda one: without_filters(one, "buffer"),
    "filters that are off": lambda one: without_filters(
        one, "ext_authz", "fault_latency", "fault_abort", "fault_slow"
    ),
    "search for the route": with_plain_route,
    "two versions": with_one_version,
    "retry": lambda one: without_keys(one, "retry_policy"),
    "other instance at a retry": lambda one: without_keys(one, "retry_host_predicate"),
    "headers taken away": lambda one: without_keys(one, "request_headers_to_remove"),
    "headers of requests": lambda one: without_keys(one, "request_headers_to_add"),
    "headers of answers": lambda one: without_keys(one, "response_headers_to_add"),
    "request id": lambda one: without_keys(
        {**one}, "generate_request_id", "always_set_request_id_in_response"
    ),
    "idle timers": lambda one: without_keys(one, "stream_idle_timeout", "idle_timeout"),
    "ejection": lambda one: without_keys(one, "outlier_detection"),
    "path normalisation": lambda one: without_keys(
        one, "normalize_path", "path_with_escaped_slashes_action"
    ),
    "words for refusals": lambda one: without_keys(one, "local_reply_config"),
}
"""Name of a part, and how to take it out."""


def nginx_text(state: GatewayState, directory: Path) -> str:
    """A plain proxy with kept connections, and no log."""
    (upstream,) = state.services[0].versions[0].endpoints
    # a worker of root would become another user, who cannot reach the socket
    user = "user root;" if directory.owner() == "root" else ""
    temporary = "\n".join(
        f"    {kind}_temp_path {directory}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{user}
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
{temporary}
    keepalive_requests 100000000;
    upstream instance {{
        server unix:{upstream.path};
        keepalive 256;
        keepalive_requests 100000000;
    }}
    server {{
        listen {state.host}:{state.port};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        location / {{ proxy_pass http://instance; }}
    }}
}}
"""
