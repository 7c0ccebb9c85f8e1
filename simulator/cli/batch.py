"""batch: map and manifest, what a batch service would read and send, without a server; the others
stand in `batch_jobs.py`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from simulator.cli import batch_jobs
from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.output import speaks_unicode
from simulator.cli.reading import read_bytes
from simulator.cli.session import JsonOption, Session
from tui.clean import clean, clean_line

if TYPE_CHECKING:
    from simulator.batch.mapping import MappingRule, RowError
    from simulator.cli.output import Output

Json = dict[str, Any]
SHOWN_ROWS = 3
app = typer.Typer(help="Run batch jobs; see what they read, send and write.", no_args_is_help=True)
app.command("run")(batch_jobs.run)
app.command("list")(batch_jobs.list_)
app.command("results")(batch_jobs.results)


@app.command("map")
def map_(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CONFIG]", help="A model's config.json, or its package; - is stdin."
        ),
    ] = None,
    rule: Annotated[
        Path | None,
        typer.Option("--rule", metavar="FILE", help="A mapping rule, in place of CONFIG."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Show the requests of its rows.")
    ] = None,
    api: Annotated[
        str, typer.Option("--api", metavar="PATH", help="The API of CONFIG: req_uri.")
    ] = "/",
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows", metavar="N", min=0, help=f"So many rows (default: {SHOWN_ROWS}; JSON: all)."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the mapping rule that is made of a config.json, and the requests it makes of CSV rows.

    With --json the rule alone, to be kept as a file; with --csv one line of JSON a row, `{"row":
    1, "request": ...}` or `{"row": 1, "error": ...}`. Needs no server. Exit status: 0, also where
    rows cannot be converted; 1 the rule cannot be followed, 2 a file cannot be read.
    """
    from simulator.batch.csv_rows import read_rows  # noqa: PLC0415

    output = Session(None, as_json).output
    if (config is None) == (rule is None):
        raise UsageFailure("give either a CONFIG or --rule FILE")
    found = _generated(config, api) if config is not None else _document(rule, "the mapping rule")
    mapping = _mapping(found)
    if csv is None:
        _show_rule(output, found)
        return
    if not output.as_json:
        rows = SHOWN_ROWS if rows is None else rows
        _show_rule(output, found)
        _remark(output, csv)
    with _opened(csv) as stream:
        for number, request in islice(mapping.requests(read_rows(stream)), rows):
            _show_row(output, number, request)


@app.command("manifest")
def manifest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A manifest; - is stdin.")],
    as_json: JsonOption = False,
) -> None:
    """Show the inputs that a manifest names, and which of its lines name none.

    With --json one line of JSON a line, `{"line": 1, "source", "scheme", "bucket", "object"}` or
    `{"line": 1, "error": ...}`. Needs no server. Exit status: 0, also where lines name no input, as
    these fail by themselves; 1 the file is no manifest, 2 it cannot be read.
    """
    from simulator.batch.manifest import (  # noqa: PLC0415
        BadLine,
        BadManifest,
        check_manifest_name,
        read_manifest,
    )

    output = Session(None, as_json).output
    if str(file) != "-":
        try:
            check_manifest_name(file.name)
        except BadManifest as error:
            raise Failure(error.reason, code=error.rule) from error
    right, wrong = output.marks
    total = bad = 0
    with _opened(file) as stream:
        for line in read_manifest(stream):
            total += 1
            if isinstance(line, BadLine):
                bad += 1
                told = {"rule": line.rule, "message": line.message}
                _show(output, {"line": line.line, "error": told}, f"{wrong} {line.message}", "red")
                continue
            path = line.path
            document = {"line": line.line, "source": line.source, "scheme": line.scheme}
            document |= {"bucket": path.bucket, "object": path.key}
            _show(output, document, f"{right} line {line.line}: {path}")
    if not output.as_json:
        output.note(f"{total} line{'' if total == 1 else 's'}, {bad} without an input", "dim")


