"""What the sender notes of each request, packed for the process that watches."""

from __future__ import annotations

from simulator.stress.frames import RECORD, Frame, document, frame
from simulator.stress.outcomes import Ending

MOST_LABELS = 50
MOST_VERSIONS = 50
OTHERS = "others"
"""Stands for all labels, or versions, beyond the most."""
_NAME_CHARS = 64


class Journal:
    """Collects records; the ids in them are given when a name first occurs."""

    def __init__(self) -> None:
        self._records = bytearray()
        self._news = b""
        self._outcomes: dict[tuple[Ending, str], int] = {}
        self._versions: dict[bytes, int] = {}
        self._pack = RECORD.pack
        self.ok = self.outcome(Ending.OK, "ok")

    def outcome(self, ending: Ending, label: str, message: str = "") -> int:
        """The id of a way in which requests end."""
        known = self._outcomes.get((ending, label))
        if known is not None:
            return known
        if len(self._outcomes) >= MOST_LABELS and label != OTHERS:
            return self.outcome(ending, OTHERS)
        number = self._outcomes[ending, label] = len(self._outcomes)
        self._news += document(
            Frame.OUTCOME,
            {"id": number, "ending": ending.value, "label": label, "message": message},
        )
        return number

    def version(self, name: bytes) -> int:
        """The id of a version, which is empty where the answer names none."""
        known = self._versions.get(name)
        if known is not None:
            return known
        if len(self._versions) >= MOST_VERSIONS and name != OTHERS.encode():
            return self.version(OTHERS.encode())
        number = self._versions[name] = len(self._versions)
        text = name[:_NAME_CHARS].decode("latin-1")
        self._news += document(Frame.VERSION, {"id": number, "name": text})
        return number

    def add(
        self,
        due_s: float,
        late_s: float,
        waited_s: float,
        took_s: float,
        outcome: int,
        version: int,
    ) -> None:
        """A request has ended."""
        self._records += self._pack(due_s, late_s, waited_s, took_s, outcome, version)

    def take(self) -> bytes:
        """The frames of what was added since the last time; names before the records with them."""
        taken = self._news + (frame(Frame.RECORDS, bytes(self._records)) if self._records else b"")
        self._news = b""
        self._records.clear()
        return taken
