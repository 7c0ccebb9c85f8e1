"""Numeric limits of deploy requests and updates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from simulator.bench.boundaries import Limit
from simulator.bench.limits.writing import both, count_of, number_at, text_at

CREATE, UPDATE, MODEL = "create-service", "update-service", "create-model"
_CUSTOM = {
    "/config/0/specification": "custom",
    "/config/0/custom_spec": {"cpu": 1, "memory": 1024},
}


def _version(index: int, **more: Any) -> dict[str, Any]:
    return {
        "model_id": f"model-{index}",
        "specification": "modelarts.vm.cpu.2u",
        "instance_count": 1,
    } | more


def _real_time(count: int) -> list[dict[str, Any]]:
    """Versions of which the last takes all the traffic."""
    return [_version(n, weight=100 if n == count - 1 else 0) for n in range(count)]


def _batch(count: int) -> list[dict[str, Any]]:
    paths = {"src_path": "/bucket/in/", "dest_path": "/bucket/out/", "req_uri": "/"}
    return [_version(n, **paths, mapping_type="file") for n in range(count)]


def _edge(count: int) -> list[dict[str, Any]]:
    return [_version(n, nodes=["node-1"]) for n in range(count)]


def _names() -> Iterator[Limit]:
    for letter in ("a", "中", "_"):
        name = text_at("/service_name", letter)
        yield Limit(
            rule="MA-SVC-002",
            subject=CREATE,
            base="real-time",
            unit="characters",
            low=1,
            high=64,
            write=name,
        )
    for letter in ("x", "é", "🙂", "="):
        for subject, base in ((CREATE, "batch-csv"), (UPDATE, "update-full"), (MODEL, "model")):
            yield Limit(
                rule="MA-SVC-004",
                subject=subject,
                base=base,
                unit="characters",
                high=100,
                write=text_at("/description", letter),
            )


def _versions() -> Iterator[Limit]:
    for subject, base in ((CREATE, "real-time"), (UPDATE, "update-weights")):
        count: dict[str, Any] = {"subject": subject, "base": base, "unit": "versions"}
        yield Limit(rule="MA-SVC-006", low=1, write=lambda n: {"/config": _real_time(n)}, **count)
    for kind, versions in (("batch", _batch), ("edge", _edge)):
        sent = count_of("/config", versions)
        base = {"batch": "batch-file", "edge": "edge"}[kind]
        for subject, start in ((CREATE, base), (UPDATE, "update-weights")):
            yield Limit(
                rule="MA-SVC-007",
                subject=subject,
                base=start,
                unit=f"{kind} versions",
                write=sent,
                also_accepted=(1,),
                also_refused=(2, 3),
            )
    yield from both(
        "MA-SVC-011", "/schedule/0/duration", "units", low=1, bases=("auto-stop", "update-full")
    )
    yield from both(
        "MA-SVC-024", "/priority", "priority", low=1, high=3, bases=("real-time", "update-full")
    )
    for subject, base in ((CREATE, "two-versions"), (UPDATE, "update-weights")):
        weights: dict[str, Any] = {"subject": subject, "base": base, "unit": "of 100"}
        yield Limit(rule="MA-SVC-013", low=0, high=100, write=_rest, **weights)
        yield Limit(rule="MA-SVC-014", low=100, high=100, write=_split, **weights)
        yield Limit(
            rule="MA-SVC-014",
            low=100,
            high=100,
            write=lambda n: {place: str(w) for place, w in _split(n).items()},
            **weights,
        )


def _rest(weight: int) -> dict[str, Any]:
    return {"/config/0/weight": weight, "/config/1/weight": 100 - weight}


def _split(total: int) -> dict[str, Any]:
    return {"/config/0/weight": total // 2, "/config/1/weight": total - total // 2}


def _instances() -> Iterator[Limit]:
    place, unit = "/config/0/instance_count", "instances"
    bases = ("real-time", "update-weights")
    yield from both("MA-SVC-030", place, unit, low=1, bases=bases)
    for reading, most in (("5", 5), ("128", 128)):
        chosen = {"instance-count": reading}
        yield from both("MA-SVC-031", place, unit, high=most, bases=bases, readings=chosen)
    pair = {"/config/0/cluster_id": "pool-a,pool-b"}
    yield from both(
        "MA-SVC-048", place, unit, bases=("multi-pool", "update-weights"), fixed=pair,
        also_accepted=(2, 4), also_refused=(1, 3, 5),
    )  # fmt: skip
    yield Limit(
        rule="MA-SVC-047",
        subject=CREATE,
        base="multi-pool",
        unit="pools",
        low=1,
        high=2,
        step=1,
        write=lambda n: {"/cluster_id": ",".join(f"pool-{i}" for i in range(n)) or ","},
        also_refused=(5,),
    )
    for subject, base in ((CREATE, "edge"), (UPDATE, "update-weights")):
        yield Limit(
            rule="MA-SVC-049",
            subject=subject,
            base=base,
            unit="nodes",
            low=1,
            write=lambda n: {"/config": [_version(0, nodes=[f"node-{i}" for i in range(n)])]},
        )


def _sizes() -> Iterator[Limit]:
    bases = ("dedicated-custom", "update-weights")
    spec = "/config/0/custom_spec"
    sizes: dict[str, Any] = {"bases": bases, "fixed": _CUSTOM}
    yield from both("MA-SVC-037", f"{spec}/cpu", "cores", low=0.01, step=0.01, **sizes)
    yield from both("MA-SVC-038", f"{spec}/memory", "MB", low=1, **sizes)
    yield from both("MA-SVC-039", f"{spec}/gpu_p4", "GPUs", low=0, step=0.01, **sizes)
    yield from both("MA-SVC-040", f"{spec}/ascend_a310", "chips", low=0, **sizes)
    for rule, name in (("MA-SVC-042", "cpu"), ("MA-SVC-043", "gpu_p4")):
        for subject, base in ((CREATE, "dedicated-custom"), (UPDATE, "update-weights")):
            yield Limit(
                rule=rule,
                subject=subject,
                base=base,
                unit="decimals",
                high=2,
                write=partial(_decimals, f"{spec}/{name}"),
            )


def _decimals(place: str, count: int) -> dict[str, Any]:
    return _CUSTOM | {place: round(1.11111, count)}


def _periods() -> Iterator[Limit]:
    place, bases = "/config/0/deploy_timeout_in_seconds", ("real-time", "update-weights")
    for reading, low, high in (("seconds", 180, 7200), ("minutes", 3, 120)):
        chosen = {"deploy-timeout": reading}
        yield from both(
            "MA-SVC-044", place, reading, low=low, high=high, bases=bases, readings=chosen
        )
    extra = "/config/0/additional_properties"
    place = f"{extra}/termination_grace_period_seconds"
    grace: dict[str, Any] = {"bases": bases, "unit": "seconds"}
    yield from both(
        "MA-SVC-063", place, low=30, high=300, readings={"grace-period": "30-300"}, **grace
    )
    yield from both("MA-SVC-063", place, low=0, readings={"grace-period": "any"}, **grace)
    surge: dict[str, Any] = {"bases": bases, "unit": "instances"}
    yield from both("MA-SVC-061", f"{extra}/max_surge", also_accepted=(0.001, 1),
                    also_refused=(0, 0.0, -0.001), **surge)  # fmt: skip
    place = f"{extra}/max_unavailable"
    chosen = {"max-unavailable": "zero-allowed"}
    yield from both("MA-SVC-062", place, low=0, step=0.001, readings=chosen, **surge)
    chosen = {"max-unavailable": "above-zero"}
    yield from both("MA-SVC-062", place, readings=chosen, also_accepted=(0.001, 1),
                    also_refused=(0, -0.001), **surge)  # fmt: skip


def _service_attributes() -> Iterator[Limit]:
    of_channel = "/additional_properties/log_report_channels/0/configuration"
    for rule, name in (("MA-SVC-069", "log_group_id"), ("MA-SVC-070", "log_stream_id")):
        for reading, low in (("64", 64), ("up-to-64", 1)):
            for subject, base in ((CREATE, "notified"), (UPDATE, "update-full")):
                yield Limit(
                    rule=rule,
                    subject=subject,
                    base=base,
                    unit="characters",
                    low=low,
                    high=64,
                    write=text_at(f"{of_channel}/{name}"),
                    readings={"log-id-length": reading},
                )
    yield Limit(
        rule="MA-SVC-074",
        subject=CREATE,
        base="real-time",
        unit="requests a second",
        low=1,
        high=1_000_000,
        write=number_at("/x-drydock/traffic_limit"),
    )


LIMITS: tuple[Limit, ...] = (
    *_names(),
    *_versions(),
    *_instances(),
    *_sizes(),
    *_periods(),
    *_service_attributes(),
)
