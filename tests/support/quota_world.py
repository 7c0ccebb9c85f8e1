"""The stored world with other services beside the one that lives, and quotas that are counted anew
from first principles: by this module's own lists, never from what the store has.

What counts, in the words of the documents: a user may have 20 real-time services in the public
pool, in whatever status, until they are deleted, and 1,000 batch services; instances count as they
are configured, while an update runs as many as either configuration has. A request that would take
more than the size, and more than is taken already, is refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from simulator.errors import QuotaExceeded
from simulator.lifecycle.objects import Event, Service
from simulator.store.database import Database
from tests.support.builders import CREATED, PROJECT, a_service_row, a_version_row
from tests.support.stored_world import StoredWorld

DEFAULTS = {"real-time-services": 20, "batch-services": 1_000, "public-instances": 2_560}
ME, SOMEBODY_ELSE = "u1", "u2"

Taking = tuple[bool, int]
"""Of a version: whether it is in a dedicated pool, and its number of instances."""


@dataclass(frozen=True)
class Other:
    """A service beside the one that lives.

    Attributes:
        versions: of its configuration.
    """

    kind: str
    owner: str
    versions: tuple[Taking, ...]


def public(versions: Sequence[Taking]) -> list[int]:
    """How many instances each version in the public pool has."""
    return [instances for is_dedicated, instances in versions if not is_dedicated]


def takings(service: Service) -> list[list[Taking]]:
    """The configurations that a service may come to run: the wanted one, and the one before it
    while an update is under way."""
    configurations = [service.versions, *([service.fallback] if service.fallback else [])]
    return [[(bool(v.pools), v.instances) for v in versions] for versions in configurations]


@dataclass
class QuotaWorld(StoredWorld):
    """See the module.

    Attributes:
        counts_all: real-time services in dedicated pools count too (the older reading).
        sizes: of the quotas, where they are not the documented ones.
        others: by id.
        refused: how often each quota refused something.
    """

    counts_all: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    others: dict[str, Other] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DEFAULTS, 0))

    # -- what users do ----------------------------------------------------------------------

    def ask(self, change: Callable[[Service, int], tuple[Service, tuple[Event, ...]]]) -> None:
        if self.service is None:
            return
        after, events = change(self.service, self.now)
        quota = self._exceeded(after, self.others, ME)
        if quota is None:
            super().ask(change)
            return
        self._assert_refused(quota, ME, lambda: self._store_configuration(after, events))

    def create(self, service_id: str, other: Other) -> None:
        """Somebody asks for another service."""
        if service_id in self.others:
            return
        row = a_service_row(service_id, kind=other.kind, owner=other.owner)
        versions = [
            a_version_row(
                service_id,
                f"v{number}",
                pools=["a"] if is_dedicated else [],
                instances=instances,
            )
            for number, (is_dedicated, instances) in enumerate(other.versions, 1)
        ]
        with_it = self.others | {service_id: other}
        quota = self._exceeded(self.service, with_it, other.owner)
        if quota is not None:
            write = lambda: self.store.add_service(row, versions, CREATED)  # noqa: E731
            self._assert_refused(quota, other.owner, write)
            return
        self.store.add_service(row, versions, CREATED)
        self.others = with_it
        self.check_quotas()

    def remove(self, service_id: str) -> None:
        """One of the others goes."""
        if self.others.pop(service_id, None) is not None:
            self.store.forget_service(service_id)
            self.check_quotas()

    def resize(self, quota: str, size: int | None) -> None:
        """A ticket gives a quota another size; None: its documented one."""
        if size is None:
            self.sizes.pop(quota, None)
            self.store.reset_quota(quota)
        else:
            self.sizes[quota] = size
            self.store.set_quota(quota, size)
        self.check_quotas()

    # -- what must hold ---------------------------------------------------------------------

    def check_quotas(self, *owners: str) -> None:
        """What the store says of each quota is what a recount finds; of both users if of none."""
        for owner in owners or (ME, SOMEBODY_ELSE):
            uses = self.store.quotas(PROJECT, owner)
            told = {use.name: use for use in uses if use.name != "apps"}  # no service takes one
            assert told.keys() == DEFAULTS.keys()
            for name, used in self._used(self.service, self.others, owner).items():
                assert told[name].used == used, f"{name} of {owner}"
                assert told[name].size == self.sizes.get(name, DEFAULTS[name])
                assert told[name].default == DEFAULTS[name]

    def _check_kept(self, wanted: Service) -> None:
        super()._check_kept(wanted)
        assert self.service is not None
        known, self.service = self.service, wanted
        self.check_quotas(ME)
        self.service = known

    def _forget(self, service: Service | None) -> None:
        super()._forget(service)
        known, self.service = self.service, None
        self.check_quotas(ME)
        self.service = known

    def _used(
        self, service: Service | None, others: dict[str, Other], owner: str = ME
    ) -> dict[str, int]:
        """The recount."""
        theirs = [one for one in others.values() if one.owner == owner]
        batch = [one for one in theirs if one.kind == "batch"]
        real_time = [[list(one.versions)] for one in theirs if one.kind == "real-time"]
        mine = [*real_time, *([takings(service)] if service and owner == ME else [])]
        return {
            "real-time-services": sum(
                self.counts_all or any(public(versions) for versions in one) for one in mine
            ),
            "batch-services": len(batch),
            "public-instances": sum(max(sum(public(versions)) for versions in one) for one in mine),
        }

    def _exceeded(
        self, service: Service | None, others: dict[str, Other], owner: str
    ) -> str | None:
        """The first of a user's quotas that would be exceeded if these were the services; none that
        is used no more than before."""
        then = self._used(service, others, owner)
        now = self._used(self.service, self.others, owner)
        for name, default in DEFAULTS.items():
            if then[name] > max(now[name], self.sizes.get(name, default)):
                return name
        return None

    def _assert_refused(self, quota: str, owner: str, write: Callable[[], object]) -> None:
        before = dump(self.store._database)
        with pytest.raises(QuotaExceeded) as raised:
            write()
        assert raised.value.quota == quota
        assert raised.value.limit == self.sizes.get(quota, DEFAULTS[quota])
        assert raised.value.used == self._used(self.service, self.others, owner)[quota]
        assert dump(self.store._database) == before, "a refused request changed something"
        self.refused[quota] += 1


def dump(database: Database) -> list[str]:
    """Everything that the database has."""
    with database.read() as session:
        raw = session.connection().connection.driver_connection
        assert raw is not None
        return list(raw.iterdump())
