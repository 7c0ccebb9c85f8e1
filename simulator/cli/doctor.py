"""doctor: what of this host will be in the way."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

from simulator.cli.failures import Failure
from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, Session
from simulator.lockfile import owner_pid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.doctor.findings import Finding

_MARKS = {"ok": "✓", "warning": "!", "failure": "✗", "unknown": "?"}


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Look at this host: data directory, port, gateway, engine, and what containers could reach.

    Needs no server. The exit status is 1 when something does not work.
    """
    from simulator.doctor.findings import is_well  # noqa: PLC0415
    from simulator.doctor.host import examine  # noqa: PLC0415

    session = Session(home, as_json)
    settings = session.settings()
    is_served = owner_pid(settings.paths.lock) is not None
    with session.output.working("looking at this host"):
        findings = asyncio.run(examine(settings, is_served=is_served))
    if session.output.as_json:
        session.output.document([asdict(one) for one in findings])
    else:
        _print(session.output, findings)
    if not is_well(findings):
        bad = [one.check for one in findings if one.verdict == "failure"]
        raise Failure(f"this host has a problem: {', '.join(bad)}")


def _print(output: Output, findings: Sequence[Finding]) -> None:
    output.table(
        ["", "CHECK", "~FOUND"],
        [[_MARKS[one.verdict], one.check, one.text] for one in findings],
    )
    for one in findings:
        if one.fix:
            output.note(f"{one.check}: {one.fix}")
