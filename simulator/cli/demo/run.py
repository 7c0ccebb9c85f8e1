"""The demo from beginning to end."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from simulator.cli.demo.bundled import bundled
from simulator.cli.demo.digits import Digit, draw, first_different, held_out_digits
from simulator.cli.demo.place import Place, place
from simulator.cli.demo.steps import Steps
from simulator.cli.demo.traffic import Answer, Figures, ask, ask_all
from simulator.cli.failures import Failure
from simulator.cli.models import wait_until_published
from simulator.cli.output import speaks_unicode
from simulator.cli.session import Session
from simulator.cli.watching import follow_deployment
from simulator.config import BackendChoice
from simulator.errors import ConfigError
from tui.clean import clean_line

Json = dict[str, Any]

MODEL_NAME = "mnist-demo"
EXPECTED_ACCURACY = 0.96
SHOWN_DIGITS = 5
SHOWN_WRONG = 4
DELETE_LIMIT_S = 60.0
POLL_S = 0.1


class Demo:
    """One run.

    Args:
        keep: leave server, model and service.
        offer_dashboard: ask for the dashboard in the end, on a terminal.
    """

    def __init__(self, session: Session, *, keep: bool, offer_dashboard: bool) -> None:
        self._session = session
        self._output = session.output
        self._steps = Steps(session.output)
        self._keep = keep
        self._offer_dashboard = offer_dashboard

    def run(self, backend: str) -> None:
        """All of it.

        Raises:
            Failure, BackendError, ConfigError: something did not work, or the accuracy is not what
                it must be. What was started has been cleaned up.
        """
        try:
            chosen = BackendChoice(backend)
        except ValueError as error:
            words = ", ".join(BackendChoice)
            raise ConfigError(f"there is no backend {backend}", hint=f"one of {words}") from error
        began = time.monotonic()
        self._steps.say(
            "Drydock demo: a model of handwritten digits, deployed and called as in the cloud",
            "bold",
        )
        self._steps.say()
        with place(self._session, self._steps, chosen, keep=self._keep) as here:
            with self._model(here) as model_id:
                request = self._request(here, model_id)
                with self._service(here, request) as detail:
                    result = self._show(here, detail)
                    result["seconds"] = round(time.monotonic() - began, 1)
                    if self._output.as_json:
                        self._output.document(result)
                    self._check(result)
                    self._steps.say(f"All of it took {result['seconds']} s.")
                    self._steps.say()
                    self._say_what_next(here, detail)
                    self._maybe_dashboard(here)
        if not self._keep:
            self._steps.say("cleaned up: what the demo made is gone", "dim")

    # -- the steps ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _model(self, here: Place) -> Iterator[str]:
        with self._steps.step("model imported and published", "importing the model") as step:
            imported = here.server.import_model(
                {"path": str(bundled("packages/mnist")), "name": MODEL_NAME}
            )
            model_id = str(imported["model_id"])
            try:
                model = wait_until_published(here.server, model_id)
            except BaseException:
                self._forget_model(here, model_id)
                raise
            step.note = (
                f"{model['name']}:{model['version']}, {model['size_bytes'] / 1000:.0f} kB, ONNX"
            )
        try:
            yield model_id
        finally:
            if not self._keep:
                self._forget_model(here, model_id)

    def _forget_model(self, here: Place, model_id: str) -> None:
        if not here.own:  # the demo's own server goes with all that it has
            here.server.delete_model(model_id)

    def _request(self, here: Place, model_id: str) -> Json:
        """The document's first example request, with our model and a name that is free."""
        example = bundled("requests/modelarts/accepted/realtime.json")
        request: Json = json.loads(example.read_text(encoding="utf-8"))
        request["config"][0]["model_id"] = model_id
        taken = {service["name"] for service in here.server.state()["services"]}
        name, number = request["service_name"], 2
        while request["service_name"] in taken:
            request["service_name"] = f"{name}-{number}"
            number += 1
        return request

    @contextlib.contextmanager
    def _service(self, here: Place, request: Json) -> Iterator[Json]:
        self._steps.say()
        self._steps.say(
            "  POST /v1/{project_id}/services, the API reference's own first example:", "dim"
        )
        for line in _request_lines(request):
            self._steps.say(f"    {line}", "cyan")
        self._steps.say()
        with self._steps.step("request accepted", "deploying"):
            created = here.server.cloud("POST", "/services", json.dumps(request).encode())
        service_id = str(created["service_id"])
        try:
            with self._steps.step("service is running", "deploying") as step:
                with step.working.paused():
                    detail, _ = follow_deployment(here.server, self._output, service_id)
                instance = detail["instances"][0]
                kind = "container" if self._backend(here)["name"] == "docker" else "process"
                step.note = f"{kind} {instance['ref']} on {instance['accelerator']}"
            yield detail
        finally:
            if not self._keep:
                self._forget_service(here, service_id)

    def _forget_service(self, here: Place, service_id: str) -> None:
        """Delete the service and wait until it has gone: its model can be deleted only then."""
        if here.own:
            return
        with self._output.working("deleting the service"):
            here.server.delete_service(service_id)
            deadline = time.monotonic() + DELETE_LIMIT_S
            while any(s["service_id"] == service_id for s in here.server.state()["services"]):
                if time.monotonic() > deadline:
                    raise Failure(f"service {service_id} is not deleted after {DELETE_LIMIT_S:g} s")
                time.sleep(POLL_S)

    def _show(self, here: Place, detail: Json) -> Json:
        """Send the digits and print what came of it."""
        digits = held_out_digits()
        address = detail["access_address"]
        shown = first_different(digits, SHOWN_DIGITS)
        name = f"{len(shown)} digits sent to the gateway"
        with self._steps.step(name, "sending digits") as step:
            answers = [ask(here.server, address, digit) for digit in shown]
            step.note = "one request each, with a token"
        self._print_digits(shown, answers)
        figures = self._measure(here, address, digits)
        self._print_figures(here, detail, figures)
        return self._result(here, detail, figures)

    def _measure(self, here: Place, address: str, digits: list[Digit]) -> Figures:
        name = f"{len(digits)} digits the model never saw"
        with self._steps.step(name, f"sending {len(digits)} digits") as step:

            def told(done: int, right: int) -> None:
                bar = _bar(done / len(digits))
                step.working.show(f"{bar} {done} of {len(digits)} · {right / done:.1%} right")

            return ask_all(here.server, address, digits, told)

    # -- telling ------------------------------------------------------------------------------

    def _print_digits(self, digits: list[Digit], answers: list[Answer]) -> None:
        if self._output.as_json:
            return
        from rich.text import Text  # noqa: PLC0415

        console = self._output.out
        colours = bool(console.color_system) and not console.no_color
        unicode = speaks_unicode(sys.stdout)
        self._steps.say()
        for line in draw(digits, colours=colours and unicode):
            console.print(Text("  ") + line, soft_wrap=True)
        marks = self._output.marks
        captions = []
        for answer in answers:
            mark = marks[0] if answer.right else marks[1]
            captions.append(f"{clean_line(answer.label)}  {answer.probability:.1%} {mark}")
        self._steps.say("  " + "  ".join(f"{caption:^14}" for caption in captions).rstrip())
        self._steps.say()

    def _print_figures(self, here: Place, detail: Json, figures: Figures) -> None:
        if self._output.as_json:
            return
        right = len(figures.answers) - len(figures.wrong)
        wrong = ", ".join(
            f"{answer.digit.label} read as {clean_line(answer.label)}"
            for answer in figures.wrong[:SHOWN_WRONG]
        )
        more = len(figures.wrong) - SHOWN_WRONG
        backend = self._backend(here)
        instance = detail["instances"][0]
        runs = "container" if backend["name"] == "docker" else "child process"
        self._output.fields(
            [
                ("accuracy", f"{figures.accuracy:.1%}: {right} of {len(figures.answers)} right"),
                *([("wrong", wrong + (f", and {more} more" if more > 0 else ""))] if wrong else []),
                (
                    "latency",
                    f"p50 {figures.latency_ms(50):.1f} ms, "
                    f"p99 {figures.latency_ms(99):.1f} ms, from the client's side",
                ),
                ("model ran in", f"{runs} {instance['ref']}, on {instance['accelerator']}"),
                ("backend", f"{backend['name']}: {backend['detail']}"),
                ("gateway", f"{here.server.state()['gateway']['detail']} at {here.address}"),
            ]
        )
        self._steps.say()

    def _result(self, here: Place, detail: Json, figures: Figures) -> Json:
        instance = detail["instances"][0]
        return {
            "accuracy": round(figures.accuracy, 4),
            "digits": len(figures.answers),
            "wrong": [
                {"file": a.digit.name, "label": a.digit.label, "predicted": a.label}
                for a in figures.wrong
            ],
            "p50_ms": round(figures.latency_ms(50), 2),
            "p99_ms": round(figures.latency_ms(99), 2),
            "backend": self._backend(here)["name"],
            "instance": instance["ref"],
            "accelerator": instance["accelerator"],
            "steps": [{"step": s.name, "seconds": round(s.seconds, 2)} for s in self._steps.done],
        }

    def _check(self, result: Json) -> None:
        if result["accuracy"] < EXPECTED_ACCURACY:
            raise Failure(
                f"the accuracy is {result['accuracy']:.1%}, and this model's is at least "
                f"{EXPECTED_ACCURACY:.0%}",
                hint="something between the digits and the answers is not right: please report it",
            )

    def _say_what_next(self, here: Place, detail: Json) -> None:
        self._steps.say("Try next", "bold")
        name = clean_line(detail["name"])
        image = bundled("data/mnist/images/0001_2.png")
        if self._keep:
            rows = [
                ("drydock", "the dashboard"),
                (f"drydock predict {name} --image {_short(image)}", ""),
                (f"drydock logs {name} -f", "what the instance writes"),
                ('eval "$(drydock env)"', "addresses and keys for curl and SDKs"),
                (
                    f'curl -H "X-Auth-Token: $DRYDOCK_TOKEN" -F images=@{_short(image)} '
                    f"{detail['access_address']}",
                    "",
                ),
                ("drydock down --remove", "ends it all and leaves nothing"),
            ]
        else:
            rows = [
                ("drydock", "the dashboard, on a server that stays"),
                ("drydock demo --keep", "leave it all running, for:"),
                (f"  drydock predict {name} --image {_short(image)}", ""),
                (f"  drydock logs {name} -f", "what the instance writes"),
                ('  eval "$(drydock env)"', "addresses and keys for curl and SDKs"),
                (
                    '  curl -H "X-Auth-Token: $DRYDOCK_TOKEN" -F images=@DIGIT.png '
                    "$DRYDOCK_ENDPOINT/v1/infers/ID",
                    "",
                ),
                ("drydock deploy FILE --model NAME", "a request of your own"),
            ]
        for command, words in rows:
            self._steps.say(f"  {command:<34} {words}".rstrip())
        self._steps.say()

    def _maybe_dashboard(self, here: Place) -> None:
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        if not self._offer_dashboard or self._output.as_json or not terminal:
            return
        self._output.out.print("Open the dashboard on it now? [y/N] ", end="")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            from simulator.cli.server_commands import open_dashboard  # noqa: PLC0415

            open_dashboard(here.home, here.address)

    def _backend(self, here: Place) -> Json:
        backend: Json = here.server.state()["backend"]
        return backend


def _request_lines(request: Json) -> list[str]:
    """The request as JSON in few lines."""
    return json.dumps(request, indent=2).replace("[\n    {\n      ", "[ { ").splitlines()


def _bar(share: float, width: int = 24) -> str:
    full, empty = ("█", "░") if speaks_unicode(sys.stderr) else ("#", "-")
    done = round(share * width)
    return full * done + empty * (width - done)


def _short(path: Any) -> str:
    """The path from here, when that is shorter."""
    import os  # noqa: PLC0415

    relative = os.path.relpath(path)
    return min(str(path), relative, key=len)
