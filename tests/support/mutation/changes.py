"""The mistakes that may be made at one place."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.mutation.sites import DESCRIPTIVE, Site, is_rule_call

_OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OTHER_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
}
_OTHER_FUNCTIONS = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "startswith": "endswith",
    "endswith": "startswith",
    "partition": "rpartition",
    "rpartition": "partition",
    "fullmatch": "match",
    "lower": "upper",
    "upper": "lower",
}
_CLEANING = {"lower", "upper", "strip", "lstrip", "rstrip", "casefold"}
_DROPPED_KEYWORDS = {"when", "severity", "level", "subjects", "reads", "answer"}
_NONE = ast.Constant(None)
_FINE = ast.Tuple([], ast.Load())
_NO_CHECK = ast.parse("lambda value, scope: ()", mode="eval").body

Change = ast.AST | None


def changes_of(site: Site) -> Iterator[Change]:
    """What may stand at a place instead; None where it is left out."""
    node = site.node
    for kind, make in _MAKERS:
        if isinstance(node, kind):
            yield from make(node, site)
    if isinstance(node, ast.expr):
        yield from _in_condition(node, site)


def _in_condition(node: ast.expr, site: Site) -> Iterator[Change]:
    """A condition that is always or never fulfilled, or negated."""
    if site.part == "test":
        yield ast.Constant(True)
        yield ast.Constant(False)
    if site.part in ("test", "ifs") and not isinstance(node, ast.Compare | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)
    if site.part == "ifs":
        yield ast.Constant(True)


def _constant(node: ast.Constant, site: Site) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, float):
        step = 10.0 ** -len(repr(value).partition(".")[2])
        yield ast.Constant(round(value + step, 9))
        yield ast.Constant(round(value - step, 9))
    elif isinstance(value, str):
        yield from map(ast.Constant, other_texts(value, site.in_call))


def other_texts(text: str, call: str = "") -> Iterator[str]:
    """Another text; none in place of a message. Of a pattern, each character and bound changes."""
    if call in ("compile", "spelt") or re.search(r"[\[(\\].*[\])]", text):
        if not (" " in text and re.search("[a-z] [a-z]", text)):
            yield from _other_patterns(text)
    elif re.search(r"\s", text) and re.search(r"\w", text):
        return
    elif not text or re.search(r"\w", text):
        yield f"{text}x"
    elif len(text) == 1:
        yield "~"
    else:  # characters
        for place in range(len(text)):
            yield text[:place] + text[place + 1 :]


def _other_patterns(pattern: str) -> Iterator[str]:
    for bound in re.finditer(r"(?<=[{,])[0-9]+(?=[,}])", pattern):
        for step in (1, -1):
            number = str(max(0, int(bound[0]) + step))
            yield pattern[: bound.start()] + number + pattern[bound.end() :]
    for found in re.finditer(r"\[(\^?)((?:\\u[0-9a-f]{4}|\\.|[^\]\\])+)\]", pattern):
        items = re.findall(
            r"(?:\\u[0-9a-f]{4}|\\.|[^\\])(?:-(?:\\u[0-9a-f]{4}|\\.|[^\\]))?", found[2]
        )
        for place in range(len(items)):
            rest = "".join(items[:place] + items[place + 1 :])
            if rest:
                start, end = found.span(2)
                yield pattern[:start] + rest + pattern[end:]
    for mark in re.finditer(r"(?<!\\)[?*+](?![:?=!<])", pattern):
        yield pattern[: mark.start()] + pattern[mark.end() :]
    for word in re.finditer(r"(?<=[|(:])[a-z_?]+(?=[|)])", pattern):
        yield pattern[: word.start()] + "zzzz" + pattern[word.end() :]


def _compare(node: ast.Compare, site: Site) -> Iterator[Change]:
    for place, operator in enumerate(node.ops):
        for other in _OTHER_COMPARISONS[type(operator)]:
            changed = copy.deepcopy(node)
            changed.ops[place] = other()
            yield changed


def _boolean(node: ast.BoolOp, site: Site) -> Iterator[Change]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield ast.BoolOp(other, node.values)
    for place in range(len(node.values)):
        rest = [value for number, value in enumerate(node.values) if number != place]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _unary(node: ast.UnaryOp, site: Site) -> Iterator[Change]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _binary(node: ast.BinOp, site: Site) -> Iterator[Change]:
    if isinstance(node.op, ast.BitOr | ast.BitAnd):
        yield node.left
        yield node.right
    elif type(node.op) in _OTHER_OPERATORS and not _is_text(node):
        yield ast.BinOp(node.left, _OTHER_OPERATORS[type(node.op)](), node.right)


def _is_text(node: ast.BinOp) -> bool:
    """Whether texts are joined or formatted."""
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def _choice(node: ast.IfExp, site: Site) -> Iterator[Change]:
    yield node.body
    yield node.orelse


def _many(node: Any, site: Site) -> Iterator[Change]:
    """One entry left out. A rule's own place among the rules is not left out: its check is."""
    for place, entry in enumerate(node.elts):
        if is_rule_call(entry) or _is_message_pair(node):
            continue
        changed = copy.copy(node)
        changed.elts = node.elts[:place] + node.elts[place + 1 :]
        yield changed


