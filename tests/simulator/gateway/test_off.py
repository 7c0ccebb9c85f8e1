"""A server without a gateway: nothing is started, and nothing is waited for."""

from __future__ import annotations

import pytest

from simulator.gateway.off import NoGateway
from simulator.gateway.status import GatewayStatus, Phase
from simulator.instance_traffic import InstanceFigures, InstanceTraffic
from simulator.traffic import Figures, Traffic
from tests.simulator.gateway.support import a_state


async def test_it_is_off_whatever_is_asked_of_it() -> None:
    gateway = NoGateway()
    await gateway.start(a_state())
    await gateway.apply(a_state(port=1))
    assert gateway.status() == GatewayStatus(phase=Phase.OFF)
    await gateway.stop()
    assert gateway.status() == GatewayStatus(phase=Phase.OFF)


async def test_there_are_no_counters() -> None:
    gateway = NoGateway()
    with pytest.raises(RuntimeError, match="the gateway is off"):
        _ = gateway.admin
    traffic = Traffic(gateway, InstanceTraffic(gateway, dict))
    await traffic.refresh()
    await traffic.instances.refresh()
    assert traffic.service("svc") == Figures()
    assert traffic.instances.of("svc-1") == InstanceFigures()
