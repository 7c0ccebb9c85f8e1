"""What the admin surface shows of the host and its specifications: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from backends.base import BackendInfo
from backends.hardware.model import Hardware
from simulator.hosting import Seen
from simulator.offering import Offer

Json = dict[str, Any]


def hardware_view(seen: Seen) -> Json:
    """A host and what runs instances on it."""
    hardware: Hardware = seen.hardware
    return {
        "host": asdict(hardware.host),
        "gpus": asdict(hardware.gpus),
        "npus": [asdict(npu) for npu in hardware.npus],
        "engine": engine_view(seen.backend),
    }


def engine_view(info: BackendInfo) -> Json:
    """What runs instances, as far as hardware goes."""
    return {
        "backend": info.name,
        "available": info.available,
        "detail": info.detail,
        "cpus": info.cpus,
        "memory_bytes": info.memory_bytes,
        "gpu_handover": info.gpu.way.value,
        "gpu_detail": info.gpu.detail,
        "gives_gpus": not info.gpu.refusal,
        "gpu_refusal": info.gpu.refusal,
    }


def specifications_view(offers: Sequence[Offer]) -> Json:
    """All specifications on a host."""
    return {"specifications": [offer_view(one) for one in offers]}


def offer_view(offer: Offer) -> Json:
    """A specification; sizes are null for the one that has none of its own."""
    spec = offer.specification
    card = spec.accelerator if spec else None
    return {
        "name": offer.name,
        "origin": "settings" if offer.is_own else "documents",
        "category": spec.category if spec else "custom",
        "vcpus": spec and spec.cpus,
        "memory_mb": spec and spec.memory_mb,
        "gpus": spec and spec.gpus,
        "npus": spec and spec.npus,
        "accelerator_memory_gb": card and card.memory_gb,
        "is_free": bool(spec and spec.is_free),
        "available": offer.is_available,
        "reason": offer.reason,
        "warning": offer.warning,
        "runs_on": offer.runs_on,
    }
