"""Which faults happen to what, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.faults.applying import afflicted, in_force, next_end_ms, path_faults
from simulator.faults.kinds import FaultKind
from simulator.faults.model import (
    PARAMETERS,
    AbortParameters,
    Fault,
    LatencyParameters,
    Parameters,
    SlowParameters,
    Target,
    described,
)
from simulator.gateway.state import (
    Abort,
    Availability,
    Latency,
    PathFaults,
    ServiceRoute,
    SlowAnswers,
    VersionRoute,
)

SINCE, UNTIL = 1_000, 2_000
EVERYTHING, SERVICE, VERSION = Target(), Target("svc"), Target("svc", "v1")
ROUTE = ServiceRoute(
    "svc",
    "p",
    "/svc",
    Availability.SERVING,
    versions=(VersionRoute("v1", 90), VersionRoute("v2", 10)),
)


def late(fault_id: str, target: Target = SERVICE, ms: int = 300, **changes: Any) -> Fault:
    fault = Fault(fault_id, FaultKind.LATENCY, target, LatencyParameters(ms=ms), SINCE)
    return replace(fault, **changes)


class TestTime:
    @pytest.mark.parametrize(
        ("now", "happens"),
        [(SINCE - 1, False), (SINCE, True), (UNTIL - 1, True), (UNTIL, False)],
    )
    def test_it_happens_from_its_start_until_before_its_end(self, now: int, happens: bool) -> None:
        assert bool(in_force([late("a", until_ms=UNTIL)], now)) is happens

    def test_without_an_end_it_happens_until_it_is_removed(self) -> None:
        assert in_force([late("a")], 1 << 60)
        assert not in_force([late("a", ended_ms=UNTIL)], 1 << 60)

    def test_the_next_end_is_the_first_of_those_that_have_one(self) -> None:
        assert next_end_ms([late("a"), late("b", until_ms=9), late("c", until_ms=5)]) == 5
        assert next_end_ms([late("a")]) is None


class TestTargets:
    def test_a_fault_of_a_version_happens_to_no_other(self) -> None:
        first, second = afflicted(ROUTE, [late("a", VERSION)]).versions
        assert first.faults == PathFaults(latency=Latency("a", 0.3))
        assert second.faults == PathFaults()

    @pytest.mark.parametrize("target", [SERVICE, EVERYTHING])
    def test_a_fault_of_a_service_or_of_all_happens_to_each_version(self, target: Target) -> None:
        found = {one.faults.latency for one in afflicted(ROUTE, [late("a", target)]).versions}
        assert found == {Latency("a", 0.3)}

    def test_a_route_of_another_service_stays_the_same_object(self) -> None:
        assert afflicted(ROUTE, [late("a", Target("other"))]) is ROUTE

    def test_everything_else_of_a_route_stays(self) -> None:
        found = afflicted(ROUTE, [late("a")])
        plain = tuple(replace(one, faults=PathFaults()) for one in found.versions)
        assert replace(found, versions=plain) == ROUTE

    def test_a_version_without_its_service_is_no_target(self) -> None:
        with pytest.raises(ValueError, match="v1"):
            Target("", "v1")


class TestSeveral:
    def test_of_one_kind_the_narrowest_happens(self) -> None:
        faults = [
            late("version", VERSION, 1),
            late("service", SERVICE, 2, since_ms=SINCE + 1),
            late("all", EVERYTHING, 3, since_ms=SINCE + 2),
        ]
        for order in (faults, faults[::-1]):
            assert path_faults(order, "svc", "v1").latency == Latency("version", 0.001)
            assert path_faults(order, "svc", "v2").latency == Latency("service", 0.002)
            assert path_faults(order, "other", "v1").latency == Latency("all", 0.003)

    def test_of_two_with_the_same_target_the_later_happens(self) -> None:
        faults = [late("z"), late("a", since_ms=SINCE + 1)]
        for order in (faults, faults[::-1]):
            found = path_faults(order, "svc", "v1").latency
            assert found is not None
            assert found.fault_id == "a"

    def test_those_of_different_kinds_happen_together(self) -> None:
        broken = Fault("b", FaultKind.ABORT, SERVICE, AbortParameters(status=503, share=20), SINCE)
        slow = Fault("s", FaultKind.SLOW, VERSION, SlowParameters(kbps=64), SINCE)
        assert path_faults([late("a"), broken, slow], "svc", "v1") == PathFaults(
            Latency("a", 0.3), Abort("b", 503, 20), SlowAnswers("s", 64)
        )


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (LatencyParameters(ms=300, share=10), "300 ms latency for 10% of the requests"),
        (LatencyParameters(ms=1), "1 ms latency for all requests"),
        (AbortParameters(status=503, share=0.5), "HTTP 503 instead of an answer for 0.5% of"),
        (SlowParameters(kbps=64), "answers at 64 KiB/s"),
    ],
)
def test_a_fault_says_what_it_does(parameters: Parameters, words: str) -> None:
    fault = Fault("a", FaultKind.LATENCY, SERVICE, parameters, SINCE)
    assert described(fault).startswith(words)


def test_every_kind_has_its_parameters() -> None:
    assert set(PARAMETERS) == set(FaultKind)
