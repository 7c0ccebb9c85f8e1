"""How many deploy requests of one kilobyte are judged in a second, on one core.

    python benchmarks/validate.py [--rounds N]

Drydock's rules beside jsonschema, jsonschema-rs and a plain pydantic model on the same bodies, in
turn in one process. The schema is the one that Drydock publishes: it says types, mandatory fields,
words and limits, and nothing that several fields say together; the model has the types only. Then
`drydock check` on a file of 20,000 lines, and how long it takes to start. Machines are noisy: the
proportions count.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import jsonschema
import jsonschema_rs
import pydantic
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.modelarts.rules import CATALOGUE  # noqa: E402
from simulator.modelarts.rules.common import CREATE  # noqa: E402
from simulator.modelarts.schemas import CreateService  # noqa: E402
from simulator.rules.catalogue import changed  # noqa: E402
from simulator.rules.openapi import request_schemas  # noqa: E402
from simulator.rules.shape import Kind, Shape, fields_of  # noqa: E402
from simulator.strict_json import parse_object  # noqa: E402

Body = dict[str, Any]
SMALLEST, LARGEST = 950, 1100
ROUND_S = 0.15
LINES = 20_000
STARTS = 5
BREAKS: tuple[Body, ...] = (
    {"/service_name": "my service"},
    {"/config/0/instance_count": 9},
    {"/config/1/weight": 31},
    {"/config/1/specification": "modelarts.vm.cpu.2"},
    {"/description": "fast & small"},
)
"""What breaks a rule each; the first n of them make a request with n violations."""


def bodies() -> dict[str, Body]:
    """The requests, each of about a kilobyte."""
    documents = CATALOGUE.documents
    version = documents["two-versions"]["config"][0]
    third = {**version, "model_id": "third", "weight": "0"}
    several = changed(documents["two-versions"], {"/config/2": third})
    found = {
        "real-time, 3 versions": several,
        "custom, dedicated pool": documents["dedicated-custom"],
        "batch, csv": documents["batch-csv"],
        "edge": documents["edge"],
    }
    for count in range(1, len(BREAKS) + 1):
        changes = {place: value for one in BREAKS[:count] for place, value in one.items()}
        found[f"broken, {count} violations"] = changed(several, changes)
    return {name: sized(body) for name, body in found.items()}


def sized(body: Body) -> Body:
    """The request with environment variables that make it as large as all."""
    result = copy.deepcopy(body)
    envs = result["config"][0].setdefault("envs", {})
    number = 0
    while len(json.dumps(result)) < SMALLEST:
        envs[f"MODEL_OPTION_{number}"] = "one of several values"
        number += 1
    size = len(json.dumps(result))
    assert SMALLEST <= size <= LARGEST, f"{size} bytes"
    return result


def model_of(shape: type[Shape]) -> type[pydantic.BaseModel]:
    """A plain pydantic model with the shape's types."""
    fields: Body = {}
    for name, row in fields_of(shape).items():
        kind = type_of(row.kind)
        optional = row.must_rule is None
        settings = pydantic.Field(None if optional else ..., alias=name)
        fields[name.replace("-", "_")] = (Optional[kind] if optional else kind, settings)  # noqa: UP045
    return pydantic.create_model(shape.__name__, **fields)


def type_of(kind: Kind) -> Any:
    if kind.shape is not None:
        return model_of(kind.shape)
    if kind.item is not None:
        item = type_of(kind.item)
        return list[item] if kind.name == "array" else dict[str, item]  # type: ignore[valid-type]
    plain = {"text": str, "integer": int, "number": float, "boolean": bool, "json": dict[str, Any]}
    return plain.get(kind.name, Any)


def json_schema() -> Body:
    schemas = request_schemas(CATALOGUE, [CREATE])
    reference = {"$ref": "#/components/schemas/CreateService"}
    return reference | {"components": {"schemas": schemas}}


