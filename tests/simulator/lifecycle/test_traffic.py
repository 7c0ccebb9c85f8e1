"""Which version gets which share of the requests."""

from __future__ import annotations

from simulator.lifecycle.objects import Instance, InstanceState
from simulator.lifecycle.traffic import shares
from tests.support.builders import a_service, a_version, an_instance

READY, STARTING = InstanceState.READY, InstanceState.STARTING


def ready(version_id: str, *ordinals: int) -> list[Instance]:
    return [an_instance(n, READY, version_id=version_id) for n in ordinals]


def test_without_an_update_they_are_the_weights() -> None:
    versions = (a_version("v1", weight=70), a_version("v2", weight=30))
    assert shares(a_service(versions=versions)) == {"v1": 70, "v2": 30}


def test_a_version_in_anothers_place_gets_what_its_ready_instances_are_of_all() -> None:
    service = a_service(
        *ready("v1", 1, 2),
        *ready("v2", 3),
        an_instance(4, STARTING, version_id="v2"),
        versions=(a_version("v2", replaces="v1", instances=3),),
        fallback=(a_version("v1", instances=3),),
    )
    assert shares(service) == {"v1": 200, "v2": 100}


def test_with_no_ready_instance_it_gets_nothing() -> None:
    new = a_version("v2", replaces="v1")
    service = a_service(*ready("v1", 1), versions=(new,), fallback=(a_version("v1"),))
    assert shares(service) == {"v1": 100}


def test_alone_it_gets_all() -> None:
    new = a_version("v2", replaces="v1")
    service = a_service(*ready("v2", 1), versions=(new,), fallback=(a_version("v1"),))
    assert shares(service) == {"v1": 0, "v2": 100}


def test_new_weights_hold_from_the_end_of_the_update_on() -> None:
    service = a_service(
        *ready("v1", 1),
        *ready("v2", 2),
        versions=(a_version("v1", weight=40), a_version("v2", weight=60)),
        fallback=(a_version("v1"),),
    )
    assert shares(service) == {"v1": 100}


def test_shares_of_several_replaced_versions_have_one_measure() -> None:
    service = a_service(
        *ready("v1", 1, 2),
        *ready("v3", 3),
        *ready("v2", 4),
        *ready("v4", 5),
        versions=(
            a_version("v3", weight=50, replaces="v1"),
            a_version("v4", weight=50, replaces="v2"),
        ),
        fallback=(a_version("v1", weight=70), a_version("v2", weight=30)),
    )
    found = shares(service)
    assert sum(found.values()) == 600
    assert found == {"v1": 280, "v3": 140, "v2": 90, "v4": 90}
