"""Models and facts about the data directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import IllegalMove, InUse, NameTaken, NotFound
from simulator.facts.statuses import ModelStatus
from simulator.lifecycle.objects import Event, EventKind
from simulator.store.queries import Store
from tests.support.builders import (
    CREATED,
    NOW,
    PROJECT,
    a_model_row,
    a_service_row,
    a_version_row,
)


def test_the_installation_has_one_id_for_ever(store: Store, path: Path) -> None:
    first = store.installation_id()
    assert len(first) == 12
    assert store.installation_id() == first
    again = Store(path)
    assert again.installation_id() == first
    again.close()


def test_what_is_remembered_is_known_until_it_is_remembered_otherwise(store: Store) -> None:
    assert store.remembered("backend") is None
    store.remember("backend", "docker")
    store.remember("backend", "process")
    assert store.remembered("backend") == "process"


def test_a_model_is_found_in_its_own_project_only(store: Store) -> None:
    store.add_model(a_model_row())
    assert store.model(PROJECT, "m1").name == "model-m1"
    with pytest.raises(NotFound, match="model m1 does not exist"):
        store.model("b" * 32, "m1")


def test_a_name_is_taken_once_a_version_and_project(store: Store) -> None:
    store.add_model(a_model_row("m1", name="mnist"))
    with pytest.raises(NameTaken, match=r"a model named mnist 0\.0\.1 exists already"):
        store.add_model(a_model_row("m2", name="mnist"))
    store.add_model(a_model_row("m3", name="mnist", version="0.0.2"))
    store.add_model(a_model_row("m4", name="mnist", project_id="b" * 32))
    assert {row.model_id for row in store.models()} == {"m1", "m3", "m4"}


def test_models_are_listed_newest_first_by_project_and_status(store: Store) -> None:
    store.add_model(a_model_row("m1", created_at=NOW))
    store.add_model(a_model_row("m2", created_at=NOW + 2, status="publishing"))
    store.add_model(a_model_row("m3", created_at=NOW + 1))
    store.add_model(a_model_row("m4", project_id="b" * 32))
    assert [row.model_id for row in store.models(PROJECT)] == ["m2", "m3", "m1"]
    assert [row.model_id for row in store.models(PROJECT, "published")] == ["m3", "m1"]


def test_how_publishing_ended_is_noted(store: Store) -> None:
    store.add_model(a_model_row(status="publishing", artifact={}))
    changes = {"size_bytes": 9, "artifact": {"kind": "package"}}
    store.finish_model("m1", ModelStatus.PUBLISHED, "", changes, NOW + 5)
    row = store.model(PROJECT, "m1")
    assert (row.status, row.size_bytes, row.artifact) == ("published", 9, {"kind": "package"})


def test_each_status_of_a_model_has_its_event(store: Store) -> None:
    begun = Event(EventKind.NORMAL, "the model is being made of x", "Publishing")
    for model_id in ("m1", "m2"):
        store.add_model(a_model_row(model_id, name=model_id, status="publishing"), begun)
    store.finish_model("m1", ModelStatus.PUBLISHED, "", {}, NOW + 5)
    store.finish_model("m2", ModelStatus.FAILED, "no config.json", {}, NOW + 6)
    told = [(row.at, row.kind, row.reason) for row in store.model_events(PROJECT, "m1")]
    assert told == [(NOW + 5, "normal", "Published"), (NOW, "normal", "Publishing")]
    newest = store.model_events(PROJECT, "m2")[0]
    assert (newest.kind, newest.reason) == ("abnormal", "PublishFailed")
    assert "no config.json" in newest.text
    with pytest.raises(IllegalMove):
        store.finish_model("m2", ModelStatus.PUBLISHED, "", {}, NOW + 7)
    store.delete_model(PROJECT, "m1")
    with pytest.raises(NotFound):
        store.model_events(PROJECT, "m1")


def test_a_model_deleted_while_it_was_published_stays_deleted(store: Store) -> None:
    store.finish_model("gone", ModelStatus.PUBLISHED, "", {}, NOW)
    assert store.models() == []


def test_a_model_in_use_cannot_be_deleted_and_its_users_are_named(store: Store) -> None:
    store.add_model(a_model_row())
    for service_id in ("s2", "s1"):
        versions = [a_version_row(service_id, "v1"), a_version_row(service_id, "v2")]
        store.add_service(a_service_row(service_id), versions, CREATED)
    with pytest.raises(InUse) as refused:
        store.delete_model(PROJECT, "m1")
    assert refused.value.users == ["name-s1", "name-s2"]
    store.forget_service("s1")
    store.forget_service("s2")
    store.delete_model(PROJECT, "m1")
    with pytest.raises(NotFound):
        store.delete_model(PROJECT, "m1")


def test_a_model_of_another_project_cannot_be_deleted(store: Store) -> None:
    store.add_model(a_model_row())
    with pytest.raises(NotFound):
        store.delete_model("b" * 32, "m1")


def test_models_are_listed_by_workspace(store: Store) -> None:
    store.add_model(a_model_row("m1"))
    store.add_model(a_model_row("m2", workspace_id="mine"))
    assert [row.model_id for row in store.models(PROJECT, workspace_id="mine")] == ["m2"]
    assert [row.model_id for row in store.models(PROJECT, workspace_id="0")] == ["m1"]
    assert len(store.models(PROJECT)) == 2


def test_versions_of_a_model_are_itself_and_then_the_newest(store: Store) -> None:
    for number in range(5):
        row = a_model_row(f"m{number}", name="mnist", version=f"0.0.{number}", created_at=NOW)
        row.created_at += number
        store.add_model(row)
    store.add_model(a_model_row("other", name="mnist2"))
    store.add_model(a_model_row("elsewhere", name="mnist", project_id="b" * 32))
    assert store.versions_of(PROJECT, "m1", 20) == ["m1", "m4", "m3", "m2", "m0"]
    assert store.versions_of(PROJECT, "m1", 3) == ["m1", "m4", "m3"]
    assert store.versions_of(PROJECT, "m1", 1) == ["m1"]
    with pytest.raises(NotFound):
        store.versions_of(PROJECT, "elsewhere", 20)
