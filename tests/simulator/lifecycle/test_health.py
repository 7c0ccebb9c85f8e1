"""What one look at an instance means for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.lifecycle.health import (
    BACKOFF_FIRST_MS,
    BACKOFF_LAST_MS,
    HEALTHY_RESET_MS,
    backoff_ms,
    died,
    exit_words,
    look,
)
from simulator.lifecycle.objects import EventKind, Instance, InstanceState, Phase, Seen
from tests.support.builders import NOW, an_instance, seen_exited, seen_running

ALIVE = [InstanceState.STARTING, InstanceState.READY, InstanceState.UNHEALTHY]
WAITING = [InstanceState.PENDING, InstanceState.BACKOFF]
SIGHTS = [
    None,
    Seen(Phase.CREATED),
    seen_running(healthy=True),
    seen_running(healthy=False),
    seen_running(healthy=None),
    seen_exited(),
]


def dead_again(instance: Instance, now: int) -> Instance:
    """The instance as it is after its restart has ended at once."""
    return look(replace(instance, state=InstanceState.STARTING), seen_exited(), now).instance


class TestBackoff:
    @pytest.mark.parametrize(
        ("deaths", "seconds"),
        [(1, 0), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (8, 300), (10_000, 300)],
    )
    def test_first_restart_is_at_once_then_10_s_doubling_to_300_s(
        self, deaths: int, seconds: int
    ) -> None:
        assert backoff_ms(deaths) == seconds * 1000

    def test_the_limits_are_those_documented(self) -> None:
        assert (BACKOFF_FIRST_MS, BACKOFF_LAST_MS) == (10_000, 300_000)

    def test_each_death_is_counted_and_the_next_try_comes_later(self) -> None:
        instance = an_instance(1, InstanceState.STARTING)
        for deaths, wait_ms in [(1, 0), (2, 10_000), (3, 20_000)]:
            instance = dead_again(instance, NOW)
            assert (instance.deaths, instance.retry_at) == (deaths, NOW + wait_ms)
            assert instance.state is InstanceState.BACKOFF

    def test_ten_minutes_of_health_forgive_earlier_deaths(self) -> None:
        instance = an_instance(deaths=5, ready_at=NOW)
        after = look(instance, seen_exited(), NOW + HEALTHY_RESET_MS).instance
        assert (after.deaths, after.retry_at) == (1, NOW + HEALTHY_RESET_MS)

    def test_less_than_ten_minutes_of_health_forgive_nothing(self) -> None:
        after = look(an_instance(deaths=5, ready_at=NOW), seen_exited(), NOW + 599_999).instance
        assert after.deaths == 6

    def test_a_restart_that_was_never_ready_is_not_forgiven_for_health_of_long_ago(self) -> None:
        instance = an_instance(ready_at=NOW)
        now = NOW + HEALTHY_RESET_MS
        deaths = []
        for _ in range(3):  # it ran well for ten minutes, and now ends at each start
            instance = dead_again(instance, now)
            deaths.append(instance.deaths)
        assert deaths == [1, 2, 3]
        assert instance.retry_at == now + 20_000


class TestLastWords:
    @pytest.mark.parametrize(
        ("log", "words"),
        [
            ("", "exit code 1"),
            ("\n \n", "exit code 1"),
            ("loading\nno such file\n\n", "exit code 1: no such file"),
            ("x" * 200, "exit code 1: " + "x" * 200),
            ("x" * 201, "exit code 1: " + "x" * 199 + "…"),
        ],
    )
    def test_a_death_is_told_with_the_last_line_of_the_log(self, log: str, words: str) -> None:
        after = look(an_instance(1), replace(seen_exited(), log_tail=log, exit_code=1), NOW)
        assert after.instance.message.endswith(words)


class TestAbsent:
    @pytest.mark.parametrize("state", ALIVE)
    def test_one_that_ran_is_to_be_started_again(self, state: InstanceState) -> None:
        look_at = look(an_instance(1, state, address="a:1", ref="x"), None, NOW)
        assert look_at.instance.state is InstanceState.PENDING
        assert (look_at.instance.address, look_at.instance.ref) == ("", "")
        (event,) = look_at.events
        assert (event.kind, event.reason) == (EventKind.ABNORMAL, "DriftRepaired")

    @pytest.mark.parametrize("state", WAITING)
    def test_one_that_waits_goes_on_waiting(self, state: InstanceState) -> None:
        instance = an_instance(1, state)
        assert look(instance, None, NOW) == look(instance, Seen(Phase.CREATED), NOW)
        assert look(instance, None, NOW).instance == instance

    def test_vanishing_is_no_death(self) -> None:
        assert look(an_instance(deaths=1), None, NOW).instance.deaths == 1


class TestExited:
    @pytest.mark.parametrize("state", ALIVE)
    def test_end_of_one_that_ran_is_a_death_with_its_log_as_evidence(
        self, state: InstanceState
    ) -> None:
        look_at = look(an_instance(1, state), seen_exited(exit_code=3), NOW)
        assert look_at.instance.state is InstanceState.BACKOFF
        assert look_at.instance.reason == "InstanceExited"
        assert look_at.instance.exit_code == 3
        assert look_at.instance.address == ""
        assert look_at.instance.log_tail == "Traceback: no such file"
        (event,) = look_at.events
        assert event.kind is EventKind.ABNORMAL
        assert "instance 1 (ref-1) ended by itself with exit code 3" in event.text
        assert event.evidence == "Traceback: no such file"

    def test_lack_of_memory_is_named_as_the_cause(self) -> None:
        seen = seen_exited(exit_code=137, oom_killed=True)
        look_at = look(an_instance(), seen, NOW)
        assert look_at.instance.reason == "OutOfMemory"
        assert "more memory than its specification has" in look_at.events[0].text

    @pytest.mark.parametrize("state", WAITING)
    def test_a_death_is_counted_once(self, state: InstanceState) -> None:
        instance = an_instance(1, state, deaths=1)
        look_at = look(instance, seen_exited(), NOW)
        assert (look_at.instance, look_at.events) == (instance, ())


class TestRunning:
    @pytest.mark.parametrize("state", [*WAITING, InstanceState.STARTING, InstanceState.UNHEALTHY])
    def test_health_makes_it_ready(self, state: InstanceState) -> None:
        sick = an_instance(1, state, reason="X", message="x", log_tail="x", retry_at=NOW)
        look_at = look(sick, seen_running(), NOW + 7)
        ready = look_at.instance
        assert (ready.state, ready.ready_at) == (InstanceState.READY, NOW + 7)
        assert (ready.address, ready.ref, ready.accelerator) == ("10.0.0.1:8080", "ref-1", "CPU")
        assert (ready.reason, ready.message, ready.log_tail) == ("", "", "")
        assert ready.retry_at is None
        assert look_at.events[0].text == "instance 1 is ready (ref-1 on CPU)"

    def test_a_ready_one_that_is_well_stays_as_it_is(self) -> None:
        look_at = look(an_instance(), seen_running(), NOW + 7)
        assert (look_at.instance, look_at.events) == (an_instance(), ())

    def test_a_ready_one_of_which_nothing_is_known_yet_stays_ready(self) -> None:
        look_at = look(an_instance(), seen_running(healthy=None), NOW + 7)
        assert (look_at.instance.state, look_at.events) == (InstanceState.READY, ())

    def test_a_ready_one_follows_its_address(self) -> None:
        seen = seen_running(address="10.9.9.9:1")
        assert look(an_instance(), seen, NOW).instance.address == "10.9.9.9:1"

    def test_a_ready_one_that_fails_its_checks_is_unhealthy(self) -> None:
        seen = seen_running(healthy=False, probe="GET /health was answered 500")
        look_at = look(an_instance(), seen, NOW + 7)
        assert look_at.instance.state is InstanceState.UNHEALTHY
        assert look_at.instance.reason == "HealthCheckFailed"
        assert "GET /health was answered 500" in look_at.events[0].text

    def test_an_unhealthy_one_that_stays_so_is_told_once(self) -> None:
        seen = seen_running(healthy=False)
        sick = look(an_instance(), seen, NOW).instance
        assert look(sick, seen, NOW + 7).events == ()

    @pytest.mark.parametrize("state", WAITING)
    @pytest.mark.parametrize("healthy", [None, False])
    def test_one_that_has_not_answered_yet_is_starting(
        self, state: InstanceState, healthy: bool | None
    ) -> None:
        seen = seen_running(healthy=healthy, probe="nothing listens")
        look_at = look(an_instance(1, state, retry_at=NOW), seen, NOW)
        assert look_at.instance.state is InstanceState.STARTING
        assert look_at.instance.message == "nothing listens"
        assert look_at.instance.retry_at is None
        assert look_at.events == ()


@pytest.mark.parametrize("seen", SIGHTS)
def test_an_instance_on_its_way_out_is_left_as_it_is(seen: Seen | None) -> None:
    leaving = an_instance(1, InstanceState.DRAINING)
    look_at = look(leaving, seen, NOW)
    assert (look_at.instance, look_at.events) == (leaving, ())


@pytest.mark.parametrize("state", list(InstanceState))
@pytest.mark.parametrize("seen", SIGHTS)
def test_a_second_look_at_the_same_changes_nothing(state: InstanceState, seen: Seen | None) -> None:
    once = look(an_instance(1, state, retry_at=NOW + 1), seen, NOW).instance
    again = look(once, seen, NOW)
    assert (again.instance, again.events) == (once, ())


def test_one_that_could_not_be_started_has_no_address() -> None:
    failed = died(an_instance(), NOW, reason="StartFailed", message="no port")
    assert (failed.address, failed.reason, failed.message) == ("", "StartFailed", "no port")


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (None, "an unknown exit code"),
        (0, "exit code 0"),
        (1, "exit code 1"),
        (137, "exit code 137 (SIGKILL)"),
        (139, "exit code 139 (SIGSEGV)"),
        (143, "exit code 143 (SIGTERM)"),
    ],
)
def test_exit_codes_are_put_into_words(exit_code: int | None, words: str) -> None:
    assert exit_words(exit_code) == words
