"""How the dashboard looks: compared with pictures that a person has looked at."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import screen_text, until
from tests.tui.fake_server import CONCERNING
from tui.app import DrydockApp
from tui.messages import ServiceOpened


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_services(
    snap_compare: Callable[..., bool], app: DrydockApp, size: tuple[int, int]
) -> None:
    async def ready(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "nightly-scoring  stopped" in screen_text(app))

    assert snap_compare(app, terminal_size=size, run_before=ready)


def test_service(snap_compare: Callable[..., bool], app: DrydockApp) -> None:
    async def ready(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.known.state is not None)
        app.post_message(ServiceOpened(CONCERNING))
        await until(pilot, lambda: "The deployment was accepted." in screen_text(app))

    assert snap_compare(app, terminal_size=(120, 40), run_before=ready)
