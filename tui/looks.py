"""How a status looks: a symbol and a tone beside the word, so that colour never carries it alone.

A tone names a variable of the theme. Widgets resolve it when they draw, so every theme fits.
"""

from dataclasses import dataclass
from enum import StrEnum

from rich.style import Style
from textual.color import Color
from textual.theme import Theme


class Tone(StrEnum):
    """What a text's colour says; the value is the theme's variable."""

    PLAIN = "foreground"
    MUTED = "foreground-muted"
    GOOD = "text-success"
    BUSY = "text-primary"
    WARN = "text-warning"
    BAD = "text-error"
    NOTE = "text-accent"
    OTHER = "text-secondary"

    @property
    def style(self) -> str:
        """As a style of `textual.content.Content`."""
        return f"${self.value}"


@dataclass(frozen=True, slots=True)
class Look:
    symbol: str
    tone: Tone


UNKNOWN_LOOK = Look("?", Tone.NOTE)
"""For a status that this version does not know: its word still shows."""

SERVICE_LOOKS = {
    "failed": Look("✗", Tone.BAD),
    "concerning": Look("▲", Tone.WARN),
    "deploying": Look("◐", Tone.BUSY),
    "pending": Look("○", Tone.BUSY),
    "waiting": Look("◌", Tone.BUSY),
    "running": Look("●", Tone.GOOD),
    "stopping": Look("◑", Tone.MUTED),
    "stopped": Look("■", Tone.MUTED),
    "finished": Look("✓", Tone.MUTED),
    "deleting": Look("◒", Tone.MUTED),
}
"""By urgency: what wants a look comes first."""

INSTANCE_LOOKS = {
    "ready": Look("●", Tone.GOOD),
    "starting": Look("◐", Tone.BUSY),
    "pending": Look("○", Tone.BUSY),
    "unhealthy": Look("▲", Tone.WARN),
    "backoff": Look("↻", Tone.WARN),
    "draining": Look("◑", Tone.MUTED),
    "stopping": Look("◑", Tone.MUTED),
}


def service_look(status: str) -> Look:
    return SERVICE_LOOKS.get(status, UNKNOWN_LOOK)


def urgency(status: str) -> int:
    """The place of a status in a summary; statuses that are not known come first."""
    return list(SERVICE_LOOKS).index(status) if status in SERVICE_LOOKS else -1


def instance_look(state: str) -> Look:
    return INSTANCE_LOOKS.get(state, UNKNOWN_LOOK)


INSTANCE_TONES = (Tone.BUSY, Tone.GOOD, Tone.NOTE, Tone.OTHER, Tone.WARN, Tone.BAD)
"""Told apart in the log, in the order in which instances first wrote."""

HARBOUR_DARK = Theme(
    name="harbour-dark",
    dark=True,
    primary="#5aa9d6",
    secondary="#8f9fd8",
    accent="#d9a066",
    success="#62b98a",
    warning="#d8a93f",
    error="#dc6a64",
    foreground="#d3dae2",
    background="#10151b",
    surface="#161c24",
    panel="#1d2630",
    variables={
        "footer-key-foreground": "#d9a066",
        "footer-background": "#161c24",
        "block-cursor-text-style": "none",
    },
)
HARBOUR_LIGHT = Theme(
    name="harbour-light",
    dark=False,
    primary="#1f6f9f",
    secondary="#5563a8",
    accent="#9a5b12",
    success="#217a4b",
    warning="#8a6100",
    error="#b3312b",
    foreground="#1f2933",
    background="#f6f8fa",
    surface="#edf0f4",
    panel="#e1e7ee",
    variables={
        "footer-key-foreground": "#9a5b12",
        "footer-background": "#e1e7ee",
        "block-cursor-text-style": "none",
    },
)


def rich_style(tone: Tone, variables: dict[str, str]) -> Style:
    """The tone in a theme's variables, for what draws with Rich (tables and the log).

    Rich knows no transparency, so a translucent colour is mixed into the background here.
    """
    colour = Color.parse(variables[tone.value])
    background = Color.parse(variables["background"])
    return Style(color=(background + colour).rich_color)
