"""The screen of one service, driven by keys against recorded state."""

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import RunningApp, screen_text, until
from tests.tui.fake_server import BATCH, CONCERNING, FakeAdmin
from tui.app import DrydockApp
from tui.messages import ServiceOpened
from tui.screens.service import ServiceScreen
from tui.shapes import LogLine
from tui.widgets.log_view import LogView

pytestmark = pytest.mark.timeout(60)


async def open_service(app: DrydockApp, pilot: Pilot[None]) -> ServiceScreen:
    app.post_message(ServiceOpened(CONCERNING))
    await until(pilot, lambda: isinstance(app.screen, ServiceScreen))
    await until(pilot, lambda: "unhealthy: health check" in screen_text(app))
    assert isinstance(app.screen, ServiceScreen)
    return app.screen


async def open_logs(app: DrydockApp, pilot: Pilot[None]) -> LogView:
    screen = await open_service(app, pilot)
    await pilot.press("2")
    await until(pilot, lambda: "\\u202etxt.exe" in screen_text(app))
    return screen.query_one(LogView)


def log_line(text: str, at_ms: int = 1_763_730_001_000) -> dict[str, object]:
    return {"instance_id": "sentence-embedding-gray-v1-0", "text": text, "at_ms": at_ms}


async def test_the_detail_says_what_is_wrong_and_what_it_is_made_of(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running((160, 45)) as pilot:
        await open_service(app, pilot)
        text = screen_text(app)
    for shown in (
        "▲ concerning for 4m",
        "InstanceUnhealthy: 1 of 4 instances fails",
        f"http://127.0.0.1:8780/v1/infers/{CONCERNING}",
        "90%", "93.7%", "minilm-l6 2.2.0",
        "container 0b7e6d5c4f3a 172.18.0.7:8080",
        "HealthTimeout: GET /health gave no answer within 1 s",
        "│ container c5d2e8f0aa17: OOMKilled, exit code 137",
    ):  # fmt: skip
        assert shown in text


async def test_of_a_batch_service_its_job_is_shown(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    job = {"total": 4, "done": 1, "failed": 0, "rows": 1200, "rate_per_s": 412.0, "left_s": 9.0}
    fake.service(BATCH).update(status="running", job=job | {"results": "obs://out/here/"})
    async with running((160, 45)) as pilot:
        app.post_message(ServiceOpened(BATCH))
        await until(pilot, lambda: "1 of 4 inputs, 1,200 rows, 9s left   412/s" in screen_text(app))
        assert "obs://out/here/" in screen_text(app)
        assert "█████░░░░░" in screen_text(app)
        assert "req/s" not in screen_text(app).split("of 4 inputs")[1]


async def test_escape_goes_back_and_ends_the_log_stream(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running() as pilot:
        await open_service(app, pilot)
        await until(pilot, lambda: len(app.known.log(CONCERNING)) == 29)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ServiceScreen))
        await until(pilot, lambda: not any(w.group == "logs" for w in app.workers))


async def test_a_hostile_log_line_is_shown_and_does_nothing(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running((120, 40)) as pilot:
        await open_logs(app, pilot)
        shown = "v1-0│ red [bold]markup[/bold] [@click=app.quit]x[/] \\u202etxt.exe  done"
        assert shown in screen_text(app)
        assert not any(
            character in screen_text(app) for character in ("\x1b", "\x9b", "\x07", "\u202e")
        )


async def test_the_log_follows_what_is_written(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    async with running() as pilot:
        await open_logs(app, pilot)
        for number in range(50):
            fake.write_log(CONCERNING, log_line(f"new line {number}"))
        await until(pilot, lambda: "new line 49" in screen_text(app))


async def test_a_paused_log_stands_still_and_counts_what_is_new(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    async with running() as pilot:
        view = await open_logs(app, pilot)
        await pilot.press("f")
        fake.write_log(CONCERNING, log_line("written in the pause"))
        await until(pilot, lambda: "paused, 1 new line" in screen_text(app))
        assert "written in the pause" not in screen_text(app)
        await pilot.press("f")
        await until(pilot, lambda: "written in the pause" in screen_text(app))
        assert view.following


async def test_scrolling_up_pauses_and_the_end_key_follows_again(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running() as pilot:
        view = await open_logs(app, pilot)
        await pilot.press("home")
        await until(pilot, lambda: view.scroll_y == 0)
        assert not view.following
        await pilot.press("end")
        await until(pilot, lambda: view.following and view.scroll_y == view.max_scroll_y)


async def test_wrapping_shows_the_end_of_long_lines(app: DrydockApp, running: RunningApp) -> None:
    async with running() as pilot:
        await open_logs(app, pilot)
        assert "of 4 busy)" not in screen_text(app)
        await pilot.press("z", "w")
        await until(pilot, lambda: "of 4 busy)" in screen_text(app))


async def test_search_marks_and_finds_and_escape_ends_it(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running((120, 40)) as pilot:
        view = await open_logs(app, pilot)
        await pilot.press("slash", *"LOADED in", "enter")
        await until(pilot, lambda: "“LOADED in”: 4 lines" in screen_text(app))
        assert not view.following
        await pilot.press("n", "N", "escape")
        assert view.needle == ""
        assert isinstance(app.screen, ServiceScreen)


async def test_a_broken_log_stream_reconnects_without_repeating_lines(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    async with running() as pilot:
        await open_logs(app, pilot)
        fake.is_dead = True
        fake.log_written.set()  # the stream ends
        await until(pilot, lambda: "reconnecting…" in screen_text(app))
        fake.is_dead = False
        fake.write_log(CONCERNING, log_line("after the break"))
        await until(pilot, lambda: "after the break" in screen_text(app))
        assert len(app.known.log(CONCERNING)) == 30


async def test_the_configuration_hides_secrets(app: DrydockApp, running: RunningApp) -> None:
    async with running((120, 45)) as pilot:
        await open_service(app, pilot)
        await pilot.press("3")
        await until(pilot, lambda: '"DB_PASSWORD": "••••••"' in screen_text(app))
        assert "hunter2" not in screen_text(app)


async def test_a_service_deleted_elsewhere_says_so(
    app: DrydockApp, running: RunningApp, fake: FakeAdmin
) -> None:
    async with running() as pilot:
        await open_service(app, pilot)
        fake.remove(CONCERNING)
        await until(pilot, lambda: "This service no longer exists." in screen_text(app))
        await pilot.press("s", "d")
        assert fake.asked == []
        assert isinstance(app.screen, ServiceScreen)


async def test_log_keys_do_nothing_where_no_log_is_shown(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running() as pilot:
        screen = await open_service(app, pilot)
        await pilot.press("w", "f")
        view = screen.query_one(LogView)
        assert (view.wrap, view.following) == (False, True)


async def test_a_flood_of_lines_is_cut_to_the_newest_and_says_how_many_were_dropped(
    app: DrydockApp, running: RunningApp
) -> None:
    async with running((120, 40)) as pilot:
        await open_logs(app, pilot)
        buffer = app.known.log(CONCERNING)
        for number in range(buffer.capacity + 100):
            buffer.add(LogLine("flood", f"flood {number}"))
        await until(pilot, lambda: f"flood {buffer.capacity + 99}" in screen_text(app))
        assert "5,000 lines · 129 older ones dropped" in screen_text(app)
        await pilot.press("home")
        await until(pilot, lambda: "│ flood 100 " in screen_text(app))
