"""Apps, their codes and secrets in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from simulator.errors import InUse, NameTaken, NotFound, QuotaExceeded
from simulator.facts.limits import APPS
from simulator.store.apps import App
from simulator.store.queries import Store
from simulator.store.service_apis import NewApi
from tests.support.builders import NOW, PROJECT

OTHER = "b" * 32
ALICE, BOB = "1" * 32, "2" * 32


def add(store: Store, name: str = "shop", owner: str = ALICE, project: str = PROJECT) -> App:
    return store.apps.add(project, owner, name, "", NOW)


def rows(path: Path) -> list[str]:
    """All that the database holds."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


class TestMaking:
    def test_an_app_has_a_key_and_a_secret_of_its_own_and_no_code(self, store: Store) -> None:
        one = store.apps.add(PROJECT, ALICE, "shop", "the shop's", NOW)
        other = add(store, "cash")
        assert (one.row.name, one.row.remark, one.row.owner) == ("shop", "the shop's", ALICE)
        assert (one.row.created_at, one.row.updated_at) == (NOW, NOW)
        assert (one.codes, one.apis) == ((), 0)
        ids = [text for app in (one, other) for text in (app.row.app_id, app.row.key)]
        secrets = [app.row.secret for app in (one, other)]
        assert len({*ids, *secrets}) == 6
        assert {len(text) for text in (*ids, *secrets)} == {32}
        assert store.apps.one(PROJECT, ALICE, one.row.app_id) == one

    def test_a_name_stands_once_in_a_project_whoever_has_it(self, store: Store, path: Path) -> None:
        add(store)
        before = rows(path)
        for owner in (ALICE, BOB):
            with pytest.raises(NameTaken, match="an app named shop exists already"):
                add(store, owner=owner)
        assert rows(path) == before
        assert store.apps.is_taken(PROJECT, "shop")
        assert not store.apps.is_taken(OTHER, "shop")
        add(store, project=OTHER)

    def test_a_user_has_at_most_five_in_a_project(self, store: Store, path: Path) -> None:
        assert APPS == 5
        for number in range(5):
            add(store, f"app{number}")
        before = rows(path)
        with pytest.raises(QuotaExceeded, match="quota apps: 5 of 5 used, 1 more asked for"):
            add(store, "one-more")
        assert rows(path) == before
        add(store, "bobs", BOB)
        add(store, "elsewhere", project=OTHER)
        store.set_quota("apps", 6)
        add(store, "one-more")

    def test_eight_threads_at_once_never_make_more_than_five(self, store: Store) -> None:
        begin = Barrier(8)

        def race(number: int) -> None:
            begin.wait()
            for attempt in range(3):
                try:
                    add(store, f"app-{number}-{attempt}")
                except QuotaExceeded:
                    return

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(race, range(8)))
        assert len(store.apps.all(PROJECT, ALICE)) == 5


class TestCodes:
    def test_are_added_put_in_each_others_place_and_taken(self, store: Store) -> None:
        key = (PROJECT, ALICE, add(store).row.app_id)
        store.apps.add_code(*key, NOW + 1)
        first, second = store.apps.add_code(*key, NOW + 2).codes
        assert {len(first), len(second)} == {64}
        changed = store.apps.reset_code(*key, first, NOW + 3)
        assert changed.codes[1:] == (second,)
        assert changed.codes[0] not in (first, second)
        assert changed.row.updated_at == NOW + 3
        assert store.apps.remove_code(*key, second, NOW + 4).codes == changed.codes[:1]
        assert store.apps.one(*key).row.updated_at == NOW + 4

    def test_lead_to_their_app_until_they_are_gone(self, store: Store) -> None:
        key = (PROJECT, ALICE, add(store).row.app_id)
        (code,) = store.apps.add_code(*key, NOW).codes
        found = store.apps.by_code(code)
        assert found is not None
        assert found.app_id == key[2]
        (new,) = store.apps.reset_code(*key, code, NOW).codes
        assert store.apps.by_code(code) is None
        assert store.apps.by_code(new) is not None
        store.apps.remove_code(*key, new, NOW)
        assert store.apps.by_code(new) is None

    @pytest.mark.parametrize("call", ["reset_code", "remove_code"])
    def test_only_of_the_app_itself_are_changed(self, store: Store, path: Path, call: str) -> None:
        key = (PROJECT, ALICE, add(store).row.app_id)
        other = (PROJECT, ALICE, add(store, "cash").row.app_id)
        (code,) = store.apps.add_code(*other, NOW).codes
        before = rows(path)
        for unknown in (code, "nothing"):
            with pytest.raises(NotFound, match="app code"):
                getattr(store.apps, call)(*key, unknown, NOW)
        assert rows(path) == before


