"""The platform clock over HTTP."""

from __future__ import annotations

import httpx
import pytest

from simulator.bench.drydock import Drydock


def test_it_is_shown_and_changed(drydock: Drydock, admin: httpx.Client) -> None:
    shown = admin.get("/clock").json()
    assert shown == {"mode": "manual", "speed": 1.0, "now_ms": drydock.now_ms()}
    changed = admin.put("/clock", json={"mode": "scaled", "speed": 60}).json()
    assert (changed["mode"], changed["speed"]) == ("scaled", 60)
    assert changed["now_ms"] >= shown["now_ms"]
    answer = admin.post("/clock/advance", json={"seconds": 5})
    assert answer.status_code == 400
    assert "drydock clock set manual" in answer.json()["message"]
    admin.put("/clock", json={"mode": "manual"})
    before = admin.get("/clock").json()["now_ms"]
    assert admin.post("/clock/advance", json={"seconds": 5}).json() == {"now_ms": before + 5_000}


@pytest.mark.parametrize(
    "body", [{}, {"mode": "fast"}, {"mode": "scaled", "speed": 0}, {"mode": "real", "sped": 1}]
)
def test_what_no_clock_can_do_is_refused(admin: httpx.Client, body: dict[str, object]) -> None:
    before = admin.get("/clock").json()
    assert admin.put("/clock", json=body).status_code == 400
    assert admin.get("/clock").json() == before
