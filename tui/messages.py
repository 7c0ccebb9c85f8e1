"""Every message of the dashboard: what widgets and screens ask of the application.

News flows the other way: the application tells its screens that more is known.
"""

from enum import StrEnum

from textual.message import Message


class Change(StrEnum):
    """What a user can ask of a service; the value is the client's method."""

    START = "start"
    STOP = "stop"
    DELETE = "delete"


class KnownChanged(Message, bubble=False):
    """More is known: show it. Several that wait are as good as one."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, KnownChanged)


class ChangeAsked(Message):
    """The user decided on a change of a service (a deletion is confirmed already)."""

    def __init__(self, change: Change, service_id: str, name: str) -> None:
        super().__init__()
        self.change = change
        self.service_id = service_id
        self.name = name


class ServiceOpened(Message):
    """The user wants to see one service."""

    def __init__(self, service_id: str) -> None:
        super().__init__()
        self.service_id = service_id


class LogsWanted(Message):
    """A screen shows the logs of this service from now on, or of none."""

    def __init__(self, service_id: str | None) -> None:
        super().__init__()
        self.service_id = service_id
