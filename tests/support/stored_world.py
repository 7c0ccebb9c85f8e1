"""The simulated world with the real store: each change of the record goes to SQLite and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.lifecycle import rollout
from simulator.lifecycle.objects import Event, Outcome, Service, Version
from simulator.store.queries import Store
from simulator.store.services import Reconfiguration, Stored
from simulator.store.tables import VersionRow
from tests.support.builders import CREATED, PROJECT, a_service_row, a_version_row
from tests.support.simulated_world import World


def row_of(version: Version) -> VersionRow:
    """A version as it is stored."""
    return a_version_row(
        version_id=version.version_id,
        weight=version.weight,
        instances=version.instances,
        deploy_timeout_ms=version.deploy_timeout_ms,
        grace_s=version.grace_s,
        max_surge=version.max_surge,
        max_unavailable=version.max_unavailable,
        replaces=version.replaces,
        pools=list(version.pools),
        cpus=version.size.cpus,
        memory_mib=version.size.memory_mb,
        health={
            "path": version.health.path,
            "initial_delay_s": version.health.initial_delay_s,
            "period_s": version.health.period_s,
            "timeout_s": version.health.timeout_s,
            "failure_threshold": version.health.failure_threshold,
        },
    )


@dataclass
class StoredWorld(World):
    """See the module. The pools are not stored: `World.room` says what is left in them.

    Attributes:
        updates: how each update ended, by what the lifecycle did; the last may be under way.
        was_pooled: a version was in a dedicated pool, where instances are not metered.
    """

    store: Store = field(kw_only=True)
    updates: list[str] = field(default_factory=list)
    was_pooled: bool = False

    def __post_init__(self) -> None:
        assert self.service is not None
        service = self.service
        row = a_service_row(
            service.service_id,
            deploy_started_at=service.deploy_started_at,
            transition_at=service.transition_at,
            next_version=service.next_version,
            owner="u1",
            document={"number": 0},
        )
        self.store.add_service(row, [row_of(version) for version in service.versions], CREATED)
        self._check_kept(service)

    def _keep(self, before: Service, after: Service, events: tuple[Event, ...]) -> None:
        if after == before and not events:
            return
        outcome = rollout.outcome(before, after)
        if outcome is not None:
            self.updates[-1] = outcome.value
        changes = (after.next_version, after.versions) != (before.next_version, before.versions)
        if changes and outcome is not Outcome.ROLLED_BACK:
            self._reconfigure(after, events)
            return
        revision = self.store.service(after.service_id).row.revision
        assert self.store.save_plan(after, revision, events, self.now)
        assert not self.store.save_plan(after, revision, events, self.now), "an outdated plan"
        self._check_kept(after)

    def _reconfigure(self, after: Service, events: tuple[Event, ...]) -> None:
        self._store_configuration(after, events)
        self.updates.append("running" if after.is_updating else "done")
        self._check_kept(after)

    def _store_configuration(self, after: Service, events: tuple[Event, ...]) -> None:
        """Raises what the store raises."""
        number = len(self.updates) + 1

        def change(stored: Stored) -> Reconfiguration:
            rows = tuple(row_of(version) for version in after.versions)
            return Reconfiguration(after, events, rows, {"number": number})

        self.store.reconfigure(after.service_id, PROJECT, self.now, change)

    def _forget(self, service: Service | None) -> None:
        assert service is not None
        self.check_told()
        self.store.forget_service(service.service_id)
        assert service.service_id not in self.store.service_ids()

    def check_told(self) -> None:
        """Every event was stored, in order, and none twice; they go with the service."""
        if self.service is None:
            return
        stored = [row.text for row in reversed(self.store.events(self.service.service_id))]
        assert stored == [CREATED.text, *(event.text for event in self.events)]

    def _check_kept(self, wanted: Service) -> None:
        stored = self.store.service(wanted.service_id)
        assert stored.service == wanted
        self._check_updates(stored)
        used = self.store.usage(self.now)
        running: Any = [i.running_since for i in wanted.instances if i.running_since is not None]
        self.was_pooled |= any(version.pools for version in wanted.versions)
        if not self.was_pooled:
            total = self.metered_ms + sum(self.now - since for since in running)
            assert sum(one.instance_ms for one in used) == total

    def _check_updates(self, stored: Stored) -> None:
        rows = list(reversed(self.store.updates(stored.row.service_id)))
        under_way = [row for row in rows if row.result == "running"]
        assert len(under_way) <= 1
        assert not stored.service.is_updating or len(under_way) == 1
        ended = [row.result for row in rows if row.result not in ("running", "failed")]
        wanted = [result for result in self.updates if result != "running"]
        assert len(ended) <= len(wanted) + len(under_way)
        # what is shown is the configuration of the last update that was not undone
        shown = stored.row.document["number"]
        undone = {n for n, row in enumerate(rows, 1) if row.result == Outcome.ROLLED_BACK.value}
        assert shown not in undone
        assert shown == max({0, *range(1, len(rows) + 1)} - undone)
