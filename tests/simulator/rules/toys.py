"""A small shape and rules on it: enough to say what the judge does, without any cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from simulator.rules.judge import Judge, Report
from simulator.rules.rule import (
    FINE,
    Check,
    ErrorCode,
    Findings,
    Rule,
    Scope,
    Severity,
    Source,
    here,
    shape_check,
)
from simulator.rules.shape import Numeric, OneOrMap, Shape, Table, fields_of

WRONG = ErrorCode(400, "Toy.1", "something is wrong")
PAGE = Source("Toys", "table 1")


@dataclass(frozen=True, kw_only=True)
class Wheel(Shape):
    """A part of a toy."""

    table: ClassVar[Table] = Table("TOY", 2, Source("Toys", "table 2"), WRONG)

    size: Annotated[int, "How large it is."]
    colour: Annotated[str | None, "Its colour."] = None


@dataclass(frozen=True, kw_only=True)
class Toy(Shape):
    """A document."""

    table: ClassVar[Table] = Table("TOY", 1, PAGE, WRONG)
    documented_rows: ClassVar[int] = 9
    beyond: ClassVar[Source | None] = Source("Newer toys", "appendix")

    name: Annotated[str, "What it is called."]
    price: Annotated[float | None, "What it costs."] = None
    sold: Annotated[bool | None, "Whether it is sold."] = None
    weight: Annotated[Numeric | None, "How heavy it is."] = None
    wheels: Annotated[list[Wheel] | None, "Its wheels."] = None
    labels: Annotated[dict[str, str] | None, "Words about it."] = None
    spares: Annotated[Annotated[dict[str, Wheel], OneOrMap()] | None, "Spare wheels."] = None
    extra: Annotated[dict[str, Any] | None, "Any object."] = None
    note: Annotated[Any, "Any value."] = None
    made_in: Annotated[str | None, "Where it was made."] = field(
        default=None, metadata={"name": "made-in/by~whom"}
    )
    counts: Annotated[list[int] | None, "Numbers."] = None
    axle: Annotated[Wheel | None, "One wheel."] = None


def rule(rule_id: str, at: str, check: Check, **more: Any) -> Rule:
    parts = {"statement": f"{rule_id}.", "source": PAGE, "subjects": ("toy",), "answer": WRONG}
    return Rule(**{"id": rule_id, "at": at, "check": check, **parts, **more})


SOUND: dict[str, Any] = {
    "name": "car",
    "price": 1.5,
    "sold": True,
    "weight": "12",
    "wheels": [{"size": 3, "colour": "red"}, {"size": 4}],
    "labels": {"en": "car", "de": "Auto"},
    "spares": {"front": {"size": 3}},
    "extra": {"any": [1, None, {"thing": None}]},
    "note": [1, "two", None],
    "made-in/by~whom": "Ulm",
    "counts": [1, 2],
    "axle": {"size": 1},
}
"""A document in which nothing is wrong."""

UNKNOWN = rule("TOY-UNKNOWN", "", shape_check, severity=Severity.WARNING)


def always(text: str) -> Check:
    """A check that finds something in every value that it is asked about."""

    def check(value: Any, scope: Scope) -> Findings:
        return here(text)

    return check


def unless(wanted: Any) -> Check:
    """A check that every value but one breaks; says what it was asked about."""

    def check(value: Any, scope: Scope) -> Findings:
        return FINE if value == wanted else here(f"got {value!r}")

    return check


def judged(document: dict[str, Any], *rules: Rule, **more: Any) -> Report:
    return Judge(Toy, rules, UNKNOWN).judge(document, {}, **more)


def refused(document: dict[str, Any], *rules: Rule, **more: Any) -> list[tuple[str, str]]:
    """Rule and place of each violation."""
    return [(one.rule, one.path) for one in judged(document, *rules, **more).violations]


def warned(document: dict[str, Any], *rules: Rule, **more: Any) -> list[tuple[str, str]]:
    return [(one.rule, one.path) for one in judged(document, *rules, **more).warnings]


def toy_shape_rules() -> list[Rule]:
    """The rules on types and mandatory fields in documented order."""
    return [
        one
        for shape in (Toy, Wheel)
        for field in fields_of(shape).values()
        for one in (field.must_rule, field.type_rule)
        if one is not None
    ]