def contestants() -> dict[str, tuple[Callable[[Body], Any], Callable[[bytes], Any]]]:
    """Who judges: a parsed body, and its bytes."""
    schema = json_schema()
    python = jsonschema.Draft202012Validator(schema)
    rust = jsonschema_rs.validator_for(schema)
    model = model_of(CreateService)
    readings = CATALOGUE.defaults

    def ours(body: Body) -> Any:
        return CATALOGUE.judge(CREATE, body, readings)

    def plain(check: Callable[[], Any]) -> Any:
        try:
            return check()
        except pydantic.ValidationError as error:
            return error.errors()

    return {
        "drydock": (ours, lambda body: ours(parse_object(body))),
        "jsonschema": (
            lambda body: list(python.iter_errors(body)),
            lambda body: list(python.iter_errors(json.loads(body))),
        ),
        "jsonschema-rs": (
            lambda body: list(rust.iter_errors(body)),
            lambda body: list(rust.iter_errors(json.loads(body))),
        ),
        "pydantic": (
            lambda body: plain(lambda: model.model_validate(body)),
            lambda body: plain(lambda: model.model_validate_json(body)),
        ),
    }


def rate(judge: Callable[[Any], Any], inputs: list[Any]) -> float:
    """Judgements a second of CPU time: what else the machine does must not count."""
    done = 0
    began = time.process_time()
    while (taken := time.process_time() - began) < ROUND_S:
        for one in inputs:
            judge(one)
        done += len(inputs)
    return done / taken


def measured(
    judges: dict[str, Callable[[Any], Any]], inputs: list[Any], rounds: int
) -> dict[str, list[float]]:
    """Rates of all, in turn."""
    rates: dict[str, list[float]] = {name: [] for name in judges}
    for _ in range(rounds):
        for name, judge in judges.items():
            rates[name].append(rate(judge, inputs))
    return rates


def compare(console: Console, chosen: dict[str, Body], rounds: int) -> None:
    judges = contestants()
    dicts = list(chosen.values())
    texts = [json.dumps(body).encode() for body in dicts]
    for title, place, inputs in (("parsed bodies", 0, dicts), ("from bytes", 1, texts)):
        rates = measured({name: both[place] for name, both in judges.items()}, inputs, rounds)
        table = Table(title=f"requests a second, a mix of all, {title}")
        for heading in ("", "best", "median", "drydock is"):
            table.add_column(heading, justify="right" if heading else "left")
        ours = statistics.median(rates["drydock"])
        for name, found in rates.items():
            ratio = ours / statistics.median(found)
            table.add_row(name, *_numbers(found), f"{ratio:.2f} times as fast")
        console.print(table)


def _numbers(rates: list[float]) -> list[str]:
    return [f"{max(rates):,.0f}", f"{statistics.median(rates):,.0f}"]


def each(console: Console, chosen: dict[str, Body], rounds: int) -> None:
    """Drydock's own figures for each kind of request."""
    table = Table(title="requests a second, drydock, parsed bodies")
    for heading in ("", "bytes", "violations", "best", "median"):
        table.add_column(heading, justify="right" if heading else "left")
    judge = contestants()["drydock"][0]
    names = {name: lambda inputs: [judge(one) for one in inputs] for name in chosen}
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, body in chosen.items():
            rates[name].append(rate(judge, [body] * 20))
    for name, body in chosen.items():
        violations = len(judge(body).violations)
        expected = int(name.split()[1]) if name.startswith("broken") else 0
        assert violations == expected, f"{name}: {violations} violations"
        table.add_row(name, str(len(json.dumps(body))), str(violations), *_numbers(rates[name]))
    console.print(table)


def command(console: Console, chosen: dict[str, Body]) -> None:
    """`drydock check`, from start to end."""
    check = [sys.executable, "-m", "simulator.cli", "check"]
    with tempfile.TemporaryDirectory() as directory:
        many, one = Path(directory) / "many.jsonl", Path(directory) / "one.json"
        lines = [json.dumps(body) for body in chosen.values()]
        many.write_text("".join(lines[n % len(lines)] + "\n" for n in range(LINES)))
        one.write_text(lines[0])
        for options in ([], ["--json"]):
            taken = _timed([*check, "--jsonl", *options, str(many)])
            words = " ".join(["drydock check --jsonl", *options])
            console.print(
                f"{words}: {LINES:,} lines in {taken:.2f} s, {LINES / taken:,.0f} a second"
            )
        starts = [1000 * _timed([*check, str(one)]) for _ in range(STARTS)]
    console.print(
        f"drydock check of one file: {statistics.median(starts):.0f} ms "
        f"(median of {STARTS}; {min(starts):.0f} to {max(starts):.0f})"
    )


def _timed(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    console = Console()
    chosen = bodies()
    each(console, chosen, rounds)
    compare(console, chosen, rounds)
    command(console, chosen)


if __name__ == "__main__":
    main()
