"""Judges mutants: each in a forked child of its own, in which the mutated module takes the place of
the real one. The parent never imports what is mutated, so that a child does so afresh."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.support.mutation.mutants import Mutant

CPU_LIMIT_S = 20
WALL_LIMIT_S = 180.0
MEMORY_LIMIT = 4 << 30
POLL_S = 0.005


class Verdict(IntEnum):
    """How a mutant ended; the child's exit status."""

    SURVIVED = 40
    BY_CLAIMS = 41
    BY_TESTS = 42
    BY_DOCUMENT = 45
    """docs/rules.md, which shows each rule's example with what is told of it, would differ."""
    BROKEN = 43
    """The module, or the catalogue, cannot even be made."""
    TIMEOUT = 44


@dataclass(frozen=True)
class Bench:
    """What mutants are held against.

    Attributes:
        root: of the repository.
        claims: file that `claims.py` wrote.
        providers: whose claims a mutant of a module is held against.
        tests: test files of a module: its own, and others.
    """

    root: Path
    claims: Path
    providers: Callable[[str], Sequence[str]]
    tests: Callable[[str], tuple[Sequence[str], Sequence[str]]]


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module from code that is not in its file."""

    def __init__(self, module: str, file: Path, code: Any) -> None:
        self._module, self._file, self._code = module, file, code

    def find_spec(
        self, fullname: str, path: Any, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        is_package = self._file.name == "__init__.py"
        places = [str(self._file.parent)] if is_package else None
        spec = importlib.util.spec_from_loader(fullname, self, origin=str(self._file))
        assert spec is not None
        spec.submodule_search_locations = places
        return spec

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self._file)
        exec(self._code, module.__dict__)


def judged(bench: Bench, mutants: Iterable[Mutant], jobs: int) -> Iterator[tuple[Mutant, Verdict]]:
    """Each mutant with its verdict, as they come."""
    todo = iter(mutants)
    running: dict[int, tuple[Mutant, float]] = {}
    while True:
        while len(running) < jobs and (mutant := next(todo, None)) is not None:
            running[_started(bench, mutant)] = (mutant, time.monotonic() + WALL_LIMIT_S)
        if not running:
            return
        for pid, (mutant, deadline) in list(running.items()):
            verdict = _ended(pid, deadline)
            if verdict is not None:
                del running[pid]
                yield mutant, verdict
        time.sleep(POLL_S)


def _ended(pid: int, deadline: float) -> Verdict | None:
    """The verdict of a child; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended == 0:
        if time.monotonic() < deadline:
            return None
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return Verdict.TIMEOUT
    if os.WIFSIGNALED(status):
        return Verdict.TIMEOUT  # by the limit of CPU time
    code = os.WEXITSTATUS(status)
    return Verdict(code) if code in set(Verdict) else Verdict.BROKEN


def _started(bench: Bench, mutant: Mutant) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = Verdict.BROKEN
    try:
        _limit()
        if mutant.path:
            _silence()
        code = _verdict(bench, mutant)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def _verdict(bench: Bench, mutant: Mutant) -> Verdict:
    file = module_file(bench.root, mutant.module)
    code = mutant.compiled(file.read_text(encoding="utf-8"), str(file))
    sys.meta_path.insert(0, _Mutated(mutant.module, file, code))
    own, others = bench.tests(mutant.module)
    if not _tests_pass(own):
        return Verdict.BY_TESTS
    if not _claims_hold(bench, bench.providers(mutant.module)):
        return Verdict.BY_CLAIMS
    if not _document_is_same(bench.root):
        return Verdict.BY_DOCUMENT
    return Verdict.SURVIVED if _tests_pass(others) else Verdict.BY_TESTS


def _claims_hold(bench: Bench, providers: Sequence[str]) -> bool:
    from simulator.catalogues import catalogue

    catalogues = {provider: catalogue(provider) for provider in providers}
    claims = pickle.loads(bench.claims.read_bytes())
    return all(
        claim.holds(catalogues[provider]) for provider in providers for claim in claims[provider]
    )


def _document_is_same(root: Path) -> bool:
    from simulator.catalogues import PROVIDERS, catalogue
    from simulator.rules.document import rules_document

    written = (root / "docs" / "rules.md").read_text(encoding="utf-8")
    return rules_document([catalogue(name) for name in PROVIDERS]) == written


def _tests_pass(files: Sequence[str]) -> bool:
    import pytest

    if not files:
        return True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-x", "-qq", "-p", "no:warnings", "-p", "no:cacheprovider"]
    options += ["-o", "addopts=--import-mode=importlib"]
    status = pytest.main([*options, *files])
    sys.stdout.flush()
    return status == 0


def module_file(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
