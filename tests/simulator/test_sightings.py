from __future__ import annotations

import asyncio

import pytest

from backends.base import InstanceSpec, PackageArtifact, Resources
from backends.errors import BackendError
from backends.fake import FakeBackend
from simulator.sightings import Sightings


def a_spec(instance_id: str) -> InstanceSpec:
    service_id = instance_id.rpartition("-")[0]
    resources = Resources(cpus=1, memory_mib=64)
    return InstanceSpec("test", service_id, "v1", instance_id, PackageArtifact("/m"), resources)


ALL = "all services"


class World:
    def __init__(self) -> None:
        self.backend = FakeBackend()
        self.changed: set[str] = set()
        self.sightings = Sightings(self.backend, self.on_change)

    async def on_change(self, services: set[str] | None) -> None:
        self.changed |= {ALL} if services is None else services

    async def refreshed(self) -> set[str]:
        """Look anew; the services that were told to have changed."""
        self.changed = set()
        await self.sightings.refresh()
        return self.changed


@pytest.fixture
def world() -> World:
    return World()


async def test_nothing_is_known_before_the_first_look(world: World) -> None:
    assert not world.sightings.known
    assert await world.refreshed() == {ALL}
    assert world.sightings.known
    assert world.sightings.all() == []


async def test_instances_are_told_by_service(world: World) -> None:
    await world.refreshed()
    for instance_id in ("a-1", "a-2", "b-1"):
        await world.backend.start(a_spec(instance_id))
    assert await world.refreshed() == {"a", "b"}
    assert set(world.sightings.of_service("a")) == {"a-1", "a-2"}
    assert {seen.instance_id for seen in world.sightings.all()} == {"a-1", "a-2", "b-1"}
    assert world.sightings.of_service("nobody") == {}


async def test_only_services_of_which_something_changed_are_told(world: World) -> None:
    for instance_id in ("a-1", "b-1"):
        await world.backend.start(a_spec(instance_id))
    await world.refreshed()
    assert await world.refreshed() == set()
    world.backend.crash("a-1")
    assert await world.refreshed() == {"a"}


async def test_a_service_whose_last_instance_vanished_is_told(world: World) -> None:
    await world.backend.start(a_spec("a-1"))
    await world.refreshed()
    world.backend.vanish("a-1")
    assert await world.refreshed() == {"a"}
    assert world.sightings.of_service("a") == {}


async def test_an_engine_that_does_not_answer_is_told_once_and_what_was_seen_is_kept(
    world: World,
) -> None:
    await world.backend.start(a_spec("a-1"))
    await world.refreshed()
    world.backend.set_available(False)
    assert await world.refreshed() == {ALL}
    assert not world.sightings.known
    assert isinstance(world.sightings.error, BackendError)
    assert set(world.sightings.of_service("a")) == {"a-1"}
    assert await world.refreshed() == set()


async def test_when_it_is_back_all_services_are_told_also_those_without_instances(
    world: World,
) -> None:
    await world.backend.start(a_spec("a-1"))
    await world.refreshed()
    world.backend.set_available(False)
    await world.refreshed()
    world.backend.set_available(True)
    assert await world.refreshed() == {ALL}
    assert world.sightings.known
    assert world.sightings.error is None


async def test_a_look_that_is_asked_for_during_another_begins_after_it(world: World) -> None:
    world.backend.hang("observe")
    first = asyncio.create_task(world.sightings.refresh())
    while world.backend.count("observe") < 1:
        await asyncio.sleep(0)
    await world.backend.start(a_spec("a-1"))
    later = [asyncio.create_task(world.sightings.refresh()) for _ in range(5)]
    await asyncio.sleep(0)
    world.backend.release("observe")
    await asyncio.gather(first, *later)
    assert world.backend.count("observe") == 2
    assert set(world.sightings.of_service("a")) == {"a-1"}