def _is_message_pair(node: Any) -> bool:
    """Whether a tuple is one finding: place and text."""
    return (
        isinstance(node, ast.Tuple)
        and len(node.elts) == 2
        and isinstance(node.elts[0], ast.Tuple | ast.Name)
        and isinstance(node.elts[1], ast.JoinedStr | ast.Constant | ast.Name | ast.Call)
    )


def _mapping(node: ast.Dict, site: Site) -> Iterator[Change]:
    for place in range(len(node.keys)):
        yield ast.Dict(
            node.keys[:place] + node.keys[place + 1 :],
            node.values[:place] + node.values[place + 1 :],
        )


def _call(node: ast.Call, site: Site) -> Iterator[Change]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in _OTHER_FUNCTIONS:
        changed = copy.deepcopy(node)
        if isinstance(changed.func, ast.Attribute):
            changed.func.attr = _OTHER_FUNCTIONS[name]
        else:
            changed.func = ast.Name(_OTHER_FUNCTIONS[name], ast.Load())
        yield changed
    if name in _CLEANING and isinstance(function, ast.Attribute):
        yield function.value
    if name == "sorted" and node.args:
        yield node.args[0]
    if is_rule_call(node):
        yield from _rule_call(node)


def _rule_call(node: ast.Call) -> Iterator[Change]:
    """A rule without its check, or without one of its other parts."""
    for place, argument in enumerate(node.keywords):
        kept = node.keywords[:place] + node.keywords[place + 1 :]
        checks = argument.arg is None and isinstance(argument.value, ast.Call)
        if argument.arg == "check" or checks:
            yield ast.Call(node.func, node.args, [*kept, ast.keyword("check", _NO_CHECK)])
        elif argument.arg in _DROPPED_KEYWORDS:
            yield ast.Call(node.func, node.args, kept)


def _returned(node: ast.Return, site: Site) -> Iterator[Change]:
    value = node.value
    if value is None:
        return
    if site.returns == "Findings" and not (isinstance(value, ast.Name) and value.id == "FINE"):
        yield ast.Return(_FINE)
    elif site.returns == "bool":
        yield ast.Return(ast.Constant(True))
        yield ast.Return(ast.Constant(False))
    elif site.returns == "str":
        yield ast.Return(ast.Constant(""))
    elif site.returns.endswith("| None") and ast.unparse(value) != "None":
        yield ast.Return(_NONE)


def _statement(node: ast.Expr, site: Site) -> Iterator[Change]:
    if not isinstance(node.value, ast.Constant):
        yield ast.Pass()


def _left_out(node: ast.stmt, site: Site) -> Iterator[Change]:
    yield ast.Pass()


def _field(node: ast.AnnAssign, site: Site) -> Iterator[Change]:
    """A mandatory field made optional, and the other way round."""
    if "Annotated" not in ast.unparse(node.annotation):
        return
    changed = copy.copy(node)
    changed.value = None if node.value is not None else _NONE
    yield changed


_MAKERS: tuple[tuple[Any, Callable[[Any, Site], Iterator[Change]]], ...] = (
    (ast.Constant, _constant),
    (ast.Compare, _compare),
    (ast.BoolOp, _boolean),
    (ast.UnaryOp, _unary),
    (ast.BinOp, _binary),
    (ast.IfExp, _choice),
    ((ast.Tuple, ast.List, ast.Set), _many),
    (ast.Dict, _mapping),
    (ast.Call, _call),
    (ast.Return, _returned),
    (ast.Expr, _statement),
    ((ast.AugAssign, ast.Continue, ast.Break, ast.Raise), _left_out),
    (ast.AnnAssign, _field),
)

__all__ = ["DESCRIPTIVE", "changes_of", "other_texts"]
