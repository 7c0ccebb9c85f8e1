"""The order in which a changed configuration is written: pure.

Envoy reads its files independently of each other, and a route to a cluster that it does not know
yet answers 503. So what is added comes before the routes, and what is removed after them:

1. clusters of both configurations, each with the endpoints of both;
2. routes and listener;
3. clusters of the new configuration alone.

A request keeps the cluster that it was given when its head arrived, although Envoy looks the
cluster up only once the body is there. So a cluster without a route is first *retired*: it stays
for a while, for uploads that are under way.

Each step ends when Envoy has taken it up.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from simulator.gateway.clusters import bridging_cluster
from simulator.gateway.envoy_json import Json, discovery
from simulator.gateway.listener import STAT_PREFIX
from simulator.gateway.render import CLUSTERS_FILE, LISTENERS_FILE, ROUTES_FILE, Rendering
from simulator.gateway.routes import ROUTE_CONFIG

LISTENERS = "listener_manager.lds"
CLUSTERS = "cluster_manager.cds"
ROUTES = f"http.{STAT_PREFIX}.rds.{ROUTE_CONFIG}"


_SUBSCRIPTIONS = {LISTENERS_FILE: LISTENERS, CLUSTERS_FILE: CLUSTERS, ROUTES_FILE: ROUTES}


@dataclass(frozen=True)
class Step:
    """Files to write, in this order, and what to wait for then.

    Attributes:
        writes: file name to document.
    """

    writes: dict[str, Json]

    @property
    def awaited(self) -> dict[str, str]:
        """Name of a subscription in Envoy's statistics to the `version_info` it must show."""
        return _marks(self.writes)


def versions(rendering: Rendering) -> dict[str, str]:
    """What Envoy shows once it has taken up all of `rendering`."""
    return _marks(rendering.files)


def steps(old: Rendering, new: Rendering) -> list[Step]:
    """How to get from `old`, which Envoy runs with, to `new`; empty when they are equal."""
    present = dict(old.files)
    planned = (
        {CLUSTERS_FILE: _bridge(old.files[CLUSTERS_FILE], new.files[CLUSTERS_FILE])},
        {name: new.files[name] for name in (ROUTES_FILE, LISTENERS_FILE)},
        {CLUSTERS_FILE: new.files[CLUSTERS_FILE]},
    )
    needed = []
    for documents in planned:
        changed = {name: doc for name, doc in documents.items() if present[name] != doc}
        present.update(changed)
        if changed:
            needed.append(Step(changed))
    return needed


def cluster_names(rendering: Rendering) -> set[str]:
    """The version clusters in a rendering."""
    return {cluster["name"] for cluster in rendering.files[CLUSTERS_FILE]["resources"]}


def keeping(old: Rendering, new: Rendering, retired: Collection[str]) -> Rendering:
    """`new` with those clusters of `old` that are retired."""
    clusters = new.files[CLUSTERS_FILE]["resources"] + [
        cluster for cluster in old.files[CLUSTERS_FILE]["resources"] if cluster["name"] in retired
    ]
    document = discovery(sorted(clusters, key=lambda cluster: str(cluster["name"])))
    return replace(new, files={**new.files, CLUSTERS_FILE: document})


def _bridge(old: Json, new: Json) -> Json:
    before = {cluster["name"]: cluster for cluster in old["resources"]}
    after = {cluster["name"]: cluster for cluster in new["resources"]}
    both = {
        **before,
        **{
            name: bridging_cluster(before[name], cluster) if name in before else cluster
            for name, cluster in after.items()
        },
    }
    return discovery([both[name] for name in sorted(both)])


def _marks(files: dict[str, Json]) -> dict[str, str]:
    return {_SUBSCRIPTIONS[name]: document["version_info"] for name, document in files.items()}
