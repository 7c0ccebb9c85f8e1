"""What the cloud offers, as the API lists it: specifications, engines with their environments.

Source: Querying Service Specifications, Obtaining the Model Runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.facts.engines import AcceleratorNeed, Engine
from simulator.facts.quotas import BATCH_SERVICES, PUBLIC_INSTANCES, REAL_TIME_SERVICES
from simulator.facts.specifications import BILLING_ITEM, Specification
from simulator.facts.statuses import ServiceKind
from simulator.store.quotas import QuotaUse

_QUOTAS_OF = {
    ServiceKind.REAL_TIME: {REAL_TIME_SERVICES, PUBLIC_INSTANCES},
    ServiceKind.BATCH: {BATCH_SERVICES},
}


def is_over_quota(quotas: Sequence[QuotaUse], kind: ServiceKind, *, dedicated: bool) -> bool:
    """Whether a user can deploy no more services of a kind.

    Args:
        dedicated: in a dedicated pool, where the user's own nodes are the limit.
    """
    counted = set() if dedicated else _QUOTAS_OF.get(kind, set())
    return any(quota.used >= quota.size for quota in quotas if quota.name in counted)


def specification_item(
    spec: Specification, *, sold_out: bool = False, runs_on: str = "", over_quota: bool = False
) -> dict[str, Any]:
    """A specification as `GET /services/specifications` lists it.

    Args:
        sold_out: it is not to be had on this host.
        runs_on: the card that is really here, where one is asked for.
    """
    size = f"{spec.cpus:g} vCPUs, {spec.memory_mb / 1024:g} GiB"
    size_cn = size.replace("vCPUs", "核")
    here = f", runs on {runs_on}" if runs_on and spec.category != "CPU" else ""
    return {
        "specification": spec.name,
        "billing_spec": spec.name,
        "category": spec.category,
        "cpu_info": {"arch": "x86", "cpu": spec.cpus},
        "memory_info": {"memory": spec.memory_mb, "unit": "MB"},
        "gpu_info": {"gpu": spec.gpus} | _card(spec, spec.gpus),
        "npu_info": {"npu": spec.npus} | _card(spec, spec.npus),
        "is_open": True,
        "spec_status": "sellout" if sold_out else "normal",
        "is_free": spec.is_free,
        "over_quota": over_quota,
        "extend_params": BILLING_ITEM,
        "source_type": "",
        "display_en": f"{size} ({spec.name}){here}",
        "display_cn": f"{size_cn} ({spec.name}){here}",
    }


def _card(spec: Specification, cards: float) -> dict[str, Any]:
    """What a card is; nothing where the documents name none."""
    if not cards:
        return {"memory": 0, "unit": "MB"}
    card = spec.accelerator
    if card is None:
        return {}
    return {
        "brand": card.brand,
        "version": card.version,
        "memory": card.memory_gb,
        "unit": "GB",
    }


def engine_item(engine: Engine) -> dict[str, Any]:
    """An engine as `GET /models/ai-engine-runtimes` lists it: the lists go side by side, what
    stands first in each is about the first environment."""
    runtimes = engine.runtimes
    return {
        "ai_engine": engine.name,
        "runtimes": [one.name for one in runtimes],
        "request_mode": [one.mode for one in runtimes],
        "accelerators": [_accelerator(one.accelerator) for one in runtimes],
        "arch": [one.arch for one in runtimes],
        "status_list": [one.status for one in runtimes],
        "image_source": [one.image for one in runtimes],
    }


def _accelerator(need: AcceleratorNeed) -> dict[str, str]:
    fields = {
        "type": need.type,
        "name": need.name,
        "cuda_version": need.cuda_version,
        "driver_version_section": need.driver_versions,
    }
    return {name: value for name, value in fields.items() if value}
