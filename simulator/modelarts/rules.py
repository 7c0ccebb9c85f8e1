"""What the documents demand of a request beyond its shape: pure checks, all violations at once.

The first rules of the main path: names, weights, instance counts, specifications, timeouts. Every
further documented statement joins them here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.errors import InvalidRequest, Violation
from simulator.facts import limits
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS
from simulator.facts.statuses import ServiceKind
from simulator.modelarts.schemas import CreateModel, CreateService, ServiceConfig
from simulator.modelarts.shape import readable_path
from simulator.strict_json import pointer

DEPLOY = "Deploying Services"
IMPORT = "Creating an AI Application"
_NAME = re.compile(r"[A-Za-z0-9_\-\u3400-\u4dbf\u4e00-\u9fff]{1,64}")
_VERSION = re.compile(r"(0|[1-9]\d?)\.(0|[1-9]\d?)\.(0|[1-9]\d?)")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_DESCRIPTION_FORBIDDEN = set("!<>=&\"'")
_MODEL_TYPES = (
    "TensorFlow",
    "MXNet",
    "Caffe",
    "Spark_MLlib",
    "Scikit_Learn",
    "XGBoost",
    "Image",
    "PyTorch",
    "Template",
    "MindSpore",
    "Custom",
)


def check_create_service(request: CreateService) -> None:
    """Raises `InvalidRequest` with everything that is wrong with the request."""
    _raise(
        [
            *_kind(request),
            *_service_name(request.service_name),
            *_description(request.description),
            *_config_count(request),
            *_weights(request),
            *_same_model_twice(request.config),
            *(v for i, c in enumerate(request.config) for v in _config(i, c)),
            *_network(request),
        ]
    )


def check_create_model(request: CreateModel) -> None:
    """Raises `InvalidRequest` with everything that is wrong with the request."""
    found = []
    if not _NAME.fullmatch(request.model_name):
        found.append(
            _violation(
                "MA-MOD-001",
                ("model_name",),
                f"has 1 to 64 letters, digits, - or _; got {_short(request.model_name)}",
                IMPORT,
            )
        )
    if not _VERSION.fullmatch(request.model_version):
        found.append(
            _violation(
                "MA-MOD-002",
                ("model_version",),
                "is three numbers from 0 to 99 without leading zeros, such as 0.0.1; "
                f"got {_short(request.model_version)}",
                IMPORT,
            )
        )
    if request.model_type not in _MODEL_TYPES:
        found.append(
            _violation(
                "MA-MOD-003",
                ("model_type",),
                f"is one of {', '.join(_MODEL_TYPES)}; got {_short(request.model_type)}",
                IMPORT,
            )
        )
    if request.model_type != "Template" and not request.source_location:
        found.append(
            _violation(
                "MA-MOD-004",
                ("source_location",),
                "is mandatory unless the model comes from a template",
                IMPORT,
            )
        )
    found += _description(request.description)
    _raise(found)


def check_description(text: str) -> None:
    """Raises `InvalidRequest` when a description is too long or has a forbidden character."""
    _raise(list(_description(text)))


def _raise(found: list[Violation]) -> None:
    if found:
        raise InvalidRequest(found)


def _violation(rule: str, path: tuple[str | int, ...], text: str, source: str) -> Violation:
    return Violation(rule, pointer(*path), f"{readable_path(path)}: {text}", source)


def _short(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...")


def _kind(request: CreateService) -> Iterator[Violation]:
    if request.infer_type not in set(ServiceKind):
        yield _violation(
            "MA-SVC-001",
            ("infer_type",),
            f"is real-time, batch or edge; got {_short(request.infer_type)}",
            f"{DEPLOY}, table 3",
        )


def _service_name(name: str) -> Iterator[Violation]:
    if not _NAME.fullmatch(name):
        yield _violation(
            "MA-SVC-002",
            ("service_name",),
            f"has 1 to 64 letters, digits, - or _; got {_short(name)} ({len(name)} characters)",
            f"{DEPLOY}, table 3",
        )


def _description(text: str) -> Iterator[Violation]:
    if len(text) > 100:
        yield _violation(
            "MA-SVC-003",
            ("description",),
            f"has at most 100 characters; got {len(text)}",
            f"{DEPLOY}, table 3",
        )
    forbidden = sorted(set(text) & _DESCRIPTION_FORBIDDEN)
    if forbidden:
        yield _violation(
            "MA-SVC-004",
            ("description",),
            f"must not contain {' '.join(forbidden)}",
            f"{DEPLOY}, table 3",
        )


def _config_count(request: CreateService) -> Iterator[Violation]:
    count = len(request.config)
    if count == 0:
        yield _violation(
            "MA-SVC-005", ("config",), "needs at least one model", f"{DEPLOY}, table 3"
        )
    if count > 1 and request.infer_type in (ServiceKind.BATCH, ServiceKind.EDGE):
        yield _violation(
            "MA-SVC-006",
            ("config",),
            f"a {request.infer_type} service has exactly one model; got {count}",
            f"{DEPLOY}, table 3",
        )


def _weights(request: CreateService) -> Iterator[Violation]:
    if request.infer_type != ServiceKind.REAL_TIME:
        return
    weights = [config.weight for config in request.config]
    for index, weight in enumerate(weights):
        path = ("config", index, "weight")
        if weight is None:
            yield _violation(
                "MA-SVC-010", path, "is mandatory for a real-time service", f"{DEPLOY}, table 5"
            )
        elif not 0 <= weight <= 100:
            yield _violation("MA-SVC-011", path, f"is 0 to 100; got {weight}", f"{DEPLOY}, table 5")
    given = [weight for weight in weights if weight is not None]
    if given and len(given) == len(weights) and sum(given) != 100:
        shown = f" ({' + '.join(str(w) for w in given)})" if len(given) > 1 else ""
        yield _violation(
            "MA-SVC-012",
            ("config", len(given) - 1, "weight"),
            "the weights of a real-time service must add up to 100; "
            f"these add up to {sum(given)}{shown}",
            f"{DEPLOY}, table 5",
        )


def _same_model_twice(config: list[ServiceConfig]) -> Iterator[Violation]:
    first: dict[str, int] = {}
    for index, item in enumerate(config):
        if item.model_id in first:
            yield _violation(
                "MA-SVC-013",
                ("config", index, "model_id"),
                f"the versions of a service must differ; this is that of "
                f"config[{first[item.model_id]}]",
                f"{DEPLOY}, table 3",
            )
        first.setdefault(item.model_id, index)


def _config(index: int, config: ServiceConfig) -> Iterator[Violation]:
    path = ("config", index)
    source = f"{DEPLOY}, table 5"
    if not 1 <= config.instance_count <= limits.INSTANCES_PER_MODEL:
        yield _violation(
            "MA-SVC-014",
            (*path, "instance_count"),
            f"is 1 to {limits.INSTANCES_PER_MODEL}; got {config.instance_count}",
            source,
        )
    if config.specification != CUSTOM and config.specification not in SPECIFICATIONS:
        known = ", ".join([*SPECIFICATIONS, CUSTOM])
        yield _violation(
            "MA-SVC-015",
            (*path, "specification"),
            f"is one of {known}; got {_short(config.specification)}",
            source,
        )
    if config.specification == CUSTOM and config.custom_spec is None:
        yield _violation(
            "MA-SVC-016", (*path, "custom_spec"), "is mandatory with specification custom", source
        )
    yield from _timeouts(path, config)
    yield from _envs(path, config)


def _timeouts(path: tuple[str | int, ...], config: ServiceConfig) -> Iterator[Violation]:
    source = f"{DEPLOY}, table 5"
    timeout_s = config.deploy_timeout_in_seconds
    lowest, highest = limits.DEPLOY_TIMEOUT_MIN_S, limits.DEPLOY_TIMEOUT_MAX_S
    if timeout_s is not None and not lowest <= timeout_s <= highest:
        meant = f"; if you mean minutes, send {timeout_s * 60}" if 3 <= timeout_s <= 120 else ""
        yield _violation(
            "MA-SVC-017",
            (*path, "deploy_timeout_in_seconds"),
            f"is {lowest} to {highest} seconds (3 to 120 minutes); got {timeout_s}{meant}",
            f"{source}; Deploying as a Real-Time Service, table 2",
        )

    extra = config.additional_properties
    grace_s = extra.termination_grace_period_seconds if extra else None
    lowest, highest = limits.TERMINATION_GRACE_MIN_S, limits.TERMINATION_GRACE_MAX_S
    if grace_s is not None and not lowest <= grace_s <= highest:
        yield _violation(
            "MA-SVC-019",
            (*path, "additional_properties", "termination_grace_period_seconds"),
            f"is {lowest} to {highest} seconds; got {grace_s}",
            "Deploying Services, API reference (ModelAdditionalProperties)",
        )


def _envs(path: tuple[str | int, ...], config: ServiceConfig) -> Iterator[Violation]:
    for name, value in (config.envs or {}).items():
        if not _ENV_NAME.fullmatch(name) or "\x00" in value:
            yield _violation(
                "MA-SVC-020",
                (*path, "envs", name),
                "must be a name of letters, digits, _, - and . that does not begin with a digit, "
                f"and a value without NUL; got {_short(name)}",
                "POSIX.1, environment variables; no process could be given another",
            )


def _network(request: CreateService) -> Iterator[Violation]:
    if not request.vpc_id:
        return
    for name in ("subnet_network_id", "security_group_id"):
        if not getattr(request, name):
            yield _violation(
                "MA-SVC-018", (name,), "is mandatory when vpc_id is given", f"{DEPLOY}, table 3"
            )
