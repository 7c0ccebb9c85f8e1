"""Which modules import which, read from the source and asked of a fresh interpreter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("simulator", "backends", "tui")


@cache
def modules() -> dict[str, Path]:
    """Every module of the distribution: dotted name to file."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = list(path.relative_to(ROOT).with_suffix("").parts)
            if parts[-1] == "__init__":
                parts.pop()
            found[".".join(parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imported(module: str) -> frozenset[str]:
    """Every name that the module's source imports, in functions and for type checks too: modules,
    and `module.name` for names taken from one."""
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                is_package = modules()[module].name == "__init__.py"
                base = module.split(".")[: None if is_package and node.level == 1 else -node.level]
                source = ".".join([*base, source]).rstrip(".")
            names |= {source} | {f"{source}.{alias.name}" for alias in node.names}
    return frozenset(names)


def reached(module: str) -> frozenset[str]:
    """Everything that the module imports, directly or through other modules of ours.

    Only imports at the top of modules count on the way; importing `a.b` runs `a` too.
    """
    done: set[str] = set()
    names: set[str] = set()
    todo = [module]
    while todo:
        current = todo.pop()
        if current in done or current not in modules():
            continue
        done.add(current)
        direct = top_level(current)
        names |= direct
        todo += [prefix for name in direct for prefix in prefixes(name)]
    return frozenset(names)


@cache
def top_level(module: str) -> frozenset[str]:
    """What importing the module imports at once: not in functions, not for type checks."""
    names = set()
    for node in _running_statements(tree(module).body):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _running_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from _running_statements(node.orelse)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        else:
            yield node
            for name in ("body", "orelse", "finalbody"):
                yield from _running_statements(getattr(node, name, []))
            for handler in getattr(node, "handlers", []):
                yield from _running_statements(handler.body)


def prefixes(name: str) -> list[str]:
    """`a.b.c` to `a`, `a.b`, `a.b.c`."""
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def within(name: str, package: str) -> bool:
    """Whether a name is the package or something in it."""
    return name == package or name.startswith(package + ".")


@cache
def loaded_by(code: str) -> frozenset[str]:
    """The modules that a fresh interpreter has loaded after running some code."""
    ask = "import sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{code}\n{ask}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return frozenset(json.loads(done.stdout.splitlines()[-1]))
