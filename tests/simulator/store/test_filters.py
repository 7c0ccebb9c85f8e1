"""Which services a list call finds, and changes of several of them."""

from __future__ import annotations

import pytest

from simulator.errors import NotFound, StatusForbids
from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle import requests
from simulator.lifecycle.objects import Goal
from simulator.store.filters import ServiceFilter
from simulator.store.queries import Store
from tests.support.builders import CREATED, NOW, PROJECT, a_service_row, a_version_row


def add(store: Store, service_id: str, **changes: object) -> None:
    store.add_service(a_service_row(service_id, **changes), [a_version_row(service_id)], CREATED)


@pytest.fixture
def services(store: Store) -> Store:
    """Three services, the newest last."""
    add(store, "s1", name="mnist-a", created_at=NOW)
    add(store, "s2", name="mnist_b", created_at=NOW + 1, workspace_id="mine")
    add(store, "s3", name="iris%", created_at=NOW + 2)
    store.tags.put(PROJECT, "s1", {"stage": "test", "team": "vision"})
    store.tags.put(PROJECT, "s2", {"stage": "live", "a=b": "c"})
    store.tags.put(PROJECT, "s3", {"stage": "", "a": "b=c"})
    return store


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ServiceFilter(name_part="mnist"), ["s1", "s2"]),
        (ServiceFilter(name_part="nist-a"), ["s1"]),
        (ServiceFilter(name_part="MNIST"), []),
        (ServiceFilter(name_part="_"), ["s2"]),
        (ServiceFilter(name_part="%"), ["s3"]),
        (ServiceFilter(workspace_id="0"), ["s1", "s3"]),
        (ServiceFilter(workspace_id="mine"), ["s2"]),
        (ServiceFilter(workspace_id="theirs"), []),
        (ServiceFilter(tags=("stage",)), ["s1", "s2", "s3"]),
        (ServiceFilter(tags=("stage=test",)), ["s1"]),
        (ServiceFilter(tags=("stage=",)), ["s3"]),
        (ServiceFilter(tags=("team", "stage=test")), ["s1"]),
        (ServiceFilter(tags=("team", "stage=live")), []),
        (ServiceFilter(tags=("a=b=c",)), ["s2", "s3"]),
        (ServiceFilter(tags=("a=b",)), ["s2"]),
        (ServiceFilter(tags=("Stage",)), []),
        (ServiceFilter(tags=("stage",), name_part="mnist", workspace_id="0"), ["s1"]),
    ],
)
def test_services_are_found_by_what_is_asked_for(
    services: Store, wanted: ServiceFilter, found: list[str]
) -> None:
    total, page = services.list_services(wanted, descending=False)
    assert [one.service_id for one in page] == found
    assert total == len(found)


def test_what_matches_is_counted_before_it_is_paged(services: Store) -> None:
    wanted = ServiceFilter(tags=("stage",))
    total, page = services.list_services(wanted, descending=False, offset=1, limit=1)
    assert (total, [one.service_id for one in page]) == (3, ["s2"])


class TestSeveral:
    def goals(self, store: Store) -> dict[str, Goal]:
        return {one: store.service(one).service.goal for one in store.service_ids()}

    def test_all_are_changed(self, services: Store) -> None:
        services.change_services(["s1", "s3"], PROJECT, NOW, lambda s: requests.delete(s, NOW))
        assert self.goals(services) == {
            "s1": Goal.DELETED,
            "s2": Goal.RUNNING,
            "s3": Goal.DELETED,
        }
        assert services.events("s3")[0].reason == "Deleting"

    def test_none_is_changed_when_one_is_not_there(self, services: Store) -> None:
        with pytest.raises(NotFound, match="service s9 does not exist"):
            services.change_services(["s1", "s9"], PROJECT, NOW, lambda s: requests.delete(s, NOW))
        assert set(self.goals(services).values()) == {Goal.RUNNING}
        assert len(services.events("s1")) == 1

    def test_none_is_changed_when_one_must_not(self, services: Store) -> None:
        add(services, "s4", status=ServiceStatus.STOPPED.value, goal=Goal.STOPPED.value)
        with pytest.raises(StatusForbids):
            services.change_services(["s4", "s1"], PROJECT, NOW, lambda s: requests.start(s, NOW))
        assert self.goals(services)["s4"] is Goal.STOPPED
