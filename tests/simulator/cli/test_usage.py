"""What instances used, on the command line."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cli.failures import UsageFailure
from simulator.cli.usage import COLUMNS, as_hours, instant_ms, write_csv
from tests.simulator.cli.conftest import SERVICE_ID, FakeServer, Json, Run

PATH = "/_drydock/usage"
SPECIFICATION = "modelarts.vm.cpu.2u"
NOW_MS = 61_000
"""What the fake server's clock shows."""


def a_row(name: str = "digits", **changes: object) -> Json:
    row = {"service_id": SERVICE_ID, "service_name": name, "specification": SPECIFICATION}
    return row | {"instance_seconds": 3_725.25, "runs": 3, "running_now": 1} | changes


def a_usage(*rows: Json) -> Json:
    total = sum(row["instance_seconds"] for row in rows)
    return {
        "since_ms": 0,
        "until_ms": NOW_MS,
        "services": list(rows),
        "total_instance_seconds": total,
        "pools": [],
        "total_node_seconds": 0,
    }


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    rows = [a_row(), a_row("old", instance_seconds=359_999.999, runs=1, running_now=0)]
    fake.answers("GET", PATH, a_usage(*rows))


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine is in a zone two hours before UTC in summer."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def asked(fake: FakeServer) -> dict[str, str]:
    (sent,) = fake.sent("GET", PATH)
    return dict(sent.url.params)


