"""The dependency direction, and nothing against it.

tui -> HTTP -> simulator;  simulator.engine -> backends.base;  backends never import simulator;
lifecycle, facts, rules and the gateway's rendering import no I/O library at all;
lifecycle, engine, store and gateway know no vendor.
"""

from __future__ import annotations

import ast

import pytest

from tests.architecture.imports import (
    imported,
    loaded_by,
    modules,
    prefixes,
    reached,
    top_level,
    tree,
    within,
)

IO_LIBRARIES = {
    "aiohttp",
    "alembic",
    "anyio",
    "asyncio",
    "docker",
    "envoy",
    "fastapi",
    "fcntl",
    "httpcore",
    "httpx",
    "http",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "platformdirs",
    "psutil",
    "requests",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
    "ssl",
    "starlette",
    "subprocess",
    "tempfile",
    "threading",
    "urllib.request",
    "uvicorn",
    "websockets",
}
CHANCE_AND_TIME = {"time", "datetime", "random", "secrets", "uuid"}
VENDOR_WORDS = ("modelarts", "huawei", "obs", "swr", "otc", "eas")

EVERY_MODULE = sorted(modules())


def of(*packages: str) -> list[str]:
    """The modules in these packages; fails when one of them has none (it was moved)."""
    found = [m for m in EVERY_MODULE if any(within(m, package) for package in packages)]
    for package in packages:
        assert any(within(m, package) for m in found), f"there is no {package}"
    return found


LIFECYCLE = of("simulator.lifecycle", "simulator.facts")
PURE = [
    *LIFECYCLE,
    *of("simulator.gateway.render", "simulator.gateway.state", "simulator.gateway.envoy_json"),
    *of("simulator.gateway.listener", "simulator.gateway.routes", "simulator.gateway.clusters"),
    *of("simulator.gateway.local_replies", "simulator.gateway.traffic_limit"),
    *of("simulator.gateway.counters"),
    *of("simulator.modelarts.rules", "simulator.modelarts.schemas", "simulator.modelarts.shape"),
    *of("simulator.modelarts.config_json", "simulator.modelarts.error_codes"),
    *of("simulator.errors", "simulator.strict_json", "simulator.objectpaths", "simulator.rules"),
    *of("simulator.openapi", "simulator.modelarts.answer_schemas"),
    *of("simulator.modelarts.documented", "simulator.modelarts.offer_schemas"),
    *of("simulator.batch.cells", "simulator.batch.judging", "simulator.batch.manifest"),
    *of("simulator.batch.naming", "simulator.batch.ordering", "simulator.batch.requests"),
    *of("simulator.batch.results", "simulator.batch.store"),
    *of("simulator.stress.load", "simulator.stress.outcomes", "simulator.stress.figures"),
    *of("simulator.stress.thresholds", "simulator.stress.limits", "simulator.stress.splitting"),
    *of("simulator.stress.report", "simulator.stress.comparing", "simulator.stress.plot"),
    *of("simulator.stress.recording", "simulator.stress.target"),
]
NEUTRAL = of(
    "simulator.lifecycle",
    "simulator.facts",
    "simulator.rules",
    "simulator.engine",
    "simulator.performer",
    "simulator.prober",
    "simulator.sightings",
    "simulator.seeing",
    "simulator.watched",
    "simulator.backoff",
    "simulator.ending",
    "simulator.failures",
    "simulator.store_watch",
    "simulator.traffic",
    "simulator.instance_traffic",
    "simulator.access_log",
    "simulator.specs",
    "simulator.store",
    "simulator.gateway",
    "backends",
)


def against(names: frozenset[str], forbidden: set[str]) -> set[str]:
    return {name for name in names for package in forbidden if within(name, package)}


@pytest.mark.parametrize("module", of("tui"))
def test_the_dashboard_talks_over_http_only(module: str) -> None:
    assert against(imported(module), {"simulator", "backends"}) == set()


@pytest.mark.parametrize("module", of("backends"))
def test_backends_know_nothing_of_the_simulator(module: str) -> None:
    assert against(imported(module), {"simulator", "tui"}) == set()


CORE = [m for m in of("simulator") if not within(m, "simulator.cli")]


@pytest.mark.parametrize("module", CORE)
def test_the_server_knows_nothing_of_dashboard_and_command_line(module: str) -> None:
    assert against(imported(module), {"tui", "simulator.cli"}) == set()


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_import_no_io_library_directly_or_indirectly(module: str) -> None:
    everything = reached(module) | imported(module)
    assert against(everything, IO_LIBRARIES) == set()


@pytest.mark.parametrize("module", LIFECYCLE)
def test_the_lifecycle_has_no_time_and_no_chance_of_its_own(module: str) -> None:
    assert against(reached(module) | imported(module), CHANCE_AND_TIME) == set()


