"""conform: try an endpoint with requests that it must refuse."""

from __future__ import annotations

import contextlib
import secrets
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import ExitCode, Failure, NotRunning, UsageFailure
from simulator.cli.session import HomeOption, JsonOption, Session

if TYPE_CHECKING:
    from simulator.bench.conform.connection import Sender
    from simulator.bench.conform.login import Login
    from simulator.bench.conform.options import Saved
    from simulator.bench.conform.report import ConformReport

ELSEWHERE_PER_S = 10.0
"""Requests a second to an endpoint that is not this machine's."""


class NoAnswer(Failure):
    """Nobody answers at the endpoint."""

    exit_code = ExitCode.NOT_RUNNING


def conform(
    url: Annotated[
        str,
        typer.Argument(metavar="[URL]", help="The endpoint; default: the running local server."),
    ] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", help="What is drawn; default: random, and printed.")
    ] = None,
    examples: Annotated[
        int, typer.Option("--examples", min=1, metavar="N", help="Requests for each rule.")
    ] = 20,
    seconds: Annotated[
        float, typer.Option("--time", min=0.1, metavar="S", help="Stop after so many seconds.")
    ] = 60.0,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            min=0,
            metavar="N",
            help="Requests a second, 0 for no limit; default: none on this machine, else 10.",
        ),
    ] = None,
    create: Annotated[
        bool,
        typer.Option("--create", help="Create valid services too, and delete them; wants --model."),
    ] = False,
    model: Annotated[
        str,
        typer.Option("--model", metavar="ID", help="A published model that requests may name."),
    ] = "",
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="ID", help="Only this rule or check; may be repeated."),
    ] = None,
    readings: Annotated[
        list[str] | None,
        typer.Option(
            "--reading",
            metavar="NAME=OPTION",
            help="How the endpoint reads what the documents leave open; "
            "default: as the documents' default, or the local server's settings.",
        ),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            "--replay",
            metavar="FILE",
            help="Try what failed before first, and keep what fails now in FILE.",
        ),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", "-x", help="End at the first finding.")
    ] = False,
    token: Annotated[str, typer.Option("--token", envvar="DRYDOCK_CONFORM_TOKEN")] = "",
    user: Annotated[str, typer.Option("--user", help="Ask for a token at URL/v3.")] = "",
    password: Annotated[str, typer.Option("--password", envvar="DRYDOCK_CONFORM_PASSWORD")] = "",
    domain: Annotated[str, typer.Option("--domain", help="Of the user; default: --user.")] = "",
    project: Annotated[str, typer.Option("--project", help="Name of the project.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Yes, to an endpoint that is not on this machine.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try whether an endpoint of the ModelArts API refuses what the documents say is refused.

    A dry run unless --create is given: only requests that must be refused are sent. Exit status:
    0 all that could be shown is right, 1 there are findings, 2 wrong usage, 3 nothing answers.
    """
    from simulator.bench.conform.options import Options  # noqa: PLC0415

    session = Session(home, as_json)
    for file in filter(None, (replay, junit)):
        if not file.absolute().parent.is_dir():
            raise UsageFailure(f"cannot write {file}: there is no such folder")
    if create and not model:
        raise UsageFailure("--create needs a published model", hint="name one with --model ID")
    here = _Local.of(session) if not url or not (token or user) else _Local.unknown()
    endpoint = url or here.endpoint
    if not endpoint:
        raise _nobody_here(session)
    per_second = _rate(endpoint, rate, yes)
    wanted = Options(
        seed=secrets.randbelow(2**32) if seed is None else seed,
        examples=examples,
        time_s=seconds,
        create=create,
        model=model,
        rules=_known(rules or []),
        readings=_chosen(readings) if readings else here.readings(session, endpoint),
        replay=_read(replay),
        fail_fast=fail_fast,
    )
    with _answering(endpoint, per_second) as sender:
        login = _login(sender, here, endpoint, token, (user, password, domain, project))
        report = _run(session, sender, login, wanted)
    _write(report, replay, junit)
    from simulator.cli.conform_report import show  # noqa: PLC0415

    show(session.output, report)
    if report.failed:
        raise typer.Exit(ExitCode.FAILED)
    if report.lost:
        raise typer.Exit(ExitCode.NOT_RUNNING)


class _Local:
    """The server of the data directory, where it runs."""

    def __init__(self, env: dict[str, Any] | None) -> None:
        self._env = env

    @classmethod
    def of(cls, session: Session) -> _Local:
        try:
            with session.server() as server:
                return cls(server.env())
        except NotRunning:
            return cls(None)

    @classmethod
    def unknown(cls) -> _Local:
        return cls(None)

    @property
    def endpoint(self) -> str:
        return str(self._env["endpoint"]) if self._env else ""

    def login(self) -> tuple[str, str]:
        """Its development user's token, and the project."""
        assert self._env is not None
        return str(self._env["token"]), str(self._env["project_id"])

    def is_at(self, endpoint: str) -> bool:
        return bool(self.endpoint) and self.endpoint.rstrip("/") == endpoint.rstrip("/")

    def readings(self, session: Session, endpoint: str) -> dict[str, str]:
        """Those that its settings choose, where it is the endpoint; else none."""
        return dict(session.settings().readings) if self.is_at(endpoint) else {}


def _nobody_here(session: Session) -> NotRunning:
    return NotRunning(
        f"no Drydock server is running on {session.home}",
        hint="start it with `drydock up`, or name an endpoint: `drydock conform URL`",
    )


def _rate(endpoint: str, rate: float | None, yes: bool) -> float:
    """Requests a second; 0 for no limit.

    Raises:
        UsageFailure: the endpoint is elsewhere, and nobody has said that this is meant.
    """
    from simulator.bench.conform.connection import is_loopback  # noqa: PLC0415

    if is_loopback(endpoint):
        return rate or 0.0
    if not yes:
        raise UsageFailure(
            f"{endpoint} is not on this machine, and this sends thousands of wrong requests to it",
            hint="add --yes if it is yours to try",
        )
    return ELSEWHERE_PER_S if rate is None else rate


def _known(rules: list[str]) -> frozenset[str]:
    """The rules and checks that were named.

    Raises:
        UsageFailure: there is no such.
    """
    if not rules:
        return frozenset()
    from simulator.bench.conform.checks import CHECKS  # noqa: PLC0415
    from simulator.bench.conform.suite import SOUND, VALID  # noqa: PLC0415
    from simulator.modelarts.rules import CATALOGUE  # noqa: PLC0415
    from simulator.rules.text import nearest  # noqa: PLC0415

    known = {name.upper(): name for name in (*CATALOGUE.by_id, SOUND, VALID)}
    known |= {check.id.upper(): check.id for check in CHECKS}
    for rule in rules:
        if rule.upper() not in known:
            near = nearest(rule, known.values())
            hint = f"did you mean {near}?" if near else "`drydock rules` lists the rules"
            raise UsageFailure(f"there is no rule {rule}", hint=hint)
    return frozenset(known[rule.upper()] for rule in rules)


def _chosen(readings: list[str]) -> dict[str, str]:
    """The readings as options name them.

    Raises:
        UsageFailure: there is no such.
    """
    from simulator.modelarts.rules import CATALOGUE  # noqa: PLC0415
    from simulator.rules.catalogue import UnknownReading  # noqa: PLC0415

    chosen = {}
    for text in readings:
        name, equals, option = text.partition("=")
        if not equals:
            raise UsageFailure(f"--reading {text}: write it as NAME=OPTION")
        chosen[name] = option
    try:
        CATALOGUE.read(chosen)
    except UnknownReading as error:
        raise UsageFailure(str(error), hint="`drydock rules --readings` lists them") from error
    return chosen


def _read(replay: Path | None) -> tuple[Saved, ...]:
    from simulator.bench.conform.replay import Unreadable, read  # noqa: PLC0415

    if replay is None:
        return ()
    try:
        return read(replay)
    except Unreadable as error:
        raise UsageFailure(str(error)) from error
    except OSError as error:
        raise UsageFailure(f"cannot read {replay}: {error.strerror}") from error


@contextlib.contextmanager
def _answering(endpoint: str, per_second: float) -> Iterator[Sender]:
    """A sender; that nobody answers, or not to this user, ends the command."""
    from simulator.bench.conform.connection import (  # noqa: PLC0415
        NothingThere,
        Unanswered,
        connect,
    )
    from simulator.bench.conform.world import NotAllowed  # noqa: PLC0415

    try:
        with connect(endpoint, per_second) as sender:
            yield sender
    except NothingThere as error:
        raise NoAnswer(str(error), hint="is the address right?") from error
    except Unanswered as error:
        raise NoAnswer(f"no answer from {endpoint}: {error}") from error
    except NotAllowed as error:
        raise UsageFailure(str(error)) from error
    except ValueError as error:
        raise UsageFailure(str(error)) from error


def _login(
    sender: Sender, here: _Local, endpoint: str, token: str, named: tuple[str, str, str, str]
) -> Login:
    """A token and the project: given, asked for, or the local server's.

    Raises:
        UsageFailure: there is none of these.
    """
    from simulator.bench.conform.login import Login, with_password, with_token  # noqa: PLC0415

    user, password, domain, project = named
    if token:
        return with_token(sender, token)
    if user:
        if not password or not project:
            raise UsageFailure("--user needs --password and --project")
        return with_password(sender, user, password, domain or user, project)
    if here.is_at(endpoint):
        return Login(*here.login())
    raise UsageFailure(
        f"who asks at {endpoint}?",
        hint="give --token TOKEN, or --user, --password and --project",
    )


def _run(session: Session, sender: Sender, login: Login, wanted: Any) -> ConformReport:
    from dataclasses import replace  # noqa: PLC0415

    from simulator.bench.conform.suite import run  # noqa: PLC0415
    from simulator.bench.conform.target import Target  # noqa: PLC0415

    output = session.output
    with _one_interruption() as interrupted, output.working("conform") as working:
        target = Target(sender, login.project_id, login.token, interrupted=interrupted.is_set)

        def tell(progress: Any) -> None:
            failed = f", {progress.failed} failed" if progress.failed else ""
            working.show(
                f"round {progress.round} of {progress.rounds}: {progress.rule} "
                f"({progress.requests} requests{failed}; seed {wanted.seed})"
            )

        try:
            return run(target, replace(wanted, progress=tell))
        finally:
            for text in target.left:
                output.failure(Failure(f"left at the endpoint: {text}"))


@contextlib.contextmanager
def _one_interruption() -> Iterator[threading.Event]:
    """The first Ctrl-C only sets the event, so that no request is cut in half and what it has made
    is known; a second one ends the program as ever."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals belong to that one
        yield interrupted
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        for one, handler in before.items():
            signal.signal(one, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield interrupted
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _write(report: ConformReport, replay: Path | None, junit: Path | None) -> None:
    """The files that were asked for.

    Raises:
        UsageFailure: one cannot be written.
    """
    from simulator.bench.conform import replay as replays  # noqa: PLC0415
    from simulator.bench.conform.junit import junit as as_junit  # noqa: PLC0415

    try:
        if replay is not None:
            replays.write(replay, report.to_replay)
        if junit is not None:
            junit.write_text(as_junit(report), encoding="utf-8")
    except OSError as error:
        raise UsageFailure(f"cannot write {error.filename}: {error.strerror}") from error
