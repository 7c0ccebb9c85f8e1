"""Where in a module a mistake may be made: every node that decides something."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

Path = tuple[str | int, ...]

DOCUMENTATION = {
    "Source", "_source", "table", "page", "Table", "Reading", "ErrorCode", "TypeVar", "Example",
    "here", "says", "replace_source",
}  # fmt: skip
"""Calls that make what people read."""
DESCRIPTIVE = {
    "source", "proof", "base", "facts", "readings", "schema", "statement", "changes", "example",
    "text", "words", "about", "reading", "maxsize", "doc",
}  # fmt: skip
"""Arguments that say something to people, or make an example."""
_TYPE_ALIAS = re.compile(r"_?[A-Z][a-z]\w*")
_UNTOUCHED = {"__slots__", "__all__"}
_RULE_NUMBER_ARGUMENTS = 4


@dataclass(frozen=True)
class Site:
    """A node that may be changed.

    Attributes:
        path: way from the module to the node.
        context: function, class or rule that it is in.
        returns: return annotation of the function that it is in.
        part: the role that it has for its parent, such as `test` or `elts`.
        in_call: name of the function that it is an argument of.
    """

    node: ast.AST
    path: Path
    context: str = ""
    returns: str = ""
    part: str = ""
    in_call: str = ""


def sites(tree: ast.Module) -> Iterator[Site]:
    """Every node of a module that may be changed."""
    yield from _below(Site(tree, ()))


def callee(node: ast.AST) -> str:
    """Name of what is called: `between` for `checks.between(1)`."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_rule_call(node: ast.AST) -> bool:
    """Whether a call makes a rule: its second argument is the statement, a sentence."""
    if not isinstance(node, ast.Call) or len(node.args) < _RULE_NUMBER_ARGUMENTS:
        return False
    second = node.args[1]
    if isinstance(second, ast.JoinedStr):
        second = second.values[-1]
    return (
        isinstance(second, ast.Constant)
        and isinstance(second.value, str)
        and second.value.endswith(".")
    )


def _below(site: Site) -> Iterator[Site]:
    for part, index, child in _children(site.node):
        path = (*site.path, part) if index is None else (*site.path, part, index)
        below = replace(site, node=child, path=path, part=part, in_call=_call_name(site, part))
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            below = replace(below, context=f"{site.context}.{child.name}".lstrip("."))
        if isinstance(child, ast.FunctionDef):
            below = replace(below, returns=ast.unparse(child.returns) if child.returns else "")
        elif is_rule_call(child):
            first = ast.unparse(child.args[0])  # type: ignore[attr-defined]
            below = replace(below, context=f"{site.context} rule {first}".lstrip())
        elif isinstance(child, ast.Assign) and not site.context:
            below = replace(below, context=ast.unparse(child.targets[0]))
        elif isinstance(child, ast.AnnAssign) and site.part != "body":
            below = replace(below, context=f"{site.context} {ast.unparse(child.target)}".lstrip())
        yield below
        yield from _below(below)


def _call_name(site: Site, part: str) -> str:
    if isinstance(site.node, ast.Call):
        return callee(site.node)
    return site.in_call if part in ("elts", "value") else ""


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """The parts of a node that decide something."""
    if _is_documentation(node):
        return
    for name, value in ast.iter_fields(node):
        if _is_skipped(node, name):
            continue
        if isinstance(value, ast.AST):
            yield name, None, value
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ast.AST) and not _is_told(node, name, index, item):
                    yield name, index, item


def _is_documentation(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr | ast.Assert | ast.Raise | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Call):
        return callee(node) in DOCUMENTATION
    if isinstance(node, ast.Assign):
        name = ast.unparse(node.targets[0])
        is_alias = isinstance(node.value, ast.Subscript | ast.BinOp | ast.Name)
        return name in _UNTOUCHED or (is_alias and _TYPE_ALIAS.fullmatch(name) is not None)
    if isinstance(node, ast.AnnAssign):
        return "ClassVar" in ast.unparse(node.annotation)
    if isinstance(node, ast.If):
        return ast.unparse(node.test).endswith("TYPE_CHECKING")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_skipped(node: ast.AST, name: str) -> bool:
    """Types, decorators, names that are assigned to, and what is called."""
    if name in ("annotation", "returns", "decorator_list", "targets", "target", "bases"):
        return True
    if isinstance(node, ast.Call) and name == "func":
        return isinstance(node.func, ast.Name)
    if isinstance(node, ast.ExceptHandler) and name == "type":
        return True
    return isinstance(node, ast.ClassDef) and name == "keywords"


def _is_told(node: ast.AST, name: str, index: int, item: ast.AST) -> bool:
    """Arguments that are for people; what a rule is called and its example."""
    if isinstance(item, ast.keyword):
        return item.arg in DESCRIPTIVE
    return is_rule_call(node) and name == "args"
