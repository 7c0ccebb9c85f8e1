"""Which instances a service needs during an update, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.lifecycle import rollout
from simulator.lifecycle.objects import Instance, InstanceState, Outcome, Service, Version
from tests.support.builders import NOW, a_deployment, a_version, an_instance

PENDING, READY, BACKOFF = InstanceState.PENDING, InstanceState.READY, InstanceState.BACKOFF
STARTING, DRAINING = InstanceState.STARTING, InstanceState.DRAINING


def updating(
    *instances: Instance, new: Version | None = None, old: Version | None = None
) -> Service:
    """v1 is being replaced by v2, both with three instances."""
    before = old or a_version("v1", instances=3)
    after = new or a_version("v2", instances=3, replaces="v1")
    return a_deployment(*instances, versions=(after,), fallback=(before,), next_version=3)


def some(version_id: str, *states: InstanceState, first: int = 1) -> list[Instance]:
    return [
        an_instance(ordinal, state, version_id=version_id)
        for ordinal, state in enumerate(states, first)
    ]


def summary(service: Service) -> dict[str, list[str]]:
    """States of each version's instances."""
    found: dict[str, list[str]] = {}
    for instance in service.instances:
        found.setdefault(instance.version_id, []).append(instance.state.value)
    return found


class TestAllowances:
    @pytest.mark.parametrize(
        ("value", "instances", "surge", "unavailable"),
        [
            (0.0, 4, 0, 1),  # nothing may be added, so that one must be missing
            (0.25, 4, 1, 1),
            (0.2, 4, 1, 0),
            (0.3, 4, 2, 1),
            (0.99, 1, 1, 0),
            (0.1, 30, 3, 3),  # and not 4, as 0.1 * 30 is a little above 3
            (1.0, 4, 1, 1),
            (2.5, 4, 3, 2),
            (9.0, 4, 9, 9),
        ],
    )
    def test_a_share_or_a_count(
        self, value: float, instances: int, surge: int, unavailable: int
    ) -> None:
        version = a_version(instances=instances, max_surge=value, max_unavailable=0)
        assert rollout.surge(version) == surge
        adding = replace(version, max_surge=0 if not value else 1, max_unavailable=value)
        assert rollout.unavailable(adding) == unavailable

    def test_as_documented_one_may_be_added_and_none_missing(self) -> None:
        version = a_version(instances=4)
        assert (rollout.surge(version), rollout.unavailable(version)) == (1, 0)


class TestReplacing:
    def test_at_first_one_is_added_and_none_goes(self) -> None:
        service = rollout.matched(updating(*some("v1", READY, READY, READY)))
        assert summary(service) == {"v1": ["ready"] * 3, "v2": ["pending"]}

    def test_when_it_is_ready_one_goes_and_another_comes(self) -> None:
        service = updating(*some("v1", READY, READY, READY), *some("v2", READY, first=4))
        service = rollout.matched(service)
        assert summary(service) == {
            "v1": ["ready", "ready", "draining"],
            "v2": ["ready", "pending"],
        }

    def test_while_it_starts_nothing_more_happens(self) -> None:
        service = updating(*some("v1", READY, READY, READY), *some("v2", STARTING, first=4))
        assert rollout.matched(service) == service

    def test_old_instances_that_are_not_ready_go_first(self) -> None:
        service = updating(*some("v1", READY, BACKOFF, READY), *some("v2", READY, first=4))
        assert summary(rollout.matched(service))["v1"] == ["ready", "draining", "ready"]

    def test_old_ones_that_do_not_serve_make_room_at_once_where_one_may_be_missing(self) -> None:
        new = a_version("v2", instances=3, replaces="v1", max_surge=0, max_unavailable=1)
        service = rollout.matched(updating(*some("v1", BACKOFF, READY, READY), new=new))
        assert summary(service) == {"v1": ["draining", "ready", "ready"], "v2": ["pending"]}

    def test_without_a_surge_one_goes_before_one_comes(self) -> None:
        new = a_version("v2", instances=3, replaces="v1", max_surge=0, max_unavailable=1)
        service = rollout.matched(updating(*some("v1", READY, READY, READY), new=new))
        assert summary(service) == {"v1": ["ready", "ready", "draining"], "v2": ["pending"]}

    def test_fewer_instances_are_wanted_than_there_were(self) -> None:
        new = a_version("v2", instances=1, replaces="v1")
        service = rollout.matched(updating(*some("v1", READY, READY, READY), new=new))
        assert summary(service) == {"v1": ["ready", "draining", "draining"], "v2": ["pending"]}


class TestBeside:
    def test_a_new_version_comes_with_all_its_instances_at_once(self) -> None:
        both = (a_version("v1", weight=70), a_version("v2", weight=30, instances=2))
        service = a_deployment(*some("v1", READY), versions=both, fallback=(a_version("v1"),))
        assert summary(rollout.matched(service)) == {"v1": ["ready"], "v2": ["pending"] * 2}

    def test_a_version_that_is_to_go_stays_until_the_end(self) -> None:
        before = (a_version("v1", weight=70, instances=2), a_version("v2", weight=30))
        service = a_deployment(
            *some("v1", READY, READY),
            *some("v2", READY, first=3),
            versions=(a_version("v2", instances=3),),
            fallback=before,
        )
        assert summary(rollout.matched(service)) == {
            "v1": ["ready"] * 2,
            "v2": ["ready", "pending", "pending"],
        }

    def test_a_version_with_fewer_instances_than_before_keeps_them_until_the_end(self) -> None:
        service = a_deployment(
            *some("v1", READY, READY),
            versions=(a_version("v1", weight=90), a_version("v2", weight=10)),
            fallback=(a_version("v1", instances=2),),
        )
        assert summary(rollout.matched(service))["v1"] == ["ready", "ready"]


class TestEnd:
    def test_it_is_complete_when_each_wanted_version_has_its_instances(self) -> None:
        old, new = some("v1", READY), some("v2", READY, READY, READY, first=4)
        assert rollout.is_complete(updating(*old, *new))
        assert not rollout.is_complete(updating(*old, *new[:2]))
        assert not rollout.is_complete(
            updating(*old, *new[:2], an_instance(6, STARTING, version_id="v2"))
        )

    def test_how_it_ended_is_seen_from_before_and_after(self) -> None:
        before = updating()
        assert rollout.outcome(before, before) is None
        assert rollout.outcome(before, replace(before, fallback=())) is Outcome.DONE
        back = replace(before, versions=before.fallback, fallback=())
        assert rollout.outcome(before, back) is Outcome.ROLLED_BACK
        assert rollout.outcome(back, back) is None

    def test_then_what_is_not_wanted_goes(self) -> None:
        service = updating(*some("v1", READY), *some("v2", READY, READY, READY, first=4))
        done = rollout.matched(replace(service, fallback=()))
        assert summary(done) == {"v1": ["draining"], "v2": ["ready"] * 3}

    def test_a_new_instance_is_as_old_as_the_update(self) -> None:
        made = rollout.matched(replace(updating(), deploy_started_at=NOW + 7)).instances
        assert {instance.created_at for instance in made} == {NOW + 7}
