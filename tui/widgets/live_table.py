"""A table whose cells change under a cursor that stays where it is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from tui.looks import Tone, rich_style
from tui.widgets.columns import PADDING, ColumnSpec, fit


class Cell(NamedTuple):
    """A cell as data: cleaned text and what its colour says."""

    text: str
    tone: Tone = Tone.PLAIN


Row = Mapping[str, Cell]
"""Cells by column key."""

_SCROLLBAR_WIDTH = 1


class LiveTable(DataTable[Text]):
    """Shows rows by key. Cells are updated in place: cursor and scroll position survive.

    The columns that do not fit are left out by priority; they come back when there is room.
    """

    def __init__(
        self, columns: Sequence[ColumnSpec], *, id: str, cursor: bool = True, stripes: bool = False
    ) -> None:
        super().__init__(
            id=id,
            cursor_type="row" if cursor else "none",
            cell_padding=PADDING,
            zebra_stripes=stripes,
            cursor_foreground_priority="renderable",
        )
        self.can_focus = cursor
        self._specs = columns
        self._layout: list[tuple[ColumnSpec, int]] = []
        self._rows: dict[str, Row] = {}
        self._drawn: dict[str, Row] = {}

    @property
    def chosen_key(self) -> str | None:
        """The key of the row under the cursor."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def show_rows(self, rows: Mapping[str, Row]) -> None:
        """Makes the table show exactly these rows, in this order."""
        self._rows = dict(rows)
        if not self._layout:
            return  # not laid out yet: the first resize draws
        kept = [key for key in self._drawn if key in self._rows]
        added = [key for key in self._rows if key not in self._drawn]
        if [*kept, *added] != list(self._rows):
            self._draw_all()
            return
        chosen, row = self.chosen_key, self.cursor_row
        for key in [key for key in self._drawn if key not in self._rows]:
            self.remove_row(key)
            del self._drawn[key]
        for key in kept:
            self._update_row(key)
        for key in added:
            self._add_row(key)
        self._choose(chosen, row)
        if self.cursor_row != row:  # rows above went: the chosen one stays where it is seen
            self._scroll_when_drawn(self.scroll_y + self.cursor_row - row)

    def choose(self, key: str) -> None:
        """Puts the cursor on a row, and scrolls to it."""
        if key in self._drawn:
            self.move_cursor(row=self.get_row_index(key))

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw_all())

    def on_resize(self, event: events.Resize) -> None:
        layout = fit(self._specs, event.size.width - _SCROLLBAR_WIDTH)
        if layout != self._layout:
            self._layout = layout
            self._draw_all()

    def _draw_all(self) -> None:
        """Draws from nothing: at a resize, a new theme or a new order, never at a refresh."""
        chosen, row, scroll_y = self.chosen_key, self.cursor_row, self.scroll_y
        self.clear(columns=True)
        self._drawn.clear()
        for spec, width in self._layout:
            title = Text(spec.title, justify="right" if spec.right else "left")
            self.add_column(title, width=width, key=spec.key)
        for key in self._rows:
            self._add_row(key)
        self._choose(chosen, row)
        self._scroll_when_drawn(scroll_y)

    def _scroll_when_drawn(self, y: float) -> None:
        if y > 0:
            self.call_after_refresh(self.scroll_to, y=y, animate=False, immediate=True)

    def _choose(self, key: str | None, fallback_row: int) -> None:
        row = self.get_row_index(key) if key in self._drawn and key else fallback_row
        if self._drawn and row != self.cursor_row:
            self.move_cursor(row=min(row, len(self._drawn) - 1), scroll=False)

    def _add_row(self, key: str) -> None:
        row = self._rows[key]
        self.add_row(*(self._text(spec, row[spec.key]) for spec, _ in self._layout), key=key)
        self._drawn[key] = row

    def _update_row(self, key: str) -> None:
        row, drawn = self._rows[key], self._drawn[key]
        for spec, _ in self._layout:
            if row[spec.key] != drawn[spec.key]:
                self.update_cell(key, spec.key, self._text(spec, row[spec.key]))
        self._drawn[key] = row

    def _text(self, spec: ColumnSpec, cell: Cell) -> Text:
        return Text(
            cell.text,
            style=rich_style(cell.tone, self.app.theme_variables),
            justify="right" if spec.right else "left",
            no_wrap=True,
            overflow="ellipsis",
            end="",
        )
