"""The pytest plugin: `drydock`, `drydock_client`, `modelarts_token`, and the marker `drydock`.

It is loaded by every run of pytest where Drydock is installed, so it imports nothing but pytest
until a test asks for a fixture. Documentation: docs/testing.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from simulator.bench.drydock import Drydock

MARKER = (
    "drydock(backend='fake', gateway=False, **settings): the server that the fixture `drydock` "
    "starts. backend: 'fake' (simulated, runs nothing), 'process' or 'docker'; gateway: whether "
    "inference requests are served; settings: any of Drydock's, such as crash_limit=1."
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def drydock(request: pytest.FixtureRequest) -> Iterator[Drydock]:
    """A private Drydock server on a free port of 127.0.0.1, with a manual clock.

    Choose its kind with `@pytest.mark.drydock(backend=..., gateway=..., **settings)`.
    """
    from simulator.bench.drydock import running  # noqa: PLC0415
    from simulator.bench.options import OptionsError  # noqa: PLC0415
    from simulator.errors import ConfigError, with_hint  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running(**_marked(request.node)))
        except OptionsError as error:
            pytest.fail(f"@pytest.mark.drydock: {error}", pytrace=False)
        except ConfigError as error:
            why = with_hint(error.message, error.hint)
            pytest.fail(f"Drydock cannot start: {why}", pytrace=False)
        yield server


@pytest.fixture
def drydock_client(drydock: Drydock) -> Iterator[httpx.Client]:
    """An `httpx.Client` of the server's project that sends a valid token: `.get("/services")`."""
    with drydock.client() as client:
        yield client


@pytest.fixture
def modelarts_token(drydock: Drydock) -> str:
    """A valid token for the header `X-Auth-Token`."""
    return drydock.token


def _marked(node: pytest.Item) -> dict[str, Any]:
    """What the test's markers say; the closest one has the last word on each option."""
    options: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("drydock"))):
        if marker.args:
            given = ", ".join(repr(value) for value in marker.args)
            pytest.fail(
                f"@pytest.mark.drydock takes named arguments only, such as backend='process'; "
                f"got {given}",
                pytrace=False,
            )
        options |= marker.kwargs
    return options
