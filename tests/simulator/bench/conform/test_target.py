"""What is created is remembered and deleted, whatever happens."""

from __future__ import annotations

import json

import pytest

from simulator.bench.conform.connection import Answer, Unanswered
from simulator.bench.conform.service import plain_request
from simulator.bench.conform.target import Interrupted, Target
from tests.simulator.bench.conform.cloud import PROJECT, TOKEN, Cloud, answered, error, ok

REQUEST = json.dumps(plain_request("mine", "the-model")).encode()


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def aimed_at(
    cloud: Cloud, clock: Clock | None = None, interrupted: list[bool] | None = None
) -> Target:
    clock, flags = clock or Clock(), interrupted or [False]
    return Target(
        cloud,
        PROJECT,
        TOKEN,
        interrupted=lambda: flags[0],
        now_s=lambda: clock.now,
        sleep=clock.sleep,
    )


def test_what_a_block_creates_is_deleted_at_its_end() -> None:
    cloud = Cloud()
    target = aimed_at(cloud)
    with target.cleaning():
        assert target.ask("POST", "/services", REQUEST).status == 200
        assert len(cloud.services) == 1
    assert cloud.services == {}
    assert target.left == []


def test_what_a_block_creates_is_deleted_when_it_breaks() -> None:
    cloud = Cloud()
    target = aimed_at(cloud)

    def work() -> None:
        with target.cleaning():
            target.ask("POST", "/services", REQUEST)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert cloud.services == {}


def test_what_was_there_before_a_block_stays() -> None:
    cloud = Cloud()
    target = aimed_at(cloud)
    target.ask("POST", "/services", REQUEST)
    with target.cleaning():
        target.ask("POST", "/services", REQUEST.replace(b"mine", b"other"))
    assert [one["service_name"] for one in cloud.services.values()] == ["mine"]
    target.clean_up()
    assert cloud.services == {}


def test_an_interruption_sends_nothing_more_but_deletes() -> None:
    cloud, flags = Cloud(), [False]
    target = aimed_at(cloud, interrupted=flags)

    def work() -> None:
        with target.cleaning():
            target.ask("POST", "/services", REQUEST)
            flags[0] = True
            target.ask("POST", "/services", REQUEST)

    with pytest.raises(Interrupted):
        work()
    assert cloud.services == {}
    assert [method for method, _, _ in cloud.asked] == ["POST", "DELETE", "GET"]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (error(500, "x", "no"), "answered 500"),
        (ok({"delete_failed_list": [{"model_id": "1"}]}), "answered 200"),
    ],
)
def test_what_cannot_be_deleted_is_told(refusal: Answer, said: str) -> None:
    cloud = Cloud(spoil=lambda method, _, answer: refusal if method == "DELETE" else answer)
    target = aimed_at(cloud)
    target.ask("POST", "/services", REQUEST)
    target.clean_up()
    assert len(target.left) == 1
    assert said in target.left[0]
    assert "services/" in target.left[0]


def test_a_deletion_without_an_answer_is_told() -> None:
    def spoil(method: str, _: str, answer: Answer) -> Answer:
        if method == "DELETE":
            raise Unanswered("gone")
        return answer

    target = aimed_at(Cloud(spoil=spoil))
    target.ask("POST", "/services", REQUEST)
    target.clean_up()
    assert "gone" in target.left[0]


def test_something_created_without_an_id_is_told() -> None:
    cloud = Cloud(spoil=lambda method, path, answer: answered(201, {"id": 5}))
    target = aimed_at(cloud)
    target.ask("POST", "/services", REQUEST)
    assert target.left == ["one of services: the answer has no service_id"]


def test_a_deletion_is_waited_for_but_not_for_ever() -> None:
    clock = Clock()
    cloud = Cloud(spoil=lambda method, _, answer: ok({}) if method == "GET" else answer)
    target = aimed_at(cloud, clock)
    target.ask("POST", "/services", REQUEST)
    target.clean_up()
    assert 5 <= clock.now < 7


def test_a_busy_endpoint_is_asked_again_after_the_pause_that_it_wants() -> None:
    clock, busy = Clock(), [2]

    def spoil(method: str, path: str, answer: Answer) -> Answer:
        busy[0] -= 1
        return answered(429, {}, **{"retry-after": "3"}) if busy[0] >= 0 else answer

    target = aimed_at(Cloud(spoil=spoil), clock)
    assert target.ask("GET", "/services").status == 200
    assert clock.now == 6


def test_an_endpoint_that_stays_busy_is_taken_at_its_word() -> None:
    target = aimed_at(Cloud(spoil=lambda *_: answered(429, {})))
    assert target.ask("GET", "/services").status == 429
    assert target.requests == 3
