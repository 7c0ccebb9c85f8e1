"""The dashboard against recorded state, driven by Textual's pilot."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from textual.pilot import Pilot

from tests.tui.fake_server import TOKEN, FakeAdmin
from tui.app import DrydockApp
from tui.client import AdminClient
from tui.connection import Connection

INTERVAL_S = 0.25
"""Between polls. Pilot waits for an idle application after each key, so there must be pauses."""
WAIT_S = 20.0

RunningApp = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def fake() -> FakeAdmin:
    return FakeAdmin()


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of day do not depend on where the tests run."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def make_client(fake: FakeAdmin) -> AdminClient:
    return AdminClient(Connection("http://127.0.0.1:8780", TOKEN, transport=fake.transport()))


@pytest.fixture
def app(fake: FakeAdmin) -> DrydockApp:
    return DrydockApp(make_client(fake), interval_s=INTERVAL_S)


@pytest.fixture
def running(app: DrydockApp) -> RunningApp:
    """Runs the application at a size, and waits for its first data."""

    @asynccontextmanager
    async def run(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: app.known.state is not None)
            yield pilot

    return run


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Lets the application work until the condition holds."""
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "the condition never held"
        await pilot.pause(0.01)


def screen_text(app: DrydockApp) -> str:
    """What a terminal would show, without colours."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)
