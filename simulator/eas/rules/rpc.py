"""What the documents demand of the engine's settings. Source: the JSON page, metadata.rpc."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import CLIENT, has_custom_processor, has_image, page, written
from simulator.rules import checks
from simulator.rules.rule import FINE, Findings, Proof, Rule, Scope, Severity, at, here
from simulator.rules.text import shown

_BATCH_FIELDS = ("max_batch_size", "max_batch_timeout")


def _batching(rpc: dict[str, Any], scope: Scope) -> Findings:
    if not rpc["batching"]:
        return FINE
    if not has_image(scope.root) and not has_custom_processor(scope.root):
        return FINE
    return at("batching", text="has no effect: only built-in processors put requests together")


def _without_batching(rpc: dict[str, Any], scope: Scope) -> Findings:
    if rpc.get("batching"):
        return FINE
    return [((name,), "has no effect without batching") for name in _BATCH_FIELDS if name in rpc]


def _proxy_path(value: Any, scope: Scope) -> Findings:
    if isinstance(value, str) and value.startswith("/"):
        return FINE
    return here(f"is a path that begins with /; got {shown(value)}")


def _rule(number: int, statement: str, field: str, value: Any, **more: Any) -> Rule:
    """A rule on a field of rpc, broken by a value of it."""
    place = f"/metadata/rpc/{field}"
    parts = {"source": page(f"metadata.rpc.{field}"), "base": "built-in-processor"}
    return written(number, statement, place, {place: value}, more, **parts)


def _at_least(number: int, field: str, low: int, unit: str) -> Rule:
    """A rule on the least value of a field; nobody states it, below nothing works."""
    statement = f"rpc.{field} is at least {low}{unit}."
    parts = {"proof": Proof.INFERRED, **checks.between(low)}
    return _rule(number, statement, field, low - 1, **parts)


_RPC = {"severity": Severity.WARNING}

RULES = (
    _at_least(80, "keepalive", 1, " ms"),
    written(
        81,
        "Only built-in processors put requests together.",
        "/metadata/rpc",
        {"/metadata/rpc": {"batching": True}},
        {},
        source=page("metadata.rpc.batching"),
        when="batching",
        check=_batching,
        **_RPC,
    ),
    written(
        82,
        "Size and waiting time of batches count with batching only.",
        "/metadata/rpc",
        {"/metadata/rpc": {"max_batch_size": 16}},
        {"base": "built-in-processor"},
        source=page("metadata.rpc.max_batch_size"),
        reads=("batching",),
        check=_without_batching,
        **_RPC,
    ),
    _rule(
        83,
        "rpc.max_batch_size is at least 1.",
        "max_batch_size",
        0,
        base="batching",
        proof=Proof.INFERRED,
        **checks.between(1),
    ),
    _rule(
        84,
        "rpc.max_batch_timeout is at least 0 ms.",
        "max_batch_timeout",
        -1,
        base="batching",
        proof=Proof.INFERRED,
        **checks.between(0),
    ),
    _at_least(85, "max_queue_size", 1, ""),
    _at_least(86, "worker_threads", 1, ""),
    _at_least(87, "io_threads", 1, ""),
    _rule(
        88,
        "rpc.rate_limit is at least 0; 0 is no limit.",
        "rate_limit",
        -1,
        **checks.between(0),
    ),
    _rule(89, "rpc.enable_jemalloc is 0 or 1.", "enable_jemalloc", 2, **checks.between(0, 1)),
    _rule(
        90,
        "rpc.proxy_path is a path.",
        "proxy_path",
        "predict",
        base="async",
        source=CLIENT,
        proof=Proof.OBSERVED,
        check=_proxy_path,
    ),
)
