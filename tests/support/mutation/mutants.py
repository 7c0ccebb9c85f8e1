"""Small mistakes in a module's source: numbers off by one, conditions negated, entries left out.

Not made: changes of messages, docstrings, types, sources of rules and examples of rules, since no
rule decides by them.
"""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.mutation.changes import changes_of
from tests.support.mutation.sites import Site, sites

SHOWN_CHARS = 90


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake.

    Attributes:
        module: dotted name.
        context: function or rule that the mistake is in.
        original, mutated: source of the smallest part that differs.
        twin: 1, or the number among mutants that would read the same.
        path: way from the module's tree to the node, as field names and indexes.
        node: what stands there now.
    """

    module: str
    line: int
    context: str
    original: str
    mutated: str
    twin: int
    path: tuple[str | int, ...]
    node: ast.AST | None

    @property
    def key(self) -> str:
        """Names the mutant as long as its surroundings stay as they are."""
        twin = f" #{self.twin}" if self.twin > 1 else ""
        return f"{self.module} | {self.context} | {self.original} -> {self.mutated}{twin}"

    def compiled(self, source: str, filename: str) -> Any:
        """Code of the module with the mistake."""
        tree = ast.parse(source)
        if self.path:
            put(tree, self.path, copy.deepcopy(self.node))
        return compile(ast.fix_missing_locations(tree), filename, "exec")


def mutants_of(module: str, file: Path) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    done: set[tuple[Any, ...]] = set()
    found = []
    for site in sites(tree):
        original = _shown(site.node)
        for node in changes_of(site):
            mutant = _mutant(module, site, original, node)
            same = (mutant.path, mutant.mutated)
            if same in done or mutant.mutated == original:
                continue
            done.add(same)
            seen[mutant.key] += 1
            found.append(replace(mutant, twin=seen[mutant.key]))
    return sorted(found, key=lambda mutant: mutant.line)


def unchanged(module: str) -> Mutant:
    """A module without any mistake."""
    return Mutant(module, 0, "", "", "", 1, (), None)


def _mutant(module: str, site: Site, original: str, node: ast.AST | None) -> Mutant:
    mutated = "(left out)" if node is None else _shown(node)
    line = getattr(site.node, "lineno", 0)
    return Mutant(module, line, site.context, original, mutated, 1, site.path, node)


def _shown(node: ast.AST) -> str:
    """Source of a node on one line; only the head of what has a body. Long lines keep both ends."""
    text = ast.unparse(node)
    if isinstance(node, ast.If | ast.While | ast.For | ast.FunctionDef):
        text = text.partition("\n")[0]
    text = re.sub(r"\s+", " ", text)
    half = SHOWN_CHARS // 2
    return text if len(text) <= SHOWN_CHARS else f"{text[:half]} ... {text[-half:]}"


def put(tree: ast.AST, path: tuple[str | int, ...], node: ast.AST | None) -> None:
    """Put a node at a place of a tree, or take away what stands there."""
    holder: Any = tree
    for step in path[:-1]:
        holder = holder[step] if isinstance(step, int) else getattr(holder, step)
    last = path[-1]
    if not isinstance(last, int):
        setattr(holder, last, node)
    elif node is None:
        del holder[last]
    else:
        holder[last] = node
