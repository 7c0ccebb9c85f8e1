"""The strip below the services: what the row under the cursor has no room for."""

from textual.content import Content
from textual.widgets import Static

from tui import format
from tui.looks import Tone, service_look
from tui.shapes import Service


class ChosenService(Static):
    """Three lines on the service under the cursor; empty without one."""

    def __init__(self) -> None:
        super().__init__(id="chosen", markup=False)

    def show(self, service: Service | None, now_ms: int | None) -> None:
        self.update(Content("") if service is None else chosen_text(service, now_ms))


def chosen_text(service: Service, now_ms: int | None) -> Content:
    """Status and models; what is wrong or where it answers; the last event."""
    look = service_look(service.status)
    models = ", ".join(
        f"{version.model_name or version.model_id} {version.model_version} {version.weight}%"
        for version in service.versions
    )
    first = Content.assemble(
        (f"{look.symbol} ", look.tone.style),
        (service.name, "bold"),
        (f"  {reason_or_status(service)}", look.tone.style),
        (f"  {models}" if models else "", Tone.MUTED.style),
    )
    first_line = service.message.split("\n", 1)[0]
    second = Content.styled(first_line or service.access_address, Tone.PLAIN.style)
    event = service.last_event
    if event is None:
        third = Content.styled("no events yet", Tone.MUTED.style)
    else:
        ago = f"{format.age(now_ms, event.at_ms)} ago  "
        third = Content.styled(ago + event.text, Tone.MUTED.style)
    return Content("\n").join([first, second, third])


def reason_or_status(service: Service) -> str:
    """`failed: CrashLoopBackOff`, or just `running`."""
    return f"{service.status}: {service.reason}" if service.reason else service.status
