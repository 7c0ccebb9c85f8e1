"""Every action once: its name, key, label and help. Bindings, help screen and palette read this."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Scope(StrEnum):
    """Where an action works; the value heads its part of the help screen."""

    APP = "Everywhere"
    CHANGES = "The chosen service"
    SERVICES = "Services"
    SERVICE = "One service"
    LOGS = "Logs"


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is the screen's method `action_<name>`, or with `app.` the application's.

    `keys` are alternatives, the first is shown.
    """

    name: str
    keys: str
    label: str
    help: str
    scope: Scope
    in_footer: bool = True
    in_palette: bool = True
    key_display: str | None = None


ACTIONS = (
    Action(
        "open", "enter", "Open", "its versions, instances, events and logs",
        Scope.SERVICES, key_display="↵", in_palette=False,
    ),
    Action("start", "s", "Start", "start the service again", Scope.CHANGES),
    Action("stop", "x", "Stop", "stop its instances; the service stays", Scope.CHANGES),
    Action(
        "delete", "d", "Delete", "delete the service, after a question", Scope.CHANGES
    ),
    Action(
        "filter", "slash", "Filter", "match name, status, reason or model",
        Scope.SERVICES, key_display="/",
    ),
    Action(
        "clear_filter", "escape", "All", "show all services again", Scope.SERVICES,
        in_footer=False,
    ),
    Action("back", "escape", "Back", "back to the services", Scope.SERVICE, key_display="esc"),
    Action(
        "tab('events')", "1", "Events", "what happened, newest first, with evidence",
        Scope.SERVICE, in_footer=False,
    ),
    Action(
        "tab('logs')", "2", "Logs", "what the instances write, as they write it", Scope.SERVICE,
        in_footer=False,
    ),
    Action(
        "tab('config')", "3", "Config", "the request as accepted; secrets are hidden",
        Scope.SERVICE, in_footer=False,
    ),
    Action(
        "zoom", "z", "Zoom", "give the tab the whole screen, and back", Scope.SERVICE,
        in_footer=False,
    ),
    Action("follow", "f", "Follow", "pause the log, or follow it again", Scope.LOGS),
    Action("wrap", "w", "Wrap", "wrap long lines, or cut them", Scope.LOGS),
    Action("search", "slash", "Find", "find a text in the log", Scope.LOGS, key_display="/"),
    Action(
        "next_match", "n", "Older match", "go to the match above", Scope.LOGS, in_footer=False
    ),
    Action(
        "previous_match", "N", "Newer match", "go to the match below", Scope.LOGS,
        in_footer=False,
    ),
    Action("help", "question_mark", "Help", "this list", Scope.APP, key_display="?"),
    Action(
        "app.command_palette", "ctrl+p,colon", "Commands", "find any action or service by name",
        Scope.APP, in_footer=False, in_palette=False, key_display="^p",
    ),
    Action("app.quit", "q", "Quit", "leave; the server and its services go on", Scope.APP),
)  # fmt: skip


def actions_of(scopes: Iterable[Scope]) -> list[Action]:
    """The actions of some scopes, scope by scope, in the order in which they are shown."""
    return [action for scope in scopes for action in ACTIONS if action.scope is scope]


def bindings_of(*scopes: Scope) -> list[Binding]:
    """The same as Textual's bindings."""
    return [
        Binding(
            action.keys,
            action.name,
            action.label,
            show=action.in_footer,
            key_display=action.key_display,
            tooltip=action.help,
        )
        for action in actions_of(scopes)
    ]


def shown_key(action: Action) -> str:
    """The action's key as the help screen writes it."""
    return action.key_display or action.keys.split(",")[0].replace("escape", "esc")
