"""The quotas as the documents have them."""

from __future__ import annotations

from simulator.facts.quotas import QUOTAS, SIZE_MAX


def test_the_sizes_are_the_documented_ones() -> None:
    assert {name: quota.default for name, quota in QUOTAS.items()} == {
        "real-time-services": 20,
        "batch-services": 1000,
        "public-instances": 2560,
        "apps": 5,
    }


def test_each_says_what_counts_and_who_says_so() -> None:
    for name, quota in QUOTAS.items():
        assert quota.name == name
        assert quota.statement.endswith(".")
        assert quota.statement.count(".") == 1  # one sentence
        assert quota.source.startswith(("Deploying as a ", "App Authentication Management"))
        assert 0 < quota.default <= SIZE_MAX
