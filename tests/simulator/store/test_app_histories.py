"""Apps, APIs and grants through every history, against a model of dictionaries."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from simulator.errors import InUse, NameTaken, NotFound, QuotaExceeded, Refused
from simulator.store.queries import Store
from simulator.store.service_apis import NewApi
from tests.support.builders import CREATED, NOW, PROJECT, a_service_row, a_version_row
from tests.support.fresh_store import make_database

OWNERS = ("1" * 32, "2" * 32)
NAMES = st.sampled_from(["a", "b", "c", "d", "e", "f", "g"])
SERVICES = ("digits", "letters")
MOST = 3


@dataclass
class ModelApp:
    """An app as the model knows it."""

    owner: str
    name: str
    codes: list[str] = field(default_factory=list)


class Histories(RuleBasedStateMachine):
    """Whatever is done in whatever order, the store has what the model has, and refuses what the
    model says."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.store = Store(make_database(Path(self.directory.name) / "state.db"))
        self.store.set_quota("apps", MOST)
        self.apps: dict[str, ModelApp] = {}
        self.apis: dict[str, tuple[str, set[str]]] = {}
        """Service to the id of its API and the apps that may call it."""
        self.services: dict[str, str] = {}
        for service, owner in zip(SERVICES, OWNERS, strict=True):
            self.serve(service, owner)

    def teardown(self) -> None:
        self.store.close()
        self.directory.cleanup()

    def serve(self, service: str, owner: str) -> None:
        row = a_service_row(service, owner=owner, name=service)
        self.store.add_service(row, [a_version_row(service)], CREATED)
        self.services[service] = owner

    def refusal(self, call: object, *given: object) -> type[Refused] | None:
        """What the call was refused with; None where it was not."""
        try:
            call(*given)  # type: ignore[operator]
        except Refused as error:
            return type(error)
        return None

    def app(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([*self.apps, "nothing"]))

    # -- apps ---------------------------------------------------------------------------------

    @rule(owner=st.sampled_from(OWNERS), name=NAMES)
    def make(self, owner: str, name: str) -> None:
        owned = sum(app.owner == owner for app in self.apps.values())
        wanted: type[Refused] | None = None
        if name in {app.name for app in self.apps.values()}:
            wanted = NameTaken
        elif owned >= MOST:
            wanted = QuotaExceeded
        if wanted:
            assert self.refusal(self.store.apps.add, PROJECT, owner, name, "", NOW) is wanted
            return
        row = self.store.apps.add(PROJECT, owner, name, "", NOW).row
        self.apps[row.app_id] = ModelApp(owner, name)

    @rule(data=st.data(), owner=st.sampled_from(OWNERS))
    def delete(self, data: st.DataObject, owner: str) -> None:
        app_id = self.app(data)
        wanted: type[Refused] | None = None
        if app_id not in self.apps or self.apps[app_id].owner != owner:
            wanted = NotFound
        elif any(app_id in granted for _, granted in self.apis.values()):
            wanted = InUse
        assert self.refusal(self.store.apps.delete, PROJECT, owner, app_id) is wanted
        if wanted is None:
            del self.apps[app_id]

    @precondition(lambda self: self.apps)
    @rule(data=st.data(), what=st.sampled_from(["add", "reset", "remove"]))
    def change_codes(self, data: st.DataObject, what: str) -> None:
        app_id = data.draw(st.sampled_from([*self.apps]))
        app = self.apps[app_id]
        key = (PROJECT, app.owner, app_id)
        if what == "add":
            app.codes = [*self.store.apps.add_code(*key, NOW).codes]
            return
        code = data.draw(st.sampled_from([*app.codes, "nothing"]))
        calls = {"reset": self.store.apps.reset_code, "remove": self.store.apps.remove_code}
        if code == "nothing":
            assert self.refusal(calls[what], *key, code, NOW) is NotFound
            return
        changed = [*calls[what](*key, code, NOW).codes]
        place = app.codes.index(code)
        kept = app.codes[:place], app.codes[place + 1 :]
        assert changed == [*kept[0], *changed[place : place + (what == "reset")], *kept[1]]
        assert code not in changed
        app.codes = changed

    # -- APIs and grants ----------------------------------------------------------------------

    @rule(data=st.data(), service=st.sampled_from(SERVICES))
    def register(self, data: st.DataObject, service: str) -> None:
        app_id = self.app(data)
        if service in self.apis:
            given = (PROJECT, service, NewApi("x"), NOW, [app_id])
            assert self.refusal(self.store.apis.add, *given) is NameTaken
            return
        api, (done,) = self.store.apis.add(PROJECT, service, NewApi("x"), NOW, [app_id])
        self.apis[service] = (api.row.api_id, set())
        self.note_granted(service, app_id, done.reason)

    @precondition(lambda self: self.apis)
    @rule(data=st.data(), alone=st.booleans())
    def grant(self, data: st.DataObject, alone: bool) -> None:
        service = data.draw(st.sampled_from([*self.apis]))
        app_id = self.app(data)
        api_id, granted = self.apis[service]
        (done,) = self.store.apis.grant(PROJECT, service, api_id, [app_id], NOW, alone=alone)
        if alone:
            granted &= {app_id}
        self.note_granted(service, app_id, done.reason)

    def note_granted(self, service: str, app_id: str, reason: str) -> None:
        app = self.apps.get(app_id)
        may = app is not None and app.owner == self.services[service]
        assert (not reason) is may
        if may:
            self.apis[service][1].add(app_id)

    @precondition(lambda self: self.apis)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        service = data.draw(st.sampled_from([*self.apis]))
        app_id = self.app(data)
        api_id, granted = self.apis[service]
        (done,) = self.store.apis.revoke(PROJECT, service, api_id, [app_id])
        assert (not done.reason) is (app_id in granted)
        granted.discard(app_id)

    @precondition(lambda self: self.apis)
    @rule(data=st.data())
    def delete_api(self, data: st.DataObject) -> None:
        service = data.draw(st.sampled_from([*self.apis]))
        self.store.apis.delete(PROJECT, service, self.apis.pop(service)[0])

    @rule(service=st.sampled_from(SERVICES))
    def delete_service(self, service: str) -> None:
        self.store.forget_service(service)
        self.apis.pop(service, None)
        self.serve(service, self.services[service])

    # -- what must hold -----------------------------------------------------------------------

    @invariant()
    def the_store_has_what_the_model_has(self) -> None:
        for owner in OWNERS:
            told = {app.row.app_id: app for app in self.store.apps.all(PROJECT, owner)}
            known = {key: app for key, app in self.apps.items() if app.owner == owner}
            assert told.keys() == known.keys()
            for key, app in known.items():
                assert (told[key].row.name, [*told[key].codes]) == (app.name, app.codes)
                assert told[key].apis == sum(key in granted for _, granted in self.apis.values())

    @invariant()
    def an_app_may_call_what_it_was_granted_and_nothing_else(self) -> None:
        for app_id in self.apps:
            for service in SERVICES:
                found = self.store.apis.open_to(app_id, service)
                may = service in self.apis and app_id in self.apis[service][1]
                assert (found is not None) is may

    @invariant()
    def a_code_leads_to_its_app(self) -> None:
        for app_id, app in self.apps.items():
            for code in app.codes:
                found = self.store.apps.by_code(code)
                assert found is not None
                assert found.app_id == app_id


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=10, stateful_step_count=30, deadline=None)
