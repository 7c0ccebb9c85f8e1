"""Servers for the end-to-end tests, on each backend that this machine has."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from tests.e2e.docker_engine import Engine, build_echo, find_engine
from tests.e2e.server import HOME_PREFIX, DrydockServer, processes_naming, wait_until

MEASURED = "measured"
"""Name of the test property whose values are printed at the end of the run."""

BACKENDS = ["process", pytest.param("docker", marks=pytest.mark.docker)]

MakeServer = Callable[..., DrydockServer]

_servers: list[DrydockServer] = []
"""Those not disposed of."""
_homes: set[str] = set()
"""Of all servers that were ever made."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failed test shows what its servers wrote."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for server in _servers:
        if log := server.log():
            title = f"log of the {server.backend} server {server.home.name}"
            report.sections.append((title, "\n".join(log.splitlines()[-60:])))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == MEASURED:
                terminalreporter.write_line(f"measured: {value}")


@pytest.fixture(scope="session", autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Whatever a test started (servers, Envoys, instances) names its server's home; all end."""
    yield
    left: list[str] = []

    def all_gone() -> bool:
        left[:] = [line for home in _homes for line in processes_naming(home)]
        return not left

    with contextlib.suppress(AssertionError):
        wait_until("all processes are gone", all_gone, 5)
    assert not left, "processes were left behind:\n" + "\n".join(left)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The Docker engine and a base image in it."""
    found = find_engine()
    yield found
    found.client.close()


@pytest.fixture(scope="session")
def echo_image(engine: Engine) -> Iterator[str]:
    """The example of a custom image."""
    tag = f"drydock-e2e-echo:{uuid.uuid4().hex[:8]}"
    build_echo(engine, tag)
    yield tag
    engine.client.images.remove(tag, force=True)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[MakeServer]:
    """Makes servers that live until the end of the session."""
    with _factory(request) as make:
        yield make


@pytest.fixture
def make_server(request: pytest.FixtureRequest) -> Iterator[MakeServer]:
    """Makes servers (not started) that are disposed of after the test."""
    with _factory(request) as make:
        yield make


@contextlib.contextmanager
def _factory(request: pytest.FixtureRequest) -> Iterator[MakeServer]:
    made: list[DrydockServer] = []
    found: list[Engine] = []

    def make(backend: str = "process", **settings: Any) -> DrydockServer:
        if backend == "docker":
            found.append(request.getfixturevalue("engine"))
            settings.setdefault("base_image", found[0].base_image)
        server = DrydockServer(backend, **settings)
        assert server.home.name.startswith(HOME_PREFIX)
        _homes.add(str(server.home))
        made.append(server)
        _servers.append(server)
        return server

    try:
        yield make
    finally:
        for server in made:
            installation = server.installation if server.env else ""
            server.dispose()
            _servers.remove(server)
            if found and installation:
                left = found[0].containers(installation), found[0].networks(installation)
                found[0].remove_all(installation)
                assert left == ({}, []), f"left in the engine: {left}"


@pytest.fixture(scope="session")
def shared_servers(servers: MakeServer) -> Callable[[str], DrydockServer]:
    """One running server a backend; tests leave no service of theirs behind."""
    running: dict[str, DrydockServer] = {}

    def get(backend: str) -> DrydockServer:
        if backend not in running:
            # a package that cannot be loaded fails at the second death, not after a wait of 10 s
            server = servers(backend, crash_limit=2)
            server.start()
            running[backend] = server
        return running[backend]

    return get


@pytest.fixture
def server(shared_servers: Callable[[str], DrydockServer]) -> Iterator[DrydockServer]:
    """The shared server on the process backend."""
    shared = shared_servers("process")
    yield shared
    shared.delete_all_services()


@pytest.fixture
def docker_server(
    shared_servers: Callable[[str], DrydockServer], engine: Engine
) -> Iterator[DrydockServer]:
    """The shared server on the Docker backend."""
    shared = shared_servers("docker")
    yield shared
    shared.delete_all_services()


@pytest.fixture(params=BACKENDS)
def any_server(request: pytest.FixtureRequest) -> DrydockServer:
    """Each shared server in turn."""
    name = {"process": "server", "docker": "docker_server"}[request.param]
    found: DrydockServer = request.getfixturevalue(name)
    return found


@pytest.fixture(scope="session")
def model_of(shared_servers: Callable[[str], DrydockServer]) -> Callable[[DrydockServer, str], str]:
    """The model id of a fixture package on a server, imported once."""
    known: dict[tuple[str, str], str] = {}

    def get(server: DrydockServer, package: str) -> str:
        key = (str(server.home), package)
        if key not in known:
            known[key] = server.import_package(package)
        return known[key]

    return get
