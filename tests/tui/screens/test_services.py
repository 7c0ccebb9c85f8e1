"""The services screen, driven by keys against recorded state."""

import copy
import re

import pytest
from textual.widgets import Input

from tests.tui.conftest import RunningApp, screen_text, until
from tests.tui.fake_server import BATCH, CONCERNING, CRASHING, IRIS, MNIST, FakeAdmin
from tui.app import DrydockApp
from tui.screens.confirm import ConfirmDeletion
from tui.screens.help import HelpScreen
from tui.screens.service import ServiceScreen
from tui.screens.services import ServicesScreen, ServicesTable
from tui.widgets.banner import ConnectionBanner

pytestmark = pytest.mark.timeout(60)


def services(app: DrydockApp) -> ServicesScreen:
    screen = app.screen_stack[1]
    assert isinstance(screen, ServicesScreen)
    return screen


def table(app: DrydockApp) -> ServicesTable:
    return services(app).query_one(ServicesTable)


def keys(app: DrydockApp) -> list[str]:
    return [str(row.key.value) for row in table(app).ordered_rows]


async def test_the_first_screen_says_how_everything_does(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running((120, 40)) as pilot:
        await until(pilot, lambda: "mnist-digits" in screen_text(app))
        text = screen_text(app)
    for shown in ("✓ docker", "✓ gateway 16 req/s", "6/20 services", "● running", "3/3", "6.3ms"):
        assert shown in text
    assert "Instance v2-1 is unhealthy" in text


async def test_a_job_that_is_under_way_says_how_far_it_is(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    job = {"total": 5000, "done": 1200, "failed": 3, "rate_per_s": 412.0, "left_s": 245.0}
    fake.service(BATCH).update(status="running", job=job)
    async with running((160, 40)) as pilot:
        await until(
            pilot, lambda: "1,200 of 5,000 inputs, 3 failed, 4m 05s left" in screen_text(app)
        )
        assert "412" in screen_text(app)
        job |= {"done": 5000, "rate_per_s": None, "left_s": None}
        fake.service(BATCH).update(status="finished", job=job)
        await until(pilot, lambda: "The batch job finished" in screen_text(app))


async def test_the_chosen_row_and_the_scroll_position_survive_refreshes(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    template = fake.service(IRIS)
    for number in range(60):
        fake.state["services"].append(
            {**copy.deepcopy(template), "service_id": f"s{number}", "name": f"filler-{number}",
             "created_at_ms": 1_763_729_000_000 + number}
        )  # fmt: skip
    async with running() as pilot:
        await until(pilot, lambda: len(keys(app)) == 67)
        table(app).choose("s40")
        await until(pilot, lambda: table(app).scroll_y > 0)
        scroll_y = table(app).scroll_y
        fake.service("s40")["requests_per_s"] = 77  # type: ignore[index]
        await until(pilot, lambda: "77" in screen_text(app))
        assert (table(app).chosen_key, table(app).scroll_y) == ("s40", scroll_y)
        fake.remove("s3")
        fake.state["services"].append({**copy.deepcopy(template), "service_id": "z", "name": "z",
                                       "created_at_ms": 1_763_729_999_999})  # fmt: skip
        await until(pilot, lambda: "z" in keys(app) and "s3" not in keys(app))
        assert table(app).chosen_key == "s40"
        # One row above is gone: the chosen row is seen where it was.
        await until(pilot, lambda: table(app).scroll_y == scroll_y - 1)


async def test_the_filter_shows_what_matches_and_escape_shows_all(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running() as pilot:
        await pilot.press("slash", *"CRASH", "enter")
        await until(pilot, lambda: keys(app) == [CRASHING])
        assert "1 of 7 shown" in screen_text(app)
        assert table(app).has_focus
        await pilot.press("escape")
        await until(pilot, lambda: len(keys(app)) == 7)
        assert not services(app).query_one(Input).display


async def test_a_filter_that_matches_nothing_says_so(app: DrydockApp, running: RunningApp) -> None:
    async with running() as pilot:
        await pilot.press("slash", *"[nothing")
        await until(pilot, lambda: "No service matches “[nothing”" in screen_text(app))


async def test_the_empty_state_says_how_to_deploy(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    fake.state["services"] = []
    async with running() as pilot:
        await until(pilot, lambda: "drydock deploy FILE" in screen_text(app))
        assert "drydock demo" in screen_text(app)


async def test_stop_and_start_ask_the_server(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    async with running() as pilot:
        await until(pilot, lambda: MNIST in keys(app))
        table(app).choose(MNIST)
        await pilot.press("x")
        await until(pilot, lambda: fake.asked == [f"POST /services/{MNIST}/stop"])
        await until(pilot, lambda: app.known.service(MNIST).status == "stopped")  # type: ignore[union-attr]
        await pilot.press("s")
        await until(pilot, lambda: fake.asked[1:] == [f"POST /services/{MNIST}/start"])


async def test_a_refused_change_shows_message_and_hint_as_plain_text(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    fake.refusal = (409, {"code": "C.1", "message": "[bold]no[/] \x1b[2Jway", "hint": "try [x]"})
    async with running() as pilot:
        await until(pilot, lambda: bool(keys(app)))
        await pilot.press("s")
        await until(pilot, lambda: "[bold]no[/] way (C.1)" in screen_text(app))
        assert "try [x]" in screen_text(app)


async def test_delete_asks_first_and_names_what_is_destroyed(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    async with running() as pilot:
        await until(pilot, lambda: CONCERNING in keys(app))
        table(app).choose(CONCERNING)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDeletion))
        text = screen_text(app)
        assert "Delete sentence-embedding-gray?" in text
        assert "version v2: minilm-l6 2.2.0, 1 instance" in text
        assert f"its address …/{CONCERNING}" in text
        await pilot.press("enter")  # the safe answer has the focus
        await until(pilot, lambda: app.screen is services(app))
        assert fake.asked == []
        await pilot.press("d", "y")
        await until(pilot, lambda: fake.asked == [f"DELETE /services/{CONCERNING}"])
        await until(pilot, lambda: CONCERNING not in keys(app))


async def test_a_dead_server_shows_a_banner_keeps_the_data_and_recovers(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    async with running((120, 30)) as pilot:
        await until(pilot, lambda: "mnist-digits" in screen_text(app))
        fake.is_dead = True
        await until(pilot, lambda: "reconnecting…" in screen_text(app))
        text = screen_text(app)
        assert re.search(r"what you see is \d+s old", text)
        assert "cannot connect to 127.0.0.1:8780" in text
        assert "mnist-digits" in text
        assert services(app).has_class("-stale")
        fake.is_dead = False
        await until(pilot, lambda: not services(app).query_one(ConnectionBanner).display)
        assert not services(app).has_class("-stale")


async def test_a_server_that_never_answered_is_named_with_what_to_do(
    app: DrydockApp, fake: FakeAdmin
) -> None:
    fake.is_dead = True
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "No answer from 127.0.0.1:8780" in screen_text(app))
        await until(pilot, lambda: "drydock up" in screen_text(app))
        fake.is_dead = False
        await until(pilot, lambda: "mnist-digits" in screen_text(app))


async def test_help_lists_the_keys_of_this_screen(app: DrydockApp, running: RunningApp) -> None:
    async with running() as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        text = screen_text(app)
        assert "match name, status, reason or model" in text
        assert "give the tab the whole screen" not in text
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is services(app))


async def test_the_palette_opens_a_service_by_name(app: DrydockApp, running: RunningApp) -> None:
    async with running() as pilot:
        await until(pilot, lambda: bool(keys(app)))
        await pilot.press("ctrl+p")
        await pilot.press(*"open crash")
        await until(pilot, lambda: "Open crash-demo" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ServiceScreen))
        assert "crash-demo" in screen_text(app)


async def test_a_hostile_service_name_is_only_text(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    fake.service(MNIST)["name"] = "[@click=app.quit]x[/] [/b]\x1b]0;t\x07\u202e"  # type: ignore[index]
    async with running((160, 40)) as pilot:
        await until(pilot, lambda: "[@click=app.quit]x[/] [/b]\\u202e" in screen_text(app))
        table(app).choose(MNIST)
        await pilot.press("d")
        await until(pilot, lambda: "Delete [@click=app.quit]x[/] [/b]\\u202e?" in screen_text(app))
        await pilot.press("escape", "ctrl+p")
        await until(pilot, lambda: "Stop [@click=app.quit]x[/] [/b]\\u202e" in screen_text(app))
        assert "\x1b" not in screen_text(app)


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (200, 60)])
async def test_every_size_works(
    app: DrydockApp, running: RunningApp, size: tuple[int, int]
) -> None:
    async with running(size) as pilot:
        await until(pilot, lambda: bool(keys(app)))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ServiceScreen))
        for tab in "123":
            await pilot.press(tab)
        await pilot.resize_terminal(100, 30)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is services(app))


async def test_q_leaves(app: DrydockApp, running: RunningApp) -> None:
    async with running() as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running or app._exit)
