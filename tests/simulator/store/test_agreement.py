"""The store against a plain dictionary: after any sequence of writes both tell the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import NameTaken, NotFound, QuotaExceeded, StatusForbids
from simulator.lifecycle import requests
from simulator.lifecycle.objects import Event, EventKind, Instance, InstanceState, Service
from simulator.lifecycle.requests import Change
from simulator.store.filters import ServiceFilter
from simulator.store.listing import listed
from simulator.store.queries import Store
from tests.support.builders import (
    CREATED,
    NOW,
    PROJECT,
    a_service,
    a_service_row,
    a_version_row,
    an_instance,
)
from tests.support.fresh_store import make_database

LIMIT = 3
IDS = ("s1", "s2", "s3", "s4", "s5")
NAMES = ("alpha", "bravo", "charlie")


@dataclass
class Entry:
    """What the dictionary knows of a service."""

    name: str
    service: Service
    revision: int = 1
    texts: list[str] = field(default_factory=lambda: [CREATED.text])


class Pair:
    """A store and a dictionary that are told the same."""

    def __init__(self, store: Store) -> None:
        self.store = store
        store.set_quota("real-time-services", LIMIT)
        self.known: dict[str, Entry] = {}

    def add(self, service_id: str, name: str) -> None:
        row = a_service_row(service_id, name=name)
        expected: type[Exception] | None = None
        if len(self.known) >= LIMIT:
            expected = QuotaExceeded
        elif service_id in self.known or name in {e.name for e in self.known.values()}:
            expected = NameTaken
        refused: type[Exception] | None = None
        try:
            self.store.add_service(row, [a_version_row(service_id)], CREATED)
        except (QuotaExceeded, NameTaken) as error:
            refused = type(error)
        assert refused is expected
        if refused is None:
            self.known[service_id] = Entry(name, self.store.service(service_id).service)

    def change(self, service_id: str, change: Change) -> None:
        entry = self.known.get(service_id)
        try:
            self.store.change_service(service_id, PROJECT, NOW, lambda s: change(s, NOW))
        except NotFound:
            assert entry is None
            return
        except StatusForbids:
            assert entry is not None
            with pytest.raises(StatusForbids):
                change(entry.service, NOW)
            return
        assert entry is not None
        entry.service, events = change(entry.service, NOW)
        self._noted(entry, events)

    def plan(self, service_id: str, ordinals: set[int], late: int) -> None:
        """Note a plan that was made `late` revisions ago."""
        entry = self.known.get(service_id)
        planned = entry.service if entry else a_service(service_id=service_id)
        instances = tuple(an_instance_of(service_id, ordinal) for ordinal in sorted(ordinals))
        planned = replace(planned, instances=instances, message=f"{sorted(ordinals)}")
        event = Event(EventKind.ABNORMAL, f"planned {sorted(ordinals)}")
        revision = entry.revision - late if entry else 1
        saved = self.store.save_plan(planned, revision, (event,), NOW)
        assert saved == (entry is not None and late == 0)
        if saved and entry is not None:
            entry.service = planned
            self._noted(entry, (event,))

    def forget(self, service_id: str) -> None:
        self.store.forget_service(service_id)
        self.known.pop(service_id, None)

    def _noted(self, entry: Entry, events: tuple[Event, ...]) -> None:
        entry.revision += 1
        entry.texts += [event.text for event in events]

    def agree(self) -> None:
        wanted = ServiceFilter(project_id=PROJECT)
        total, page = self.store.list_services(wanted, sort_by="name", descending=False)
        assert total == len(self.known)
        by_name = sorted(self.known, key=lambda key: self.known[key].name)
        assert [one.service_id for one in page] == by_name
        services = self.store.services()
        assert {stored.row.service_id: listed(stored) for stored in services} == {
            one.service_id: one for one in page
        }
        for stored in services:
            entry = self.known[stored.row.service_id]
            assert (stored.service, stored.row.revision) == (entry.service, entry.revision)
            texts = [row.text for row in self.store.events(stored.row.service_id)]
            assert texts == entry.texts[::-1]


def an_instance_of(service_id: str, ordinal: int) -> Instance:
    return an_instance(ordinal, InstanceState.STARTING, instance_id=f"{service_id}-{ordinal}")


service_ids = st.sampled_from(IDS)
steps = st.one_of(
    st.tuples(st.just("add"), service_ids, st.sampled_from(NAMES)),
    st.tuples(st.just("add"), service_ids, st.sampled_from(NAMES)),
    st.tuples(
        st.just("change"),
        service_ids,
        st.sampled_from([requests.start, requests.stop, requests.delete]),
    ),
    st.tuples(
        st.just("plan"),
        service_ids,
        st.sets(st.integers(1, 3)),
        st.sampled_from([0, 0, 0, 1]),
    ),
    st.tuples(st.just("forget"), service_ids),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, min_size=5, max_size=25))
def test_store_and_dictionary_agree_after_any_sequence_of_writes(
    history: list[tuple[Any, ...]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = Store(make_database(Path(directory) / "state.db"))
        pair = Pair(store)
        for name, *arguments in history:
            getattr(pair, name)(*arguments)
        pair.agree()
        store.close()
        again = Store(Path(directory) / "state.db")  # and after a restart
        pair.store = again
        pair.agree()
        again.close()
