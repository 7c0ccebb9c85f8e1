"""The question before a deletion: it names what is destroyed."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui import format
from tui.looks import Tone
from tui.shapes import Service, ServiceDetail

INSTANCES_NAMED = 4


class ConfirmDeletion(ModalScreen[bool]):
    """Answers True for yes. The safe answer has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Delete"),
        Binding("n,escape", "answer(False)", "Keep"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, service: Service, detail: ServiceDetail | None) -> None:
        super().__init__()
        self._service = service
        self._detail = detail

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -danger"):
            yield Static(deletion_text(self._service, self._detail), markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content("Keep (n)"), id="keep", compact=True)
                yield Button(Content("Delete (y)"), id="delete", variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "delete")

    def action_answer(self, is_confirmed: bool) -> None:
        self.dismiss(is_confirmed)


def deletion_text(service: Service, detail: ServiceDetail | None) -> Content:
    """What the question says."""
    losses = [f"the {service.status} service, with its events and logs"]
    if service.access_address:
        losses.append(f"its address …/{service.service_id}")
    losses.extend(
        f"version {version.version_id}: {version.model_name} {version.model_version},"
        f" {format.plural(version.instances_wanted, 'instance')}"
        for version in service.versions
    )
    if detail is not None and detail.instances:
        named = [i.ref or i.instance_id for i in detail.instances[:INSTANCES_NAMED]]
        more = len(detail.instances) - len(named)
        losses.append(", ".join([*named, *([f"{more} more"] if more else [])]))
    return Content.assemble(
        ("Delete ", "bold"),
        (service.name, f"bold {Tone.BAD.style}"),
        ("?", "bold"),
        "\n\nThis destroys, for good:\n",
        *(Content(f"  • {loss}\n") for loss in losses),
        ("\nModels stay.", Tone.MUTED.style),
    )
