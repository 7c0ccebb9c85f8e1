"""A service's limits on the command line."""

from __future__ import annotations

import json

import pytest

from tests.simulator.cli.conftest import SERVICE_ID, FakeServer, Run

PATH = f"/_drydock/services/{SERVICE_ID}"
SHOWN = {
    "balancing": "round-robin",
    "websocket": False,
    "requests_per_s": 10,
    "timeout_s": None,
    "direct": True,
    "max_body_bytes": 0,
}


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    address = {"instance_id": "i-1", "version_id": "v1", "address": "10.0.0.2:80"}
    fake.answers("GET", f"{PATH}/routing", SHOWN)
    fake.answers("PUT", f"{PATH}/routing", SHOWN)
    fake.answers(
        "GET", f"{PATH}/addresses", {"addresses": [address | {"url": "http://10.0.0.2:80"}]}
    )


def test_they_are_shown_with_the_addresses(run_on_fake: Run) -> None:
    shown = run_on_fake("services", "limits", "digits").stdout
    assert "10 requests/s" in shown
    assert "no limit: passed on as it comes" in shown
    assert "http://10.0.0.2:80" in shown


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (["--rate", "5", "--timeout", "2.5"], {"requests_per_s": 5, "timeout_s": 2.5}),
        (["--rate", "none", "--no-direct"], {"requests_per_s": 0, "direct": False}),
        (["--rate", "default"], {"requests_per_s": None}),
        (["--body", "none"], {"max_body_bytes": 0}),
        (["--body", "1000"], {"max_body_bytes": 1000}),
    ],
)
def test_changes_are_asked_of_the_server(
    run_on_fake: Run, fake: FakeServer, options: list[str], sent: dict[str, object]
) -> None:
    assert run_on_fake("services", "limits", "digits", *options).exit_code == 0
    (request,) = fake.sent("PUT", f"{PATH}/routing")
    assert json.loads(request.content) == sent


def test_what_is_no_limit_is_refused(run_on_fake: Run, fake: FakeServer) -> None:
    assert run_on_fake("services", "limits", "digits", "--rate", "fast").exit_code == 2
    assert fake.sent("PUT", f"{PATH}/routing") == []
