"""Routes that could not be put in force are, as soon as they can be."""

from __future__ import annotations

import errno

import pytest

from simulator.gateway.errors import GatewayUpdateRejected
from simulator.gateway.off import NoGateway
from simulator.gateway.state import Availability, GatewayState, ServiceRoute
from simulator.routetable import RouteTable
from tests.simulator.gateway.support import a_state


class Plane(NoGateway):
    """A gateway without Envoy.

    Attributes:
        failures: what its next changes raise.
        applied: the services of each change that came into force.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Exception] = []
        self.applied: list[list[str]] = []

    async def apply(self, state: GatewayState) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.applied.append([route.service_id for route in state.services])


def a_route(service_id: str, availability: Availability = Availability.SERVING) -> ServiceRoute:
    return ServiceRoute(service_id, "p1", f"/v1/infers/{service_id}", availability)


@pytest.fixture
def plane() -> Plane:
    return Plane()


@pytest.fixture
async def table(plane: Plane) -> RouteTable:
    made = RouteTable(plane, a_state())
    await made.start([])
    return made


async def test_a_route_that_is_in_force_is_not_put_there_again(
    table: RouteTable, plane: Plane
) -> None:
    for _ in range(3):
        await table.publish("a", a_route("a"))
    assert plane.applied == [["a"]]
    await table.publish("a", None)
    assert plane.applied == [["a"], []]


async def test_one_that_could_not_be_written_is_written_when_it_is_published_again(
    table: RouteTable, plane: Plane
) -> None:
    plane.failures = [OSError(errno.ENOSPC, "No space left on device")] * 2
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            await table.publish("a", a_route("a"))
    assert plane.applied == []
    await table.publish("a", a_route("a"))
    assert plane.applied == [["a"]]
    await table.publish("a", a_route("a"))
    assert plane.applied == [["a"]]


async def test_whoever_publishes_next_brings_all_others_along(
    table: RouteTable, plane: Plane
) -> None:
    await table.publish("a", a_route("a"))
    plane.failures = [OSError(errno.ENOSPC, "No space left on device")]
    with pytest.raises(OSError, match="No space left"):
        await table.publish("b", a_route("b"))
    await table.publish("a", a_route("a"))
    assert plane.applied == [["a"], ["a", "b"]]


async def test_one_that_the_gateway_refuses_is_not_sent_again(
    table: RouteTable, plane: Plane
) -> None:
    plane.failures = [GatewayUpdateRejected(("listener",), "no")]
    await table.publish("a", a_route("a"))
    await table.publish("a", a_route("a"))
    assert plane.applied == []
