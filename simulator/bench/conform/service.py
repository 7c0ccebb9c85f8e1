"""A service of the suite's own, for rules on changes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from simulator.bench.conform.plan import PLAIN_SPECIFICATION
from simulator.bench.conform.target import Target
from simulator.bench.conform.world import World
from simulator.clock import steady_s
from simulator.facts.statuses import ServiceStatus

RUNNING_WITHIN_S = 30.0
POLL_S = 0.2


def open_service(
    target: Target,
    world: World,
    name: str,
    *,
    now_s: Callable[[], float] = steady_s,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Create a plain service and wait until its status stands still; the world knows it then. It is
    deleted when the target is cleaned up. Where it cannot be created, the world says why."""
    request = plain_request(name, world.model)
    answer = target.ask("POST", "/services", json.dumps(request).encode())
    made = answer.object.get("service_id")
    if answer.status >= 300 or not isinstance(made, str):
        said = answer.object.get("error_msg", "")
        world.why_none = f"it needs a service, and none could be created: {answer.status} {said}"
        return
    place = f"/services/{quote(made, safe='')}"
    until_s = now_s() + RUNNING_WITHIN_S
    while True:
        world.status = str(target.ask("GET", place).object.get("status"))
        if world.status != ServiceStatus.DEPLOYING or now_s() > until_s:
            break
        sleep(POLL_S)
    world.service, world.request = made, request
    world.names |= {name}


def plain_request(name: str, model: str) -> dict[str, Any]:
    """A deploy request that needs nothing but a model."""
    version = {"model_id": model, "weight": 100, "specification": PLAIN_SPECIFICATION}
    return {
        "infer_type": "real-time",
        "service_name": name,
        "description": "made by drydock conform, which deletes it again",
        "config": [version | {"instance_count": 1}],
    }
