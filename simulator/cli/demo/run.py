"""The demo from beginning to end."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from simulator.cli.demo import telling
from simulator.cli.demo.bundled import bundled
from simulator.cli.demo.digits import Digit, first_different, held_out_digits
from simulator.cli.demo.place import Place, place
from simulator.cli.demo.steps import Steps
from simulator.cli.demo.traffic import Figures, ask, ask_all
from simulator.cli.failures import Failure
from simulator.cli.models import wait_until_published
from simulator.cli.output import speaks_unicode
from simulator.cli.session import Session
from simulator.cli.watching import follow_deployment
from simulator.config import Settings

Json = dict[str, Any]

MODEL_NAME = "mnist-demo"
EXPECTED_ACCURACY = 0.96
SHOWN_DIGITS = 5
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

    def run(self, settings: Settings) -> None:
        """All of it.

        Raises:
            Failure, BackendError, ConfigError: something did not work, or the accuracy is not what
                it must be. What was started has been cleaned up.
        """
        began = time.monotonic()
        if not self._output.as_json:
            title = "Drydock demo: a model of handwritten digits, deployed as in the cloud"
            self._output.line(title, "bold")
            self._output.line()
        with (
            place(self._session, self._steps, settings, keep=self._keep) as here,
            self._model(here) as model_id,
            self._service(here, model_id) as detail,
        ):
            around, figures = self._show(here, detail)
            self._finish(around, figures, time.monotonic() - began)
            self._maybe_dashboard(here)
        if not self._keep and not self._output.as_json:
            self._output.line("cleaned up: nothing that the demo made is left", "dim")

    # -- the steps ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _model(self, here: Place) -> Iterator[str]:
        """The bundled model, imported and published; deleted in the end."""
        with contextlib.ExitStack() as undo:
            with self._steps.step("model imported and published", "importing the model") as step:
                package = str(bundled("packages/mnist"))
                wanted = {"path": package, "name": MODEL_NAME}
                model_id = str(here.server.import_model(wanted)["model_id"])
                if not self._keep and not here.own:
                    undo.callback(here.server.delete_model, model_id)
                model = wait_until_published(here.server, model_id)
                size = f"{model['size_bytes'] / 1000:.0f} kB"
                step.note = f"{model['name']}:{model['version']}, {size}, ONNX"
            yield model_id

    @contextlib.contextmanager
    def _service(self, here: Place, model_id: str) -> Iterator[Json]:
        """The service, running; deleted in the end. Its detail."""
        request = self._request(here, model_id)
        if not self._output.as_json:
            telling.tell_request(self._output, request)
        with contextlib.ExitStack() as undo:
            with self._steps.step("request accepted", "deploying"):
                created = here.server.cloud("POST", "/services", request.encode())
                service_id = str(created["service_id"])
                if not self._keep and not here.own:
                    undo.callback(self._delete_service, here, service_id)
            with self._steps.step("service is running", "deploying") as step:
                detail, _ = follow_deployment(here.server, step.working, service_id)
                step.note = telling.Surroundings(here.server.state(), detail).ran_in
            yield detail

    def _request(self, here: Place, model_id: str) -> str:
        """The document's first example request, with our model, and another name if that is taken.

        It stays the document's own text otherwise.
        """
        example = bundled("requests/modelarts/accepted/realtime.json")
        text = example.read_text(encoding="utf-8")
        request = json.loads(text)
        taken = {service["name"] for service in here.server.state()["services"]}
        name = free_name(request["service_name"], taken)
        text = text.replace(json.dumps(request["config"][0]["model_id"]), json.dumps(model_id))
        return text.replace(
            f'"service_name" : {json.dumps(request["service_name"])}',
            f'"service_name" : {json.dumps(name)}',
        )

    def _delete_service(self, here: Place, service_id: str) -> None:
        """Delete the service and wait until it has gone: its model can be deleted only then."""
        with self._output.working("deleting the service"):
            here.server.delete_service(service_id)
            deadline = time.monotonic() + DELETE_LIMIT_S
            while any(s["service_id"] == service_id for s in here.server.state()["services"]):
                if time.monotonic() > deadline:
                    raise Failure(f"service {service_id} is not deleted after {DELETE_LIMIT_S:g} s")
                time.sleep(POLL_S)

    def _show(self, here: Place, detail: Json) -> tuple[telling.Surroundings, Figures]:
        """Send the digits and show what the model says."""
        digits = held_out_digits()
        address = detail["access_address"]
        shown = first_different(digits, SHOWN_DIGITS)
        name = f"{len(shown)} digits through the gateway"
        with self._steps.step(name, "sending digits"):
            answers = [ask(here.server, address, digit) for digit in shown]
        if not self._output.as_json:
            telling.tell_digits(self._output, shown, answers)
        figures = self._measure(here, address, digits)
        around = telling.Surroundings(here.server.state(), detail)
        if not self._output.as_json:
            telling.tell_figures(self._output, around, figures)
        return around, figures

    def _measure(self, here: Place, address: str, digits: list[Digit]) -> Figures:
        name = f"{len(digits)} held-out digits sent"
        with self._steps.step(name, f"sending {len(digits)} digits") as step:
            step.note = "none of them was used in training"

            def told(done: int, right: int) -> None:
                bar = progress_bar(done / len(digits), unicode=speaks_unicode(sys.stderr))
                step.working.show(f"{bar} {done} of {len(digits)}, {right / done:.1%} right")

            return ask_all(here.server, address, digits, told)

    # -- the end ------------------------------------------------------------------------------

    def _finish(self, around: telling.Surroundings, figures: Figures, seconds: float) -> None:
        if figures.accuracy < EXPECTED_ACCURACY:
            raise Failure(
                f"the accuracy is {figures.accuracy:.1%}, and this model has at least "
                f"{EXPECTED_ACCURACY:.0%}",
                hint="something between the digits and the answers is not right: please report it",
            )
        if self._output.as_json:
            result = telling.result_document(around, figures)
            steps = [{"step": s.name, "seconds": round(s.seconds, 2)} for s in self._steps.done]
            self._output.document(result | {"seconds": round(seconds, 1), "steps": steps})
            return
        self._output.line(f"All of it took {seconds:.1f} s.")
        self._output.line()
        name, address = around.detail["name"], around.detail["access_address"]
        telling.tell_what_next(self._output, name, address, kept=self._keep)

    def _maybe_dashboard(self, here: Place) -> None:
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        if not self._offer_dashboard or self._output.as_json or not terminal:
            return
        self._output.out.print("Open the dashboard on it now? [y/N] ", end="")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            from simulator.cli.server_commands import open_dashboard  # noqa: PLC0415

            open_dashboard(here.home, here.address)


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, or the first of `wanted-2`, `wanted-3`, ... that is not taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name


def progress_bar(share: float, *, unicode: bool, width: int = 24) -> str:
    """A bar of `width` characters, the first `share` (0 to 1) of them full."""
    full, empty = ("█", "░") if unicode else ("#", "-")
    done = round(share * width)
    return full * done + empty * (width - done)
