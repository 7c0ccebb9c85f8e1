"""The admin surface of a private server."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from simulator.bench.drydock import Drydock


@pytest.fixture
def admin(drydock: Drydock) -> Iterator[httpx.Client]:
    """Calls below `/_drydock`, with the admin token."""
    token = drydock._server.system.admin_token
    with httpx.Client(
        base_url=f"{drydock.endpoint}/_drydock",
        headers={"X-Drydock-Token": token},
        trust_env=False,
        verify=False,
    ) as client:
        yield client
