"""The server's options: from the command line, else the environment, else the default."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from backends.runtime.errors import StartError

DEFAULT_PACKAGE = "/package"
DEFAULT_PORT = 8080
"""Source: ModelArts custom image specification, the port a model listens on."""
DEFAULT_BODY_LIMIT_BYTES = (12 << 20) + (64 << 10)
"""12 MiB is the documented limit of a request through the gateway; the slack is for framing."""
DEFAULT_BATCH_ROWS = 32
"""More rows in a call make the rows of models that profit from it hardly faster."""
DRAIN_S = 60.0
"""Seconds that running requests get after SIGTERM. Source: custom image specification."""
KEEP_ALIVE_S = 220
"""Seconds an idle connection stays open. Source: custom image specification, at least 200."""
CGROUP = Path("/sys/fs/cgroup")

T = TypeVar("T", int, float, str)


@dataclass(frozen=True)
class Settings:
    """Everything the process was told.

    Attributes:
        package: directory that contains `model/config.json`.
        uds: path of the Unix socket to listen on; empty to listen on `host` and `port`.
        host: address to listen on when `uds` is empty.
        port: TCP port when `uds` is empty; 0 takes a free one (the log says which).
        threads: ONNX Runtime's threads within one operator, 1 or more.
        batch_rows: most rows of a call that answers several requests; 1 for one request a call.
        model_name: name under /v2/models; empty for the stem of the model file's name.
        body_limit_bytes: larger request bodies are answered 413.
        memory_mib: the memory limit of the instance, for information in the log; 0 if not told.
        parent_fd: inherited pipe; end of file on it ends the process. None without a parent.
        instance_id: sent as `x-drydock-instance` when not empty.
        version_id: sent as `x-drydock-version` when not empty.
        log_level: which messages of libraries reach the log.
    """

    package: Path
    uds: str
    host: str
    port: int
    threads: int
    batch_rows: int
    model_name: str
    body_limit_bytes: int
    memory_mib: int
    parent_fd: int | None
    instance_id: str
    version_id: str
    log_level: str


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StartError(
            "cannot read the options",
            where="command line",
            why=message,
            hint="`python3 -m backends.runtime --help` lists them",
        )


def read_settings(argv: Sequence[str], env: Mapping[str, str]) -> Settings:
    """Settings from `argv` (without the program's name) and `env`.

    Raises:
        StartError: an option is unknown or has a value that cannot be used.
    """
    given = vars(_parser().parse_args(argv))

    def option(name: str, convert: Callable[[str], T], default: T) -> T:
        variable = f"DRYDOCK_{name.upper()}"
        raw, where = given.get(name), f"--{name.replace('_', '-')}"
        if raw is None:
            raw, where = env.get(variable, ""), variable
        if raw == "":
            return default
        try:
            return convert(raw)
        except ValueError as exc:
            raise StartError(
                "cannot read the options", where=where, why=str(exc), hint="give another value"
            ) from exc

    parent_fd = option("parent_fd", _between(-1, 1 << 20), -1)
    return Settings(
        package=Path(option("package", str, DEFAULT_PACKAGE)),
        uds=option("uds", str, ""),
        host=option("host", str, "0.0.0.0"),
        port=option("port", _between(0, 65535), DEFAULT_PORT),
        threads=option("threads", _between(1, 1024), default_threads()),
        batch_rows=option("batch_rows", _between(1, 1024), DEFAULT_BATCH_ROWS),
        model_name=option("model_name", str, ""),
        body_limit_bytes=option("body_limit_bytes", _between(1, 1 << 40), DEFAULT_BODY_LIMIT_BYTES),
        memory_mib=option("memory_mib", _between(0, 1 << 30), 0),
        parent_fd=None if parent_fd < 0 else parent_fd,
        instance_id=option("instance_id", _header_value, ""),
        version_id=option("version_id", _header_value, ""),
        log_level=option("log_level", _level, "warning"),
    )


def default_threads() -> int:
    """Whole cores that this process may use, 1 or more: affinity, and the cgroup's CPU limit."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    limit = cgroup_cpus(_read_cpu_max(CGROUP))
    return cores if limit is None else max(1, min(cores, int(limit)))


def _read_cpu_max(cgroup: Path) -> str:
    """The CPU quota as cgroup v2's `cpu.max` writes it, also from v1's two files; may be empty."""
    try:
        return (cgroup / "cpu.max").read_text()
    except OSError:
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    try:
        return " ".join((cgroup / "cpu" / name).read_text() for name in names)
    except OSError:
        return ""


def cgroup_cpus(cpu_max: str) -> float | None:
    """Cores that "quota period" ("150000 100000") allows; None for no limit ("max", v1: "-1")."""
    fields = cpu_max.split()
    if len(fields) != 2 or not all(f.isdigit() for f in fields) or int(fields[1]) == 0:
        return None
    return int(fields[0]) / int(fields[1])


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python3 -m backends.runtime",
        description="Serve one ModelArts model package. Each option can also be given in the "
        "environment: --body-limit-bytes as DRYDOCK_BODY_LIMIT_BYTES.",
        allow_abbrev=False,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--uds", help="Unix socket to listen on, instead of host and port")
    where.add_argument("--host", help="address to listen on (default 0.0.0.0)")
    for name, text in (
        ("package", f"directory with model/config.json (default {DEFAULT_PACKAGE})"),
        ("port", f"TCP port (default {DEFAULT_PORT})"),
        ("threads", "threads within one operator (default: the CPU limit)"),
        (
            "batch-rows",
            "rows that a call may compute for requests that come together, where the model allows "
            f"it; 1 for one request a call (default {DEFAULT_BATCH_ROWS})",
        ),
        ("model-name", "name under /v2/models (default: stem of the model file)"),
        ("body-limit-bytes", f"largest request body (default {DEFAULT_BODY_LIMIT_BYTES})"),
        ("memory-mib", "memory limit of the instance, shown in the log"),
        ("parent-fd", "inherited pipe whose end of file ends this process"),
        ("instance-id", "sent back as x-drydock-instance"),
        ("version-id", "sent back as x-drydock-version"),
        ("log-level", "which messages of libraries are logged (default warning)"),
    ):
        parser.add_argument(f"--{name}", help=text)
    return parser


def _between(low: int, high: int) -> Callable[[str], int]:
    def convert(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ValueError(f"{raw!r} is not a whole number from {low} to {high}")
        return value

    return convert


def _level(raw: str) -> str:
    levels = ("debug", "info", "warning", "error")
    if raw.lower() not in levels:
        raise ValueError(f"{raw!r} is not one of {', '.join(levels)}")
    return raw.lower()


def _header_value(raw: str) -> str:
    if not (raw.isascii() and raw.isprintable() and len(raw) <= 256):
        raise ValueError(f"{raw!r} is not up to 256 printable ASCII characters")
    return raw
