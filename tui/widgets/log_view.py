"""The log of a service: all its instances in one view that follows what is written.

Drawn line by line (Textual's line API), so that the cost of a frame is the visible lines, however
many are kept.
"""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.format import short_id
from tui.known import LogBuffer
from tui.looks import INSTANCE_TONES, Tone, rich_style
from tui.shapes import LogLine

GUTTER = 8
"""Cells for the instance's short id and the rule after it."""


class _ScreenLine(NamedTuple):
    """One line of the view; a wrapped log line has several."""

    instance_id: str
    text: str
    is_first: bool


class LogView(ScrollView, can_focus=True):
    """Shows a `LogBuffer`. While it follows, the newest line is in view; paused, nothing moves."""

    following: reactive[bool] = reactive(True)
    wrap: reactive[bool] = reactive(False)
    needle: reactive[str] = reactive("")
    """What is searched for, in any case; its places are marked."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._buffer = LogBuffer()
        self._lines: list[LogLine] = []
        self._screen_lines: list[_ScreenLine] = []
        self._next_number = 0
        self._widest = 0
        self._laid_out_width = 0
        self._tones: dict[str, Tone] = {}

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def new_lines(self) -> int:
        """Lines that were written since the view was paused."""
        return self._buffer.total - self._next_number

    @property
    def is_behind(self) -> bool:
        """Whether it is shown, and does not yet show the newest that it should (or count)."""
        at_end = not self.following or self.scroll_y >= self.max_scroll_y
        return self.size.width > 0 and (self.new_lines > 0 or not at_end)

    @property
    def matches(self) -> int:
        """Screen lines in which the searched text occurs."""
        return sum(map(self._is_match, self._screen_lines))

    def show(self, buffer: LogBuffer) -> None:
        """Shows what the buffer has; another buffer than before starts the view anew."""
        if buffer is not self._buffer:
            self._buffer = buffer
            self._next_number = 0
            self._lines.clear()
            self._screen_lines.clear()
        if not self.size.width:
            return  # in a tab that is not shown
        if self.wrap and self._width != self._laid_out_width:
            self._lay_out()  # a scroll bar came or went
        if self.following and self.new_lines:
            self._take_new_lines()
        if self.following and self.scroll_y < self.max_scroll_y:
            self.scroll_end(animate=False, x_axis=False)  # the view may have become smaller

    def jump_to_match(self, direction: int) -> bool:
        """Scrolls to the next match above (-1) or below (+1); pauses. False if there is none."""
        start = round(self.scroll_y)
        indexes = range(len(self._screen_lines))
        places = [i for i in indexes if self._is_match(self._screen_lines[i])]
        if not places:
            return False
        above = [i for i in places if i < start]
        below = [i for i in places if i > start]
        target = (above[-1] if above else places[-1]) if direction < 0 else (below or places)[0]
        self.following = False
        self.scroll_to(y=target, animate=False, immediate=True)
        return True

    def watch_following(self) -> None:
        if self.following:
            self.show(self._buffer)

    def watch_wrap(self) -> None:
        self._lay_out()

    def watch_needle(self) -> None:
        self.refresh()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()
        self.show(self._buffer)

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        width = self._width
        index = scroll_y + y
        if index >= len(self._screen_lines):
            return Strip.blank(width, self.rich_style)
        line = self._screen_lines[index]
        text = Strip(self._text_segments(line.text)).crop_extend(
            scroll_x, scroll_x + max(1, width - GUTTER), self.rich_style
        )
        return Strip([*self._gutter_segments(line), *text]).apply_style(self.rich_style)

    def action_scroll_up(self) -> None:
        self.following = False
        super().action_scroll_up()

    def action_page_up(self) -> None:
        self.following = False
        super().action_page_up()

    def action_scroll_home(self) -> None:
        self.following = False
        super().action_scroll_home()

    def action_scroll_end(self) -> None:
        self.following = True

    def on_mouse_scroll_up(self) -> None:
        self.following = False

    def on_scroll_to(self) -> None:
        """The scroll bar was dragged."""
        self.following = False

    def _take_new_lines(self) -> None:
        new = self._buffer.since(self._next_number)
        self._next_number = self._buffer.total
        for line in new:
            self._tones.setdefault(
                line.instance_id, INSTANCE_TONES[len(self._tones) % len(INSTANCE_TONES)]
            )
        surplus = len(self._lines) + len(new) - self._buffer.capacity
        if surplus > 0:
            del self._lines[:surplus]
            self._drop_screen_lines(surplus)
        self._lines.extend(new)
        self._add_screen_lines(new)

    def _drop_screen_lines(self, lines: int) -> None:
        """Drops the screen lines of the first log lines (all, if there are not so many)."""
        starts = (i for i, one in enumerate(self._screen_lines) if one.is_first)
        end = next(islice(starts, lines, None), len(self._screen_lines))
        del self._screen_lines[:end]

    def _lay_out(self) -> None:
        self._screen_lines.clear()
        self._widest = 0
        self._add_screen_lines(self._lines)

    def _add_screen_lines(self, lines: Sequence[LogLine]) -> None:
        self._laid_out_width = self._width
        width = max(1, self._width - GUTTER)
        for line in lines:
            text = line.text
            length = len(text) if text.isascii() else cell_len(text)
            pieces = chop_cells(text, width) if self.wrap and length > width else [text]
            self._widest = max(self._widest, min(length, width) if self.wrap else length)
            for number, piece in enumerate(pieces or [""]):
                self._screen_lines.append(_ScreenLine(line.instance_id, piece, number == 0))
        self.virtual_size = Size(self._widest + GUTTER, len(self._screen_lines))
        self.refresh()

    def _is_match(self, line: _ScreenLine) -> bool:
        return bool(self.needle) and self.needle.casefold() in line.text.casefold()

    def _gutter_segments(self, line: _ScreenLine) -> list[Segment]:
        variables = self.app.theme_variables
        tone = self._tones.get(line.instance_id, Tone.PLAIN)
        name = short_id(line.instance_id) if line.is_first else ""
        rule = "│" if line.is_first else "┊"
        return [
            Segment(f"{name:>{GUTTER - 2}}"[: GUTTER - 2], rich_style(tone, variables)),
            Segment(rule + " ", rich_style(Tone.MUTED, variables)),
        ]

    def _text_segments(self, text: str) -> list[Segment]:
        needle = self.needle.casefold()
        folded = text.casefold()
        if not needle or len(folded) != len(text):
            return [Segment(text)]
        marked = Style(reverse=True)
        segments, start = [], 0
        while (found := folded.find(needle, start)) >= 0:
            segments.append(Segment(text[start:found]))
            segments.append(Segment(text[found : found + len(needle)], marked))
            start = found + len(needle)
        return [*segments, Segment(text[start:])]
