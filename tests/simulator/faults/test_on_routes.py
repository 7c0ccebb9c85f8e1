"""Faults and routes come together at the gateway."""

from __future__ import annotations

import errno

import pytest

from simulator.faults.kinds import FaultKind
from simulator.faults.model import Fault, LatencyParameters, Target
from simulator.gateway.off import NoGateway
from simulator.gateway.state import Availability, GatewayState, ServiceRoute, VersionRoute
from simulator.routetable import RouteTable
from tests.simulator.gateway.support import a_state

FAULT = Fault("f1", FaultKind.LATENCY, Target("a"), LatencyParameters(ms=300), 1_000)


class Plane(NoGateway):
    """A gateway without Envoy.

    Attributes:
        late: of each state that came into force, the services whose requests are late.
        fails: the next change does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.late: list[list[str]] = []
        self.fails = False

    async def start(self, state: GatewayState) -> None:
        await self.apply(state)

    async def apply(self, state: GatewayState) -> None:
        if self.fails:
            self.fails = False
            raise OSError(errno.ENOSPC, "No space left on device")
        self.late.append(
            [
                route.service_id
                for route in state.services
                if any(version.faults.latency for version in route.versions)
            ]
        )


def a_route(service_id: str) -> ServiceRoute:
    prefix = f"/v1/infers/{service_id}"
    versions = (VersionRoute("v1", 100),)
    return ServiceRoute(service_id, "p1", prefix, Availability.SERVING, versions=versions)


@pytest.fixture
def plane() -> Plane:
    return Plane()


@pytest.fixture
def table(plane: Plane) -> RouteTable:
    return RouteTable(plane, a_state())


async def test_faults_that_were_there_before_happen_from_the_start(
    table: RouteTable, plane: Plane
) -> None:
    await table.start([a_route("a"), a_route("b")], (FAULT,))
    assert plane.late == [["a"]]


async def test_faults_come_and_go_and_are_told_once(table: RouteTable, plane: Plane) -> None:
    await table.start([a_route("a"), a_route("b")])
    for faults in ((FAULT,), (FAULT,), (), ()):
        await table.afflict(faults)
    assert plane.late == [[], ["a"], []]


async def test_a_route_that_changes_keeps_its_faults(table: RouteTable, plane: Plane) -> None:
    await table.start([], (FAULT,))
    await table.publish("a", a_route("a"))
    assert plane.late == [[], ["a"]]


async def test_faults_that_could_not_be_told_are_told_again(
    table: RouteTable, plane: Plane
) -> None:
    await table.start([a_route("a")])
    plane.fails = True
    with pytest.raises(OSError, match="No space left"):
        await table.afflict((FAULT,))
    await table.afflict((FAULT,))
    assert plane.late == [[], ["a"]]
