"""The first screen: all services, live."""

from collections import Counter
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Horizontal
from textual.content import Content
from textual.widgets import DataTable, Input

from tui import format
from tui.actions import Scope
from tui.known import Known, Link
from tui.looks import Tone, service_look, urgency
from tui.messages import ServiceOpened
from tui.rows import SERVICE_COLUMNS, in_order, matches, service_row
from tui.screens.base import DrydockScreen, screen_bindings
from tui.shapes import Service
from tui.widgets.chosen import ChosenService
from tui.widgets.line import Line
from tui.widgets.live_table import LiveTable


class ServicesTable(LiveTable):
    """The list; Enter or a second click opens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", key_display="↵"),
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("g", "scroll_top", show=False),
        Binding("G", "scroll_bottom", show=False),
    ]


class ServicesScreen(DrydockScreen):
    """A live table with a filter, and a strip on the service under the cursor."""

    SCOPES = (Scope.SERVICES, Scope.CHANGES)
    BINDINGS = screen_bindings(Scope.SERVICES, Scope.CHANGES)
    AUTO_FOCUS = "#services"

    def __init__(self, known: Known) -> None:
        super().__init__(known)
        self.filter_text = ""

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="title-row"):
            yield Line(id="title")
            filter_field = Input(placeholder="filter; Enter keeps, Esc clears", id="filter")
            filter_field.display = False
            yield filter_field
        yield ServicesTable(SERVICE_COLUMNS, id="services", stripes=False)
        with Center(id="empty"):
            yield Line(id="empty-text")
        yield ChosenService()

    def show_body(self) -> None:
        known = self.known
        services = in_order(known.state.services) if known.state else []
        wanted = self.filter_text
        shown = [one for one in services if matches(one, wanted)] if wanted else services
        self.query_one("#title", Line).show(title_text(services, shown, self.filter_text))
        table = self.query_one(ServicesTable)
        table.show_rows({one.service_id: service_row(one, known.now_ms) for one in shown})
        table.display = bool(shown)
        self.query_one("#empty").display = not shown
        self.query_one(ChosenService).display = bool(shown)
        if not shown:
            self.query_one("#empty-text", Line).show(empty_text(known, self.filter_text))
        self._show_chosen()

    def chosen(self) -> Service | None:
        key = self.query_one(ServicesTable).chosen_key
        return None if key is None else self.known.service(key)

    def action_open(self) -> None:
        service = self.chosen()
        if service is not None:
            self.post_message(ServiceOpened(service.service_id))

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def action_clear_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self.query_one(ServicesTable).focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.filter_text = event.value
        self.show_body()

    @on(Input.Submitted, "#filter")
    def _filter_kept(self) -> None:
        self.query_one("#filter", Input).display = bool(self.filter_text)
        self.query_one(ServicesTable).focus()

    @on(DataTable.RowSelected, "#services")
    def _row_selected(self, event: DataTable.RowSelected) -> None:
        self.action_open()

    @on(DataTable.RowHighlighted, "#services")
    def _show_chosen(self) -> None:
        self.query_one(ChosenService).show(self.chosen(), self.known.now_ms)


def title_text(services: list[Service], shown: list[Service], filter_text: str) -> Content:
    """How many services there are, by status, and how many of them the filter shows."""
    parts = [Content.styled("Services", "bold")]
    if filter_text:
        parts.append(Content.styled(f"{len(shown)} of {len(services)} shown", Tone.NOTE.style))
    by_status = Counter(service.status for service in services)
    for status, number in sorted(by_status.items(), key=lambda item: urgency(item[0])):
        look = service_look(status)
        parts.append(Content.assemble((look.symbol, look.tone.style), f" {number} {status}"))
    return Content("  ").join(parts)


def empty_text(known: Known, filter_text: str) -> Content:
    """What stands where the table would."""
    if known.state is None:
        if known.link is Link.CONNECTING:
            return Content(f"Connecting to {known.address} …")
        return Content.assemble(
            (f"No answer from {known.address}\n\n", "bold"),
            f"{known.link_reason}\n",
            (known.link_hint, Tone.MUTED.style),
        )
    if filter_text:
        return Content.assemble(
            (f"No service matches “{filter_text}”\n\n", "bold"),
            ("Esc shows all services again", Tone.MUTED.style),
        )
    models = format.plural(len(known.state.models), "model")
    return Content.assemble(
        ("No services yet\n\n", "bold"),
        ("drydock demo         ", Tone.NOTE.style),
        "deploys the bundled digits model and tries it\n",
        ("drydock deploy FILE  ", Tone.NOTE.style),
        "deploys from a request file\n\n",
        (f"{models} registered", Tone.MUTED.style),
    )
