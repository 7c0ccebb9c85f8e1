"""What the documents demand of automatic scaling. Source: Horizontal auto scaling."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import dedicated_gateway, metadata_of, type_of, written
from simulator.eas.vocabulary import SCALING_PAGE
from simulator.rules import checks
from simulator.rules.rule import FINE, Findings, Proof, Rule, Scope, Severity, Source, at, here
from simulator.rules.text import shown

QUEUE_METRIC = "queue[avgbacklog]"


def _from_guide(scope: Scope) -> bool:
    return scope.readings["autoscaler-range"] == "guide"


def _lowest(value: int, scope: Scope) -> Findings:
    low = 0 if _from_guide(scope) else 1
    return FINE if value >= low else here(f"is at least {low}; got {value}")


def _highest(value: int, scope: Scope) -> Findings:
    high = int(scope.readings["autoscaler-max"])
    return FINE if value <= high else here(f"is at most {high}; got {value}")


def _range(scaler: dict[str, Any], scope: Scope) -> Findings:
    low, high = scaler.get("min"), scaler["max"]
    if low is None or high > low or (high == low and _from_guide(scope)):
        return FINE
    words = "not below" if _from_guide(scope) else "above"
    return at("max", text=f"is {words} min, which is {low}; got {high}")


def _zero_behind_gateway(value: int, scope: Scope) -> Findings:
    gateway = dedicated_gateway(scope)
    if value != 0 or not gateway:
        return FINE
    return here(f"is at least 1 behind a dedicated gateway ({gateway})")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _strategies(strategies: dict[str, Any], scope: Scope) -> Findings:
    return [
        ((name,), f"is a number above 0; got {shown(value)}")
        for name, value in strategies.items()
        if not _is_number(value)
    ]


def _queue_metric(scaler: dict[str, Any], scope: Scope) -> Findings:
    if type_of(scope) == "Async" or QUEUE_METRIC not in scaler["strategies"]:
        return FINE
    return at(
        "strategies", QUEUE_METRIC, text="is for services of the type Async: others have no queue"
    )


def _idle_on_zero(scaler: dict[str, Any], scope: Scope) -> Findings:
    if "onZero" not in scaler["behavior"] or scaler.get("min", 0) <= 0:
        return FINE
    return at("behavior", "onZero", text="has no effect: min is not 0")


def _outside(scaler: dict[str, Any], scope: Scope) -> Findings:
    wanted = metadata_of(scope).get("instance")
    low, high = scaler.get("min"), scaler.get("max")
    if wanted is None or low is None or high is None or low > high or low <= wanted <= high:
        return FINE
    text = f"metadata.instance, {wanted}, is outside {low} to {high} and is changed at once"
    return here(text)


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on the autoscaler."""
    changed = {f"/autoscaler{place}": value for place, value in changes.items()}
    parts = {"source": Source(SCALING_PAGE, "parameters"), "base": "autoscaled"}
    return written(number, statement, f"/autoscaler{where}", changed, more, **parts)


def _seconds(number: int, place: str) -> Rule:
    """A rule on a time of `behavior`."""
    where = f"/behavior/{place}"
    statement = f"{place.replace('/', '.')} is not negative."
    parts = {"proof": Proof.INFERRED, **checks.between(0)}
    return _rule(number, statement, where, {where: -1}, **parts)


_INFERRED = {"proof": Proof.INFERRED}
_INFERRED_WARNING = {"severity": Severity.WARNING, "proof": Proof.INFERRED}

RULES = (
    _rule(
        240,
        "min is not negative.",
        "/min",
        {"/min": -1},
        check=_lowest,
        reading="autoscaler-range",
        schema={"minimum": 0},
    ),
    _rule(
        241,
        "max is at most 1,000.",
        "/max",
        {"/max": 1001},
        check=_highest,
        reading="autoscaler-max",
        schema={"maximum": 1000},
    ),
    _rule(
        242,
        "max is not below min.",
        "",
        {"/min": 11},
        when="max",
        reads=("min",),
        check=_range,
        reading="autoscaler-range",
    ),
    _rule(
        243,
        "Behind a dedicated gateway, a service does not scale to no instance.",
        "/min",
        {"/min": 0},
        base="full",
        check=_zero_behind_gateway,
    ),
    _rule(
        244,
        "A strategy's value is a number above 0.",
        "/strategies",
        {"/strategies/qps": "ten"},
        **_INFERRED,
        check=_strategies,
    ),
    _rule(
        245,
        "A strategy's threshold is above 0.",
        "/scaleStrategies/*/threshold",
        {"/scaleStrategies": [{"metricName": "cpu", "threshold": 0}]},
        **_INFERRED,
        **checks.above(0),
    ),
    _rule(
        246,
        "Only Async services scale by their queue.",
        "",
        {"/strategies": {QUEUE_METRIC: 10}},
        source=Source("Asynchronous inference services", "automatic scaling"),
        when="strategies",
        check=_queue_metric,
        **_INFERRED_WARNING,
    ),
    _seconds(247, "scaleUp/stabilizationWindowSeconds"),
    _seconds(248, "scaleDown/stabilizationWindowSeconds"),
    _seconds(249, "onZero/scaleDownGracePeriodSeconds"),
    _rule(
        250,
        "A first request starts at least 1 instance.",
        "/behavior/onZero/scaleUpActivationReplicas",
        {"/behavior/onZero/scaleUpActivationReplicas": 0},
        **_INFERRED,
        **checks.between(1),
    ),
    _rule(
        251,
        "onZero counts only where min is 0.",
        "",
        {"/min": 1},
        when="behavior",
        reads=("min",),
        check=_idle_on_zero,
        **_INFERRED_WARNING,
    ),
    _rule(
        252,
        "The number of instances lies between min and max.",
        "",
        {"/max": 1},
        check=_outside,
        **_INFERRED_WARNING,
    ),
)
