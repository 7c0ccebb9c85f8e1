"""What the dashboard knows: one store, written by the poller and the log reader, read by widgets.

Real seconds (`_s`, a monotonic clock) say how old the knowledge is; platform milliseconds (`_ms`)
are the server's own and are only ever compared with each other.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from tui.shapes import Event, LogLine, Service, ServiceDetail, State

T = TypeVar("T")

LOG_LINES_KEPT = 5000
"""Per service; older lines are dropped and counted."""


class Link(StrEnum):
    """How the dashboard stands with the server."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


class LogBuffer:
    """The newest log lines of one service, with the number of those no longer kept."""

    def __init__(self, capacity: int = LOG_LINES_KEPT) -> None:
        self._lines: deque[LogLine] = deque(maxlen=capacity)
        self._replay: dict[str, tuple[int, Counter[str]]] = {}
        self.capacity = capacity
        self.total = 0
        """Lines ever added; the first kept line has number `total - len(self)`."""
        self.broken = ""
        """Why the stream is not open; empty while it is."""

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def dropped(self) -> int:
        return self.total - len(self._lines)

    def add(self, line: LogLine) -> None:
        """Adds a line, unless a reconnected stream repeats one that is already here."""
        if self._replay and self._is_repeat(line):
            return
        self._lines.append(line)
        self.total += 1

    def since(self, number: int) -> Sequence[LogLine]:
        """The kept lines from line `number` (counted from 0 over all lines ever added) on."""
        return list(islice(self._lines, max(0, number - self.dropped), None))

    def expect_repeats(self) -> None:
        """Call before a stream is opened again: it starts with lines that were already sent."""
        self._replay = {}
        for line in self._lines:
            at_ms, texts = self._replay.get(line.instance_id, (line.at_ms, Counter[str]()))
            if line.at_ms > at_ms:
                at_ms, texts = line.at_ms, Counter()
            if line.at_ms == at_ms:
                texts[line.text] += 1
            self._replay[line.instance_id] = (at_ms, texts)

    def _is_repeat(self, line: LogLine) -> bool:
        newest_ms, texts = self._replay.get(line.instance_id, (None, Counter[str]()))
        if newest_ms is None:
            return False
        if line.at_ms < newest_ms:
            return True
        if line.at_ms == newest_ms and texts[line.text] > 0:
            texts[line.text] -= 1
            return True
        if line.at_ms > newest_ms:
            del self._replay[line.instance_id]
        return False


@dataclass
class Known:
    """Everything that widgets show. Nothing is dropped when the connection is lost."""

    link: Link = Link.CONNECTING
    link_reason: str = ""
    """Why the link is not live, in words to show."""
    link_hint: str = ""
    over_socket: bool = False
    """The answers come over the Unix socket, since the gateway's address does not answer."""
    address: str = ""
    state: State | None = None
    learned_at_s: float | None = None
    """When `state` was received; None before the first answer."""
    details: dict[str, ServiceDetail] = field(default_factory=dict)
    events: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    logs: dict[str, LogBuffer] = field(default_factory=dict)

    @property
    def now_ms(self) -> int | None:
        """The platform clock when `state` was made, so that ages fit the data beside them."""
        return self.state.clock.now_ms if self.state else None

    @property
    def is_stale(self) -> bool:
        return self.link is not Link.LIVE

    def age_s(self, now_s: float) -> float | None:
        """How long ago the shown state arrived, in real seconds."""
        return None if self.learned_at_s is None else max(0.0, now_s - self.learned_at_s)

    def accept_state(self, state: State, now_s: float, over_socket: bool) -> None:
        """Takes in an answer, and forgets what belongs to services that are gone."""
        self.state, self.learned_at_s, self.over_socket = state, now_s, over_socket
        self.link, self.link_reason, self.link_hint = Link.LIVE, "", ""
        living = {service.service_id for service in state.services}
        _forget(self.details, living)
        _forget(self.events, living)
        _forget(self.logs, living)

    def lose(self, reason: str, hint: str) -> None:
        """Records that no fresh data comes; what is known stays."""
        self.link = Link.LOST
        self.link_reason, self.link_hint = reason, hint

    def service(self, service_id: str) -> Service | None:
        """The newest that is known of a service; None if the server does not list it."""
        services = self.state.services if self.state else ()
        return next((one for one in services if one.service_id == service_id), None)

    def log(self, service_id: str) -> LogBuffer:
        """The log buffer of a service, made on first use."""
        return self.logs.setdefault(service_id, LogBuffer())


def _forget(table: dict[str, T], living: set[str]) -> None:
    for service_id in table.keys() - living:
        del table[service_id]
