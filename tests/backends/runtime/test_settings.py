from __future__ import annotations

import os
from pathlib import Path

import pytest

from backends.runtime import settings
from backends.runtime.errors import StartError
from backends.runtime.settings import cgroup_cpus, read_settings


def test_defaults_are_those_of_a_container():
    got = read_settings([], {})
    assert (got.package, got.host, got.port) == (Path("/package"), "0.0.0.0", 8080)
    assert (got.uds, got.parent_fd, got.model_name) == ("", None, "")
    assert got.threads >= 1
    assert got.body_limit_bytes > 12 << 20


def test_every_option_is_read_from_the_environment():
    env = {
        "DRYDOCK_PACKAGE": "/p",
        "DRYDOCK_UDS": "/s",
        "DRYDOCK_PORT": "81",
        "DRYDOCK_HOST": "::1",
        "DRYDOCK_THREADS": "3",
        "DRYDOCK_BATCH_ROWS": "4",
        "DRYDOCK_MODEL_NAME": "m",
        "DRYDOCK_BODY_LIMIT_BYTES": "9",
        "DRYDOCK_MEMORY_MIB": "64",
        "DRYDOCK_PARENT_FD": "5",
        "DRYDOCK_INSTANCE_ID": "i-1",
        "DRYDOCK_VERSION_ID": "v-1",
        "DRYDOCK_LOG_LEVEL": "DEBUG",
    }
    expected = settings.Settings(
        Path("/p"), "/s", "::1", 81, 3, 4, "m", 9, 64, 5, "i-1", "v-1", "debug"
    )
    assert read_settings([], env) == expected


def test_the_command_line_wins_over_the_environment():
    assert read_settings(["--port", "82"], {"DRYDOCK_PORT": "81"}).port == 82


@pytest.mark.parametrize(
    ("argv", "env", "named"),
    [
        (["--port", "http"], {}, "--port"),
        (["--threads", "0"], {}, "--threads"),
        (["--batch-rows", "0"], {}, "--batch-rows"),
        ([], {"DRYDOCK_PORT": "65536"}, "DRYDOCK_PORT"),
        ([], {"DRYDOCK_LOG_LEVEL": "loud"}, "DRYDOCK_LOG_LEVEL"),
        ([], {"DRYDOCK_INSTANCE_ID": "a\r\nb: c"}, "DRYDOCK_INSTANCE_ID"),
        (["--prt", "1"], {}, "--prt"),
        (["--uds", "a", "--host", "b"], {}, "--host"),
    ],
)
def test_an_unusable_option_is_named(argv, env, named):
    with pytest.raises(StartError, match=named):
        read_settings(argv, env)


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("150000 100000\n", 1.5),
        ("max 100000\n", None),
        ("", None),
        ("50000 0", None),
        ("-1 100000", None),
    ],
)
def test_the_cpu_limit_is_quota_over_period(text, cpus):
    assert cgroup_cpus(text) == cpus


@pytest.mark.parametrize(
    ("files", "threads"),
    [
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "250000 100000"}, 2),
        ({"cpu.max": "max 100000"}, 4),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({}, 4),
    ],
)
def test_threads_are_whole_cores_of_the_cpu_limit(tmp_path, monkeypatch, files, threads):
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(settings, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)
    assert settings.default_threads() == threads