class TestTable:
    def test_has_a_row_each_in_hours_and_a_total(self, run_on_fake: Run) -> None:
        result = run_on_fake("usage")
        assert result.exit_code == 0
        assert [line.split() for line in result.stdout.splitlines()] == [
            ["SERVICE", "SPECIFICATION", "TIME", "RUNS", "RUNNING", "ID"],
            ["digits", SPECIFICATION, "1:02:05", "3", "1", SERVICE_ID],
            ["old", SPECIFICATION, "99:59:59", "1", "0", SERVICE_ID],
            ["total", "-", "101:02:05", "4", "1", "-"],
        ]

    def test_without_a_run_says_so(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", PATH, a_usage())
        assert run_on_fake("usage").stdout.startswith("no instance ran in the public pool")

    def test_outside_text_is_cleaned(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", PATH, a_usage(a_row("\x1b[2J[red]x")))
        assert "[red]x " in run_on_fake("usage").stdout
        assert "\x1b" not in run_on_fake("usage").stdout

    def test_as_json_is_the_servers_own_answer(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", PATH, a_usage(a_row()))
        assert json.loads(run_on_fake("usage", "--json").stdout) == a_usage(a_row())


class TestInterval:
    def test_is_everything_by_default(self, run_on_fake: Run, fake: FakeServer) -> None:
        run_on_fake("usage")
        assert asked(fake) == {"since_ms": "0"}

    def test_counts_back_from_platform_time(self, run_on_fake: Run, fake: FakeServer) -> None:
        run_on_fake("usage", "--since", "1min", "--until", "20s")
        assert asked(fake) == {"since_ms": "1000", "until_ms": "41000"}

    def test_that_is_none_is_usage_and_nothing_is_asked(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        result = run_on_fake("usage", "--since", "yesterday")
        assert result.exit_code == 2
        assert "yesterday is no instant" in result.stderr
        assert "2026-05-01" in result.stderr
        assert fake.sent("GET", PATH) == []

    @pytest.mark.parametrize(
        ("text", "ms"),
        [
            ("0s", NOW_MS),
            ("61s", 0),
            ("2min", 0),  # not before the beginning of time
            ("1m", 1_000),
            ("1970-01-01T00:00:01.5Z", 1_500),
            ("1970-01-01T01:00:00+01:00", 0),
            ("2026-05-01T12:30:00.123+00:00", 1_777_638_600_123),
        ],
    )
    def test_takes_instants_with_a_zone_and_durations(self, text: str, ms: int) -> None:
        assert instant_ms(text, NOW_MS) == ms

    @pytest.mark.usefixtures("in_berlin")
    @pytest.mark.parametrize(
        ("text", "utc"),
        [
            ("2026-05-01", datetime(2026, 4, 30, 22, tzinfo=UTC)),
            ("2026-05-01T12:30", datetime(2026, 5, 1, 10, 30, tzinfo=UTC)),
            ("2026-01-15 12:30", datetime(2026, 1, 15, 11, 30, tzinfo=UTC)),
        ],
    )
    def test_takes_others_as_this_machines_time(self, text: str, utc: datetime) -> None:
        assert instant_ms(text, NOW_MS) == utc.timestamp() * 1000

    @pytest.mark.parametrize(
        "text", ["", "h", "-1h", "1.5h", "1w", "24 h", "12", "1969-12-31T00:00Z", "0001-01-01"]
    )
    def test_takes_nothing_else(self, text: str) -> None:
        with pytest.raises(UsageFailure, match="is no instant"):
            instant_ms(text, NOW_MS)

    @given(st.integers(1, 4_000_000_000_000))
    def test_is_exact_to_the_millisecond(self, ms: int) -> None:
        text = f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}+00:00"
        assert instant_ms(text, NOW_MS) == ms


class TestHours:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0, "0:00:00"),
            (0.999, "0:00:00"),
            (59.9, "0:00:59"),
            (60, "0:01:00"),
            (3_600, "1:00:00"),
            (360_061, "100:01:01"),
        ],
    )
    def test_are_cut_to_seconds(self, seconds: float, text: str) -> None:
        assert as_hours(seconds) == text


class TestCsv:
    def test_goes_to_stdout_alone(self, run_on_fake: Run) -> None:
        result = run_on_fake("usage", "--csv", "-")
        assert result.stdout == (
            '"kind","id","name","specification","seconds","runs","running_now"\n'
            f'"service","{SERVICE_ID}","digits","{SPECIFICATION}",3725.25,3,1\n'
            f'"service","{SERVICE_ID}","old","{SPECIFICATION}",359999.999,1,0\n'
        )
        assert result.stderr == ""

    def test_goes_to_a_file_in_place_of_what_was_there(
        self, run_on_fake: Run, tmp_path: Path
    ) -> None:
        file = tmp_path / "usage.csv"
        file.write_text("x" * 10_000)
        result = run_on_fake("usage", "--csv", str(file))
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"2 lines are in {file}" in result.stderr.replace("\n", "")
        assert file.read_bytes().decode() == run_on_fake("usage", "--csv", "-").stdout

    def test_has_the_pools_after_the_services(self, run_on_fake: Run, fake: FakeServer) -> None:
        pool = {
            "pool_id": "pool-a", "specification": SPECIFICATION, "node_seconds": 7.5, "nodes_now": 2
        }  # fmt: skip
        fake.answers("GET", PATH, a_usage() | {"pools": [pool]})
        assert run_on_fake("usage", "--csv", "-").stdout.splitlines()[1:] == [
            f'"pool","pool-a","pool-a","{SPECIFICATION}",7.5,"",2'
        ]
        assert "0:00:07" in run_on_fake("usage").stdout

    def test_of_no_run_is_the_heading(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", PATH, a_usage())
        (heading,) = csv.reader(io.StringIO(run_on_fake("usage", "--csv", "-").stdout))
        assert tuple(heading) == COLUMNS

    def test_to_a_place_that_there_is_not_is_a_failure(
        self, run_on_fake: Run, tmp_path: Path
    ) -> None:
        result = run_on_fake("usage", "--csv", str(tmp_path / "nowhere" / "usage.csv"))
        assert result.exit_code == 1
        assert "No such file" in result.stderr

    def test_and_json_at_once_is_usage(self, run_on_fake: Run, fake: FakeServer) -> None:
        assert run_on_fake("usage", "--csv", "-", "--json").exit_code == 2
        assert fake.requests == []

    @pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
    def test_no_cell_is_a_formula(self, begin: str) -> None:
        name = f"{begin}cmd|'/C calc'!A0,\"x\""
        file = io.StringIO(newline="")
        write_csv(a_usage(a_row(name, specification=begin)), file)
        _, row = csv.reader(io.StringIO(file.getvalue(), newline=""))
        assert row[2:4] == [f"'{name}", f"'{begin}"]

    @given(st.text(max_size=8))
    def test_any_text_comes_back_as_it_is_or_with_the_mark(self, name: str) -> None:
        file = io.StringIO(newline="")
        write_csv(a_usage(a_row(name)), file)
        _, row = csv.reader(io.StringIO(file.getvalue(), newline=""))
        assert row[2] in (name, f"'{name}")
        assert not row[2].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
