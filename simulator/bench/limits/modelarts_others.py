"""Numeric limits of batch files, models, their config.json, worlds and predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from simulator.bench.boundaries import Limit
from simulator.bench.limits.writing import count_of, number_at, text_at, text_or_number
from simulator.facts import limits
from simulator.modelarts.rules.facts import InboundRule, Networks
from simulator.rules.rule import REMOVED

CREATE, MODEL, CONFIG = "create-service", "create-model", "config-json"
Changes = Mapping[str, Any]


def _objects() -> Iterator[Limit]:
    places = (
        ("MA-BAT-010", CREATE, "batch-file", "/config/0/src_path", "/"),
        ("MA-BAT-011", CREATE, "batch-csv", "/config/0/dest_path", "/"),
        ("MA-BAT-021", "manifest", "manifest", "/lines/1/source", ".jpg"),
    )
    for rule, subject, base, place, end in places:
        common: dict[str, Any] = {"rule": rule, "subject": subject, "base": base}
        yield Limit(
            **common,
            unit="characters of a bucket",
            low=3,
            high=63,
            write=partial(_bucket, place, end),
        )
        for letter in ("k", "é", "数"):
            yield Limit(
                **common,
                unit="bytes of a key",
                high=1024,
                write=partial(_key, place, end, letter),
            )
    index = "/config/0/mapping_rule/properties/data/properties/req_data/items/0/properties"
    yield Limit(
        rule="MA-BAT-012",
        subject=CREATE,
        base="batch-csv",
        unit="column",
        low=-1,
        write=number_at(f"{index}/input4/index"),
    )


def _bucket(place: str, end: str, characters: int) -> Changes:
    return {place: f"obs://{'b' * characters}/key{end}"}


def _key(place: str, end: str, letter: str, size: int) -> Changes:
    return {place: f"obs://bucket/{_of_bytes(size - len(end), letter)}{end}"}


def _of_bytes(size: int, letter: str) -> str:
    """A text of so many bytes, as far as possible of one letter."""
    width = len(letter.encode())
    return "k" * (size % width) + letter * (size // width)


def _files() -> Iterator[Limit]:
    kinds = (
        ("MA-BAT-030", "big.png", limits.BATCH_IMAGE_BELOW_BYTES - 1),
        ("MA-BAT-030", "BIG.JPEG", limits.BATCH_IMAGE_BELOW_BYTES - 1),
        ("MA-BAT-031", "rows.csv", limits.BATCH_CSV_MAX_BYTES),
    )
    for rule, name, most in kinds:
        yield Limit(
            rule=rule,
            subject="batch-input",
            base="batch-input",
            unit="bytes",
            high=most,
            write=partial(_file, name),
        )


def _file(name: str, size: int) -> Changes:
    return {"/name": name, "/size_bytes": size}


def _models() -> Iterator[Limit]:
    texts: tuple[tuple[str, str, int | None, int], ...] = (
        ("MA-MOD-001", "/model_name", 1, 64),
        ("MA-MOD-009", "/model_algorithm", 1, 36),
        ("MA-MOD-014", "/model_docs/0/doc_name", 1, 48),
        ("MA-MOD-015", "/input_params/0/param_name", None, 64),
        ("MA-MOD-017", "/input_params/0/param_desc", None, 100),
        ("MA-MOD-018", "/output_params/0/param_name", None, 64),
        ("MA-MOD-020", "/output_params/0/param_desc", None, 100),
    )
    model: dict[str, Any] = {"subject": MODEL, "base": "model-full"}
    for rule, place, low, high in texts:
        yield Limit(rule=rule, unit="characters", low=low, high=high, write=text_at(place), **model)
    for template in ("{}.0.1", "0.{}.1", "0.1.{}"):
        yield Limit(
            rule="MA-MOD-003",
            unit="in a version",
            low=0,
            high=99,
            write=partial(_model_version, template),
            **model,
        )
    guide = {"doc_name": "guide", "doc_url": "https://example.com"}
    documents = count_of("/model_docs", lambda n: [guide] * n)
    yield Limit(rule="MA-MOD-013", unit="documents", high=3, write=documents, **model)


def _model_version(template: str, number: int) -> Changes:
    return {"/model_version": template.format(number)}


def _config_files() -> Iterator[Limit]:
    yield Limit(
        rule="MA-CFG-002",
        subject=CONFIG,
        base="config-json",
        unit="characters",
        low=1,
        high=36,
        write=text_at("/model_algorithm"),
    )
    yield Limit(
        rule="MA-CFG-006",
        subject=CONFIG,
        base="config-json",
        unit="APIs",
        high=1,
        write=count_of("/apis", lambda n: [{"url": "/"}] * n),
    )
    yield from text_or_number("MA-CFG-011", "/port", "port", 1, 65535)
    numbers = (
        ("initial_delay_seconds", 0),
        ("timeout_seconds", 1),
        ("period_seconds", 1),
        ("failure_threshold", 1),
    )
    for first, check in ((20, "health"), (30, "readiness_health"), (40, "startup_health")):
        for place, (name, low) in enumerate(numbers, first + 4):
            rule = f"MA-CFG-{place:03d}"
            yield from text_or_number(rule, f"/{check}/{name}", name, low, 86_400)


def _used(name: str) -> Callable[[int], Changes]:
    return lambda number: {name: number}


def _quotas() -> Iterator[Limit]:
    full: dict[str, Any] = {"rule": "MA-ADM-014", "subject": CREATE}
    services: dict[str, Any] = {"unit": "real-time services", "world": _used("real_time_services")}
    free, counted = {"quota-dedicated": "free"}, {"quota-dedicated": "counted"}
    dedicated = "dedicated-custom"
    yield Limit(base="real-time", high=19, **services, **full)
    yield Limit(base=dedicated, high=19, readings=counted, **services, **full)
    yield Limit(base=dedicated, also_accepted=(19, 20, 21), readings=free, **services, **full)
    world = _used("batch_services")
    yield Limit(base="batch-csv", unit="batch services", high=999, world=world, **full)


def _world(rule: InboundRule) -> Changes:
    networks = Networks(subnets={"vpc-1": frozenset({"net-1"})}, security_groups={"sg-1": (rule,)})
    return {"networks": networks}


def _networks() -> Iterator[Limit]:
    network = {"/vpc_id": "vpc-1", "/subnet_network_id": "net-1", "/security_group_id": "sg-1"}
    ports: dict[str, Any] = {
        "rule": "MA-ADM-020",
        "subject": CREATE,
        "base": "real-time",
        "write": lambda number: network,
    }
    yield Limit(
        unit="is the first port",
        high=8080,
        world=lambda port: _world(InboundRule(first_port=port)),
        **ports,
    )
    yield Limit(
        unit="is the last port",
        low=8080,
        world=lambda port: _world(InboundRule(last_port=port)),
        **ports,
    )


def _calls(granted: object, calls: int) -> Changes:
    return {"/calls_in_this_second": calls, "/traffic_limit": granted}


def _predictions() -> Iterator[Limit]:
    call: dict[str, Any] = {"subject": "prediction", "base": "prediction"}
    yield Limit(
        rule="MA-RUN-001",
        unit="bytes",
        low=0,
        high=limits.REQUEST_BODY_MAX_BYTES,
        write=number_at("/body_bytes"),
        **call,
    )
    for seconds in (60, 40):
        for step in (1, 0.001):
            yield Limit(
                rule="MA-RUN-002",
                unit="seconds",
                high=seconds,
                step=step,
                write=number_at("/seconds_to_first_byte"),
                readings={"predict-timeout": str(seconds)},
                **call,
            )
    for granted, limit in ((REMOVED, limits.TRAFFIC_LIMIT_PER_S), (7, 7), (1000, 1000)):
        yield Limit(
            rule="MA-RUN-003",
            unit="calls a second",
            high=limit,
            write=partial(_calls, granted),
            **call,
        )


LIMITS: tuple[Limit, ...] = (
    *_objects(),
    *_files(),
    *_models(),
    *_config_files(),
    *_quotas(),
    *_networks(),
    *_predictions(),
)
