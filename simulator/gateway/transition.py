"""The order in which a changed configuration is written: pure.

Envoy reads its files independently of each other, and a route to a cluster that it does not know
yet answers 503. So what is added comes before the routes, and what is removed after them:

1. endpoints and clusters of both configurations, as far as they are new;
2. routes and listener;
3. clusters and endpoints of the new configuration alone.

Each step ends when Envoy has taken it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.gateway.clusters import (
    cluster_of,
    has_all_endpoints,
    merged_endpoints,
    stat_name,
)
from simulator.gateway.envoy_json import Json, discovery
from simulator.gateway.listener import STAT_PREFIX
from simulator.gateway.render import CLUSTERS_FILE, LISTENERS_FILE, ROUTES_FILE, Rendering
from simulator.gateway.routes import ROUTE_CONFIG

LISTENERS = "listener_manager.lds"
CLUSTERS = "cluster_manager.cds"
ROUTES = f"http.{STAT_PREFIX}.rds.{ROUTE_CONFIG}"


@dataclass(frozen=True)
class Step:
    """Files to write, in this order, then what to wait for, then files to remove.

    Attributes:
        writes: file name to document.
        awaited: name of a subscription in Envoy's statistics to the `version_info` it must show.
        removes: file names.
    """

    writes: dict[str, Json] = field(default_factory=dict)
    awaited: dict[str, str] = field(default_factory=dict)
    removes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.writes and not self.removes


def subscription(file: str) -> str:
    """The name in Envoy's statistics of the subscription to `file`."""
    fixed = {LISTENERS_FILE: LISTENERS, CLUSTERS_FILE: CLUSTERS, ROUTES_FILE: ROUTES}
    return fixed.get(file) or f"cluster.{stat_name(cluster_of(file))}"


def versions(rendering: Rendering) -> dict[str, str]:
    """What Envoy shows once it has taken up all of `rendering`."""
    return {subscription(name): doc["version_info"] for name, doc in rendering.files.items()}


def steps(old: Rendering, new: Rendering) -> list[Step]:
    """How to get from `old`, which Envoy runs with, to `new`; empty when they are equal."""
    present = dict(old.files)
    grown = _write(present, _grown(old, new))
    switched = _write(present, {name: new.files[name] for name in (ROUTES_FILE, LISTENERS_FILE)})
    final = _write(present, {CLUSTERS_FILE: new.files[CLUSTERS_FILE], **_endpoints(new)})
    final = Step(final.writes, final.awaited, tuple(sorted(old.files.keys() - new.files.keys())))
    return [step for step in (grown, switched, final) if not step.is_empty]


def _grown(old: Rendering, new: Rendering) -> dict[str, Json]:
    """Endpoints and clusters of both; endpoints first, since a cluster waits for its own."""
    documents = {}
    for name, document in _endpoints(new).items():
        before = old.files.get(name)
        if before is None or has_all_endpoints(document, before):
            documents[name] = document
        elif not has_all_endpoints(before, document):
            documents[name] = merged_endpoints(before, document)
    old_clusters = {one["name"]: one for one in old.files[CLUSTERS_FILE]["resources"]}
    new_clusters = {one["name"]: one for one in new.files[CLUSTERS_FILE]["resources"]}
    both = {**old_clusters, **new_clusters}
    if both != old_clusters:
        documents[CLUSTERS_FILE] = discovery([both[name] for name in sorted(both)])
    return documents


def _write(present: dict[str, Json], documents: dict[str, Json]) -> Step:
    """The step that writes what differs from `present`, which is brought up to date."""
    changed = {name: doc for name, doc in documents.items() if present.get(name) != doc}
    present.update(changed)
    awaited = {subscription(name): doc["version_info"] for name, doc in changed.items()}
    return Step(changed, awaited)


def _endpoints(rendering: Rendering) -> dict[str, Json]:
    fixed = (LISTENERS_FILE, CLUSTERS_FILE, ROUTES_FILE)
    return {name: doc for name, doc in rendering.files.items() if name not in fixed}
