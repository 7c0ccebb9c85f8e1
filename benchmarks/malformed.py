"""Malformed and hostile requests: what Drydock's gateway answers, and what nginx answers.

    python benchmarks/malformed.py [--all] [--only TEXT]

Both stand in front of the same kind of recording instance in one run. "in" is how many requests
arrived at the instance; "odd" stands beside it if one of them could be read in two ways. Shown are
the cases with a difference, with --all every case. nginx is looked for on the path; without it
there is nothing to compare with. The exit status is 1 if something came of a case that must not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.simulator.gateway.malformed.case import Case  # noqa: E402
from tests.simulator.gateway.malformed.corpus import CASES  # noqa: E402
from tests.simulator.gateway.malformed.nginx import PROGRAM, nginx  # noqa: E402
from tests.simulator.gateway.malformed.playing import Outcome, misses  # noqa: E402
from tests.simulator.gateway.malformed.stage import Played, Where, drydock, play_all  # noqa: E402


def answers(outcome: Outcome) -> str:
    """The statuses, and how the connection ended."""
    words = [str(one.status) if one.status else one.words[:24] for one in outcome.answers[-2:]]
    return ", ".join([*words, *(["end"] if outcome.ended else [])])


def arrivals(outcome: Outcome) -> str:
    return f"{len(outcome.arrived)}{' odd' if outcome.faults else ''}"


def differs(one: Outcome, other: Outcome) -> bool:
    return (answers(one), arrivals(one)) != (answers(other), arrivals(other))


async def play_both(directory: Path, cases: list[Case]) -> tuple[Played, Played | None]:
    for name in ("drydock", "nginx"):
        (directory / name).mkdir()
    async with drydock(directory / "drydock") as stage:
        ours = await play_all(stage, cases, [Where.SERVICE])
    if PROGRAM is None:
        return ours, None
    async with nginx(directory / "nginx") as stage:
        return ours, await play_all(stage, cases, [Where.SERVICE])


def table_of(cases: list[Case], ours: Played, other: Played | None, everything: bool) -> Table:
    table = Table(title="malformed and hostile requests")
    headings = ["case", "Drydock", "in"] + (["nginx", "in", "differs"] if other else [])
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for case in cases:
        found = ours[case.name, Where.SERVICE]
        cells = [case.name, answers(found), arrivals(found)]
        is_different = True
        if other:
            there = other[case.name, Where.SERVICE]
            is_different = differs(found, there)
            cells += [answers(there), arrivals(there), "yes" if is_different else ""]
        if everything or is_different:
            table.add_row(*cells)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", action="store_true", help="also cases without a difference")
    parser.add_argument("--only", default="", help="cases whose name has this text")
    chosen = parser.parse_args()
    cases = [case for case in CASES if chosen.only in case.name]
    with tempfile.TemporaryDirectory(prefix="dd-", dir="/tmp") as directory:
        ours, other = asyncio.run(play_both(Path(directory), cases))
    console = Console()
    console.print(table_of(cases, ours, other, chosen.all))
    if other is None:
        console.print("nginx is not installed: nothing to compare with")
    wrong = [case.name for case in cases if misses(case, ours[case.name, Where.SERVICE])]
    console.print(f"{len(cases)} cases; not as they should be: {len(wrong)}", *wrong, sep="\n")
    for name, played in (("Drydock", ours), ("nginx", other or {})):
        odd = sum(bool(outcome.faults) for outcome in played.values())
        let_in = sum(bool(outcome.arrived) for outcome in played.values())
        console.print(f"{name}: {let_in} let in, {odd} of them in a form that can be misread")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
