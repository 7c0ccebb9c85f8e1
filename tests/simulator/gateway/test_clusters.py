"""Clusters: their names, their groups of instances, and the way between two configurations."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.gateway.clusters import (
    bridging_cluster,
    cluster_name,
    stat_name,
    version_cluster,
)
from simulator.gateway.state import Balancing, Endpoint, VersionRoute
from tests.simulator.gateway.support import a_service


def test_name_can_be_taken_apart_although_a_version_may_have_dots() -> None:
    assert cluster_name("5d5f-a", "1.0.2") == "5d5f-a.1.0.2"


def test_statistics_have_one_segment_a_version() -> None:
    assert stat_name(cluster_name("s", "1.0.2")) == "s.1~0~2"


@pytest.mark.parametrize(("service", "version"), [("a.b", "v"), ("", "v"), ("a", "v/1"), ("a", "")])
def test_ids_that_would_be_ambiguous_are_refused(service: str, version: str) -> None:
    with pytest.raises(ValueError, match="must match"):
        cluster_name(service, version)


def pooled(*names: str) -> tuple[Endpoint, ...]:
    """Endpoints such as `a1`: the first letter is the pool, `-` for none."""
    return tuple(Endpoint(name, path=f"/{name}", pool=name[0].strip("-")) for name in names)


def cluster(*names: str, balancing: Balancing = Balancing.ROUND_ROBIN) -> dict[str, Any]:
    version = VersionRoute("v1", 100, pooled(*names))
    return version_cluster(a_service("s", versions=(version,), balancing=balancing), version)


@pytest.mark.parametrize("http2", [False, True])
def test_instances_are_spoken_to_in_the_version_of_http_that_is_theirs(http2: bool) -> None:
    version = VersionRoute("v1", 100, pooled("-1"), http2=http2)
    rendered = version_cluster(a_service("s", versions=(version,)), version)
    (options,) = rendered["typed_extension_protocol_options"].values()
    spoken = "http2_protocol_options" if http2 else "http_protocol_options"
    assert list(options["explicit_http_config"]) == [spoken]


def groups(rendered: dict[str, Any]) -> dict[str, list[str]]:
    """Pool to the instances in it."""
    return {
        one.get("locality", {}).get("zone", ""): sorted(
            endpoint["metadata"]["filter_metadata"]["drydock"]["instance"]
            for endpoint in one["lb_endpoints"]
        )
        for one in rendered["load_assignment"]["endpoints"]
    }


def is_spread(rendered: dict[str, Any]) -> bool:
    return "locality_weighted_lb_config" in rendered["common_lb_config"]


class TestPools:
    def test_two_pools_get_the_same_share_however_many_instances_each_has(self) -> None:
        rendered = cluster("a1", "a2", "a3", "b4")
        assert groups(rendered) == {"a": ["a1", "a2", "a3"], "b": ["b4"]}
        weights = [one["load_balancing_weight"] for one in rendered["load_assignment"]["endpoints"]]
        assert weights == [1, 1]
        assert is_spread(rendered)

    def test_one_pool_or_none_needs_no_shares(self) -> None:
        assert not is_spread(cluster("a1", "a2"))
        assert not is_spread(cluster("-1", "-2"))

    def test_a_pool_that_is_lost_is_no_group_any_more(self) -> None:
        assert groups(cluster("b4")) == {"b": ["b4"]}


class TestBridging:
    """The cluster while routes change over."""

    def test_it_has_the_instances_of_before_and_after_each_in_its_pool(self) -> None:
        both = bridging_cluster(cluster("a1", "b2"), cluster("a3", "b2"))
        assert groups(both) == {"a": ["a1", "a3"], "b": ["b2"]}
        assert is_spread(both)

    def test_a_change_of_pools_has_both(self) -> None:
        assert groups(bridging_cluster(cluster("a1"), cluster("b2"))) == {"a": ["a1"], "b": ["b2"]}

    def test_out_of_the_public_pool_no_pool_is_starved(self) -> None:
        """Where pools have shares, a group that is none would get nothing."""
        both = bridging_cluster(cluster("-1", "-2"), cluster("a3", "b4"))
        assert groups(both) == {"": ["-1", "-2"], "a": ["a3"], "b": ["b4"]}
        assert not is_spread(both)

    def test_more_instances_need_no_bridge(self) -> None:
        new = cluster("a1", "a2")
        assert bridging_cluster(cluster("a1"), new) == new

    def test_fewer_instances_stay_until_the_routes_are_changed(self) -> None:
        old = cluster("a1", "a2")
        assert bridging_cluster(old, cluster("a1")) == old


@pytest.mark.parametrize(
    ("balancing", "policy"),
    [
        (Balancing.ROUND_ROBIN, "ROUND_ROBIN"),
        (Balancing.LEAST_CONNECTIONS, "LEAST_REQUEST"),
        (Balancing.SOURCE_ADDRESS, "MAGLEV"),
    ],
)
def test_the_balancing_is_the_services(balancing: Balancing, policy: str) -> None:
    assert cluster("-1", balancing=balancing)["lb_policy"] == policy
