"""The digits are sent at a pace that the service's limit allows, and counted rightly."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest

from simulator.cli.client import Server
from simulator.cli.demo import traffic
from simulator.cli.demo.digits import Digit
from simulator.cli.demo.traffic import Answer, Figures, ask, ask_all
from simulator.cli.failures import Failure
from tests.simulator.cli.conftest import ADDRESS, FakeServer

SEVEN = Digit("0001_7.png", "7", b"png")
PREDICTION = {"predicted_label": "7", "scores": [["7", "0.998"], ["1", "0.002"]]}
PATH = httpx.URL(ADDRESS).path


def an_answer(label: str = "7", seconds: float = 0.001) -> Answer:
    return Answer(SEVEN, label, 0.9, seconds, "v1", "s-1")


def test_answer_has_label_and_its_probability(server: Server, fake: FakeServer) -> None:
    fake.answers("POST", PATH, PREDICTION, x_drydock_version="v1")
    answer = ask(server, ADDRESS, SEVEN)
    assert (answer.label, answer.probability, answer.version) == ("7", 0.998, "v1")
    assert answer.right


def test_traffic_limit_is_waited_for(
    server: Server, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(traffic.time, "sleep", waits.append)
    answers = [httpx.Response(429), httpx.Response(429), httpx.Response(200, json=PREDICTION)]
    monkeypatch.setattr(server, "infer", lambda *_, **__: answers.pop(0))
    assert ask(server, ADDRESS, SEVEN).label == "7"
    assert waits == [traffic.RETRY_AFTER_S] * 2


def test_traffic_limit_that_stays_is_a_failure(
    server: Server, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "RETRY_AFTER_S", 0)
    body = {"error_code": "ModelArts.4206", "error_msg": "Too many requests"}
    fake.answers("POST", PATH, body, status=429)
    with pytest.raises(Failure, match="Too many requests"):
        ask(server, ADDRESS, SEVEN)


@pytest.mark.parametrize(
    "body", [{}, {"predicted_label": "7"}, {"predicted_label": "7", "scores": 1}, []]
)
def test_answer_of_another_form_is_a_failure(server: Server, fake: FakeServer, body: Any) -> None:
    fake.answers("POST", PATH, body)
    with pytest.raises(Failure, match="predicted_label and scores"):
        ask(server, ADDRESS, SEVEN)


def test_all_digits_are_answered_in_their_order(server: Server, fake: FakeServer) -> None:
    fake.answers("POST", PATH, PREDICTION)
    digits = [Digit(f"{number}.png", "7", b"png") for number in range(12)]
    told: list[tuple[int, int]] = []
    figures = ask_all(server, ADDRESS, digits, lambda done, right: told.append((done, right)))
    assert [answer.digit for answer in figures.answers] == digits
    assert sorted(told) == [(number, number) for number in range(1, 13)]


def test_first_failure_ends_the_run(server: Server, fake: FakeServer) -> None:
    fake.answers("POST", PATH, {"error_msg": "stopped"}, status=500)
    with pytest.raises(Failure, match="stopped"):
        ask_all(server, ADDRESS, [SEVEN] * 100, lambda done, right: None)
    assert len(fake.requests) < 100


def test_pace_is_kept_by_all_threads_together() -> None:
    pace = traffic._Pace(200.0)
    passed: list[float] = []

    def walk() -> None:
        for _ in range(5):
            pace.wait()
            passed.append(time.monotonic())

    threads = [threading.Thread(target=walk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # the first passes at once, 19 gaps of 5 ms follow
    assert max(passed) - min(passed) >= 0.09


def test_percentiles_are_nearest_ranks() -> None:
    figures = Figures(tuple(an_answer(seconds=n / 1000) for n in range(1, 101)))
    assert figures.latency_ms(50) == pytest.approx(50)
    assert figures.latency_ms(99) == pytest.approx(99)
    assert Figures((an_answer(seconds=0.007),)).latency_ms(99) == pytest.approx(7)


def test_accuracy_counts_the_wrong_ones() -> None:
    figures = Figures((an_answer("7"), an_answer("1"), an_answer("7"), an_answer("7")))
    assert figures.accuracy == 0.75
    assert [answer.label for answer in figures.wrong] == ["1"]
