"""The Events tab: what happened to a service, newest first, with the evidence."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from tui import format
from tui.looks import Tone
from tui.shapes import Event
from tui.widgets.line import Line

INDENT = " " * 17


class EventsView(VerticalScroll):
    """New events appear on top; what a scrolled reader looks at stays where it is."""

    def __init__(self) -> None:
        super().__init__(id="events-view")
        self._events: Sequence[Event] = ()

    def compose(self) -> ComposeResult:
        yield Line(id="events-text")

    def show(self, events: Sequence[Event] | None, now_ms: int | None) -> None:
        """Shows the events, newest first; None means that they are not known yet."""
        line = self.query_one(Line)
        grown = bool(self._events) and self.scroll_y > 0 and len(events or ()) > len(self._events)
        height = line.size.height
        self._events = events or ()
        if events is None:
            line.show(Content.styled("reading…", Tone.MUTED.style))
        else:
            line.show(events_text(events, now_ms))
        if grown:
            self.call_after_refresh(self._keep_place, height)

    def _keep_place(self, height_before: int) -> None:
        added = self.query_one(Line).size.height - height_before
        self.scroll_to(y=self.scroll_y + added, animate=False, immediate=True)


def events_text(events: Sequence[Event], now_ms: int | None) -> Content:
    """One line an event, its evidence indented below."""
    if not events:
        return Content.styled("No events yet.", Tone.MUTED.style)
    return Content("\n").join([_event_text(event, now_ms) for event in events])


def _event_text(event: Event, now_ms: int | None) -> Content:
    is_abnormal = event.kind == "abnormal"
    symbol, tone = ("▲", Tone.WARN) if is_abnormal else ("·", Tone.MUTED)
    when = f"{format.time_of_day(event.at_ms)} {format.age(now_ms, event.at_ms):>5}"
    parts = [
        Content.styled(f"{when} ", Tone.MUTED.style),
        Content.styled(f"{symbol} ", tone.style),
        Content.styled(event.text, Tone.WARN.style if is_abnormal else Tone.PLAIN.style),
    ]
    parts.extend(
        Content.styled(f"\n{INDENT}│ {line}", Tone.MUTED.style)
        for line in event.evidence.splitlines()
    )
    return Content.assemble(*parts)
