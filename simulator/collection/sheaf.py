"""The lines of one service that wait to be written, and what it has written so far."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simulator.collection.rules import Collection
from simulator.objectpaths import ObjectPath, parse_object_path
from simulator.objects.store import ObjectStore

FLUSH_BYTES = 4 * 1024 * 1024
FLUSH_S = 2.0
"""Lines wait until there are this many bytes, or for as long."""


@dataclass
class Sheaf:
    """See the module.

    Attributes:
        used_bytes: what the service's files take together.
        exchanges: written since the server started.
        lines: those that wait, each with the time of its request, seconds since the epoch.
        since_s: when the oldest waiting line came, seconds of the monotonic clock.
        names: the spool's files that the waiting lines are from.
        read_s, counted_s: when its rules were read and its files counted last, of that clock.
        is_full: the budget left no room for an exchange.
        trouble: why lines cannot be written; empty while they can.
    """

    service_id: str
    rules: Collection
    used_bytes: int = 0
    exchanges: int = 0
    lines: list[tuple[float, bytes]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    waiting_bytes: int = 0
    since_s: float = 0.0
    read_s: float = 0.0
    counted_s: float = 0.0
    is_full: bool = False
    trouble: str = ""

    @property
    def left_bytes(self) -> int:
        """What the budget leaves."""
        return self.rules.budget_bytes - self.used_bytes - self.waiting_bytes

    def add(self, at_s: float, line: bytes, name: str, now_s: float) -> None:
        """The caller has seen that the budget leaves room for it."""
        if not self.lines:
            self.since_s = now_s
        self.lines.append((at_s, line))
        self.names.append(name)
        self.waiting_bytes += len(line)

    def is_due(self, now_s: float) -> bool:
        """Whether its lines are to be written now."""
        return bool(self.lines) and (
            self.waiting_bytes >= FLUSH_BYTES or now_s - self.since_s >= FLUSH_S
        )

    def write(self, objects: ObjectStore, now: datetime) -> list[str]:
        """Write the lines, by time, into a file of their own.

        Returns:
            The spool's files that they are from.

        Raises:
            ObjectStoreError: they wait on.
        """
        with objects.writer(file_path(self.rules, self.service_id, now)) as writer:
            for _, line in sorted(self.lines):
                writer.write(line)
        self.used_bytes += self.waiting_bytes
        self.exchanges += len(self.lines)
        return self.drop()

    def drop(self) -> list[str]:
        """Let the waiting lines go.

        Returns:
            The spool's files that they are from.
        """
        names, self.names, self.lines, self.waiting_bytes = self.names, [], [], 0
        return names


def folder(rules: Collection, service_id: str) -> ObjectPath:
    """Where the files of a service are."""
    return parse_object_path(rules.destination).as_folder().below(f"{service_id}/")


def file_path(rules: Collection, service_id: str, now: datetime) -> ObjectPath:
    """`<service>/2026-01-31/23-59-59.123-ab12cd34.jsonl`: by time, and never one of before."""
    at = now.astimezone(UTC)
    name = f"{at:%Y-%m-%d}/{at:%H-%M-%S}.{at.microsecond // 1000:03d}-{secrets.token_hex(4)}.jsonl"
    return folder(rules, service_id).below(name)


def used_bytes(objects: ObjectStore, rules: Collection, service_id: str) -> int:
    """What the files of a service take together.

    Raises:
        ObjectStoreError
    """
    return sum(one.size_bytes for one in objects.entries(folder(rules, service_id)))
