"""One service: its parts, what happened to it, what its instances write, and its request."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane

from tui import format
from tui.actions import Scope, actions_of
from tui.config_text import config_text
from tui.known import Known
from tui.looks import Tone, service_look
from tui.messages import LogsWanted
from tui.rows import (
    INSTANCE_COLUMNS,
    VERSION_COLUMNS,
    changed_at_ms,
    instance_row,
    job_words,
    version_row,
)
from tui.screens.base import DrydockScreen, screen_bindings
from tui.shapes import Job, Service, ServiceDetail
from tui.widgets.events_view import EventsView
from tui.widgets.line import Line
from tui.widgets.live_table import LiveTable
from tui.widgets.log_pane import LogPane

_LOG_ACTIONS = {action.name for action in actions_of([Scope.LOGS])}


class ServiceScreen(DrydockScreen):
    """The parts on top, and tabs below."""

    SCOPES = (Scope.SERVICE, Scope.CHANGES, Scope.LOGS)
    BINDINGS: ClassVar[list[BindingType]] = screen_bindings(*SCOPES)
    AUTO_FOCUS = "#events-view"

    def __init__(self, known: Known, service_id: str) -> None:
        super().__init__(known)
        self.service_id = service_id
        self._config_shown: dict[str, object] | None = None

    def compose_body(self) -> ComposeResult:
        with Vertical(id="parts"):
            yield Line(id="headline")
            yield Line(id="trouble")
            yield Line(id="figures")
            yield LiveTable(VERSION_COLUMNS, id="versions", cursor=False)
            yield LiveTable(INSTANCE_COLUMNS, id="instances")
        with TabbedContent(id="tabs"):
            with TabPane(Content("1 Events"), id="events"):
                yield EventsView()
            with TabPane(Content("2 Logs"), id="logs"):
                yield LogPane()
            with TabPane(Content("3 Config"), id="config"), VerticalScroll(id="config-view"):
                yield Line(id="config-text")

    def show_body(self) -> None:
        known = self.known
        detail = known.details.get(self.service_id)
        service = detail or self.chosen()
        self.set_class(service is None and known.state is not None, "-gone")
        headline = headline_text(service, known.now_ms) if service else _gone_text(known)
        self.query_one("#headline", Line).show(headline)
        if service is None:
            return
        trouble = self.query_one("#trouble", Line)
        trouble.show(trouble_text(service))
        trouble.display = bool(service.reason or service.message)
        self.query_one("#figures", Line).show(figures_text(service))
        self._show_versions(service)
        self.query_one(EventsView).show(known.events.get(self.service_id), known.now_ms)
        self.query_one(LogPane).show(known.log(self.service_id), known.is_stale)
        if detail is not None:
            self._show_detail(detail)

    def chosen(self) -> Service | None:
        return self.known.service(self.service_id)

    def on_mount(self) -> None:
        super().on_mount()
        self.post_message(LogsWanted(self.service_id))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the log work where the log is shown."""
        if action in _LOG_ACTIONS and self.is_mounted:
            return self.query_one(TabbedContent).active == "logs"
        return True

    def action_back(self) -> None:
        if self._log_is_shown() and self.query_one(LogPane).end_search():
            return
        self.post_message(LogsWanted(None))
        self.dismiss()

    def action_tab(self, tab: str) -> None:
        self.query_one(TabbedContent).active = tab

    def action_zoom(self) -> None:
        self.toggle_class("-zoomed")

    def action_follow(self) -> None:
        view = self.query_one(LogPane).view
        view.following = not view.following
        self.show_body()

    def action_wrap(self) -> None:
        view = self.query_one(LogPane).view
        view.wrap = not view.wrap
        self.show_body()

    def action_search(self) -> None:
        self.query_one(LogPane).ask_search()

    def action_next_match(self) -> None:
        self.query_one(LogPane).jump(-1)

    def action_previous_match(self) -> None:
        self.query_one(LogPane).jump(1)

    @on(TabbedContent.TabActivated)
    def _focus_tab(self, event: TabbedContent.TabActivated) -> None:
        targets: dict[str, str] = {
            "events": "#events-view",
            "logs": "#log",
            "config": "#config-view",
        }
        if event.pane.id in targets:
            self.query_one(targets[event.pane.id], Widget).focus()
        self.refresh_bindings()

    def _log_is_shown(self) -> bool:
        return self.query_one(TabbedContent).active == "logs"

    def _show_versions(self, service: Service) -> None:
        total = sum(version.requests_total for version in service.versions)
        rows = {version.version_id: version_row(version, total) for version in service.versions}
        self.query_one("#versions", LiveTable).show_rows(rows)

    def _show_detail(self, detail: ServiceDetail) -> None:
        now_ms = self.known.now_ms
        rows = {one.instance_id: instance_row(one, now_ms) for one in detail.instances}
        instances = self.query_one("#instances", LiveTable)
        instances.show_rows(rows)
        instances.display = bool(rows)
        if detail.config != self._config_shown:
            # Imported here: highlighting costs time that the first frame has not.
            from textual.highlight import highlight  # noqa: PLC0415

            self._config_shown = detail.config
            text = highlight(config_text(detail.config), language="json")
            self.query_one("#config-text", Line).show(text)


def headline_text(service: Service, now_ms: int | None) -> Content:
    """Name, status and since when, kind and id."""
    look = service_look(service.status)
    since = format.age(now_ms, changed_at_ms(service))
    return Content.assemble(
        (service.name, "bold"),
        (f"   {look.symbol} {service.status}", f"bold {look.tone.style}"),
        (f" for {since}   {service.kind}   {service.service_id}", Tone.MUTED.style),
    )


def trouble_text(service: Service) -> Content:
    """Reason and message, in the colour of the status."""
    said = ": ".join(filter(None, (service.reason, service.message)))
    return Content.styled(said, service_look(service.status).tone.style)


def figures_text(service: Service) -> Content:
    """The traffic in figures, and the address that it comes to; of a batch service its job."""
    if service.job is not None:
        return _job_text(service.job)
    figures = "   ".join(
        (
            f"{format.rate(service.requests_per_s)} req/s",
            f"p50 {format.latency(service.p50_ms)}",
            f"p99 {format.latency(service.p99_ms)}",
            format.plural(service.requests_total, "request"),
        )
    )
    errors = f"   {format.plural(service.errors_total, 'error')}" if service.errors_total else ""
    lines = [Content.assemble(figures, (errors, Tone.BAD.style))]
    if service.access_address:
        lines.append(Content.styled(service.access_address, Tone.BUSY.style))
    return Content("\n").join(lines)


def _job_text(job: Job) -> Content:
    """How far a job is and how fast, and where its results are."""
    done = job.done / job.total if job.total else 0.0
    lines = [
        Content.assemble(
            (format.bar(done, 20), Tone.BUSY.style), f"   {job_words(job)}   {_pace(job)}"
        )
    ]
    if job.results:
        lines.append(Content.styled(job.results, Tone.BUSY.style))
    return Content("\n").join(lines)


def _pace(job: Job) -> str:
    """`120/s`, of inputs or rows; nothing for a job that is not under way."""
    return f"{format.rate(job.rate_per_s)}/s" if job.rate_per_s is not None else ""


def _gone_text(known: Known) -> Content:
    if known.state is None:
        return Content("Connecting…")
    return Content.assemble(
        ("This service no longer exists. ", "bold"), ("Esc goes back.", Tone.MUTED.style)
    )