def _generated(config: Path, api: str) -> Json:
    """The rule that the console would make of a model's config.json."""
    from simulator.batch.mapping import BadMappingRule, generated_rule  # noqa: PLC0415
    from simulator.batch.requests import UnusableApi, find_api  # noqa: PLC0415
    from simulator.errors import InvalidRequest  # noqa: PLC0415
    from simulator.modelarts.config_json import read_config  # noqa: PLC0415

    if config.is_dir():
        inner = config / "model" / "config.json"
        config = inner if inner.exists() else config / "config.json"
    document = _document(config, "config.json")
    try:
        declared = find_api(read_config(document, config.name).apis, api)
        if declared is None or not declared.request:
            raise Failure(f"the API {api} declares no request, of which a mapping could be made")
        return generated_rule(declared.request)
    except InvalidRequest as error:
        details = [violation.told for violation in error.violations]
        raise Failure(f"{config} is no valid config.json", details=details) from error
    except UnusableApi as error:
        raise Failure(str(error), hint="choose one with --api PATH") from error
    except BadMappingRule as error:
        raise Failure(
            f"no mapping can be made of the request of {api}",
            details=_told(error),
            hint="a model whose input is a file needs none: mapping_type is file then",
        ) from error


def _document(file: Path | None, what: str) -> Json:
    """The JSON object in a file, read as strictly as the server reads it."""
    from simulator.errors import InvalidRequest  # noqa: PLC0415
    from simulator.strict_json import parse_object  # noqa: PLC0415

    assert file is not None
    try:
        return parse_object(read_bytes(file))
    except InvalidRequest as error:
        raise Failure(f"{what} in {file} cannot be read: {error}") from error


def _mapping(rule: Json) -> MappingRule:
    from simulator.batch.mapping import BadMappingRule, MappingRule  # noqa: PLC0415

    try:
        return MappingRule(rule)
    except BadMappingRule as error:
        raise Failure("the mapping rule cannot be followed", details=_told(error)) from error


def _told(error: Any) -> list[str]:
    return [f"{place or 'the rule'}: {text}" for place, text in error.problems]


def _show_rule(output: Output, rule: Json) -> None:
    if output.as_json:
        output.document(rule)
        return
    from simulator.cli.predict import pretty  # noqa: PLC0415

    output.line("mapping_rule", "bold")
    output.line(clean(pretty(rule), max_lines=sys.maxsize))


def _remark(output: Output, csv: Path) -> None:
    """Whether a job would read the file at all."""
    from simulator.batch.judging import wrong_with_input  # noqa: PLC0415

    if str(csv) == "-" or not csv.is_file():
        return
    wrong = wrong_with_input(csv.name, csv.stat().st_size, "csv")
    if wrong is not None:
        output.note(clean_line(f"a batch service fails this file: {wrong.told}"), "yellow")


def _show_row(output: Output, number: int, request: Any | RowError) -> None:
    from simulator.batch.mapping import RowError  # noqa: PLC0415

    _, wrong = output.marks
    if isinstance(request, RowError):
        document = {"row": number, "error": request.document()}
        _show(output, document, f"{wrong} {request.message}", "red")
        return
    text = json.dumps(request, ensure_ascii=False)
    _show(output, {"row": number, "request": request}, f"row {number}: {text}")


def _show(output: Output, document: Json, text: str, style: str = "") -> None:
    """A line for programs, or for people."""
    if output.as_json:
        print(json.dumps(document, ensure_ascii=not speaks_unicode(sys.stdout)))
    else:
        output.line(clean_line(text), style)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """A file to be read bit by bit; `-` is stdin.

    Raises:
        UsageFailure: it cannot be opened.
    """
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = file.expanduser().open("rb")
    except OSError as error:
        raise UsageFailure(f"cannot read {file}: {error.strerror}") from error
    with stream:
        yield stream
