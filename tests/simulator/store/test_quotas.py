"""Quotas in the store: what counts, what is refused, and that nothing is stored then."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from simulator.errors import InvalidRequest, QuotaExceeded
from simulator.facts.quotas import QUOTAS, SIZE_MAX
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.lifecycle import requests
from simulator.lifecycle.rollout import outcome
from simulator.store.queries import Store
from simulator.store.quotas import Counting, QuotaUse
from simulator.store.records import version_of
from simulator.store.services import Reconfiguration, Stored
from simulator.store.tables import VersionRow
from tests.support.builders import CREATED, NOW, PROJECT, a_service_row, a_version_row
from tests.support.fresh_store import make_database

SERVICES, BATCH, INSTANCES = "real-time-services", "batch-services", "public-instances"
APPS = "apps"
OTHER_PROJECT = "b" * 32


def add(store: Store, service_id: str, *versions: VersionRow, **changes: object) -> None:
    row = a_service_row(service_id, **changes)
    store.add_service(row, [*versions] or [a_version_row(service_id)], CREATED)


def used(store: Store, project_id: str = PROJECT, owner: str = "") -> dict[str, int]:
    """What is used by services."""
    uses = store.quotas(project_id, owner)
    return {use.name: use.used for use in uses if use.name != APPS}


def rows(path: Path) -> list[str]:
    """All that the database holds."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def is_running(store: Store, service_id: str) -> None:
    """The deployment of a service has succeeded."""
    store.change_service(
        service_id, None, NOW, lambda s: (replace(s, status=ServiceStatus.RUNNING), ())
    )


def reconfigure(store: Store, service_id: str, *versions: VersionRow) -> Stored:
    """The service is to have these versions, those of known ids changed."""

    def change(stored: Stored) -> Reconfiguration:
        wanted = tuple(version_of(row) for row in versions)
        service, events = requests.reconfigure(stored.service, wanted, 9, NOW)
        return Reconfiguration(service, events, versions, stored.row.document)

    return store.reconfigure(service_id, PROJECT, NOW, change)


@pytest.fixture
def counting_all(tmp_path: Path) -> Iterator[Store]:
    """A store by whose reading services in dedicated pools count too."""
    opened = Store(make_database(tmp_path / "all.db"), Counting.ALL)
    yield opened
    opened.close()


class TestSizes:
    def test_are_the_documented_ones_at_first(self, store: Store) -> None:
        assert store.quotas(PROJECT, "u1") == [
            QuotaUse(SERVICES, 20, 0, 20),
            QuotaUse(BATCH, 1000, 0, 1000),
            QuotaUse(INSTANCES, 2560, 0, 2560),
            QuotaUse(APPS, 5, 0, 5),
        ]

    @pytest.mark.parametrize("name", QUOTAS)
    @pytest.mark.parametrize("size", [0, 7, SIZE_MAX])
    def test_can_be_set_and_reset_one_by_one(self, store: Store, name: str, size: int) -> None:
        before = store.quotas(PROJECT, "")
        store.set_quota(name, 3)
        store.set_quota(name, size)
        assert store.quotas(PROJECT, "") == [
            replace(use, size=size) if use.name == name else use for use in before
        ]
        store.reset_quota(name)
        assert store.quotas(PROJECT, "") == before
        store.reset_quota(name)  # twice is no error

    def test_are_there_after_a_restart(self, store: Store, path: Path) -> None:
        store.set_quota(SERVICES, 7)
        again = Store(path)
        assert again.quotas(PROJECT, "")[0].size == 7
        again.close()

    @pytest.mark.parametrize("size", [-1, SIZE_MAX + 1])
    def test_beyond_the_bounds_are_refused(self, store: Store, size: int) -> None:
        with pytest.raises(InvalidRequest, match=f"must be from 0 to 1000000, not {size}"):
            store.set_quota(SERVICES, size)
        assert store.quotas(PROJECT, "")[0].size == 20

    @pytest.mark.parametrize("change", [lambda s, n: s.set_quota(n, 1), Store.reset_quota])
    def test_of_a_quota_that_there_is_not_are_refused_and_the_known_ones_named(
        self, store: Store, path: Path, change: Callable[[Store, str], None]
    ) -> None:
        before = rows(path)
        with pytest.raises(InvalidRequest) as refused:
            change(store, "services")
        assert str(refused.value) == (
            "there is no quota services; "
            "there are real-time-services, batch-services, public-instances, apps"
        )
        assert rows(path) == before


