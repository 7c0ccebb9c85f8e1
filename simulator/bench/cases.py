"""A document to be judged, with everything that the judgement depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.rules.catalogue import Catalogue
from simulator.rules.judge import Report


@dataclass(frozen=True)
class Case:
    """A document and its world.

    Attributes:
        subject: kind of the document, such as `create-service`.
        readings: those that are chosen; the others have their default.
        facts: what exists; None where the document alone is judged.
    """

    subject: str
    document: dict[str, Any]
    readings: Mapping[str, str] = field(default_factory=dict)
    facts: Any = None

    def judge(self, catalogue: Catalogue) -> Report:
        """What the catalogue says: admission where there are facts, else the document alone."""
        readings = catalogue.read(self.readings)
        if self.facts is not None:
            return catalogue.admit(self.subject, self.document, self.facts, readings)
        return catalogue.judge(self.subject, self.document, readings)
