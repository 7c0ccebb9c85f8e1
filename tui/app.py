"""The application: owns what is known, the workers that learn it, the screens that show it."""

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from tui.client import AdminClient
from tui.connection import Connection
from tui.errors import DashboardError, Refused
from tui.known import Known, Link
from tui.looks import HARBOUR_DARK, HARBOUR_LIGHT
from tui.messages import Change, ChangeAsked, KnownChanged, LogsWanted, ServiceOpened
from tui.palette import DrydockCommands
from tui.poller import INTERVAL_S, Poller
from tui.screens.base import DrydockScreen
from tui.screens.service import ServiceScreen
from tui.screens.services import ServicesScreen

BANNER_TICK_S = 1.0
_STYLES = Path(__file__).parent / "styles"
_DONE = {
    Change.START: "start asked for",
    Change.STOP: "stop asked for",
    Change.DELETE: "deletion asked for",
}


class DrydockApp(App[None]):
    """The dashboard.

    Args:
        client: reaches the server; the application opens and closes it.
        interval_s: seconds between two polls.
    """

    TITLE = "Drydock"
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        _STYLES / name for name in ("frame.tcss", "dialogs.tcss", "services.tcss", "service.tcss")
    ]
    COMMANDS = App.COMMANDS | {DrydockCommands}
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, client: AdminClient, *, interval_s: float = INTERVAL_S) -> None:
        super().__init__()
        self._client = client
        self.known = Known(address=client.address)
        self.poller = Poller(client, self.known, self.show_known, interval_s)
        self._in_flight: set[tuple[Change, str]] = set()

    def on_mount(self) -> None:
        self.register_theme(HARBOUR_DARK)
        self.register_theme(HARBOUR_LIGHT)
        self.theme = HARBOUR_DARK.name
        self.push_screen(ServicesScreen(self.known))
        self.run_worker(self.poller.run(), group="poll")
        self.run_worker(self.poller.follow_changes(), group="changes")
        self.set_interval(BANNER_TICK_S, self._tick)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own commands, but for those that the dashboard has its own way of."""
        yield SystemCommand("Theme", "choose the colours", self.action_change_theme)
        yield SystemCommand(
            "Screenshot",
            "save this screen as SVG",
            lambda: self.set_timer(0.1, self.deliver_screenshot),
        )

    async def on_unmount(self) -> None:
        await self._client.close()

    def show_known(self) -> None:
        """Tells every open screen that more is known."""
        for screen in self.screen_stack:
            if isinstance(screen, DrydockScreen):
                # By message, so that each screen draws in its own turn, once it is mounted.
                screen.post_message(KnownChanged())

    def on_service_opened(self, message: ServiceOpened) -> None:
        if isinstance(self.screen, ServiceScreen):
            self.pop_screen()
        self.push_screen(ServiceScreen(self.known, message.service_id))

    def on_logs_wanted(self, message: LogsWanted) -> None:
        self.poller.watch(message.service_id)
        if message.service_id is None:
            self.workers.cancel_group(self, "logs")
            return
        follow = self.poller.follow_logs(message.service_id)
        self.run_worker(follow, group="logs", exclusive=True)

    def on_change_asked(self, message: ChangeAsked) -> None:
        key = (message.change, message.service_id)
        if key not in self._in_flight:  # a key that repeats asks once
            self._in_flight.add(key)
            self.run_worker(self._change(message), group="changes-asked")

    async def _change(self, message: ChangeAsked) -> None:
        call = {
            Change.START: self._client.start,
            Change.STOP: self._client.stop,
            Change.DELETE: self._client.delete,
        }[message.change]
        try:
            await call(message.service_id)
            self.notify(_DONE[message.change], title=message.name, markup=False, timeout=3)
        except DashboardError as error:
            self.notify(
                _error_text(error),
                title=f"{message.change.value} {message.name}",
                severity="error",
                timeout=10,
                markup=False,
            )
        finally:
            self._in_flight.discard((message.change, message.service_id))
            self.poller.wake()

    def _tick(self) -> None:
        if self.known.link is Link.LOST:  # the age in the banner grows between polls
            self.show_known()


def _error_text(error: DashboardError) -> str:
    code = f" ({error.code})" if isinstance(error, Refused) and error.code else ""
    return "\n".join(filter(None, (f"{error.message}{code}", error.hint)))


def run(base_url: str, token: str, uds: str | None) -> None:
    """Shows the dashboard until the user leaves.

    Args:
        base_url: the gateway's address, as `http://127.0.0.1:8780`.
        token: the admin token.
        uds: path of the server's Unix socket, used while the address does not answer.
    """
    DrydockApp(AdminClient(Connection(base_url, token, uds))).run()
