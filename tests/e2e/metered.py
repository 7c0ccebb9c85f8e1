"""The meter as the database has it, read behind the server's back."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

SLACK_MS = 1000
"""Clocks are read one after the other."""


@dataclass(frozen=True)
class Meter:
    """Runs of instances, epoch milliseconds.

    Attributes:
        over: by instance and beginning, the end of each run that is over.
        going_on: by instance, the beginning of the run that is not over.
    """

    over: Mapping[tuple[str, int], int]
    going_on: Mapping[str, int]


def meter_left_by(home: Path) -> Meter:
    """The meter of a killed server. A copy is read: its database is left as it is, for the next
    server to recover."""
    with tempfile.TemporaryDirectory() as directory:
        for name in ("state.db", "state.db-wal"):
            if (home / name).exists():
                shutil.copy(home / name, directory)
        return _read(f"file:{directory}/state.db")


def meter_of(home: Path) -> Meter:
    """The meter of a server that runs."""
    return _read(f"file:{home}/state.db?mode=ro")


def _read(uri: str) -> Meter:
    with closing(sqlite3.connect(uri, uri=True)) as database:
        over = database.execute("SELECT instance_id, since, until FROM usage").fetchall()
        going_on = database.execute(
            "SELECT instance_id, running_since FROM instance WHERE running_since IS NOT NULL"
        ).fetchall()
    runs = {(instance_id, since): until for instance_id, since, until in over}
    assert len(runs) == len(over), "a run is metered twice"
    return Meter(runs, dict(going_on))


def assert_metered(meter: Meter, now_ms: int, running: Collection[str]) -> None:
    """No instance is metered twice at one time, none in the future, and just those that run have a
    run that goes on.

    Args:
        running: ids of the instances that run.
    """
    last: dict[str, int] = {}
    for (instance_id, since), until in sorted(meter.over.items()):
        assert last.get(instance_id, 0) <= since <= until <= now_ms + SLACK_MS
        last[instance_id] = until
    for instance_id, since in meter.going_on.items():
        assert last.get(instance_id, 0) <= since <= now_ms + SLACK_MS
    assert meter.going_on.keys() == set(running)


def assert_nothing_unmetered(
    before: Meter, after: Meter, killed_at_ms: int, *, survive: bool
) -> None:
    """What was metered when the server was killed still is, and what ran then has not been lost.

    Args:
        before: as the killed server left it.
        survive: whether instances can run on without a server. Those that cannot are metered up to
            its death and no further.
    """
    assert before.over.items() <= after.over.items(), "a run that was over is lost or changed"
    for instance_id, since in before.going_on.items():
        if after.going_on.get(instance_id) == since:
            assert survive, f"{instance_id} is metered over the server's death, which ended it"
            continue
        until = after.over.get((instance_id, since))
        assert until is not None, f"the run of {instance_id} is not metered"
        assert survive or until <= killed_at_ms, f"{instance_id} is metered beyond its death"
