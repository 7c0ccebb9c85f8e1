"""What lies at the edges of single rules: blank and false values, fields that count together."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.common import SERVICE, has_custom_processor, has_processor
from simulator.eas.rules.containers import registry_of
from simulator.eas.rules.facts import EasFacts
from simulator.rules.catalogue import changed
from tests.simulator.eas.edges import EDGES, Edge


def warned(document: dict[str, Any]) -> set[str]:
    return {one.path for one in CATALOGUE.judge(SERVICE, document).warnings}


@pytest.mark.parametrize(
    "name", ["processor_path", "processor_type", "processor_entry", "processor_mainclass"]
)
def test_any_of_its_fields_tells_a_custom_processor(name: str) -> None:
    assert has_custom_processor({name: "x"})
    assert has_processor({name: "x"})
    assert not has_custom_processor({name: ""})
    assert not has_processor({"processor": "", name: ""})
    assert has_processor({"processor": "tensorflow"})
    assert not has_custom_processor({"processor": "tensorflow"})


@pytest.mark.parametrize(
    ("metadata", "is_told"),
    [
        ({"resource_rebalancing": True}, True),
        ({"resource_rebalancing": False}, False),
        ({"resource_rebalancing": True, "resource": "eas-r-1"}, False),
    ],
)
def test_rebalancing_is_idle_in_the_public_group(metadata: dict[str, Any], is_told: bool) -> None:
    document = {"metadata": {"name": "demo", "instance": 1, "cpu": 1, "memory": 1000, **metadata}}
    assert ("/metadata/resource_rebalancing" in warned(document)) is is_told


@pytest.mark.parametrize(
    ("field", "value", "is_told"),
    [
        ("workload_type", "", False),
        ("workload_type", "elasticjob", False),
        ("workload_type", "job", True),
        ("resource", "", False),
        ("resource", "eas-r-1", False),
        ("resource", "quota-1", True),
    ],
)
def test_blank_counts_as_absent(field: str, value: str, is_told: bool) -> None:
    document = {"metadata": {"name": "demo", "instance": 1, field: value}}
    assert (f"/metadata/{field}" in warned(document)) is is_told


def test_a_registry_login_that_is_not_ascii_is_refused_and_raises_nothing() -> None:
    document = {**CATALOGUE.documents["image"], "dockerAuth": "\ufeffdXNlcjpwYXNz"}
    found = CATALOGUE.judge(SERVICE, document).violations
    assert [violation.path for violation in found] == ["/dockerAuth"]


@pytest.mark.parametrize(
    "edge",
    [
        pytest.param(edge, id=f"{about}-{number}")
        for about, edges in EDGES.items()
        for number, edge in enumerate(edges, 1)
    ],
)
def test_at_an_edge_just_what_is_wrong_is_told(edge: Edge) -> None:
    document = changed(CATALOGUE.documents[edge.base], edge.changes)
    report = CATALOGUE.judge(SERVICE, document, CATALOGUE.read(edge.readings))
    told = [*report.violations, *report.warnings]
    assert tuple(f"{one.rule.removeprefix('EAS-SVC-')} {one.path}" for one in told) == edge.told


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("model", "docker.io"),
        ("team/model:1", "docker.io"),
        ("localhost/model", "localhost"),
        ("localhost:5000/model", "localhost"),
        ("[::1]:5000/model", "[::1]"),
        ("quay.io/team/model", "quay.io"),
    ],
)
def test_an_image_names_its_registry_or_means_the_public_one(image: str, registry: str) -> None:
    assert registry_of(image) == registry


@pytest.mark.parametrize(("reading", "words"), [("guide", "not below"), ("api", "above")])
def test_the_range_of_instances_is_told_as_it_is_read(reading: str, words: str) -> None:
    document = changed(CATALOGUE.documents["autoscaled"], {"/autoscaler/min": 11})
    readings = CATALOGUE.read({"autoscaler-range": reading})
    found = CATALOGUE.judge(SERVICE, document, readings).violations
    assert [one.message for one in found] == [
        f"autoscaler.max: is {words} min, which is 11; got 10"
    ]


def test_a_name_that_is_taken_is_told_where_it_stands() -> None:
    taken = EasFacts(names=frozenset({"lr_model", "demo"}))
    for base, path in (("older-form", "/name"), ("image", "/metadata/name")):
        report = CATALOGUE.admit(SERVICE, CATALOGUE.documents[base], taken)
        assert [one.path for one in report.violations] == [path]
