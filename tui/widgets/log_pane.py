"""The Logs tab: a line that says what is shown, the log, and the search field."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tui import format
from tui.known import LogBuffer
from tui.looks import Tone
from tui.widgets.line import Line
from tui.widgets.log_view import LogView

REFRESH_S = 0.1
"""The log is drawn this often at the most, however fast it is written."""


class LogPane(Vertical):
    """Draws at its own pace from the buffer it was given."""

    def __init__(self) -> None:
        super().__init__(id="log-pane")
        self._buffer = LogBuffer()
        self._is_stale = False

    def compose(self) -> ComposeResult:
        yield Line(id="log-status")
        yield LogView(id="log")
        search = Input(placeholder="search the log; Enter finds, Esc closes", id="log-search")
        search.display = False
        yield search

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    def show(self, buffer: LogBuffer, is_stale: bool) -> None:
        """Shows this buffer from now on."""
        self._buffer, self._is_stale = buffer, is_stale
        self._draw()

    def ask_search(self) -> None:
        search = self.query_one(Input)
        search.display = True
        search.focus()

    def end_search(self) -> bool:
        """Closes the search and its marks; False if there was none."""
        search = self.query_one(Input)
        was_open = search.display or bool(self.view.needle)
        search.value = self.view.needle = ""
        search.display = False
        self.view.focus()
        self._draw()
        return was_open

    def jump(self, direction: int) -> None:
        if self.view.needle and not self.view.jump_to_match(direction):
            self.app.notify(f"“{self.view.needle}” is not in the log", markup=False)
        self._draw()

    def on_mount(self) -> None:
        self.set_interval(REFRESH_S, self._draw_if_changed)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.view.needle = event.value
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(Input).display = False
        self.view.focus()
        self.jump(-1)

    def _draw_if_changed(self) -> None:
        if self.view.is_behind:
            self._draw()

    def _draw(self) -> None:
        view = self.view
        view.show(self._buffer)
        self.query_one("#log-status", Line).show(status_text(view, self._buffer, self._is_stale))


def status_text(view: LogView, buffer: LogBuffer, is_stale: bool) -> Content:
    """What the line above the log says."""
    if is_stale or buffer.broken:
        state = Content.styled("▲ reconnecting…", Tone.WARN.style)
    elif view.following:
        state = Content.styled("● following", Tone.GOOD.style)
    else:
        state = Content.styled(
            f"‖ paused, {format.plural(view.new_lines, 'new line')}", Tone.WARN.style
        )
    parts = [f"{len(buffer):,} lines"]
    if buffer.dropped:
        parts.append(f"{buffer.dropped:,} older ones dropped")
    if view.wrap:
        parts.append("wrapped")
    if view.needle:
        parts.append(f"“{view.needle}”: {format.plural(view.matches, 'line')}, n older, N newer")
    return Content.assemble(state, ("   " + " · ".join(parts), Tone.MUTED.style))
