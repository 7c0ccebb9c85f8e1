"""Whether an answer is what the documents say: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.bench.conform.connection import Answer
from simulator.errors import Violation
from simulator.rules.rule import ErrorCode


@dataclass(frozen=True)
class Expected:
    """What should be answered.

    Attributes:
        violations: what is wrong with the request, in documented order; empty when nothing is.
        answers: the answer that belongs to each.
        may_be_missing: 501 is right too, when it says what is not simulated.
        any_of: whatever of it is told is right, if only nothing else is.
    """

    violations: Sequence[Violation] = ()
    answers: Sequence[ErrorCode] = ()
    may_be_missing: bool = False
    any_of: bool = False

    @property
    def words(self) -> str:
        """For people."""
        if not self.violations:
            text = "accepted (200)"
        else:
            first = self.answers[0]
            rules = ", ".join(dict.fromkeys(one.rule for one in self.violations))
            text = f"{first.status} {first.code}, for {rules}"
            text += " or some of these" if self.any_of and "," in rules else " alone"
        return f"{text}, or 501 that names what is not simulated" if self.may_be_missing else text


def not_simulated(answer: Answer) -> bool:
    """Whether the endpoint says that the request is valid and it does not do this."""
    return answer.status == 501 and bool(answer.object.get("error_msg"))


def names_rules(answer: Answer) -> bool:
    """Whether an answer has Drydock's extension: the broken rules by name."""
    return isinstance(answer.object.get("violations"), list)


def complaints(answer: Answer, expected: Expected, *, extension: bool) -> list[str]:
    """What is wrong with an answer; empty when nothing is.

    Args:
        extension: the endpoint names the broken rules, so that exactly the right ones are due.
    """
    if expected.may_be_missing and not_simulated(answer):
        return form_of_error(answer)
    if not expected.violations:
        return [] if answer.status < 300 else [f"a valid request was refused{_because(answer)}"]
    if answer.status < 300:
        return [f"accepted with {answer.status}; it must be refused"]
    found = _code(answer, expected, extension) + form_of_error(answer)
    found += _named(answer, expected) if extension else _place(answer, expected)
    return found


def form_of_error(answer: Answer) -> list[str]:
    """What is wrong with the form of an error answer."""
    found = []
    kind = answer.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        found.append(f"the content type is {kind or 'absent'}, not application/json")
    if not answer.headers.get("x-request-id"):
        found.append("the header X-Request-Id is absent")
    if not isinstance(answer.document, dict):
        found.append("the body is no JSON object of error_code and error_msg")
        return found
    for name in ("error_code", "error_msg"):
        value = answer.document.get(name)
        if not isinstance(value, str) or not value:
            found.append(f"{name} is no text" if name in answer.document else f"{name} is absent")
    return found


def status_and_code(answer: Answer, allowed: Sequence[ErrorCode]) -> list[str]:
    """Whether status and code are one of the pairs that are allowed."""
    statuses = dict.fromkeys(one.status for one in allowed)
    if answer.status not in statuses:
        wanted = " or ".join(str(status) for status in statuses)
        return [f"the status is {answer.status}, not {wanted}{_because(answer)}"]
    codes = dict.fromkeys(one.code for one in allowed if one.status == answer.status)
    code = answer.object.get("error_code")
    if code not in codes and "" not in codes:
        return [f"error_code is {code}, not {' or '.join(codes)}{_because(answer)}"]
    return []


def _code(answer: Answer, expected: Expected, extension: bool) -> list[str]:
    """By the first rule in documented order; another endpoint may look in another order."""
    first = extension and not expected.any_of
    return status_and_code(answer, expected.answers[:1] if first else expected.answers)


def _named(answer: Answer, expected: Expected) -> list[str]:
    named = rules_named(answer)
    due = list(dict.fromkeys(one.rule for one in expected.violations))
    if set(named) == set(due) or (expected.any_of and named and set(named) < set(due)):
        return []
    return [f"names {_listed(named)} as broken, not {_listed(due)}"]


def rules_named(answer: Answer) -> list[str]:
    """The rules that an answer says are broken, each once."""
    told = answer.object.get("violations")
    listed = told if isinstance(told, list) else []
    names = [str(one.get("rule")) for one in listed if isinstance(one, dict)]
    return list(dict.fromkeys(names))


def _place(answer: Answer, expected: Expected) -> list[str]:
    """The message names the field, where the place is one."""
    fields = [_field(one.path) for one in expected.violations]
    message = answer.object.get("error_msg")
    if "" in fields or not isinstance(message, str):
        return []
    if any(field.lower() in message.lower() for field in fields):
        return []
    return [f"error_msg does not name {' or '.join(dict.fromkeys(fields))}"]


def _field(path: str) -> str:
    """The last name in a JSON pointer; empty where there is none."""
    names = [part for part in path.split("/")[1:] if not part.isdecimal()]
    return names[-1].replace("~1", "/").replace("~0", "~") if names else ""


def _because(answer: Answer) -> str:
    """What the answer itself gives as reason."""
    named = rules_named(answer)
    if named:
        return f": it says {_listed(named)}"
    message = answer.object.get("error_msg")
    return f": it says {message}" if isinstance(message, str) and message else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "no rule"
