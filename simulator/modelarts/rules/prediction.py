"""What the documents demand of a prediction. The gateway enforces it; here it is stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.facts import limits
from simulator.modelarts.error_codes import (
    BODY_TOO_LARGE,
    INVALID_ARGUMENT,
    PREDICTION_TIMEOUT,
    TOO_MANY_REQUESTS,
)
from simulator.modelarts.rules.common import written
from simulator.rules import checks
from simulator.rules.rule import FINE, Findings, Level, Rule, Scope, Source, at, here
from simulator.rules.shape import Shape, Table

PREDICTION = "prediction"
ACCESS_GUIDE = Source("Accessing a Real-Time Service", "constraints")


@dataclass(frozen=True, kw_only=True)
class Prediction(Shape):
    """One call of a service, as its gateway sees it."""

    table: ClassVar[Table] = Table("MA", 60, ACCESS_GUIDE, INVALID_ARGUMENT)

    body_bytes: Annotated[int, "Size of the request's body."]
    seconds_to_first_byte: Annotated[float | None, "Until the answer began."] = None
    calls_in_this_second: Annotated[int | None, "Calls of the service, this one counted."] = None
    traffic_limit: Annotated[int | None, "Calls a second that the service takes."] = None


def _timeout(seconds: float, scope: Scope) -> Findings:
    limit = float(scope.readings["predict-timeout"])
    return FINE if seconds <= limit else here(f"is at most {limit:g} seconds; got {seconds:g}")


def _traffic(call: dict[str, Any], scope: Scope) -> Findings:
    limit = call.get("traffic_limit", limits.TRAFFIC_LIMIT_PER_S)
    calls = call["calls_in_this_second"]
    if calls <= limit:
        return FINE
    return at("calls_in_this_second", text=f"is at most {limit} a second; got {calls}")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    parts = {
        "source": ACCESS_GUIDE,
        "subjects": (PREDICTION,),
        "base": "prediction",
        "level": Level.RUNTIME,
    }
    return written(f"MA-RUN-{number:03d}", statement, where, changes, more, **parts)


RULES = (
    _rule(
        1,
        "The body of a prediction has at most 12 MB.",
        "/body_bytes",
        {"/body_bytes": limits.REQUEST_BODY_MAX_BYTES + 1},
        answer=BODY_TOO_LARGE,
        **checks.between(0, limits.REQUEST_BODY_MAX_BYTES, "bytes"),
    ),
    _rule(
        2,
        "A prediction begins to be answered within 60 seconds.",
        "/seconds_to_first_byte",
        {"/seconds_to_first_byte": 60.5},
        answer=PREDICTION_TIMEOUT,
        check=_timeout,
        reading="predict-timeout",
    ),
    _rule(
        3,
        "A service takes 100 requests a second, or what its traffic limit says.",
        "",
        {"/calls_in_this_second": 101},
        answer=TOO_MANY_REQUESTS,
        when="calls_in_this_second",
        reads=("traffic_limit",),
        check=_traffic,
    ),
)
