"""Sending the digits: one by one to show them, all of them at a steady pace to measure."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from simulator.cli.client import Server, refusal
from simulator.cli.demo.digits import Digit
from simulator.cli.failures import Failure

RATE_PER_S = 90.0
"""Below the service's traffic limit of 100 requests a second."""
WORKERS = 4
TOO_MANY = 429
RETRY_AFTER_S = 0.5
RETRIES = 10


@dataclass(frozen=True)
class Answer:
    """What the service said about one digit.

    Attributes:
        seconds: latency as the client saw it.
        version, instance: who answered.
    """

    digit: Digit
    label: str
    probability: float
    seconds: float
    version: str
    instance: str

    @property
    def right(self) -> bool:
        return self.label == self.digit.label


@dataclass(frozen=True)
class Figures:
    """What all answers say together."""

    answers: tuple[Answer, ...]

    @property
    def wrong(self) -> list[Answer]:
        return [answer for answer in self.answers if not answer.right]

    @property
    def accuracy(self) -> float:
        return 1 - len(self.wrong) / len(self.answers)

    def latency_ms(self, percent: float) -> float:
        """The latency that `percent` of the answers did not exceed (nearest rank)."""
        ordered = sorted(answer.seconds for answer in self.answers)
        rank = max(1, math.ceil(percent / 100 * len(ordered)))
        return ordered[rank - 1] * 1000


def ask(server: Server, address: str, digit: Digit) -> Answer:
    """Send one digit; waits and tries again where the traffic limit is reached.

    Raises:
        Failure: the service refused, or answered something else than a prediction.
    """
    for _ in range(RETRIES):
        began = time.perf_counter()
        files = {"images": (digit.name, digit.png, "image/png")}
        answer = server.infer("POST", address, {}, files=files)
        seconds = time.perf_counter() - began
        if answer.status_code != TOO_MANY:
            break
        time.sleep(RETRY_AFTER_S)
    if not answer.is_success:
        raise refusal(answer)
    label, probability = _prediction(answer.json())
    return Answer(
        digit,
        label,
        probability,
        seconds,
        str(answer.headers.get("x-drydock-version", "")),
        str(answer.headers.get("x-drydock-instance", "")),
    )


def ask_all(
    server: Server, address: str, digits: Sequence[Digit], told: Callable[[int, int], None]
) -> Figures:
    """Send every digit at `RATE_PER_S`, a few at a time.

    Args:
        told: called with how many were answered and how many of those rightly; from any thread.
    """
    pace = _Pace(RATE_PER_S)
    lock = threading.Lock()
    done: list[Answer] = []

    def one(digit: Digit) -> Answer:
        pace.wait()
        answer = ask(server, address, digit)
        with lock:
            done.append(answer)
            told(len(done), sum(each.right for each in done))
        return answer

    pool = ThreadPoolExecutor(WORKERS)
    try:
        return Figures(tuple(pool.map(one, digits)))
    finally:
        pool.shutdown(cancel_futures=True)  # after a failure or Ctrl-C, the rest is not sent


class _Pace:
    """Lets through so many a second, evenly."""

    def __init__(self, rate_per_s: float) -> None:
        self._gap_s = 1 / rate_per_s
        self._next = time.monotonic()
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            mine = max(self._next, time.monotonic())
            self._next = mine + self._gap_s
        time.sleep(max(0.0, mine - time.monotonic()))


def _prediction(body: Any) -> tuple[str, float]:
    """Label and its probability from the answer that the model's config.json declares."""
    try:
        label = str(body["predicted_label"])
        return label, float(dict(body["scores"])[label])
    except (KeyError, TypeError, ValueError) as error:
        raise Failure(f"the service's answer has no predicted_label and scores: {body}") from error
