"""The conformance suite: does an endpoint refuse what the documents say is refused?

    from simulator.bench.conform import Options, Target, connect, run

    with connect("http://127.0.0.1:8780") as sender:
        report = run(Target(sender, project_id, token), Options(seed=1))

`plan.py` says which rules can be shown and with what requests, `hunt.py` draws and shrinks,
`trial.py` sends one request and `judging.py` judges the answer. Documentation: docs/testing.md.
"""

from __future__ import annotations

from simulator.bench.conform.connection import Connection, NothingThere, Paced, connect
from simulator.bench.conform.options import Options
from simulator.bench.conform.report import ConformReport, Result, RuleResult
from simulator.bench.conform.suite import run
from simulator.bench.conform.target import Interrupted, Target

__all__ = [
    "ConformReport",
    "Connection",
    "Interrupted",
    "NothingThere",
    "Options",
    "Paced",
    "Result",
    "RuleResult",
    "Target",
    "connect",
    "run",
]
