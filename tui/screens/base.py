"""What all full screens share: the frame, the changes of the chosen service, and help."""

from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Footer

from tui.actions import Scope, bindings_of
from tui.known import Known
from tui.messages import Change, ChangeAsked
from tui.screens.confirm import ConfirmDeletion
from tui.screens.help import HelpScreen
from tui.shapes import Service
from tui.widgets.banner import ConnectionBanner
from tui.widgets.server_line import ServerLine


class DrydockScreen(Screen[None]):
    """A screen that shows what is known, anew at each `KnownChanged`."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 (Textual's declaration)
    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    """The actions that work here, for help and palette; those of the application are added."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.known = known

    def compose(self) -> ComposeResult:
        yield ServerLine()
        yield ConnectionBanner()
        yield from self.compose_body()
        yield Footer(show_command_palette=False)

    def compose_body(self) -> ComposeResult:
        """What stands between the frame's lines."""
        raise NotImplementedError

    def show_body(self) -> None:
        """Shows what is known in the body."""
        raise NotImplementedError

    def chosen(self) -> Service | None:
        """The service that the keys for changes are about."""
        raise NotImplementedError

    def show(self) -> None:
        """Shows what is known now; does nothing while the screen is taken down."""
        if not self.app.is_running or self not in self.app.screen_stack:
            return
        self.query_one(ServerLine).show(self.known)
        self.query_one(ConnectionBanner).show(self.known, monotonic())
        self.set_class(self.known.is_stale and self.known.state is not None, "-stale")
        self.show_body()

    def on_mount(self) -> None:
        self.show()

    def on_screen_resume(self) -> None:
        self.show()

    def on_known_changed(self) -> None:
        self.show()

    def action_start(self) -> None:
        self._ask(Change.START)

    def action_stop(self) -> None:
        self._ask(Change.STOP)

    def action_delete(self) -> None:
        service = self.chosen()
        if service is None:
            return
        detail = self.known.details.get(service.service_id)

        def decided(is_confirmed: bool | None) -> None:
            if is_confirmed:
                self.post_message(ChangeAsked(Change.DELETE, service.service_id, service.name))

        self.app.push_screen(ConfirmDeletion(service, detail), decided)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.SCOPES))

    def _ask(self, change: Change) -> None:
        service = self.chosen()
        if service is not None:
            self.post_message(ChangeAsked(change, service.service_id, service.name))


def screen_bindings(*scopes: Scope) -> list[BindingType]:
    """The bindings of a screen, those that work everywhere last."""
    return [*bindings_of(*scopes), *bindings_of(Scope.APP)]
