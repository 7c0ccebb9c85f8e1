"""What exists, as far as rules ask: made by the server from its store, by tests by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.facts.quotas import BATCH_SERVICES, QUOTAS, REAL_TIME_SERVICES
from simulator.facts.specifications import Specification


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """A model.

    Attributes:
        kinds: the install types it was created with.
        apis: path of each API to the names of its parameters, each with its type.
        websocket: whether it declares the protocol ws or wss.
    """

    status: str = "published"
    type: str = "TensorFlow"
    kinds: tuple[str, ...] = ("real-time", "batch", "edge")
    apis: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    websocket: bool = False


@dataclass(frozen=True, kw_only=True)
class PoolFacts:
    """A dedicated pool.

    Attributes:
        generation: `old` (cluster_id) or `new` (pool_name).
        node: specification of its nodes.
    """

    generation: str = "old"
    status: str = "running"
    node: str = "modelarts.vm.cpu.2u"


@dataclass(frozen=True, kw_only=True)
class InboundRule:
    """What a security group lets in. `first_port` and `last_port` are both allowed."""

    protocol: str = "tcp"
    source: str = "0.0.0.0/0"
    first_port: int = 1
    last_port: int = 65535


@dataclass(frozen=True, kw_only=True)
class Networks:
    """The user's networks: subnets of each VPC, inbound rules of each security group."""

    subnets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    security_groups: Mapping[str, tuple[InboundRule, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What exists.

    Attributes:
        kind, pool, status, request: of the service that an update changes; its status is empty for
            a new service.
        models, pools: by id.
        names: of the project's services.
        model_versions: name and version of each of the project's models.
        missing_paths: object paths of the request at which there is nothing.
        real_time_services, batch_services: how many the user has; for real-time services, those
            that count by the reading quota-dedicated.
        quotas: name of a quota to its size.
        specifications: the user's own, by name; the documented ones are known.
        unavailable: specifications that this host cannot give, each with the reason.
        capped: specifications of which this host gives less, each with what that is.
        workspaces, networks: None where the user has not listed them.
    """

    kind: str = "real-time"
    pool: str = ""
    status: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, ModelFacts] = field(default_factory=dict)
    pools: Mapping[str, PoolFacts] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    model_versions: frozenset[tuple[str, str]] = frozenset()
    missing_paths: frozenset[str] = frozenset()
    real_time_services: int = 0
    batch_services: int = 0
    quotas: Mapping[str, int] = field(
        default_factory=lambda: {
            name: QUOTAS[name].default for name in (REAL_TIME_SERVICES, BATCH_SERVICES)
        }
    )
    specifications: Mapping[str, Specification] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    capped: Mapping[str, str] = field(default_factory=dict)
    workspaces: frozenset[str] | None = None
    networks: Networks | None = None
