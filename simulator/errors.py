"""What can go wrong, as types. HTTP exists only in the front doors' wire modules.

DrydockError
  Refused               the cloud would refuse this too
    InvalidRequest      the request breaks rules; carries all violations
    NotFound            no such service, model, ...
    NameTaken           the name is in use
    StatusForbids       the thing's status does not allow the operation
    QuotaExceeded       a quota has no room
    InUse               cannot be deleted: something else needs it
    BelongsElsewhere    it is there, but belongs to something else
    AccessRefused       credentials are wrong, or do not open what is called
    NotSimulated        documented, but Drydock does not do it
  ConfigError           our own settings or files; the user can mend it
    AlreadyRunning      another Drydock owns the data directory
    StateTooNew         the database was written by a newer Drydock
    StateCorrupt        the database is damaged
  InternalError         our mistake
    IllegalMove         a status move that the table does not have
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DrydockError(Exception):
    """Base of all errors of the simulator."""


def with_hint(message: str, hint: str) -> str:
    """Message and hint as one text, for surfaces that have no field for a hint."""
    if not hint:
        return message
    begins_a_sentence = hint[:1].isupper() and hint[1:2].islower()
    return f"{message.rstrip('.')}; {hint[0].lower() + hint[1:] if begins_a_sentence else hint}"


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    Attributes:
        rule: rule id, e.g. `MA-SVC-014`.
        path: JSON pointer to the field, e.g. `/config/0/weight`; empty for the whole body.
        message: what was received, what is allowed.
        source: document and place that states the rule.
    """

    rule: str
    path: str
    message: str
    source: str

    @property
    def told(self) -> str:
        """The message with who says so: `config: needs at least one model. [MA-SVC-006, ...]`."""
        return f"{self.sentence} [{self.rule}, {self.source}]"

    @property
    def sentence(self) -> str:
        """The message with its full stop."""
        return self.message if self.message.endswith((".", "?", "!")) else f"{self.message}."


class Refused(DrydockError):
    """The cloud would refuse this too."""


class InvalidRequest(Refused):
    """The request breaks one or more rules. Nothing was changed.

    Attributes:
        violations: in documented order; the first makes the cloud's code and message.
        warnings: what would not have been refused.
    """

    def __init__(self, violations: list[Violation], warnings: Sequence[Violation] = ()) -> None:
        if not violations:
            raise ValueError("InvalidRequest needs at least one violation")
        self.violations = violations
        self.warnings = tuple(warnings)
        super().__init__("; ".join(v.message for v in violations))


class NotFound(Refused):
    """There is no `kind` with this id in the project."""

    def __init__(self, kind: str, key: str) -> None:
        self.kind = kind
        self.key = key
        super().__init__(f"{kind} {key} does not exist")


class NameTaken(Refused):
    """A `kind` with this name exists already."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        article = "an" if kind[:1] in "aeio" else "a"
        super().__init__(f"{article} {kind} named {name} exists already")


class StatusForbids(Refused):
    """The status of the thing does not allow the operation."""

    def __init__(self, kind: str, key: str, status: str, operation: str) -> None:
        self.kind = kind
        self.key = key
        self.status = status
        self.operation = operation
        super().__init__(f"{kind} {key} is {status}: cannot {operation} now")


class QuotaExceeded(Refused):
    """A quota has no room for what was asked.

    Attributes:
        quota: its name in `facts.quotas`.
        limit: its size; `used`: what is used of it; `asked`: how much more was asked for.
    """

    def __init__(self, quota: str, limit: int, used: int, asked: int) -> None:
        self.quota = quota
        self.limit = limit
        self.used = used
        self.asked = asked
        super().__init__(
            f"quota {quota}: {used} of {limit} used, {asked} more asked for; "
            f"`drydock quota set {quota} SIZE` stands in for a service ticket"
        )


class InUse(Refused):
    """Cannot be deleted while something else needs it."""

    def __init__(self, kind: str, key: str, users: list[str]) -> None:
        self.kind = kind
        self.key = key
        self.users = users
        super().__init__(f"{kind} {key} is used by {', '.join(users)}")


class BelongsElsewhere(Refused):
    """There is a `kind` with this id, but not where it was looked for."""

    def __init__(self, kind: str, key: str, holder: str) -> None:
        self.kind = kind
        self.key = key
        self.holder = holder
        super().__init__(f"{kind} {key} belongs to {holder}")


class AccessRefused(Refused):
    """Credentials are wrong, or do not open what is called.

    Attributes:
        kind: what is wrong: `app`, `app key` or `grant`.
    """

    def __init__(self, kind: str, why: str) -> None:
        """Args:
        why: a sentence; never text from the request, which may be a secret.
        """
        self.kind = kind
        super().__init__(why)


class SourceUnusable(Refused):
    """A model cannot be imported from this place."""

    def __init__(self, source: str, why: str, *, hint: str = "") -> None:
        self.source = source
        self.why = why
        self.hint = hint
        super().__init__(f"cannot import a model from {source}: {why}")


class UnknownOperation(Refused):
    """The API documents no operation with this method and path."""

    def __init__(self, method: str, path: str) -> None:
        self.method = method
        self.path = path
        super().__init__(f"the API has no operation {method} {path}")


class NotSimulated(Refused):
    """A documented operation that Drydock does not simulate."""

    def __init__(self, operation: str, *, are: bool = False) -> None:
        """Args:
        are: the operation is named in the plural: `edge services are not simulated`.
        """
        self.operation = operation
        super().__init__(f"{operation} {'are' if are else 'is'} not simulated")


class ConfigError(DrydockError):
    """Settings or files of ours are not right. `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)

    @property
    def reason(self) -> str:
        """Stable CamelCase code: the class's name."""
        return type(self).__name__


class AlreadyRunning(ConfigError):
    """Another Drydock owns the data directory."""


class StateTooNew(ConfigError):
    """The database was written by a newer Drydock."""


class StateCorrupt(ConfigError):
    """The database is damaged. It is never recreated silently."""


class InternalError(DrydockError):
    """A mistake of ours."""


class IllegalMove(InternalError):
    """A status move that the table of moves does not have."""

    def __init__(self, key: str, start: str, finish: str) -> None:
        self.key = key
        self.start = start
        self.finish = finish
        super().__init__(f"{key}: no move from {start} to {finish}")