class TestUse:
    def test_counts_services_and_instances_of_one_user_in_one_project(self, store: Store) -> None:
        add(store, "s1", a_version_row("s1", instances=2), owner="u1")
        two = [a_version_row("s2", "v1", instances=3), a_version_row("s2", "v2", instances=4)]
        add(store, "s2", *two, owner="u1")
        add(store, "b1", a_version_row("b1", instances=5), owner="u1", kind=ServiceKind.BATCH.value)
        add(store, "e1", owner="u1", kind=ServiceKind.EDGE.value)
        add(store, "s3", owner="u2")
        add(store, "s4", owner="u1", project_id=OTHER_PROJECT)
        assert used(store, owner="u1") == {SERVICES: 2, BATCH: 1, INSTANCES: 9}
        assert used(store, owner="u2") == {SERVICES: 1, BATCH: 0, INSTANCES: 1}
        assert used(store, OTHER_PROJECT, "u1") == {SERVICES: 1, BATCH: 0, INSTANCES: 1}
        assert used(store, owner="nobody") == {SERVICES: 0, BATCH: 0, INSTANCES: 0}

    @pytest.mark.parametrize("status", ServiceStatus)
    def test_a_service_counts_in_whatever_status_until_it_is_forgotten(
        self, store: Store, status: ServiceStatus
    ) -> None:
        add(store, "s1", status=status.value)
        assert used(store) == {SERVICES: 1, BATCH: 0, INSTANCES: 1}
        store.forget_service("s1")
        assert used(store) == {SERVICES: 0, BATCH: 0, INSTANCES: 0}

    def test_during_an_update_the_larger_configuration_counts(self, store: Store) -> None:
        add(store, "s1", a_version_row("s1", instances=4))
        is_running(store, "s1")
        stored = reconfigure(store, "s1", a_version_row("s1", instances=1))
        assert stored.service.is_updating
        assert used(store)[INSTANCES] == 4
        done = replace(stored.service, fallback=(), status=ServiceStatus.RUNNING)
        assert store.save_plan(done, stored.row.revision, (), NOW)
        assert used(store)[INSTANCES] == 1

    def test_a_version_and_the_one_that_takes_its_place_do_not_both_count(
        self, store: Store
    ) -> None:
        add(store, "s1", a_version_row("s1", instances=2))
        is_running(store, "s1")
        stored = reconfigure(store, "s1", a_version_row("s1", "v2", instances=2, replaces="v1"))
        assert [row.version_id for row in stored.kept] == ["v1"]
        assert used(store) == {SERVICES: 1, BATCH: 0, INSTANCES: 2}

    def test_a_rolled_back_update_uses_what_was_used_before(self, store: Store) -> None:
        add(store, "s1", a_version_row("s1", instances=2))
        is_running(store, "s1")
        stored = reconfigure(store, "s1", a_version_row("s1", instances=5))
        assert used(store)[INSTANCES] == 5
        was = stored.service
        back = replace(was, versions=was.fallback, fallback=(), status=ServiceStatus.RUNNING)
        assert outcome(was, back)
        assert store.save_plan(back, stored.row.revision, (), NOW)
        assert used(store)[INSTANCES] == 2

    def test_what_is_in_dedicated_pools_does_not_count(self, store: Store) -> None:
        add(store, "s1", a_version_row("s1", pools=["p1"], instances=5))
        assert used(store) == {SERVICES: 0, BATCH: 0, INSTANCES: 0}
        mixed = [
            a_version_row("s2", "v1", pools=["p1"], instances=4),
            a_version_row("s2", "v2", instances=2),
        ]
        add(store, "s2", *mixed)
        assert used(store) == {SERVICES: 1, BATCH: 0, INSTANCES: 2}

    def test_by_the_other_reading_services_there_count_and_their_instances_do_not(
        self, counting_all: Store
    ) -> None:
        add(counting_all, "s1", a_version_row("s1", pools=["p1"], instances=5))
        assert used(counting_all) == {SERVICES: 1, BATCH: 0, INSTANCES: 0}


