"""From state to Envoy's configuration: pure, the same state always gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.gateway.clusters import control_cluster, version_cluster
from simulator.gateway.envoy_json import Json, discovery, duration, typed
from simulator.gateway.listener import listener, routes_from_file
from simulator.gateway.routes import route_configuration
from simulator.gateway.state import GatewayState
from simulator.gateway.strictness import RUNTIME

LISTENERS_FILE = "lds.json"
CLUSTERS_FILE = "cds.json"
ROUTES_FILE = "rds.json"


@dataclass(frozen=True)
class Rendering:
    """Envoy's whole configuration.

    Attributes:
        bootstrap: what Envoy starts with; a change takes a restart.
        files: file name below the watch directory to discovery response (`version_info`,
            `resources`): `lds.json`, `cds.json` (with the endpoints) and `rds.json`.
    """

    bootstrap: Json
    files: dict[str, Json]


def render(state: GatewayState) -> Rendering:
    """The configuration for `state`.

    Raises:
        ValueError: an id, prefix or address that cannot be expressed; says which.
        KeyError: a cause has no answer in `state.answers`.
    """
    files = {
        LISTENERS_FILE: discovery([listener(state, routes_from_file(state.watch_directory))]),
        CLUSTERS_FILE: discovery(_version_clusters(state)),
        ROUTES_FILE: discovery([route_configuration(state)]),
    }
    return Rendering(_bootstrap(state), files)


def static_bootstrap(state: GatewayState) -> Json:
    """The same configuration in one piece, for `envoy --mode validate`: it reads no other files."""
    bootstrap = _bootstrap(state)
    del bootstrap["dynamic_resources"]
    routes = _untyped(route_configuration(state))
    return {
        **bootstrap,
        "static_resources": {
            "listeners": [_untyped(listener(state, {"route_config": routes}))],
            "clusters": [
                *bootstrap["static_resources"]["clusters"],
                *(_untyped(cluster) for cluster in _version_clusters(state)),
            ],
        },
    }


def _version_clusters(state: GatewayState) -> list[Json]:
    clusters = [
        version_cluster(service, version)
        for service in state.services
        for version in service.versions
    ]
    return sorted(clusters, key=lambda cluster: str(cluster["name"]))


def _bootstrap(state: GatewayState) -> Json:
    connections = typed(
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=state.max_connections,
    )
    return {
        "node": {"id": "drydock", "cluster": "drydock"},
        "admin": {"address": {"pipe": {"path": state.admin_socket, "mode": 0o600}}},
        "dynamic_resources": {
            "lds_config": _from_file(state.watch_directory, LISTENERS_FILE),
            "cds_config": _from_file(state.watch_directory, CLUSTERS_FILE),
        },
        "static_resources": {"clusters": [_untyped(control_cluster(state.control_socket))]},
        "layered_runtime": {"layers": [{"name": "fixed", "static_layer": RUNTIME}]},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": connections,
                }
            ]
        },
        # how old latencies may be, and what their "recent" means
        "stats_flush_interval": duration(1),
        "stats_config": {"use_all_default_tags": False, "stats_tags": _tags()},
    }


def _from_file(directory: str, name: str) -> Json:
    return {
        "path_config_source": {"path": f"{directory}/{name}"},
        "resource_api_version": "V3",
    }


def _tags() -> list[Json]:
    """Service and version as labels of a metric: the default tags would cut the name at its dot."""
    return [
        {"tag_name": "service", "regex": r"^cluster\.(([\w-]+)\.)[\w~-]+\."},
        {"tag_name": "version", "regex": r"^cluster\.[\w-]+\.(([\w~-]+)\.)"},
        {"tag_name": "http", "regex": r"^http\.((.+?)\.)"},
    ]


def _untyped(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key != "@type"}
