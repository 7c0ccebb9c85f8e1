"""stress: a load test of a service, with latencies that hide nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import ExitCode, Failure, UsageFailure
from simulator.cli.naming import find_service
from simulator.cli.session import HomeOption, Session

if TYPE_CHECKING:
    from simulator.cli.client import Server
    from simulator.cli.stress_target import Wanted
    from simulator.stress.figures import Figures
    from simulator.stress.load import Load
    from simulator.stress.report import Report
    from simulator.stress.splitting import Counted
    from simulator.stress.target import Target
    from simulator.stress.thresholds import Threshold

RATE_PER_S = 50.0
"""Where nothing is said: half of a service's default traffic limit."""
COUNTERS_S = 0.6
"""The server's figures of the gateway's counters may be so old."""


class NothingListens(Failure):
    """Nobody takes connections at the address."""

    exit_code = ExitCode.NOT_RUNNING


@dataclass(frozen=True)
class _Called:
    """What is tested.

    Attributes:
        service: its name; empty for an address.
        counted: what the gateway has counted of each version; empty for an address.
    """

    service: str
    target: Target
    source: str
    counted: Callable[[], dict[str, Counted]]


def stress(
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="Name or id; or an address to call.")
    ],
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            "-r",
            metavar="R",
            help="Requests a second, whatever comes back (default: 50).",
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency", "-c", metavar="C", help="Instead: always so many requests under way."
        ),
    ] = None,
    duration: Annotated[
        float, typer.Option("--duration", "-d", metavar="S", help="Seconds; at most 3600.")
    ] = 10.0,
    body: Annotated[
        Path | None,
        typer.Option("--body", metavar="FILE", help="Send a file as the body; - is stdin."),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option("--image", metavar="DIR", help="Send pictures in turn in the form's field."),
    ] = None,
    example: Annotated[
        bool,
        typer.Option(
            "--example", help="Send an example made from the API's description (default)."
        ),
    ] = False,
    api: Annotated[
        str | None,
        typer.Option(
            "--api", "--path", metavar="PATH", help="Path to call (default: the model's only API)."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", help="Give a request up after so long.")
    ] = 10.0,
    connections: Annotated[
        int, typer.Option("--connections", metavar="N", help="At most so many at a time.")
    ] = 256,
    json_out: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write the report; - is stdout.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the latencies as SVG.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", metavar="PREVIOUS", help="Compare with an earlier --json OUT."),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="CONDITION",
            help="Exit with 1 if so: 'p99>50ms', 'errors>1%', 'rate<900/s'; may be repeated.",
        ),
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="The address may be another machine.")
    ] = False,
    token: Annotated[
        str, typer.Option("--token", envvar="DRYDOCK_STRESS_TOKEN", help="For an address.")
    ] = "",
    home: HomeOption = None,
) -> None:
    """Send requests to a service at a steady rate, and tell how long the answers took.

    Latency counts from when a request was due, so that a service that stalls cannot hide it by
    being asked less. Ctrl-C ends the test early, with a report of what was sent until then. Exit
    status: 0; 1 when a condition of --fail-if holds or nothing was answered; 2 wrong usage; 3 no
    server, or nothing listens; 130 ended early.
    """
    from simulator.cli.stress_target import Wanted  # noqa: PLC0415

    to_stdout = str(json_out) == "-"
    session = Session(home, as_json=to_stdout)
    _one_of(body=body is not None, image=image is not None, example=example)
    load = _load(rate, concurrency, duration, timeout, connections)
    thresholds = _thresholds(fail_if or [])
    files = _Files(None if to_stdout else json_out, plot, compare)
    wanted = Wanted(body, image, example, api)
    with contextlib.ExitStack() as stack:
        called = _called(session, stack, service, wanted, token)
        report = _run(session, called, load, thresholds, allow_remote=allow_remote)
    files.finish(session, report)
    raise typer.Exit(_exit_code(report))


class _Files:
    """What is read before the test and written after it; wrong names are told before.

    Raises:
        UsageFailure: a file cannot be written or read.
    """

    def __init__(self, json_out: Path | None, plot: Path | None, previous: Path | None) -> None:
        self._json, self._plot = json_out, plot
        for file in filter(None, (json_out, plot)):
            if not file.absolute().parent.is_dir():
                raise UsageFailure(f"cannot write {file}: there is no such folder")
        if plot is not None and plot.suffix.lower() != ".svg":
            raise UsageFailure(f"the plot is an SVG file: {plot} must end with .svg")
        self._before = _previous(previous) if previous is not None else None

    def finish(self, session: Session, report: Report) -> None:
        """Print the report, and write it.

        Raises:
            UsageFailure: a file cannot be written.
        """
        from simulator.cli.stress_report import show  # noqa: PLC0415
        from simulator.stress.comparing import compare  # noqa: PLC0415
        from simulator.stress.plot import svg  # noqa: PLC0415
        from simulator.stress.report import to_json  # noqa: PLC0415

        output = session.output
        if output.as_json:
            print(to_json(report))
        else:
            show(output, report, compare(self._before, report) if self._before else None)
        try:
            if self._json is not None:
                self._json.write_text(to_json(report) + "\n", encoding="utf-8")
                output.note(f"report: {self._json}", "dim")
            if self._plot is not None:
                self._plot.write_text(svg(report, self._before), encoding="utf-8")
                output.note(f"plot: {self._plot}", "dim")
        except OSError as error:
            raise UsageFailure(f"cannot write {error.filename}: {error.strerror}") from error