@pytest.mark.parametrize("module", LIFECYCLE)
def test_the_lifecycle_touches_nothing_outside_without_an_import_either(module: str) -> None:
    called = {
        node.func.id
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called & {"open", "print", "input", "exec", "eval", "__import__", "id", "hash"} == set()


@pytest.mark.parametrize("module", LIFECYCLE)
def test_the_lifecycle_has_no_state(module: str) -> None:
    changed = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Global)]
    assert changed == []


@pytest.mark.parametrize("module", of("simulator.lifecycle"))
def test_the_lifecycle_imports_only_facts_errors_and_itself(module: str) -> None:
    ours = {name for name in imported(module) if within(name, "simulator")}
    allowed = {"simulator.lifecycle", "simulator.facts", "simulator.errors"}
    assert ours - against(frozenset(ours), allowed) == set()


@pytest.mark.parametrize("module", NEUTRAL)
def test_the_core_knows_no_vendor(module: str) -> None:
    assert against(reached(module) | imported(module), {"simulator.modelarts"}) == set()


@pytest.mark.parametrize("module", NEUTRAL)
def test_the_core_has_no_vendors_words_in_its_code(module: str) -> None:
    names = {
        word
        for node in ast.walk(tree(module))
        for word in _identifiers(node)
        if any(part in VENDOR_WORDS for part in word.lower().split("_"))
    }
    assert names == set()


def _identifiers(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    return []


CLOCK_READERS = {
    "simulator.clock": "the one place that time comes from",
    "simulator.collection.collector": "works in turns of real seconds; its files are named by them",
    "simulator.gateway.configuration_files": "how long a real Envoy takes to react",
    "simulator.gateway.supervise": "how long a real Envoy lives, and has to end",
    "simulator.iam.directory": "tokens and signatures live in real time",
    "simulator.system": "gives the identity service its real clock",
    "simulator.traffic": "rates of real requests in real seconds",
}
"""Modules of the server that read a clock of the host themselves, and why."""

CLOCKS = {"time", "monotonic", "time_ns", "monotonic_ns", "perf_counter", "now", "utcnow", "today"}


def clocks_read(module: str) -> list[str]:
    """Uses of `time.monotonic`, `datetime.now` and the like, called or handed on."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCKS
        and ast.unparse(node.value) in ("time", "datetime", "date", "datetime.datetime")
    ]


def test_only_these_modules_of_the_server_read_a_clock_of_the_host() -> None:
    assert {module for module in CORE if clocks_read(module)} == CLOCK_READERS.keys()


@pytest.mark.parametrize("module", CORE)
def test_no_clock_is_taken_out_of_its_module_unseen(module: str) -> None:
    assert imported(module) & {f"time.{name}" for name in CLOCKS} == set()


class TestAFreshInterpreter:
    """What is really loaded: seconds and megabytes that a start need not pay for."""

    def test_the_server_with_the_process_backend_loads_no_other_parts_libraries(self) -> None:
        loaded = loaded_by("import simulator.server, backends.process")
        heavy = {"docker", "alembic", "textual", "hypothesis", "pytest", "onnxruntime", "numpy"}
        assert loaded & heavy == set()

    def test_the_lifecycle_loads_nothing_that_does_io(self) -> None:
        before = loaded_by("pass")
        loaded = loaded_by("import simulator.lifecycle.plan, simulator.lifecycle.requests") - before
        heavy = IO_LIBRARIES - {"io", "os", "pathlib", "http", "urllib.request"}
        assert loaded & heavy == set()

    def test_the_pytest_plugin_loads_nothing_but_pytest(self) -> None:
        loaded = loaded_by("import simulator.bench.plugin") - loaded_by("import pytest")
        assert {n for n in loaded if within(n, "simulator")} == loaded
        assert loaded == {"simulator", "simulator.bench", "simulator.bench.plugin"}

    def test_asking_for_a_docker_engine_that_is_not_there_does_not_load_the_sdk(self) -> None:
        assert "docker" not in loaded_by("import backends.docker_endpoint")

    def test_a_backend_loads_nothing_of_the_simulator(self) -> None:
        loaded = loaded_by("import backends.process, backends.fake, backends.images")
        assert not [name for name in loaded if within(name, "simulator")]

    def test_the_dashboard_loads_nothing_of_the_simulator_or_the_backends(self) -> None:
        loaded = loaded_by("import tui.app")
        assert not [n for n in loaded if within(n, "simulator") or within(n, "backends")]

    def test_what_is_read_from_the_sources_is_what_is_loaded(self) -> None:
        module = "simulator.lifecycle.plan"
        loaded = {name for name in loaded_by(f"import {module}") if within(name, "simulator")}
        read = {prefix for name in {module, *reached(module)} for prefix in prefixes(name)}
        assert loaded == read & modules().keys()


def test_the_engine_is_the_way_to_the_backends() -> None:
    allowed = {"backends.base", "backends.errors"}
    ways = ("engine", "performer", "sightings", "seeing", "watched", "failures", "ending")
    for module in (f"simulator.{one}" for one in ways):
        ours = {name for name in top_level(module) if within(name, "backends")}
        assert ours - against(frozenset(ours), allowed) == set()
