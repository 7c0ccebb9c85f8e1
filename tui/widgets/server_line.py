"""The top line: which server this is, and how its parts do."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from tui import format
from tui.known import Known, Link
from tui.looks import Tone
from tui.shapes import Backend, Clock, Gateway, Quota

Part = tuple[int, Content]
"""A part of the line with its priority: the highest is left out first, 0 never."""

GAP = "   "


class ServerLine(Static):
    """One line; what does not fit is left out by priority."""

    def __init__(self) -> None:
        super().__init__(id="server-line", markup=False)
        self._parts: list[Part] = []

    def show(self, known: Known) -> None:
        self._parts = server_parts(known)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self.update(join_fitting(self._parts, self.content_size.width))


def join_fitting(parts: Sequence[Part], width: int) -> Content:
    """Joins the parts, in order, without those of highest priority that do not fit."""
    kept = list(parts)
    while len(kept) > 1 and _width(kept) > width:
        droppable = max(kept, key=lambda part: part[0])
        if droppable[0] == 0:
            break
        kept.remove(droppable)
    return Content(GAP).join([content for _, content in kept])


def server_parts(known: Known) -> list[Part]:
    """What the top line says, from what is known."""
    where = "socket" if known.over_socket else known.address
    parts: list[Part] = [
        (0, Content.assemble(("Drydock", f"bold {Tone.NOTE.style}"), " ", (where, "$foreground")))
    ]
    state = known.state
    if state is None:
        word = "connecting…" if known.link is Link.CONNECTING else "no answer"
        return [*parts, (0, _tone(word, Tone.MUTED))]
    return [
        *parts,
        (2, _backend(state.backend)),
        (1, _gateway(state.gateway)),
        (3, _quota(state.quota.get("real_time_services"))),
        (4, _clock(state.clock)),
        (5, _tone(state.backend.detail, Tone.MUTED)),
        (6, _tone(f"v{state.server.version}", Tone.MUTED)),
    ]


def _backend(backend: Backend) -> Content:
    if backend.available:
        return Content.assemble(_tone("✓", Tone.GOOD), f" {backend.name}")
    return _tone(f"✗ {backend.name} not available", Tone.BAD)


def _gateway(gateway: Gateway) -> Content:
    if gateway.status == "running":
        figure = f"{format.rate(gateway.requests_per_s)} req/s"
        return Content.assemble(_tone("✓", Tone.GOOD), " gateway ", _tone(figure, Tone.MUTED))
    said = f": {gateway.error}" if gateway.error else ""
    return _tone(f"✗ gateway {gateway.status}{said}", Tone.BAD)


def _quota(quota: Quota | None) -> Content:
    if quota is None:
        return Content("")
    tone = Tone.WARN if quota.used >= quota.limit else Tone.PLAIN
    return _tone(f"{quota.used}/{quota.limit} services", tone)


def _clock(clock: Clock) -> Content:
    if clock.mode == "real":
        return _tone("real clock", Tone.MUTED)
    speed = f" ×{clock.speed:g}" if clock.speed != 1 else ""
    return _tone(f"{clock.mode} clock{speed}", Tone.WARN)


def _tone(text: str, tone: Tone) -> Content:
    return Content.styled(text, tone.style)


def _width(parts: Sequence[Part]) -> int:
    return sum(content.cell_length for _, content in parts) + len(GAP) * (len(parts) - 1)
