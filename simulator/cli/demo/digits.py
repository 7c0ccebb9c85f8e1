"""The held-out digits, and drawing them in a terminal."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.cli.demo.bundled import bundled

if TYPE_CHECKING:
    from rich.text import Text

MARGIN = 3
"""Pixels cut from each side of an image before it is drawn: MNIST's digits keep 4 free."""
SIZE = 14
"""Width of a drawn digit in columns; it has half as many lines."""
GAP = "  "
RAMP = " .:-=+*#%@"
"""Characters from dark to light, for terminals without colours."""


@dataclass(frozen=True)
class Digit:
    """One handwritten digit that was not used in training.

    Attributes:
        name: its file's name.
        label: the digit that it is.
        png: the file: 28 x 28 pixels, 8-bit gray, light ink on black.
    """

    name: str
    label: str
    png: bytes


def held_out_digits() -> list[Digit]:
    """All of them, in the order of the split."""
    folder = bundled("data/mnist")
    split = json.loads((folder / "split.json").read_text(encoding="utf-8"))
    files = [(folder / one["file"], str(one["label"])) for one in split["held_out"]]
    return [Digit(file.name, label, file.read_bytes()) for file, label in files]


def first_different(digits: Sequence[Digit], count: int) -> list[Digit]:
    """The first `count` digits of different labels."""
    by_label: dict[str, Digit] = {}
    for digit in digits:
        by_label.setdefault(digit.label, digit)
    return list(by_label.values())[:count]


def draw(digits: Sequence[Digit], *, colours: bool) -> list[Text]:
    """Lines that show the digits side by side, `SIZE` columns each.

    With colours every character is two pixels, the upper half in its own colour and the lower half
    in the background's; without, a character of `RAMP`.
    """
    pixels = [_pixels(digit.png) for digit in digits]
    from rich.text import Text  # noqa: PLC0415

    lines = []
    for y in range(0, SIZE, 2):
        line = Text()
        for number, image in enumerate(pixels):
            line.append(GAP if number else "")
            for upper, lower in zip(image[y], image[y + 1], strict=True):
                if colours:
                    line.append("▀", _style(upper, lower))
                else:
                    line.append(RAMP[(upper + lower) * (len(RAMP) - 1) // 510])
        lines.append(line)
    return lines


def _style(upper: int, lower: int) -> str:
    return f"#{upper:02x}{upper:02x}{upper:02x} on #{lower:02x}{lower:02x}{lower:02x}"


def _pixels(png: bytes) -> list[list[int]]:
    """The image as `SIZE` rows of `SIZE` gray values, 0 to 255."""
    from PIL import Image  # noqa: PLC0415

    with Image.open(io.BytesIO(png)) as image:
        cropped = image.convert("L").crop((MARGIN, MARGIN, 28 - MARGIN, 28 - MARGIN))
        small = cropped.resize((SIZE, SIZE), Image.Resampling.BOX)
    values = small.tobytes()
    return [list(values[row * SIZE : (row + 1) * SIZE]) for row in range(SIZE)]
