"""Names of clusters."""

from __future__ import annotations

import pytest

from simulator.gateway.clusters import cluster_name, stat_name


def test_name_can_be_taken_apart_although_a_version_may_have_dots() -> None:
    assert cluster_name("5d5f-a", "1.0.2") == "5d5f-a.1.0.2"


def test_statistics_have_one_segment_a_version() -> None:
    assert stat_name(cluster_name("s", "1.0.2")) == "s.1~0~2"


@pytest.mark.parametrize(("service", "version"), [("a.b", "v"), ("", "v"), ("a", "v/1"), ("a", "")])
def test_ids_that_would_be_ambiguous_are_refused(service: str, version: str) -> None:
    with pytest.raises(ValueError, match="must match"):
        cluster_name(service, version)
