"""Columns are left out by priority, and the space that is left is shared out."""

from hypothesis import given
from hypothesis import strategies as st

from tui.rows import INSTANCE_COLUMNS, SERVICE_COLUMNS, VERSION_COLUMNS
from tui.widgets.columns import ColumnSpec, fit

COLUMNS = (
    ColumnSpec("name", "Name", 10, grow=1, max_width=20),
    ColumnSpec("rate", "Rate", 6, priority=1),
    ColumnSpec("note", "Note", 20, priority=2, grow=3),
)


def test_all_columns_stay_where_there_is_room() -> None:
    assert [(column.key, width) for column, width in fit(COLUMNS, 42)] == [
        ("name", 10),
        ("rate", 6),
        ("note", 20),
    ]


def test_the_least_important_column_goes_first() -> None:
    assert [column.key for column, _ in fit(COLUMNS, 41)] == ["name", "rate"]
    assert [column.key for column, _ in fit(COLUMNS, 19)] == ["name"]


def test_the_essential_column_stays_even_where_it_does_not_fit() -> None:
    assert fit(COLUMNS, 3) == [(COLUMNS[0], 10)]


def test_spare_space_goes_to_growing_columns_up_to_their_widest() -> None:
    widths = {column.key: width for column, width in fit(COLUMNS, 100)}
    assert widths == {"name": 20, "rate": 6, "note": 68}


@given(st.integers(20, 300), st.sampled_from([SERVICE_COLUMNS, VERSION_COLUMNS, INSTANCE_COLUMNS]))
def test_the_dashboards_own_tables_fit_every_width(
    available: int, columns: tuple[ColumnSpec, ...]
) -> None:
    fitted = fit(columns, available)
    used = sum(width + 2 for _, width in fitted)
    assert used <= available or all(column.priority == 0 for column, _ in fitted)
    assert [column for column, _ in fitted] == [c for c in columns if c in dict(fitted)]


def test_80_columns_have_room_for_the_figures() -> None:
    keys = {column.key for column, _ in fit(SERVICE_COLUMNS, 79)}
    assert keys == {"status", "name", "instances", "rate", "p50", "p99", "age"}
    assert "event" in {column.key for column, _ in fit(SERVICE_COLUMNS, 119)}
