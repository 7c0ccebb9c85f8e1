"""Tags of services in the store."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from simulator.errors import InvalidRequest, NotFound
from simulator.facts.limits import TAGS_PER_SERVICE
from simulator.facts.statuses import ServiceKind
from simulator.store.queries import Store
from tests.support.builders import CREATED, PROJECT, a_service_row, a_version_row

OTHER = "b" * 32


def add(store: Store, service_id: str, **changes: object) -> None:
    store.add_service(a_service_row(service_id, **changes), [a_version_row(service_id)], CREATED)


def many(count: int, first: int = 0) -> dict[str, str]:
    return {f"k{number}": "v" for number in range(first, first + count)}


class TestPutting:
    def test_a_service_has_the_tags_that_it_was_given(self, store: Store, service_id: str) -> None:
        assert store.tags.of_service(service_id) == {}
        store.tags.put(PROJECT, service_id, {"stage": "test", "empty": ""})
        store.tags.put(PROJECT, service_id, {"team": "vision"})
        assert store.tags.of_service(service_id) == {
            "empty": "",
            "stage": "test",
            "team": "vision",
        }

    def test_a_key_that_is_there_gets_the_new_value(self, store: Store, service_id: str) -> None:
        store.tags.put(PROJECT, service_id, {"stage": "test", "team": "vision"})
        store.tags.put(PROJECT, service_id, {"stage": "live"})
        assert store.tags.of_service(service_id) == {"stage": "live", "team": "vision"}

    def test_keys_differ_by_their_letters(self, store: Store, service_id: str) -> None:
        store.tags.put(PROJECT, service_id, {"stage": "1", "Stage": "2", "größe": "3"})
        assert len(store.tags.of_service(service_id)) == 3

    def test_a_service_has_at_most_twenty_and_then_none_is_stored(
        self, store: Store, service_id: str
    ) -> None:
        assert TAGS_PER_SERVICE == 20
        store.tags.put(PROJECT, service_id, many(19))
        with pytest.raises(InvalidRequest, match="at most 20 tags; this one has 19 and would have"):
            store.tags.put(PROJECT, service_id, {"k0": "new", **many(2, first=19)})
        assert store.tags.of_service(service_id) == many(19)
        store.tags.put(PROJECT, service_id, many(1, first=19))
        store.tags.put(PROJECT, service_id, {"k0": "new"})
        assert store.tags.of_service(service_id)["k0"] == "new"

    def test_eight_threads_at_once_never_give_more_than_twenty(
        self, store: Store, service_id: str
    ) -> None:
        begin = Barrier(8)

        def race(number: int) -> None:
            begin.wait()
            for attempt in range(5):
                try:
                    store.tags.put(PROJECT, service_id, {f"{number}-{attempt}": ""})
                except InvalidRequest:
                    return

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(race, range(8)))
        assert len(store.tags.of_service(service_id)) == 20


class TestRemoving:
    @pytest.mark.parametrize(
        ("unwanted", "left"),
        [
            ([("stage", None)], {"team": "vision"}),
            ([("stage", "test")], {"team": "vision"}),
            ([("stage", "live")], {"stage": "test", "team": "vision"}),
            ([("nothing", None)], {"stage": "test", "team": "vision"}),
            ([("stage", None), ("stage", None), ("team", "vision")], {}),
            ([], {"stage": "test", "team": "vision"}),
        ],
    )
    def test_takes_a_key_or_a_key_with_its_value(
        self,
        store: Store,
        service_id: str,
        unwanted: list[tuple[str, str | None]],
        left: dict[str, str],
    ) -> None:
        store.tags.put(PROJECT, service_id, {"stage": "test", "team": "vision"})
        store.tags.remove(PROJECT, service_id, unwanted)
        assert store.tags.of_service(service_id) == left


@pytest.mark.parametrize("project", [PROJECT, OTHER])
def test_only_a_service_of_the_project_has_tags(store: Store, project: str) -> None:
    add(store, "elsewhere", project_id=OTHER if project == PROJECT else PROJECT)
    for service_id in ("elsewhere", "nowhere"):
        with pytest.raises(NotFound, match=f"service {service_id} does not exist"):
            store.tags.put(project, service_id, {"k": "v"})
        with pytest.raises(NotFound, match=f"service {service_id} does not exist"):
            store.tags.remove(project, service_id, [("k", None)])
    assert store.tags.of_service("elsewhere") == {}


@pytest.mark.parametrize("kind", [ServiceKind.BATCH, ServiceKind.EDGE])
def test_only_real_time_services_have_tags(store: Store, kind: ServiceKind) -> None:
    add(store, "svc", kind=kind.value)
    with pytest.raises(InvalidRequest, match=f"only real-time services have tags.*{kind}"):
        store.tags.put(PROJECT, "svc", {"k": "v"})
    with pytest.raises(InvalidRequest, match="only real-time services have tags"):
        store.tags.remove(PROJECT, "svc", [])


def test_tags_go_with_their_service(store: Store, service_id: str, path: Path) -> None:
    store.tags.put(PROJECT, service_id, {"stage": "test"})
    store.forget_service(service_id)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM tag").fetchone() == (0,)


def test_a_project_has_each_key_with_the_values_of_all_its_services(store: Store) -> None:
    add(store, "s1")
    add(store, "s2", workspace_id="w")
    add(store, "s3")
    add(store, "elsewhere", project_id=OTHER)
    store.tags.put(PROJECT, "s1", {"stage": "test", "team": "vision"})
    store.tags.put(PROJECT, "s2", {"stage": "live"})
    store.tags.put(PROJECT, "s3", {"stage": "test"})
    store.tags.put(OTHER, "elsewhere", {"stage": "secret"})
    assert store.tags.of_project(PROJECT) == {"stage": ["live", "test"], "team": ["vision"]}
    assert store.tags.of_project("c" * 32) == {}
