"""What a rule is: one documented statement, as data, with the function that checks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

AnswerT = TypeVar("AnswerT")

Path = tuple[str | int, ...]
"""Keys and indexes from the document's root, such as `("config", 0, "weight")`."""

Finding = tuple[Path, str]
"""Where something is wrong, relative to what was checked, and what."""

Findings = Sequence[Finding]
FINE: Findings = ()


class Level(StrEnum):
    """What a rule needs to know."""

    REQUEST = "request"
    """The document alone."""
    UPDATE = "update"
    """The document and the thing that it changes."""
    ADMISSION = "admission"
    """The document and what exists: models, pools, quotas, networks."""
    RUNTIME = "runtime"
    """What happens later: predictions, batch inputs."""


class Severity(StrEnum):
    ERROR = "error"
    """Refused."""
    WARNING = "warning"
    """Accepted, and told."""


class Proof(StrEnum):
    """How sure it is that the cloud does so."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    """Seen with, or read in, a real client."""
    INFERRED = "inferred"
    """Nobody states it; follows from what is stated."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement stands.

    Attributes:
        document: title of the page.
        place: table, section or row of it.
    """

    document: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.document}, {self.place}" if self.place else self.document


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """What the cloud answers.

    Attributes:
        status: HTTP status.
        code: such as `ModelArts.0101`.
        meaning: what the cloud's page says of it, in our words.
    """

    status: int
    code: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A question that the documents answer in more than one way.

    Attributes:
        name: the setting's name.
        options: value to what it means, each with its source.
        default: the value taken unless the user chooses.
        why: why it is the default.
    """

    name: str
    question: str
    options: Mapping[str, str]
    default: str
    why: str


class Removed:
    """In the changes of an example: the field is taken away."""

    def __repr__(self) -> str:
        return "(absent)"


REMOVED = Removed()


@dataclass(frozen=True, slots=True)
class Example:
    """A document that breaks a rule, as changes of one that breaks none.

    Attributes:
        base: name of the sound document.
        changes: JSON pointer to the value that is put there; `REMOVED` takes the field away.
        facts: what the world is like, where a rule asks; name to value.
        readings: those that must be chosen for it to break the rule.
    """

    base: str
    changes: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)


class Scope:
    """What a check may look at besides its value.

    Attributes:
        root: the whole document, cleaned: known fields of the right types only, no nulls.
        readings: name of each reading to the chosen value.
        facts: what exists, for admission and updates; None when only the document counts.
    """

    __slots__ = ("_answers", "facts", "readings", "root")

    def __init__(self, root: dict[str, Any], readings: Mapping[str, str], facts: Any) -> None:
        self.root = root
        self.readings = readings
        self.facts = facts
        self._answers: dict[Callable[[Scope], Any], Any] = {}

    def once(self, question: Callable[[Scope], AnswerT]) -> AnswerT:
        """The answer to a question about the document that many checks have, asked once."""
        if question not in self._answers:
            self._answers[question] = question(self)
        answer: AnswerT = self._answers[question]
        return answer


Check = Callable[[Any, Scope], Findings]


def shape_check(value: Any, scope: Scope) -> Findings:
    """Stands in rules on types and mandatory fields: the judge itself finds those."""
    return FINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One documented statement.

    Attributes:
        id: such as `MA-SVC-014`; never given to another statement.
        statement: in our own words, one sentence.
        subjects: the kinds of documents that it is about.
        at: pattern of JSON pointers; `*` stands for each index or key.
        when: the rule is asked only where this field is present in what `at` names; what is
            checked is still the thing at `at`.
        check: `(value at `at`, scope)` to findings; empty when the value is fine. Pure.
        answer: what the cloud answers to a request that breaks it.
        example: one document that breaks it and no other.
        reading: the reading that it depends on, if any.
        reads: fields below what is checked, as `a/b`, between which the check chooses; where one
            of them is of another type, only that is told.
        schema: JSON Schema keywords that say the same, as far as they can.
    """

    id: str
    statement: str
    source: Source
    subjects: tuple[str, ...]
    at: str
    check: Check
    answer: ErrorCode
    example: Example | None = None
    when: str = ""
    level: Level = Level.REQUEST
    severity: Severity = Severity.ERROR
    proof: Proof = Proof.DOCUMENTED
    reading: str = ""
    reads: tuple[str, ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)


def here(text: str) -> Findings:
    """One finding, at the checked value itself."""
    return (((), text),)


def at(*path: str | int, text: str) -> Findings:
    """One finding, below the checked value."""
    return ((path, text),)
