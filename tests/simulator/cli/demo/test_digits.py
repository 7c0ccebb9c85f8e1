"""The digits are the real ones, and a terminal can show them."""

from __future__ import annotations

import io

from PIL import Image
from rich.console import Console

from simulator.cli.demo.digits import RAMP, SIZE, Digit, draw, first_different, held_out_digits


def a_digit(lightness: int) -> Digit:
    """A plain picture of one gray value."""
    file = io.BytesIO()
    Image.new("L", (28, 28), lightness).save(file, "PNG")
    return Digit("plain.png", "0", file.getvalue())


def test_all_held_out_digits_are_there_thirty_of_each() -> None:
    labels = [digit.label for digit in held_out_digits()]
    assert {label: labels.count(label) for label in set(labels)} == dict.fromkeys("0123456789", 30)


def test_names_end_with_the_label() -> None:
    assert all(digit.name.endswith(f"_{digit.label}.png") for digit in held_out_digits())


def test_first_different_shows_no_label_twice() -> None:
    shown = first_different(held_out_digits(), 5)
    assert len({digit.label for digit in shown}) == len(shown) == 5


def test_without_colours_light_is_dense_and_dark_is_blank() -> None:
    light, dark = draw([a_digit(255)], colours=False), draw([a_digit(0)], colours=False)
    assert {line.plain for line in light} == {RAMP[-1] * SIZE}
    assert {line.plain for line in dark} == {" " * SIZE}


def test_five_digits_fit_eighty_columns_with_an_indent() -> None:
    lines = draw([a_digit(9)] * 5, colours=True)
    assert len(lines) == SIZE // 2
    assert {line.cell_len + 2 for line in lines} == {80}


def test_upper_pixel_is_the_foreground_and_lower_the_background() -> None:
    image = Image.new("L", (28, 28), 0)
    image.paste(255, (0, 0, 28, 14))
    file = io.BytesIO()
    image.save(file, "PNG")
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=80)
    middle = draw([Digit("half.png", "0", file.getvalue())], colours=True)[3]
    with console.capture() as captured:
        console.print(middle)
    assert "38;2;255;255;255;48;2;0;0;0" in captured.get()
    assert middle.plain == "▀" * SIZE