class TestSecrets:
    def test_are_put_in_each_others_place_and_the_key_stays(self, store: Store) -> None:
        app = add(store)
        changed = store.apps.reset_secret(PROJECT, ALICE, app.row.app_id, NOW + 5)
        assert changed.row.secret != app.row.secret
        assert (changed.row.key, changed.row.updated_at) == (app.row.key, NOW + 5)
        found = store.apps.by_key(app.row.key)
        assert found is not None
        assert found.secret == changed.row.secret
        assert store.apps.by_key(changed.row.secret) is None


CALLS: dict[str, Callable[[Store, str, str, str], object]] = {
    "one": lambda store, *key: store.apps.one(*key),
    "delete": lambda store, *key: store.apps.delete(*key),
    "add_code": lambda store, *key: store.apps.add_code(*key, NOW),
    "reset_code": lambda store, *key: store.apps.reset_code(*key, "c", NOW),
    "remove_code": lambda store, *key: store.apps.remove_code(*key, "c", NOW),
    "reset_secret": lambda store, *key: store.apps.reset_secret(*key, NOW),
    "of_app": lambda store, *key: store.apis.of_app(*key),
}


@pytest.mark.parametrize("call", CALLS)
def test_an_app_is_there_for_its_owner_in_its_project_alone(
    store: Store, path: Path, call: str
) -> None:
    app_id = add(store).row.app_id
    before = rows(path)
    for project, owner, key in (
        (PROJECT, BOB, app_id),
        (OTHER, ALICE, app_id),
        (PROJECT, ALICE, "nothing"),
    ):
        with pytest.raises(NotFound, match=f"app {key} does not exist"):
            CALLS[call](store, project, owner, key)
    assert rows(path) == before


def test_a_list_has_the_users_own_the_oldest_first(store: Store) -> None:
    late = store.apps.add(PROJECT, ALICE, "a", "", NOW + 1)
    early = store.apps.add(PROJECT, ALICE, "b", "", NOW)
    add(store, "bobs", BOB)
    add(store, "elsewhere", project=OTHER)
    assert store.apps.all(PROJECT, ALICE) == [early, late]
    assert store.apps.all(OTHER, BOB) == []


class TestDeleting:
    def test_an_app_goes_with_its_codes(self, store: Store, path: Path) -> None:
        key = (PROJECT, ALICE, add(store).row.app_id)
        (code,) = store.apps.add_code(*key, NOW).codes
        store.apps.delete(*key)
        assert store.apps.all(PROJECT, ALICE) == []
        assert store.apps.by_code(code) is None
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT COUNT(*) FROM app_code").fetchone() == (0,)

    def test_an_app_that_may_call_a_service_stays(
        self, store: Store, path: Path, service_id: str
    ) -> None:
        app = add(store, owner="")
        key = (PROJECT, "", app.row.app_id)
        api, _ = store.apis.add(PROJECT, service_id, NewApi("a"), NOW, [app.row.app_id])
        assert store.apps.one(*key).apis == 1
        before = rows(path)
        with pytest.raises(InUse, match=f"app {app.row.app_id} is used by name-svc"):
            store.apps.delete(*key)
        assert rows(path) == before
        store.apis.revoke(PROJECT, service_id, api.row.api_id, [app.row.app_id])
        store.apps.delete(*key)
