"""The output of instances in files, by log group and stream."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from backends.base import LogLine
from simulator.bench.drydock import Drydock
from simulator.log_channels import append, channel_file, is_new, last_written_ms, written
from tests.support.requests import documented

GROUP, STREAM = "g" * 64, "s" * 64
AT_MS = 1_780_000_000_123
ONE = documented("realtime")


class TestFiles:
    def test_a_line_has_its_time_and_its_instance(self) -> None:
        line = LogLine("svc-1", "hello  world", AT_MS)
        assert written(line) == "2026-05-28T20:26:40.123+00:00 svc-1 hello  world\n"
        assert written(LogLine("svc-1", "x")) == "- svc-1 x\n"

    @pytest.mark.parametrize("name", ["../../etc", "a/b", "..", ".", "a\x00b", "\u00e9"])
    def test_no_id_leads_out_of_the_directory(self, tmp_path: Path, name: str) -> None:
        file = channel_file(tmp_path, name, name)
        assert file.parent.parent == tmp_path
        append(file, LogLine("svc-1", "x", AT_MS))
        assert file.resolve().is_relative_to(tmp_path.resolve())

    def test_what_was_written_last_is_found_again_for_each_instance(self, tmp_path: Path) -> None:
        file = channel_file(tmp_path, GROUP, STREAM)
        assert last_written_ms(file, "svc-1") is None
        for instance_id, at_ms in (("svc-1", AT_MS), ("svc-10", AT_MS + 5), ("svc-1", AT_MS + 1)):
            append(file, LogLine(instance_id, "text svc-2 text", at_ms))
        assert last_written_ms(file, "svc-1") == AT_MS + 1
        assert last_written_ms(file, "svc-2") is None

    def test_only_later_lines_are_new(self) -> None:
        assert is_new(LogLine("i", "x", AT_MS), None)
        assert is_new(LogLine("i", "x", AT_MS + 1), AT_MS)
        assert not is_new(LogLine("i", "x", AT_MS), AT_MS)
        assert is_new(LogLine("i", "x"), AT_MS)


def deploy(drydock: Drydock, channels: list[Any]) -> str:
    config = [{**ONE["config"][0], "model_id": drydock.add_model("mnist")}]
    properties = {"smn_notification": {}, "log_report_channels": channels}
    body = {**ONE, "config": config, "additional_properties": properties}
    with drydock.client() as client:
        url = f"{drydock.endpoint}/v1/{drydock.project_id}/services"
        answer = client.post(url, json=body)
    assert answer.status_code == 200, answer.text
    drydock.settle()
    return str(answer.json()["service_id"])


def lines(file: Path, count: int) -> list[str]:
    """The texts in a file, once there are so many."""
    deadline = time.monotonic() + 20
    while True:
        found = file.read_text().splitlines() if file.exists() else []
        if len(found) >= count:
            return [line.split(" ", 2)[2] for line in found]
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_what_instances_write_goes_to_the_streams_file(drydock: Drydock) -> None:
    configuration = {"log_group_id": GROUP, "log_stream_id": STREAM}
    service_id = deploy(drydock, [{"type": "LTS", "configuration": configuration}])
    (instance,) = drydock.instances(service_id)
    file = channel_file(drydock._server.system.paths.log_channels, GROUP, STREAM)
    before = lines(file, 1)
    drydock.script(lambda backend: backend.write_log(instance, "prediction 1"))
    assert lines(file, len(before) + 1) == [*before, "prediction 1"]


def test_without_channels_nothing_is_written(drydock: Drydock) -> None:
    service_id = deploy(drydock, [])
    (instance,) = drydock.instances(service_id)
    drydock.script(lambda backend: backend.write_log(instance, "prediction 1"))
    time.sleep(2.5)
    assert not drydock._server.system.paths.log_channels.exists()
