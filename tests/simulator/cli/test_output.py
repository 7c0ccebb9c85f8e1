"""Outside text cannot steer the terminal, and results are complete where nobody looks."""

from __future__ import annotations

import json

import pytest

from simulator.cli.failures import Failure
from simulator.cli.output import Output, age, confirm, duration, milliseconds


def test_table_cells_show_control_sequences_and_markup_as_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output().table(["NAME"], [["\x1b]0;owned\x07[bold]x[/bold]\x1b[2J"]])
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "[bold]x[/bold]" in printed


def test_table_that_is_piped_keeps_every_cell_whole(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(["~NAME", "ID"], [["n" * 200, "i" * 36]])
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["NAME", "ID"]
    assert row.split() == ["n" * 200, "i" * 36]


def test_id_that_is_piped_is_whole() -> None:
    assert Output().short_id("0123456789") == "0123456789"


def test_failure_says_what_and_what_to_do_on_stderr_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output().failure(
        Failure("it\x1b[31m broke", code="409 X", details=["here"], evidence="log", hint="mend it")
    )
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line.strip() for line in printed.err.splitlines()] == [
        "drydock: it broke (409 X)",
        "here",
        "log",
        "→ mend it",
    ]


def test_failure_as_json_is_one_object_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).failure(Failure("it broke", code="409 X", hint="mend it"))
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["message"], error["code"], error["hint"]) == ("it broke", "409 X", "mend it")


def test_progress_is_not_shown_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().working("busy") as working:
        working.show("still busy")
    printed = capsys.readouterr()
    assert printed.out + printed.err == ""


def test_confirmation_without_a_terminal_is_refused() -> None:
    with pytest.raises(Failure) as caught:
        confirm(Output(), "Remove it?", yes=False)
    assert caught.value.exit_code == 2
    assert "--yes" in caught.value.hint


@pytest.mark.parametrize("output", [Output(as_json=True), Output()])
def test_confirmation_is_not_asked_for_when_it_was_given(output: Output) -> None:
    assert confirm(output, "Remove it?", yes=not output.as_json)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_duration_uses_the_largest_unit_that_fits_twice(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_age_counts_from_the_given_instant_and_is_never_negative() -> None:
    assert age(1_000, 6_000) == "5 s"
    assert age(6_000, 1_000) == "0 s"
    assert age(None) == "-"


@pytest.mark.parametrize(
    ("value", "words"), [(None, "-"), (0.0, "<1 ms"), (2.345, "2.35 ms"), (1234.5, "1.23e+03 ms")]
)
def test_milliseconds(value: float | None, words: str) -> None:
    assert milliseconds(value) == words
