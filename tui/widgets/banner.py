"""The line that appears while no fresh data comes."""

from textual.content import Content
from textual.widgets import Static

from tui import format
from tui.known import Known, Link


class ConnectionBanner(Static):
    """Hidden while the link is live; else says since when, why, and what to do."""

    def __init__(self) -> None:
        super().__init__(id="banner", markup=False)

    def show(self, known: Known, now_s: float) -> None:
        """Shows how old the rest of the screen is at `now_s` (monotonic seconds)."""
        # Without anything to be old, the screen itself says that there is no answer.
        self.display = known.link is Link.LOST and known.state is not None
        if self.display:
            self.update(banner_text(known, now_s))


def banner_text(known: Known, now_s: float) -> Content:
    """The banner's words."""
    age_s = known.age_s(now_s)
    what = "" if age_s is None else f" what you see is {format.long_duration(age_s)} old ·"
    reason = " · ".join(filter(None, (known.link_reason, known.link_hint)))
    return Content.assemble(("▲ reconnecting…", "bold"), f"{what} {reason}")
