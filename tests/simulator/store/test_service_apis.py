"""APIs of services, and the apps that may call them, in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from simulator.errors import BelongsElsewhere, InvalidRequest, NameTaken, NotFound
from simulator.facts.apps import Auth
from simulator.facts.statuses import ServiceKind
from simulator.store.queries import Store
from simulator.store.service_apis import Granting, NewApi
from tests.simulator.store.test_apps import rows
from tests.support.builders import CREATED, NOW, PROJECT, a_service_row, a_version_row

OTHER = "b" * 32
OWNER = "1" * 32


def serve(store: Store, service_id: str, **changes: object) -> str:
    row = a_service_row(service_id, **{"name": service_id, "owner": OWNER} | changes)
    store.add_service(row, [a_version_row(service_id)], CREATED)
    return service_id


@pytest.fixture
def service(store: Store) -> str:
    return serve(store, "digits")


@pytest.fixture
def api(store: Store, service: str) -> str:
    """Id of an API of the service for apps."""
    return store.apis.add(PROJECT, service, NewApi("calls"), NOW)[0].row.api_id


def an_app(store: Store, name: str, owner: str = OWNER, project: str = PROJECT) -> str:
    return store.apps.add(project, owner, name, "", NOW).row.app_id


def called_by(store: Store, service: str, api: str) -> list[str]:
    return [app.row.name for app in store.apis.granted_to(PROJECT, service, api)]


class TestMaking:
    def test_an_api_is_what_was_asked_for(self, store: Store, service: str) -> None:
        made, done = store.apis.add(PROJECT, service, NewApi("calls", remark="r"), NOW)
        assert (made.row.name, made.row.auth, made.row.takes_codes) == ("calls", "app", True)
        assert (made.row.remark, made.row.created_at, len(made.row.api_id)) == ("r", NOW, 32)
        assert (made.service.name, done) == ("digits", [])
        assert store.apis.one(PROJECT, service, made.row.api_id) == made

    def test_without_a_name_it_has_its_services(self, store: Store, service: str) -> None:
        assert store.apis.add(PROJECT, service, NewApi(""), NOW)[0].row.name == "digits"

    def test_a_service_has_one_of_each_kind(self, store: Store, service: str, path: Path) -> None:
        first, _ = store.apis.add(PROJECT, service, NewApi("a"), NOW)
        before = rows(path)
        with pytest.raises(NameTaken, match=r"service API named digits \(app\) exists already"):
            store.apis.add(PROJECT, service, NewApi("b"), NOW)
        assert rows(path) == before
        second, _ = store.apis.add(PROJECT, service, NewApi("c", Auth.IAM), NOW + 1)
        assert store.apis.of_service(PROJECT, service) == [first, second]

    @pytest.mark.parametrize("kind", [ServiceKind.BATCH, ServiceKind.EDGE])
    def test_only_real_time_services_have_any(self, store: Store, kind: ServiceKind) -> None:
        serve(store, "other", kind=kind.value)
        with pytest.raises(InvalidRequest, match=f"only real-time services have APIs.*{kind}"):
            store.apis.add(PROJECT, "other", NewApi("a"), NOW)

    def test_it_can_be_granted_at_once_and_is_made_also_where_that_fails(
        self, store: Store, service: str
    ) -> None:
        app = an_app(store, "shop")
        made, done = store.apis.add(PROJECT, service, NewApi("a"), NOW, [app, "nothing"])
        assert [bool(one.reason) for one in done] == [False, True]
        assert called_by(store, service, made.row.api_id) == ["shop"]


class TestGranting:
    def test_tells_of_each_app(self, store: Store, service: str, api: str) -> None:
        good = an_app(store, "good")
        foreign = an_app(store, "foreign", project=OTHER)
        bobs = an_app(store, "bobs", owner="2" * 32)
        done = store.apis.grant(PROJECT, service, api, [good, foreign, bobs, "nothing"], NOW)
        assert [(one.app_id, one.reason) for one in done] == [
            (good, ""),
            (foreign, f"the app {foreign} does not exist"),
            (bobs, f"the app {bobs} and the service have different owners"),
            ("nothing", "the app nothing does not exist"),
        ]
        assert [len(one.grant_id) for one in done] == [32, 0, 0, 0]
        assert called_by(store, service, api) == ["good"]

    def test_an_app_that_may_already_keeps_its_grant(
        self, store: Store, service: str, api: str
    ) -> None:
        app = an_app(store, "shop")
        (first,) = store.apis.grant(PROJECT, service, api, [app], NOW)
        assert store.apis.grant(PROJECT, service, api, [app, app], NOW + 1) == [first]

    def test_alone_takes_it_from_all_others(self, store: Store, service: str, api: str) -> None:
        one, two, three = (an_app(store, name) for name in ("one", "two", "three"))
        kept = store.apis.grant(PROJECT, service, api, [one, two], NOW)[1]
        done = store.apis.grant(PROJECT, service, api, [two, three], NOW, alone=True)
        assert done[0] == kept
        assert called_by(store, service, api) == ["three", "two"]
        assert store.apis.grant(PROJECT, service, api, [], NOW, alone=True) == []
        assert called_by(store, service, api) == []

    def test_is_taken_back_app_by_app(self, store: Store, service: str, api: str) -> None:
        one, two = an_app(store, "one"), an_app(store, "two")
        granted = store.apis.grant(PROJECT, service, api, [one, two], NOW)
        done = store.apis.revoke(PROJECT, service, api, [one, "nothing"])
        assert done[0] == granted[0]
        assert done[1] == Granting("nothing", reason="the app nothing may not call the API")
        assert called_by(store, service, api) == ["two"]


CALLS: dict[str, Callable[[Store, str, str, str], object]] = {
    "one": lambda store, *key: store.apis.one(*key),
    "delete": lambda store, *key: store.apis.delete(*key),
    "grant": lambda store, *key: store.apis.grant(*key, ["a"], NOW),
    "revoke": lambda store, *key: store.apis.revoke(*key, ["a"]),
    "granted_to": lambda store, *key: store.apis.granted_to(*key),
}


@pytest.mark.parametrize("call", CALLS)
def test_an_api_is_there_below_its_service_alone(
    store: Store, service: str, api: str, path: Path, call: str
) -> None:
    serve(store, "letters")
    serve(store, "elsewhere", project_id=OTHER)
    before = rows(path)
    for project, service_id, key, error, words in (
        (PROJECT, service, "nothing", NotFound, "service API nothing does not exist"),
        (PROJECT, "nowhere", api, NotFound, "service nowhere does not exist"),
        (OTHER, service, api, NotFound, "service digits does not exist"),
        (PROJECT, "letters", api, BelongsElsewhere, "belongs to service digits"),
        (OTHER, "elsewhere", api, NotFound, "service API .* does not exist"),
    ):
        with pytest.raises(error, match=words):
            CALLS[call](store, project, service_id, key)
    assert rows(path) == before


@pytest.mark.parametrize("call", ["grant", "revoke", "granted_to"])
def test_only_an_api_with_app_authentication_is_granted(
    store: Store, service: str, call: str
) -> None:
    api, _ = store.apis.add(PROJECT, service, NewApi("a", Auth.IAM), NOW)
    with pytest.raises(InvalidRequest, match="no app authentication: its kind is IAM"):
        CALLS[call](store, PROJECT, service, api.row.api_id)


class TestOpenTo:
    def test_an_app_finds_the_api_that_it_may_call(
        self, store: Store, service: str, api: str
    ) -> None:
        app = an_app(store, "shop")
        assert store.apis.open_to(app, service) is None
        store.apis.grant(PROJECT, service, api, [app], NOW)
        found = store.apis.open_to(app, service)
        assert found is not None
        assert found.api_id == api
        assert store.apis.open_to("nothing", service) is None
        assert store.apis.open_to(app, serve(store, "letters")) is None
        store.apis.revoke(PROJECT, service, api, [app])
        assert store.apis.open_to(app, service) is None

    def test_an_app_has_the_apis_of_all_services_that_it_may_call(
        self, store: Store, service: str, api: str
    ) -> None:
        app = an_app(store, "shop")
        second, _ = store.apis.add(PROJECT, serve(store, "letters"), NewApi("x"), NOW, [app])
        store.apis.grant(PROJECT, service, api, [app], NOW)
        found = {one.service.name: one.row.api_id for one in store.apis.of_app(PROJECT, OWNER, app)}
        assert found == {"digits": api, "letters": second.row.api_id}
        assert store.apps.one(PROJECT, OWNER, app).apis == 2


@pytest.mark.parametrize("gone", ["api", "service"])
def test_an_api_goes_with_its_service_and_its_grants_with_it(
    store: Store, service: str, api: str, path: Path, gone: str
) -> None:
    app = an_app(store, "shop")
    store.apis.grant(PROJECT, service, api, [app], NOW)
    if gone == "api":
        store.apis.delete(PROJECT, service, api)
    else:
        store.forget_service(service)
    with closing(sqlite3.connect(path)) as connection:
        for table in ("service_api", "app_grant"):
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)
    store.apps.delete(PROJECT, OWNER, app)
