"""What is collected of a service's requests, on the command line."""

from __future__ import annotations

import json

import pytest

from tests.simulator.cli.conftest import SERVICE_ID, FakeServer, Run

PATH = f"/_drydock/services/{SERVICE_ID}/collection"
STATUS = {"state": "on", "exchanges": 7, "used_bytes": 2048, "waiting": 0, "trouble": ""}
SHOWN = {
    "enabled": True,
    "share_percent": 12.5,
    "only_failed": True,
    "content_types": ["image/*"],
    "max_body_bytes": 65536,
    "budget_bytes": 1024**3,
    "destination": "obs://kept/",
    "folder": "obs://kept/x/",
    "status": STATUS,
}


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    fake.answers("GET", PATH, SHOWN)
    fake.answers("PUT", PATH, SHOWN)


def test_it_is_shown_in_words(run_on_fake: Run, fake: FakeServer) -> None:
    shown = run_on_fake("services", "collection", "digits").stdout
    assert "12.5% of the failed requests" in shown
    assert "2.0 KiB of 1.0 GiB" in shown
    assert "obs://kept/x/" in shown
    assert fake.sent("PUT", PATH) == []


@pytest.mark.parametrize(
    ("state", "trouble", "words"),
    [
        ("full", "", "its budget is used up"),
        ("failed", "bucket kept does not exist", "bucket kept does not exist"),
    ],
)
def test_why_nothing_is_collected_is_said(
    run_on_fake: Run, fake: FakeServer, state: str, trouble: str, words: str
) -> None:
    fake.answers("GET", PATH, SHOWN | {"status": STATUS | {"state": state, "trouble": trouble}})
    assert words in run_on_fake("services", "collection", "digits").stdout


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (["--on"], {"enabled": True}),
        (["--off"], {"enabled": False}),
        (["--share", "5", "--only-failed"], {"share_percent": 5.0, "only_failed": True}),
        (
            ["--content-type", "image/*", "--content-type", "text/csv"],
            {"content_types": ["image/*", "text/csv"]},
        ),
        (["--content-type", "any", "--all"], {"content_types": [], "only_failed": False}),
        (
            ["--max-body", "64KiB", "--budget", "2GiB"],
            {"max_body_bytes": 65536, "budget_bytes": 2 * 1024**3},
        ),
        (["--to", "obs://kept/"], {"destination": "obs://kept/"}),
    ],
)
def test_changes_are_asked_of_the_server(
    run_on_fake: Run, fake: FakeServer, options: list[str], sent: dict[str, object]
) -> None:
    assert run_on_fake("services", "collection", "digits", *options).exit_code == 0
    (request,) = fake.sent("PUT", PATH)
    assert json.loads(request.content) == sent


def test_what_is_no_size_is_refused(run_on_fake: Run, fake: FakeServer) -> None:
    refused = run_on_fake("services", "collection", "digits", "--budget", "much")
    assert refused.exit_code == 2
    assert fake.sent("PUT", PATH) == []
