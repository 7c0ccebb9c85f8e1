"""What the doctor makes of what it saw."""

from __future__ import annotations

import pytest

from simulator.doctor import judging
from simulator.doctor.findings import Verdict, is_well
from simulator.doctor.judging import GIB, Finding, Listener


@pytest.mark.parametrize(
    ("free", "error", "verdict"),
    [
        (100 * GIB, "", Verdict.OK),
        (2 * GIB, "", Verdict.WARNING),
        (GIB // 10, "", Verdict.FAILURE),
        (None, "", Verdict.UNKNOWN),
        (100 * GIB, "Read-only file system", Verdict.FAILURE),
    ],
)
def test_a_data_directory_needs_room_and_leave_to_write(
    free: int | None, error: str, verdict: Verdict
) -> None:
    finding = judging.data_directory("/home/d", free, error)
    assert finding.verdict is verdict
    assert "/home/d" in finding.text
    assert bool(finding.fix) is (verdict in (Verdict.WARNING, Verdict.FAILURE))


@pytest.mark.parametrize(
    ("is_served", "taken_by", "verdict", "words"),
    [
        (False, "", Verdict.OK, "is free"),
        (True, "", Verdict.OK, "Drydock is running"),
        (False, "nginx", Verdict.FAILURE, "taken by nginx"),
    ],
)
def test_a_port_is_free_ours_or_somebody_s(
    *, is_served: bool, taken_by: str, verdict: Verdict, words: str
) -> None:
    finding = judging.port("127.0.0.1", 8780, is_served=is_served, taken_by=taken_by)
    assert (finding.verdict, words in finding.text) == (verdict, True)


def test_what_listens_at_all_addresses_is_named_once_each() -> None:
    listeners = [
        Listener(5432, "0.0.0.0", "postgres"),
        Listener(5432, "::", "postgres"),
        Listener(22, "::", ""),
        Listener(6379, "127.0.0.1", "redis"),
        Listener(8780, "0.0.0.0", "envoy"),
    ]
    finding = judging.exposed(listeners, own_port=8780)
    assert finding.verdict is Verdict.WARNING
    assert "a program (port 22), postgres (port 5432)" in finding.text
    assert "redis" not in finding.text
    assert "8780" not in finding.text


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    listeners = [Listener(number, "0.0.0.0", "p") for number in range(1, 21)]
    assert judging.exposed(listeners, 0).text.endswith(", 12 more")


def test_what_cannot_be_seen_is_not_called_well() -> None:
    assert judging.exposed(None, 0).verdict is Verdict.UNKNOWN
    assert judging.exposed([], 0).verdict is Verdict.OK


def test_packages_alone_can_run_without_an_engine() -> None:
    found = [
        judging.engine("docker", "Docker 20", available=True, runs_images=True),
        judging.engine("process", "child processes", available=True, runs_images=False),
        judging.engine("docker", "does not answer", available=False, runs_images=True),
    ]
    assert [one.verdict for one in found] == [Verdict.OK, Verdict.WARNING, Verdict.FAILURE]


@pytest.mark.parametrize(("limit", "verdict"), [(256, Verdict.WARNING), (4096, Verdict.OK)])
def test_few_open_files_are_told(limit: int, verdict: Verdict) -> None:
    assert judging.open_files(limit).verdict is verdict


def test_a_gateway_that_cannot_be_run_is_a_failure() -> None:
    assert judging.gateway("1.40.0", "").text == "Envoy 1.40.0"
    assert judging.gateway("", "no such file").verdict is Verdict.FAILURE


def test_only_failures_make_a_host_unwell() -> None:
    verdicts = [Verdict.OK, Verdict.WARNING, Verdict.UNKNOWN]
    findings = [Finding("x", verdict, "y") for verdict in verdicts]
    assert is_well(findings)
    assert not is_well([*findings, Finding("x", Verdict.FAILURE, "y")])
