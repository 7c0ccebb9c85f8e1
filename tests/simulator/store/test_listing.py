"""Pages of services: which, in which order, and what stands in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.objects import InstanceState
from simulator.store.filters import ServiceFilter
from simulator.store.listing import listed
from simulator.store.queries import Store
from simulator.store.services import Reconfiguration, Stored
from tests.support.builders import (
    CREATED,
    NOW,
    PROJECT,
    a_service_row,
    a_version,
    a_version_row,
    an_instance,
)


def add(store: Store, service_id: str, **changes: object) -> None:
    model_id = changes.pop("model_id", "m1")
    row = a_service_row(service_id, **changes)
    store.add_service(row, [a_version_row(service_id, model_id=model_id)], CREATED)


class TestPages:
    @pytest.fixture
    def many(self, store: Store) -> Store:
        for number, name in enumerate(["delta", "alpha", "charlie", "bravo"]):
            add(
                store,
                f"s{number}",
                name=name,
                created_at=NOW + number,
                published_at=NOW - number,
                transition_at=NOW + number % 2,
                status=(ServiceStatus.RUNNING if number % 2 else ServiceStatus.FAILED).value,
                model_id=f"m{number % 2}",
            )
        add(store, "other", project_id="b" * 32)
        return store

    def ids(self, store: Store, wanted: ServiceFilter | None = None, **how: object) -> list[str]:
        total, page = store.list_services(wanted or ServiceFilter(project_id=PROJECT), **how)  # type: ignore[arg-type]
        assert total >= len(page)
        return [one.service_id for one in page]

    def test_newest_first(self, many: Store) -> None:
        assert self.ids(many) == ["s3", "s2", "s1", "s0"]

    @pytest.mark.parametrize(
        ("sort_by", "ascending"),
        [
            ("created_at", ["s0", "s1", "s2", "s3"]),
            ("published_at", ["s3", "s2", "s1", "s0"]),
            ("name", ["s1", "s3", "s2", "s0"]),
            ("transition_at", ["s0", "s2", "s1", "s3"]),
        ],
    )
    def test_sorted_as_asked(self, many: Store, sort_by: str, ascending: list[str]) -> None:
        assert self.ids(many, sort_by=sort_by, descending=False) == ascending

    def test_equal_ones_have_one_order_so_that_pages_do_not_overlap(self, many: Store) -> None:
        pages = [
            self.ids(many, sort_by="transition_at", offset=offset, limit=1) for offset in range(4)
        ]
        assert sorted(page[0] for page in pages) == ["s0", "s1", "s2", "s3"]

    @pytest.mark.parametrize(
        ("offset", "limit", "ids"),
        [
            (0, 2, ["s3", "s2"]),
            (3, 2, ["s0"]),
            (4, 2, []),
            (1, None, ["s2", "s1", "s0"]),
        ],
    )
    def test_pages(self, many: Store, offset: int, limit: int | None, ids: list[str]) -> None:
        wanted = ServiceFilter(project_id=PROJECT)
        total, page = many.list_services(wanted, offset=offset, limit=limit)
        assert [one.service_id for one in page] == ids
        assert total == 4

    @pytest.mark.parametrize(
        ("wanted", "ids"),
        [
            (ServiceFilter(name="alpha"), ["s1"]),
            (ServiceFilter(name="alph"), []),
            (ServiceFilter(status="failed"), ["s2", "s0"]),
            (ServiceFilter(model_id="m1"), ["s3", "s1"]),
            (ServiceFilter(service_id="s2"), ["s2"]),
            (ServiceFilter(kind="batch"), []),
            (ServiceFilter(model_id="m1", status="failed"), []),
        ],
    )
    def test_filters(self, many: Store, wanted: ServiceFilter, ids: list[str]) -> None:
        assert self.ids(many, replace(wanted, project_id=PROJECT)) == ids

    def test_without_a_project_all_are_listed(self, many: Store) -> None:
        assert "other" in self.ids(many, ServiceFilter())


class TestWhatStandsInThem:
    @pytest.fixture
    def service(self, store: Store) -> Stored:
        """Two versions with two instances that are ready and one that is not."""
        versions = [
            a_version_row("svc", "v1", weight=70, instances=2, specification="two.free"),
            a_version_row("svc", "v2", weight=30, instances=1, specification="one", position=1),
        ]
        row = a_service_row(updated_at=NOW + 3, stop_after_ms=60_000, due_at=NOW + 60_000)
        store.add_service(row, versions, CREATED)
        instances = (
            an_instance(1),
            an_instance(2, InstanceState.STARTING),
            an_instance(3, version_id="v2"),
        )
        service = replace(store.service("svc").service, instances=instances)
        assert store.save_plan(service, 1, (), NOW)
        return store.service("svc")

    def test_each_service_is_as_a_whole_one_is_listed(self, store: Store, service: Stored) -> None:
        add(store, "bare", created_at=NOW - 1)
        _, page = store.list_services()
        assert page == [listed(service), listed(store.service("bare"))]

    def test_the_columns_are_those_of_the_service(self, store: Store, service: Stored) -> None:
        _, (one,) = store.list_services()
        columns = {
            name: value for name, value in one._asdict().items() if hasattr(service.row, name)
        }
        assert len(columns) == 12
        assert columns == {name: getattr(service.row, name) for name in columns}

    def test_versions_and_instances_are_counted(self, store: Store, service: Stored) -> None:
        _, (one,) = store.list_services()
        assert sorted(one.specifications) == ["one", "two.free"]
        assert (one.instances_wanted, one.instances_ready) == (3, 2)

    def test_versions_that_are_only_kept_do_not_count(self, store: Store) -> None:
        store.add_service(a_service_row(), [a_version_row("svc", instances=5)], CREATED)
        was = store.service("svc").service
        after = replace(was, versions=(a_version("v2"),), fallback=was.versions)
        rows = (a_version_row("svc", "v2", instances=1, specification="new"),)
        store.reconfigure(
            "svc", PROJECT, NOW, lambda _: Reconfiguration(after, (), rows, {"request": {}})
        )
        _, (one,) = store.list_services()
        assert (one.specifications, one.instances_wanted) == (["new"], 1)