class TestNewServices:
    @pytest.mark.parametrize(
        ("quota", "kind"), [(SERVICES, ServiceKind.REAL_TIME), (BATCH, ServiceKind.BATCH)]
    )
    def test_are_refused_without_room_and_nothing_is_stored(
        self, store: Store, path: Path, quota: str, kind: ServiceKind
    ) -> None:
        store.set_quota(quota, 2)
        for name in ("s1", "s2"):
            add(store, name, kind=kind.value)
        before = rows(path)
        with pytest.raises(QuotaExceeded) as refused:
            add(store, "s3", kind=kind.value)
        error = refused.value
        assert (error.quota, error.limit, error.used, error.asked) == (quota, 2, 2, 1)
        assert rows(path) == before
        store.forget_service("s1")
        add(store, "s3", kind=kind.value)

    def test_of_another_user_project_or_kind_have_room_of_their_own(self, store: Store) -> None:
        store.set_quota(SERVICES, 1)
        add(store, "s1", owner="u1")
        with pytest.raises(QuotaExceeded):
            add(store, "s2", owner="u1")
        add(store, "s3", owner="u2")
        add(store, "s4", owner="u1", project_id=OTHER_PROJECT)
        add(store, "s5", owner="u1", kind=ServiceKind.BATCH.value)
        add(store, "s6", owner="u1", kind=ServiceKind.EDGE.value)

    def test_with_more_instances_than_are_left_are_refused(self, store: Store, path: Path) -> None:
        store.set_quota(INSTANCES, 5)
        add(store, "s1", a_version_row("s1", instances=3))
        before = rows(path)
        two = [a_version_row("s2", "v1", instances=2), a_version_row("s2", "v2", instances=1)]
        with pytest.raises(QuotaExceeded) as refused:
            add(store, "s2", *two)
        error = refused.value
        assert (error.quota, error.limit, error.used, error.asked) == (INSTANCES, 5, 3, 3)
        assert rows(path) == before
        add(store, "s2", a_version_row("s2", instances=2))

    def test_in_a_dedicated_pool_need_no_room(self, store: Store) -> None:
        store.set_quota(SERVICES, 0)
        store.set_quota(INSTANCES, 0)
        add(store, "s1", a_version_row("s1", pools=["p1"], instances=3))

    def test_in_a_dedicated_pool_need_room_by_the_other_reading(self, counting_all: Store) -> None:
        counting_all.set_quota(INSTANCES, 0)
        counting_all.set_quota(SERVICES, 1)
        add(counting_all, "s1", a_version_row("s1", pools=["p1"]))
        with pytest.raises(QuotaExceeded):
            add(counting_all, "s2", a_version_row("s2", pools=["p1"]))

    def test_of_batch_kind_take_no_public_instances(self, store: Store) -> None:
        store.set_quota(INSTANCES, 0)
        add(store, "b1", kind=ServiceKind.BATCH.value)

    def test_from_eight_threads_at_once_are_never_more_than_the_limit(self, store: Store) -> None:
        limit, begin = 5, Barrier(8)
        store.set_quota(SERVICES, limit)
        used_when_refused = set()

        def race(number: int) -> int:
            begin.wait()
            got = 0
            for attempt in range(3):
                try:
                    add(store, f"s{number}-{attempt}")
                    got += 1
                except QuotaExceeded as error:
                    used_when_refused.add(error.used)
            return got

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(race, range(8))) == limit
        assert used_when_refused == {limit}  # refused only when it was really full
        assert len(store.service_ids()) == limit


class TestChangedConfigurations:
    @pytest.fixture
    def full(self, store: Store) -> Store:
        """Six of six instances: s1 has two and runs, s2 has four."""
        store.set_quota(INSTANCES, 6)
        add(store, "s1", a_version_row("s1", instances=2))
        add(store, "s2", a_version_row("s2", instances=4))
        is_running(store, "s1")
        return store

    def test_cannot_grow_without_room_and_nothing_is_stored(self, full: Store, path: Path) -> None:
        before = rows(path)
        with pytest.raises(QuotaExceeded) as refused:
            reconfigure(full, "s1", a_version_row("s1", instances=5))
        error = refused.value
        assert (error.quota, error.limit, error.used, error.asked) == (INSTANCES, 6, 6, 3)
        assert rows(path) == before

    def test_cannot_grow_by_another_version(self, full: Store) -> None:
        with pytest.raises(QuotaExceeded):
            reconfigure(full, "s1", a_version_row("s1", instances=2), a_version_row("s1", "v2"))

    def test_grow_into_the_room_that_there_is(self, full: Store) -> None:
        full.set_quota(INSTANCES, 9)
        stored = reconfigure(full, "s1", a_version_row("s1", instances=5))
        assert [version.instances for version in stored.versions] == [5]

    @pytest.mark.parametrize("instances", [1, 2])
    def test_that_do_not_grow_are_never_refused(self, full: Store, instances: int) -> None:
        full.set_quota(INSTANCES, 0)
        full.set_quota(SERVICES, 0)
        stored = reconfigure(full, "s1", a_version_row("s1", instances=instances, weight=100))
        assert [version.instances for version in stored.versions] == [instances]

    def test_that_only_swap_a_version_are_never_refused(self, full: Store) -> None:
        full.set_quota(INSTANCES, 0)
        replacing = a_version_row("s1", "v2", instances=2, replaces="v1")
        stored = reconfigure(full, "s1", replacing)
        assert [version.version_id for version in stored.versions] == ["v2"]

    def test_that_come_into_the_public_pool_need_room_there(self, store: Store) -> None:
        add(store, "s1", a_version_row("s1", pools=["p1"]))
        is_running(store, "s1")
        store.set_quota(SERVICES, 0)
        with pytest.raises(QuotaExceeded) as refused:
            reconfigure(store, "s1", a_version_row("s1", "v2"))
        assert refused.value.quota == SERVICES
        store.set_quota(SERVICES, 1)
        store.set_quota(INSTANCES, 0)
        with pytest.raises(QuotaExceeded) as refused:
            reconfigure(store, "s1", a_version_row("s1", "v2"))
        assert refused.value.quota == INSTANCES
