"""What lies at the edges of single rules: blank and false values, fields that count together."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.common import SERVICE, has_custom_processor, has_processor


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