def _one_of(**given: bool) -> None:
    names = [f"--{name}" for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise UsageFailure(f"{' and '.join(names)} exclude each other")


def _load(
    rate: float | None, concurrency: int | None, duration: float, timeout: float, connections: int
) -> Load:
    from simulator.stress.load import Load, LoadError  # noqa: PLC0415

    if rate is not None and concurrency is not None:
        raise UsageFailure("--rate and --concurrency exclude each other")
    if rate is None and concurrency is None:
        rate = RATE_PER_S
    for name, value in (("--rate", rate), ("--concurrency", concurrency)):
        if value == 0:
            raise UsageFailure(f"{name} must be above 0")
    try:
        return Load(rate or 0.0, concurrency or 0, duration, timeout, connections)
    except LoadError as error:
        raise UsageFailure(str(error)) from error


def _thresholds(texts: list[str]) -> tuple[Threshold, ...]:
    from simulator.stress.thresholds import ThresholdError, parse  # noqa: PLC0415

    try:
        return tuple(parse(text) for text in texts)
    except ThresholdError as error:
        raise UsageFailure(f"--fail-if {error}") from error


def _previous(file: Path) -> Report:
    from simulator.cli.reading import read_bytes  # noqa: PLC0415
    from simulator.stress.report import UnreadableReport, from_json  # noqa: PLC0415

    try:
        return from_json(read_bytes(file))
    except UnreadableReport as error:
        raise UsageFailure(f"{file} is no report of a load test: {error}") from error


# -- what is called ---------------------------------------------------------------------------


def _called(
    session: Session, stack: contextlib.ExitStack, service: str, wanted: Wanted, token: str
) -> _Called:
    from simulator.cli.stress_target import address_target, service_target  # noqa: PLC0415

    if "://" in service:
        target, source = address_target(service, wanted, token)
        return _Called("", target, source, dict)
    server = stack.enter_context(session.server())
    found = find_service(server.state()["services"], service)
    target, source = service_target(server, found, wanted)
    service_id = str(found["service_id"])
    return _Called(str(found["name"]), target, source, lambda: _counted(server, service_id))


def _counted(server: Server, service_id: str) -> dict[str, Counted]:
    """What the gateway has counted of each version; none when the service has gone."""
    from simulator.stress.splitting import Counted  # noqa: PLC0415

    try:
        versions: list[dict[str, Any]] = server.service(service_id)["versions"]
    except Failure as failure:
        if failure.status != 404:
            raise
        return {}
    return {one["version_id"]: Counted(one["requests_total"], one["weight"]) for one in versions}


# -- the run ----------------------------------------------------------------------------------


def _run(
    session: Session,
    called: _Called,
    load: Load,
    thresholds: tuple[Threshold, ...],
    *,
    allow_remote: bool,
) -> Report:
    from simulator.cli.stress_report import load_words  # noqa: PLC0415
    from simulator.cli.stress_view import LiveView  # noqa: PLC0415
    from simulator.stress.report import Machine, Report, Sent, judged  # noqa: PLC0415
    from simulator.stress.splitting import with_versions  # noqa: PLC0415

    before = called.counted()
    title = f"{called.service or called.target.url} · {load_words(load)}"
    shares = {name: one.weight / 100 for name, one in before.items()}
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    with LiveView(session.output, title, load, shares) as view:
        figures, stopped = _drive(called.target, load, view.show, allow_remote=allow_remote)
    report = Report(
        service=called.service,
        started_at=started_at,
        machine=Machine(os.cpu_count() or 0, platform.platform(), platform.python_version()),
        sent=Sent.of(called.target, called.source),
        load=load,
        stopped=stopped,
        figures=figures,
    )
    after: dict[str, Counted] = {}
    if before and any(not one.name and one.requests > one.errors for one in figures.versions):
        time.sleep(COUNTERS_S)
        after = called.counted()
    return judged(with_versions(report, before, after), thresholds)


def _drive(
    target: Target, load: Load, show: Callable[[Any], None], *, allow_remote: bool
) -> tuple[Figures, bool]:
    """Run the test to its end; returns its figures, and whether it was ended early.

    Raises:
        UsageFailure: the target is another machine, and nobody has said that this is meant.
        Failure: nothing listens there, or the process that sends has failed.
    """
    from simulator.stress.engine import SenderDied, running  # noqa: PLC0415
    from simulator.stress.reaching import NotAllowed, Unreachable  # noqa: PLC0415

    async def drive() -> tuple[Figures, bool]:
        async with running(target, load, allow_remote=allow_remote) as run:
            with _one_interruption(run.stop):
                async for snapshot in run.snapshots():
                    show(snapshot)
            return run.figures(), run.stopped

    try:
        return asyncio.run(drive())
    except NotAllowed as error:
        raise UsageFailure(
            f"{error}, and this sends it many requests",
            hint="add --allow-remote if it is yours to load",
        ) from error
    except Unreachable as error:
        raise NothingListens(str(error), hint="`drydock status` says how the gateway is") from error
    except SenderDied as error:
        raise Failure(f"the process that sends has failed: {error}") from error


@contextlib.contextmanager
def _one_interruption(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C, or a request to end, only ends the test early; a second one ends the
    program as ever."""
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def interrupted() -> None:
        for number in signals:
            loop.remove_signal_handler(number)
        stop()

    for number in signals:
        loop.add_signal_handler(number, interrupted)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _exit_code(report: Report) -> ExitCode:
    if report.stopped:
        return ExitCode.INTERRUPTED
    failed = report.crossed or not report.figures.counts.ok
    return ExitCode.FAILED if failed else ExitCode.OK
