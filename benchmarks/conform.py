"""How quickly `drydock conform` goes over Drydock, and finds a rule that is switched off.

    python benchmarks/conform.py [--rules N] [--seed S]

First a whole default run, against a server in a process of its own. Then, for each written rule
that can be shown (or N of them), a server with this one rule switched off: the time from the start
of a run over all rules until it has ended with its first finding, shrunk, and whether the finding
names the rule. Server and suite share a process there, so that this takes longer than outside.
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.bench.conform import ConformReport, Options, Target, connect, run  # noqa: E402
from simulator.bench.drydock import Drydock  # noqa: E402
from simulator.modelarts.rules import CATALOGUE  # noqa: E402
from simulator.rules.catalogue import Catalogue  # noqa: E402
from tests.support.faulty import Judging, judging  # noqa: E402

GUARDED = {"MA-UPD-008", "MA-ADM-013"}
"""Rules that the transaction that writes holds too: switching them off changes nothing."""

_SERVER = """
import sys
from simulator.bench.drydock import running
with running() as drydock:
    print(drydock.endpoint, drydock.project_id, drydock.token, drydock.add_model(), flush=True)
    sys.stdin.read()
"""


def whole_run(seed: int, create: bool) -> ConformReport:
    """With the default options, against another process."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert server.stdout is not None
    try:
        endpoint, project_id, token, model = server.stdout.readline().split()
        wanted: dict[str, Any] = {"create": True, "model": model} if create else {}
        with connect(endpoint) as sender:
            return run(Target(sender, project_id, token), Options(seed=seed, **wanted))
    finally:
        server.communicate(timeout=60)


def conform(drydock: Drydock, catalogue: Catalogue = CATALOGUE, **options: Any) -> ConformReport:
    with connect(drydock.endpoint) as sender:
        target = Target(sender, drydock.project_id, drydock.token)
        return run(target, Options(**options), catalogue)


def until_found(server: Judging, rule_id: str, seed: int, model: str) -> tuple[float, list[str]]:
    """Seconds, and the rules that were named."""
    server.by(CATALOGUE.without(rule_id))
    began = time.perf_counter()
    options = {"seed": seed, "fail_fast": True, "create": bool(model), "model": model}
    report = conform(server.drydock, **options)
    return time.perf_counter() - began, [one.id for one in report.failed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=int, default=0, help="so many rules only, drawn")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what a server without a rule runs into is not our concern
    for create in (False, True):
        report = whole_run(chosen.seed, create)
        print(
            f"{'--create' if create else 'dry run '}: {len(report.passed)} passed, "
            f"{len(report.failed)} failed, {len(report.not_shown)} not shown; "
            f"{report.requests} requests in {report.seconds:.1f} s, "
            f"{report.requests / report.seconds:.0f}/s {report.stopped}"
        )
    with judging() as server:
        model = server.drydock.add_model("flowers")
        shown = {
            one.id
            for one in conform(server.drydock, seed=1, examples=1, create=True, model=model).passed
        }
        rules = [rule.id for rule in CATALOGUE.written if rule.id in shown - GUARDED]
        if chosen.rules:
            rules = sorted(random.Random(chosen.seed).sample(rules, chosen.rules))
        times = []
        for rule_id in rules:
            # rules on changes and on what exists need a model
            needs = model if not rule_id.startswith(("MA-SVC", "MA-BAT", "MA-MOD")) else ""
            seconds, named = until_found(server, rule_id, chosen.seed, needs)
            times.append(seconds)
            mark = "" if rule_id in named else "  NOT FOUND"
            print(f"{rule_id}  {seconds:5.1f} s  {', '.join(named)}{mark}", flush=True)
    print(
        f"{len(times)} rules switched off: found within {min(times):.1f} s at least, "
        f"{statistics.median(times):.1f} s in the middle, {max(times):.1f} s at most"
    )


if __name__ == "__main__":
    main()
