"""What the demo shows and how it names things."""

from __future__ import annotations

import json
import socket

import pytest

from simulator.cli.demo.bundled import bundled
from simulator.cli.demo.digits import Digit
from simulator.cli.demo.place import free_port
from simulator.cli.demo.run import free_name, progress_bar
from simulator.cli.demo.telling import (
    Surroundings,
    result_document,
    tell_digits,
    tell_figures,
    tell_what_next,
)
from simulator.cli.demo.traffic import Answer, Figures
from simulator.cli.failures import Failure
from simulator.cli.output import Output
from tests.simulator.cli.conftest import ADDRESS, a_detail, a_state

INSTANCE = {"instance_id": "s-1", "ref": "pid 42", "accelerator": "CPU"}
AROUND = Surroundings(a_state(), a_detail(instances=[INSTANCE]))


def answers(wrong: int, total: int = 10) -> list[Answer]:
    digits = [Digit(f"{n}.png", "9", b"") for n in range(total)]
    return [
        Answer(digit, "7" if n < wrong else "9", 0.5, 0.002, "v1", "s-1")
        for n, digit in enumerate(digits)
    ]


def test_everything_that_the_demo_needs_is_bundled() -> None:
    for name in ("packages/mnist/model/config.json", "data/mnist/split.json"):
        assert bundled(name).is_file()
    request = json.loads(bundled("requests/modelarts/accepted/realtime.json").read_text())
    assert list(request["config"][0])[:3] == ["specification", "weight", "model_id"]


def test_missing_bundle_names_where_it_was_looked_for() -> None:
    with pytest.raises(Failure, match=r"nothing is missing: looked for .*fixtures/nothing"):
        bundled("nothing")


def test_name_that_is_taken_gets_a_number() -> None:
    assert free_name("mnist", set()) == "mnist"
    assert free_name("mnist", {"mnist", "mnist-2"}) == "mnist-3"


def test_port_that_is_taken_is_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


@pytest.mark.parametrize(
    ("share", "bar"), [(0.0, "--------"), (0.5, "####----"), (1.0, "########")]
)
def test_progress_bar_fills(share: float, bar: str) -> None:
    assert progress_bar(share, unicode=False, width=8) == bar


def test_digits_are_drawn_plainly_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    png = bundled("data/mnist/images/0001_2.png").read_bytes()
    digit = Digit("0001_2.png", "2", png)
    tell_digits(Output(), [digit], [Answer(digit, "2", 0.998, 0.001, "v1", "s-1")])
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "#" in printed
    assert "2  99.8% ✓" in printed


def test_figures_name_accuracy_mistakes_and_what_ran_where(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell_figures(Output(), AROUND, Figures(tuple(answers(wrong=6))))
    printed = capsys.readouterr().out
    for words in ("40.0% (4 of 10 right)", "9 read as 7", "and 2 more", "process 42, on CPU"):
        assert words in printed


@pytest.mark.parametrize("kept", [True, False])
def test_what_next_names_the_service_only_where_it_stays(
    capsys: pytest.CaptureFixture[str], kept: bool
) -> None:
    tell_what_next(Output(), "mnist", ADDRESS, kept=kept)
    printed = capsys.readouterr().out
    assert "drydock predict mnist" in printed
    assert (ADDRESS in printed) is kept
    assert ("drydock demo --keep" in printed) is not kept


def test_result_for_programs_lists_every_mistake() -> None:
    document = result_document(AROUND, Figures(tuple(answers(wrong=2))))
    assert document["accuracy"] == 0.8
    assert document["wrong"][0] == {"file": "0.png", "label": "9", "predicted": "7"}
    assert document["backend"] == "process"
