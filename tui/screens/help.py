"""Help on where you are: every key that works here."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import Action, Scope, actions_of, shown_key
from tui.looks import SERVICE_LOOKS, Tone


class HelpScreen(ModalScreen[None]):
    """Closes with the keys that opened it, or Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close"),
    ]

    def __init__(self, scopes: Sequence[Scope]) -> None:
        super().__init__()
        self._scopes = scopes

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(help_text(self._scopes), markup=False)


def help_text(scopes: Sequence[Scope]) -> Content:
    """The keys by scope, then what the symbols mean."""
    lines: list[Content] = []
    for scope in (*scopes, Scope.APP):
        lines.append(Content.styled(scope.value, f"bold {Tone.NOTE.style}"))
        lines.extend(map(_action_line, actions_of([scope])))
        lines.append(Content(""))
    lines.append(Content.styled("Status", f"bold {Tone.NOTE.style}"))
    looks = [
        Content.assemble((look.symbol, look.tone.style), f" {status:<11}")
        for status, look in SERVICE_LOOKS.items()
    ]
    per_line = 4
    lines.extend(
        Content("  ").join([Content(""), *looks[start : start + per_line]])
        for start in range(0, len(looks), per_line)
    )
    return Content("\n").join(lines)


def _action_line(action: Action) -> Content:
    return Content.assemble(
        (f"  {shown_key(action):<6}", "bold"),
        f"{action.label:<12}",
        (action.help, Tone.MUTED.style),
    )
