"""Holds a document against a shape and rules: everything that is wrong with it, at once.

Two passes over one document. The first checks types and mandatory fields and makes the clean
document: known fields of the right types, no nulls, numbers in strings as numbers. The second asks
the rules, each only about values that are there and have the right type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.errors import Violation
from simulator.rules.rule import Path, Rule, Scope, Severity, shape_check
from simulator.rules.shape import Field, Kind, Shape, fields_of, numeric
from simulator.rules.text import did_you_mean, pointer, readable_path, shown

_EXACT = {"text": str, "integer": int, "boolean": bool}


@dataclass(frozen=True, slots=True)
class Report:
    """What came out.

    Attributes:
        clean: the document as it was understood; complete only when nothing is violated.
        violations: why it is refused, in documented order; empty when it is accepted.
        warnings: what is accepted and yet should be told.
    """

    clean: dict[str, Any]
    violations: list[Violation]
    warnings: list[Violation]


class _Found:
    """A finding before it has words."""

    __slots__ = ("order", "path", "rule", "text")

    def __init__(self, order: int, rule: Rule, path: Path, text: str) -> None:
        self.order = order
        self.rule = rule
        self.path = path
        self.text = text

    def key(self) -> tuple[int, tuple[tuple[bool, int, str], ...], str]:
        """Documented order, then place; indexes as numbers."""
        parts = tuple(
            (True, part, "") if isinstance(part, int) else (False, 0, part) for part in self.path
        )
        return self.order, parts, self.text


_Pending = tuple[tuple["_Asked", ...], Any, Path]


class _Run:
    """What one judgement collects."""

    __slots__ = ("found", "misshapen", "pending", "unknown")

    def __init__(self) -> None:
        self.found: list[_Found] = []
        self.misshapen: set[Path] = set()
        self.pending: list[_Pending] = []
        self.unknown: list[tuple[_Object, Path, str]] = []


class _Asked:
    """A rule with its place in the documented order, and the check at hand."""

    __slots__ = ("check", "order", "rule")

    def __init__(self, rule: Rule, order: int) -> None:
        self.rule = rule
        self.order = order
        self.check = rule.check


_MISTYPED = object()
"""Of another type; not told yet."""

_SPOILT = object()
"""An array with an item of another type, which is told already."""


class _Plan:
    """One field of an object, ready to be read.

    Attributes:
        exact: the Python type of JSON values that need no further look; None for the others.
        asked: rules about the value.
        asked_of_holder: rules about the object, asked because this field is present.
    """

    __slots__ = ("asked", "asked_of_holder", "exact", "kind", "name", "order", "reader", "rule")

    def __init__(self, name: str, kind: Kind, rule: Rule, order: int) -> None:
        self.name = name
        self.kind = kind
        self.rule = rule
        self.order = order
        self.exact = None if kind.numeric_text else _EXACT.get(kind.name)
        self.reader = _reader(kind)
        self.asked: tuple[_Asked, ...] = ()
        self.asked_of_holder: tuple[_Asked, ...] = ()

    def read(self, value: Any, path: Path, run: _Run) -> Any:
        """The clean value; `_SPOILT` after telling what is wrong with it."""
        clean = self.reader.read(value, path, run, self) if self.reader else _scalar(self, value)
        if clean is _MISTYPED:
            self.mistyped(value, path, run, self.kind)
            return _SPOILT
        return clean

    def mistyped(self, value: Any, path: Path, run: _Run, kind: Kind) -> None:
        text = f"must be {kind.words}, not {shown(value)}"
        run.found.append(_Found(self.order, self.rule, path, text))
        run.misshapen.add(path)


def _scalar(plan: _Plan, value: Any) -> Any:
    """A value of the kinds that `exact` does not decide, or of the wrong type."""
    kind = plan.kind
    if kind.name == "any":
        return value
    if kind.name == "number" and type(value) in (int, float):
        return value
    if kind.numeric_text:
        if type(value) is int:
            return value
        if isinstance(value, str):
            number = numeric(value)
            return _MISTYPED if number is None else number
    return _MISTYPED


class _Object:
    """Reads an object: the first pass over its fields."""

    __slots__ = ("asked", "must", "plans", "shape")

    def __init__(self, shape: type[Shape], orders: Mapping[str, int]) -> None:
        self.shape = shape
        fields = fields_of(shape)
        self.plans = {
            name: _Plan(name, field.kind, field.type_rule, orders.get(field.type_rule.id, 0))
            for name, field in fields.items()
        }
        for plan in self.plans.values():
            if plan.reader is not None:
                plan.reader.prepare(orders)
        self.must = tuple(
            (name, _Asked(field.must_rule, orders.get(field.must_rule.id, 0)))
            for name, field in fields.items()
            if field.must_rule is not None
        )
        self.asked: tuple[_Asked, ...] = ()

    def read(self, value: dict[str, Any], path: Path, run: _Run) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        plans, pending = self.plans, run.pending
        for name, item in value.items():
            plan = plans.get(name)
            if plan is None:
                run.unknown.append((self, path, name))
                continue
            if item is None:
                continue
            if type(item) is not plan.exact:
                item = plan.read(item, (*path, name), run)  # noqa: PLW2901
                if item is _SPOILT:
                    continue
            clean[name] = item
            if plan.asked:
                pending.append((plan.asked, item, (*path, name)))
            if plan.asked_of_holder:
                pending.append((plan.asked_of_holder, clean, path))
        for name, asked in self.must:
            if name not in clean and value.get(name) is None:
                place = (*path, name)
                run.found.append(_Found(asked.order, asked.rule, place, "is mandatory"))
                run.misshapen.add(place)
        if self.asked:
            pending.append((self.asked, clean, path))
        return clean


class _Reader:
    """Reads arrays, maps and objects."""

    __slots__ = ("asked", "item", "kind", "node", "scalar")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.node: _Object | None = None
        self.item: _Reader | None = None
        self.scalar: type | None = None
        self.asked: tuple[_Asked, ...] = ()

    def prepare(self, orders: Mapping[str, int]) -> None:
        """Make what is below."""
        if self.kind.shape is not None:
            self.node = _Object(self.kind.shape, orders)
        elif self.kind.item is not None:
            self.item = _reader(self.kind.item)
            if self.item is not None:
                self.item.prepare(orders)
            else:
                self.scalar = _EXACT.get(self.kind.item.name)

    def read(self, value: Any, path: Path, run: _Run, plan: _Plan) -> Any:
        if self.node is not None:
            if type(value) is not dict:
                return _MISTYPED
            return self.node.read(value, path, run)
        if self.kind.name == "array":
            return self._array(value, path, run, plan) if type(value) is list else _MISTYPED
        if type(value) is not dict:
            return _MISTYPED
        return value if self.kind.name == "json" else self._map(value, path, run, plan)

    def _array(self, value: list[Any], path: Path, run: _Run, plan: _Plan) -> Any:
        """The clean items; none at all when one is spoilt: indexes must stay what they are."""
        clean = [self._item(item, (*path, index), run, plan) for index, item in enumerate(value)]
        return _SPOILT if _SPOILT in clean else clean

    def _map(self, value: dict[str, Any], path: Path, run: _Run, plan: _Plan) -> dict[str, Any]:
        if self.kind.one_or_map and self._is_one(value):
            return {"": self._item(value, path, run, plan)}
        read = {key: self._item(item, (*path, key), run, plan) for key, item in value.items()}
        return {key: item for key, item in read.items() if item is not _SPOILT}

    def _is_one(self, value: dict[str, Any]) -> bool:
        """Whether one object stands in place of a map of them: it has fields of the object."""
        assert self.item is not None
        assert self.item.node is not None
        return any(
            name in self.item.node.plans and type(item) is not dict for name, item in value.items()
        )

    def _item(self, value: Any, path: Path, run: _Run, plan: _Plan) -> Any:
        assert self.kind.item is not None
        if self.item is not None:
            clean = self.item.read(value, path, run, plan)
        elif type(value) is self.scalar or self.kind.item.name == "any":
            return value
        else:
            clean = _MISTYPED
        if clean is _MISTYPED:
            plan.mistyped(value, path, run, self.kind.item)
            return _SPOILT
        if clean is not _SPOILT and self.item is not None and self.item.asked:
            run.pending.append((self.item.asked, clean, path))
        return clean


def _reader(kind: Kind) -> _Reader | None:
    return _Reader(kind) if kind.name in ("array", "map", "object", "json") else None


class Judge:
    """A shape and rules, ready to be held against documents.

    Args:
        rules: those that are asked; their order is the documented one.
        unknown: the rule on fields that the shape does not have.
    """

    def __init__(self, shape: type[Shape], rules: Iterable[Rule], unknown: Rule) -> None:
        rules = list(rules)
        orders = {rule.id: number for number, rule in enumerate(rules)}
        self._root = _Object(shape, orders)
        self._unknown = unknown
        for rule in rules:
            if rule.check is not shape_check:
                _attach(self._root, rule, orders[rule.id])

    def judge(
        self,
        document: dict[str, Any],
        readings: Mapping[str, str],
        facts: Any = None,
        *,
        strict: bool = False,
    ) -> Report:
        """Everything that is wrong with the document.

        Args:
            document: from JSON; is not changed.
            readings: every reading's chosen value.
            facts: what exists, for rules that ask.
            strict: unknown fields are violations, not warnings.
        """
        run = _Run()
        clean = self._root.read(document, (), run)
        found = run.found
        scope = Scope(clean, readings, facts)
        for asked_rules, value, path in run.pending:
            for asked in asked_rules:
                findings = asked.check(value, scope)
                if findings:
                    for below, text in findings:
                        found.append(_Found(asked.order, asked.rule, path + tuple(below), text))
        if not found and not run.unknown:
            return Report(clean, [], [])
        return self._report(clean, run, strict)

    def _report(self, clean: dict[str, Any], run: _Run, strict: bool) -> Report:
        violations: list[Violation] = []
        warnings: list[Violation] = []
        for one in sorted(run.found, key=_Found.key):
            if _is_shadowed(one, run.misshapen):
                continue
            violation = _violation(one.rule, one.path, one.text)
            is_error = one.rule.severity is Severity.ERROR
            (violations if is_error else warnings).append(violation)
        for node, path, name in sorted(run.unknown, key=lambda u: (len(u[1]), str(u[1]), u[2])):
            suggestion = did_you_mean(name, node.plans)
            text = f"is no field that the documents name here{suggestion}"
            violation = _violation(self._unknown, (*path, name), text)
            (violations if strict else warnings).append(violation)
        return Report(clean, violations, warnings)


def _is_shadowed(found: _Found, misshapen: set[Path]) -> bool:
    """Whether the thing is absent or of another type, which is told instead of what follows."""
    if found.rule.check is shape_check:
        return False
    return any(found.path[:length] in misshapen for length in range(1, len(found.path) + 1))


def _violation(rule: Rule, path: Path, text: str) -> Violation:
    message = f"{readable_path(path)}: {text}"
    return Violation(rule.id, pointer(*path), message, str(rule.source))


def _attach(root: _Object, rule: Rule, order: int) -> None:
    """Put a rule where its pattern points.

    Raises:
        ValueError: the shape has no such place.
    """
    asked = _Asked(rule, order)
    node: _Object | None = root
    reader: _Reader | None = None
    plan: _Plan | None = None
    for part in rule.at.split("/")[1:]:
        if part == "*":
            reader = reader.item if reader is not None else None
            if reader is None:
                raise ValueError(f"{rule.id}: {rule.at}: there is nothing to judge in each item")
            node, plan = reader.node, None
            continue
        plan = node.plans.get(part) if node is not None else None
        if plan is None:
            raise ValueError(f"{rule.id}: {rule.at}: there is no field {part}")
        reader = plan.reader
        node = reader.node if reader is not None else None
    if rule.when:
        if node is None or rule.when not in node.plans:
            raise ValueError(f"{rule.id}: {rule.at} has no field {rule.when}")
        node.plans[rule.when].asked_of_holder += (asked,)
    elif plan is not None:
        plan.asked += (asked,)
    elif node is not None:
        node.asked += (asked,)
    elif reader is not None:
        reader.asked += (asked,)


def shape_rules(fields: Iterable[Field]) -> list[Rule]:
    """The rules on types and mandatory fields, in the fields' order."""
    rules = []
    for field in fields:
        if field.must_rule is not None:
            rules.append(field.must_rule)
        rules.append(field.type_rule)
    return rules
