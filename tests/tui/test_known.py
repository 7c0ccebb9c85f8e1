"""What is known survives a lost connection, and forgets what is gone."""

import pytest

from tests.tui.fake_server import CONCERNING, MNIST, FakeAdmin
from tui.client import _make_parsers, _parse
from tui.known import Known, Link, LogBuffer
from tui.shapes import LogLine, State


@pytest.fixture
def state(fake: FakeAdmin) -> State:
    import orjson

    _make_parsers()
    return _parse(orjson.dumps(fake.state), State, "the recorded state")


def line(number: int, instance: str = "a", at_ms: int | None = None) -> LogLine:
    return LogLine(instance, f"line {number}", number if at_ms is None else at_ms)


def texts(buffer: LogBuffer) -> list[str]:
    return [one.text for one in buffer.since(0)]


def test_losing_the_connection_keeps_the_state_and_its_age_grows(state: State) -> None:
    known = Known()
    known.accept_state(state, 100.0, over_socket=False)
    known.lose("cannot connect", "start it")
    assert known.state is state
    assert known.is_stale
    assert known.age_s(112.0) == 12.0
    known.accept_state(state, 113.0, over_socket=True)
    assert known.link is Link.LIVE
    assert known.link_reason == ""


def test_what_belongs_to_a_deleted_service_is_forgotten(state: State) -> None:
    known = Known()
    known.log(CONCERNING).add(line(1))
    known.log("deleted-service").add(line(1))
    known.accept_state(state, 1.0, over_socket=False)
    assert set(known.logs) == {CONCERNING}
    assert known.service(MNIST) is not None
    assert known.service("deleted-service") is None


def test_a_log_keeps_the_newest_lines_and_counts_the_dropped() -> None:
    buffer = LogBuffer(capacity=3)
    for number in range(5):
        buffer.add(line(number))
    assert texts(buffer) == ["line 2", "line 3", "line 4"]
    assert buffer.dropped == 2
    assert [one.text for one in buffer.since(4)] == ["line 4"]
    assert [one.text for one in buffer.since(0)] == texts(buffer)


def test_lines_that_a_reopened_stream_repeats_are_added_once() -> None:
    buffer = LogBuffer()
    sent = [line(1), line(2, "b"), line(3), line(3), line(4, "b")]
    for one in sent:
        buffer.add(one)
    buffer.expect_repeats()
    for one in [*sent, line(3), line(5), line(6, "b"), line(0, "c")]:
        buffer.add(one)
    assert texts(buffer)[len(sent) :] == ["line 3", "line 5", "line 6", "line 0"]
