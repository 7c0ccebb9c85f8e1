"""The access log: its bound, and its entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from simulator.access_log import AccessLog, aside, parse_line
from simulator.gateway.admin import AdminUnavailable

LINE = {
    "time": "2026-05-01T10:00:00.123Z",
    "request_id": "c0ffee",
    "method": "POST",
    "path": "/",
    "route": "svc",
    "version": "svc.v1~0",
    "instance": "svc-1",
    "status": 200,
    "reason": "via_upstream",
    "flags": "-",
    "duration_ms": 7,
    "request_bytes": 10,
    "response_bytes": 20,
}


class FakeGateway:
    """Envoy, as far as it opens its logs again."""

    def __init__(self) -> None:
        self.admin = self
        self.reopened = 0
        self.is_away = False

    async def reopen_logs(self) -> None:
        if self.is_away:
            raise AdminUnavailable("away")
        self.reopened += 1


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


def log(path: Path, gateway: FakeGateway) -> AccessLog:
    return AccessLog(path, cast(Any, gateway), max_bytes=10)


class TestBound:
    async def test_a_short_file_stays(self, path: Path, gateway: FakeGateway) -> None:
        await log(path, gateway).look()
        path.write_text("x" * 10)
        await log(path, gateway).look()
        assert path.read_text() == "x" * 10
        assert gateway.reopened == 0

    async def test_a_long_one_takes_the_place_of_the_one_of_before(
        self, path: Path, gateway: FakeGateway
    ) -> None:
        kept = log(path, gateway)
        for content in ("a" * 11, "b" * 11):
            path.write_text(content)
            await kept.look()
            assert not path.exists()
        assert aside(path).read_text() == "b" * 11
        assert gateway.reopened == 2

    async def test_envoy_is_told_until_it_listens_and_nothing_is_lost_meanwhile(
        self, path: Path, gateway: FakeGateway
    ) -> None:
        kept = log(path, gateway)
        path.write_text("a" * 11)
        gateway.is_away = True
        await kept.look()
        path.write_text("b" * 11)  # a file that Envoy does not know: must not replace the other
        await kept.look()
        assert aside(path).read_text() == "a" * 11
        gateway.is_away = False
        await kept.look()
        assert gateway.reopened == 1
        await kept.look()
        assert aside(path).read_text() == "b" * 11

    async def test_what_cannot_be_put_aside_is_told(self, path: Path, gateway: FakeGateway) -> None:
        path.write_text("a" * 11)
        aside(path).mkdir()
        with pytest.raises(OSError, match=r"access\.log"):
            await log(path, gateway).look()


def entry(**changes: Any) -> dict[str, Any]:
    found = parse_line(json.dumps(LINE | changes))
    assert found is not None
    return found.document()


class TestEntry:
    def test_has_the_ids_of_service_version_and_instance(self) -> None:
        assert entry() == {
            **{name: value for name, value in LINE.items() if name != "route"},
            "service": "svc",
            "version": "v1.0",
        }

    @pytest.mark.parametrize(
        ("route", "path"), [("svc", "/v1/infers/svc/x"), ("svc/no_such_api", "/v1/infers/svc")]
    )
    def test_of_a_service_that_no_version_got_has_the_service(self, route: str, path: str) -> None:
        found = entry(route=route, path=path, version=None, instance=None)
        assert (found["service"], found["version"], found["instance"]) == ("svc", "", "")

    @pytest.mark.parametrize(
        ("route", "version"),
        [("control", "~control"), ("service_missing", None), (None, None), ("", None)],
    )
    def test_of_no_service_has_none(self, route: str | None, version: str | None) -> None:
        found = entry(route=route, version=version, path="/v1/p/services")
        assert (found["service"], found["version"]) == ("", "")

    def test_without_an_answer_has_status_0(self) -> None:
        assert entry(status=None)["status"] == 0

    @pytest.mark.parametrize("line", ["", '{"time": "2', "[]", "{}", json.dumps(LINE)[:-9], "\xff"])
    def test_what_is_cut_is_none(self, line: str) -> None:
        assert parse_line(line) is None
