"""Services in the store: creating, changing, reading, forgetting."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from threading import Barrier

import pytest

from simulator.errors import NameTaken, NotFound, StatusForbids
from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle import requests
from simulator.lifecycle.objects import (
    Event,
    EventKind,
    Goal,
    HealthCheck,
    Instance,
    InstanceState,
)
from simulator.lifecycle.plan import plan
from simulator.store.queries import Store
from simulator.store.tables import InstanceRow
from tests.support.builders import (
    CREATED,
    NOW,
    PROJECT,
    a_service_row,
    a_version_row,
    an_instance,
    seen_running,
)

TOLD = Event(EventKind.ABNORMAL, "it broke", "Broken", "stack trace")


def add(store: Store, service_id: str, **changes: object) -> None:
    model_id = changes.pop("model_id", "m1")
    row = a_service_row(service_id, **changes)
    store.add_service(row, [a_version_row(service_id, model_id=model_id)], CREATED)


def count_rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        names = ("service", "version", "instance", "event")
        return {n: connection.execute(f"SELECT COUNT(*) FROM {n}").fetchone()[0] for n in names}


class TestAdding:
    def test_what_was_added_is_there_with_all_that_belongs_to_it(self, store: Store) -> None:
        versions = [a_version_row("svc", "v2", weight=30), a_version_row("svc", "v1", weight=70)]
        store.add_service(a_service_row(), versions, CREATED)
        stored = store.service("svc", PROJECT)
        assert stored.row.name == "name-svc"
        assert [v.version_id for v in stored.versions] == ["v1", "v2"]
        assert [(v.version_id, v.weight) for v in stored.service.versions] == [
            ("v1", 70),
            ("v2", 30),
        ]
        assert stored.service.status is ServiceStatus.DEPLOYING
        assert [(e.text, e.reason) for e in store.events("svc")] == [(CREATED.text, "Created")]

    def test_a_name_is_taken_once_a_project(
        self, store: Store, service_id: str, path: Path
    ) -> None:
        before = count_rows(path)
        with pytest.raises(NameTaken, match="a service named name-svc exists already"):
            add(store, "other", name="name-svc")
        assert count_rows(path) == before
        add(store, "elsewhere", name="name-svc", project_id="b" * 32)

    def test_eight_threads_at_once_get_one_name_once(self, store: Store) -> None:
        begin = Barrier(8)

        def race(number: int) -> bool:
            begin.wait()
            try:
                add(store, f"s{number}", name="wanted")
            except NameTaken:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(race, range(8))) == 1


class TestChanging:
    def test_a_change_is_stored_with_its_events_and_a_new_revision(
        self, store: Store, service_id: str
    ) -> None:
        stored = store.change_service(
            service_id, PROJECT, NOW + 5, lambda s: requests.delete(s, NOW + 5)
        )
        assert stored.service.goal is Goal.DELETED
        assert store.service(service_id).service == stored.service
        assert store.service(service_id).row.revision == 2
        newest = store.events(service_id)[0]
        assert (newest.at, newest.reason) == (NOW + 5, "Deleting")

    def test_a_refused_change_changes_nothing(self, store: Store, service_id: str) -> None:
        before = store.service(service_id)
        with pytest.raises(StatusForbids):
            store.change_service(service_id, PROJECT, NOW, lambda s: requests.start(s, NOW))
        after = store.service(service_id)
        assert (after.service, after.row.revision) == (before.service, 1)
        assert len(store.events(service_id)) == 1

    def test_the_document_changes_with_it(self, store: Store, service_id: str) -> None:
        store.change_service(
            service_id, PROJECT, NOW, lambda s: (s, ()), lambda old: old | {"note": "x"}
        )
        document = store.service(service_id).row.document
        assert (document["note"], document["owner"]) == ("x", "u1")

    def test_a_service_of_another_project_is_not_there(self, store: Store, service_id: str) -> None:
        with pytest.raises(NotFound):
            store.change_service(service_id, "b" * 32, NOW, lambda s: requests.delete(s, NOW))
        with pytest.raises(NotFound, match="service svc does not exist"):
            store.service(service_id, "b" * 32)


class TestPlans:
    def test_every_field_of_service_and_instance_survives(
        self, store: Store, service_id: str
    ) -> None:
        instance = Instance(
            instance_id="svc-1",
            version_id="v1",
            ordinal=1,
            state=InstanceState.BACKOFF,
            created_at=NOW,
            address="10.0.0.1:8080",
            ref="abc",
            accelerator="CPU",
            deaths=2,
            restarts=3,
            retry_at=NOW + 1,
            ready_at=NOW + 2,
            exit_code=137,
            reason="OutOfMemory",
            message="too much",
            log_tail="last words \u2713",
            running_since=NOW + 3,
            grace_s=31,
            pool="pool-a",
            node="pool-a-1",
            tries=1,
        )
        unset = [f.name for f in fields(Instance) if not getattr(instance, f.name)]
        assert unset == [], "the test must set every field"
        was = store.service(service_id).service
        service = replace(
            was,
            status=ServiceStatus.FAILED,
            goal=Goal.STOPPED,
            instances=(instance, replace(instance, instance_id="svc-2", ordinal=2)),
            reason="R",
            message="m",
            evidence="e",
            transition_at=NOW + 3,
            deploy_started_at=NOW + 4,
            next_ordinal=3,
        )
        assert store.save_plan(service, 1, (TOLD,), NOW + 5)
        assert store.service(service_id).service == service
        newest = store.events(service_id)[0]
        assert (newest.kind, newest.text, newest.evidence) == (
            "abnormal",
            "it broke",
            "stack trace",
        )

    def test_instances_that_are_gone_are_removed(self, store: Store, service_id: str) -> None:
        was = store.service(service_id).service
        store.save_plan(replace(was, instances=(an_instance(1), an_instance(2))), 1, (), NOW)
        store.save_plan(replace(was, instances=(an_instance(2),)), 2, (), NOW)
        assert [i.ordinal for i in store.service(service_id).service.instances] == [2]

    def test_an_outdated_plan_is_not_stored(
        self, store: Store, service_id: str, path: Path
    ) -> None:
        was = store.service(service_id)
        store.change_service(service_id, None, NOW, lambda s: requests.delete(s, NOW))
        before, rows = store.service(service_id).service, count_rows(path)
        late = replace(was.service, status=ServiceStatus.RUNNING, instances=(an_instance(1),))
        assert store.save_plan(late, was.row.revision, (TOLD,), NOW) is False
        assert store.service(service_id).service == before
        assert count_rows(path) == rows

    def test_a_plan_for_a_service_that_is_gone_is_not_stored(
        self, store: Store, service_id: str, path: Path
    ) -> None:
        was = store.service(service_id).service
        store.forget_service(service_id)
        assert store.save_plan(replace(was, instances=(an_instance(1),)), 1, (TOLD,), NOW) is False
        assert set(count_rows(path).values()) == {0}

    def test_of_eight_plans_from_one_revision_one_is_stored(
        self, store: Store, service_id: str
    ) -> None:
        was = store.service(service_id).service
        begin = Barrier(8)

        def race(number: int) -> bool:
            begin.wait()
            return store.save_plan(replace(was, message=str(number)), 1, (TOLD,), NOW)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(race, range(8))) == 1
        assert len(store.events(service_id)) == 2

    def test_what_the_lifecycle_plans_can_be_stored_and_read_back(
        self, store: Store, service_id: str
    ) -> None:
        for seen in ({}, {"svc-1": seen_running(healthy=None)}, {"svc-1": seen_running()}):
            stored = store.service(service_id)
            planned = plan(stored.service, seen, NOW)
            assert store.save_plan(planned.service, stored.row.revision, planned.events, NOW)
            assert store.service(service_id).service == planned.service
        assert store.service(service_id).service.status is ServiceStatus.RUNNING

    def test_the_columns_of_an_instance_are_the_lifecycles_fields(self) -> None:
        columns = set(InstanceRow.model_fields) - {"service_id"}
        assert columns == {f.name for f in fields(Instance)}

    def test_a_declared_health_check_reaches_the_lifecycle(self, store: Store) -> None:
        health = {"path": "/ping", "period_s": 7, "failure_threshold": 2}
        store.add_service(a_service_row(), [a_version_row(health=health)], CREATED)
        (version,) = store.service("svc").service.versions
        assert version.health == HealthCheck(path="/ping", period_s=7, failure_threshold=2)

    def test_that_an_image_speaks_http2_reaches_it_and_lasts_through_an_update(
        self, store: Store
    ) -> None:
        image = {"kind": "image", "reference": "team/talk:1", "port": 8080, "http2": True}
        store.add_service(a_service_row(), [a_version_row(artifact=image)], CREATED)
        service = store.service("svc").service
        assert [version.http2 for version in service.versions] == [True]
        updating = replace(service, fallback=service.versions)
        assert store.save_plan(updating, 1, (), NOW)
        assert [version.http2 for version in store.service("svc").service.fallback] == [True]


class TestForgetting:
    def test_nothing_is_left(self, store: Store, service_id: str, path: Path) -> None:
        was = store.service(service_id).service
        store.save_plan(replace(was, instances=(an_instance(1),)), 1, (TOLD,), NOW)
        assert min(count_rows(path).values()) > 0
        store.forget_service(service_id)
        assert set(count_rows(path).values()) == {0}
        with pytest.raises(NotFound):
            store.service(service_id)

    def test_others_stay_and_absent_is_no_error(self, store: Store, service_id: str) -> None:
        store.forget_service("nobody")
        assert store.service_ids() == [service_id]


class TestAll:
    def test_services_of_all_projects_come_the_newest_first(self, store: Store) -> None:
        for number, project in enumerate((PROJECT, "b" * 32, PROJECT)):
            add(store, f"s{number}", created_at=NOW + number, project_id=project)
        assert [stored.row.service_id for stored in store.services()] == ["s2", "s1", "s0"]

    def test_each_comes_with_its_own_versions_and_instances(self, store: Store) -> None:
        for service_id in ("s0", "s1", "s2"):
            add(store, service_id)
        was = store.service("s1").service
        store.save_plan(replace(was, instances=(an_instance(1, instance_id="s1-1"),)), 1, (), NOW)
        services = {stored.row.service_id: stored for stored in store.services()}
        assert {name: len(one.instances) for name, one in services.items()} == {
            "s0": 0,
            "s1": 1,
            "s2": 0,
        }
        assert all(len(stored.versions) == 1 for stored in services.values())

    def test_their_instances_are_known_by_id(self, store: Store, service_id: str) -> None:
        was = store.service(service_id).service
        assert store.instance_ids() == set()
        store.save_plan(replace(was, instances=(an_instance(1), an_instance(2))), 1, (), NOW)
        assert store.instance_ids() == {"svc-1", "svc-2"}


class TestEvents:
    def test_newest_first_also_within_one_millisecond(self, store: Store, service_id: str) -> None:
        for text in ("a", "b", "c"):
            store.add_event(service_id, NOW, Event(EventKind.NORMAL, text))
        assert [e.text for e in store.events(service_id)] == ["c", "b", "a", CREATED.text]
        assert [e.text for e in store.events(service_id, limit=2)] == ["c", "b"]

    def test_by_kind(self, store: Store, service_id: str) -> None:
        store.add_event(service_id, NOW, TOLD)
        found = store.events(service_id, kind=EventKind.ABNORMAL)
        assert [e.text for e in found] == ["it broke"]

    def test_an_event_of_a_service_that_is_gone_is_dropped(self, store: Store, path: Path) -> None:
        store.add_event("nobody", NOW, TOLD)
        assert count_rows(path)["event"] == 0

    def test_last_events_are_the_newest_of_each_service(self, store: Store) -> None:
        add(store, "s1")
        add(store, "s2")
        store.add_event("s1", NOW + 1, TOLD)
        last = store.last_events()
        assert {key: row.text for key, row in last.items()} == {
            "s1": "it broke",
            "s2": CREATED.text,
        }

    def test_the_last_instant_is_that_of_the_newest_event(self, store: Store) -> None:
        assert store.last_instant() == 0
        add(store, "s1")
        store.add_event("s1", NOW + 77, TOLD)
        assert store.last_instant() == NOW + 77
