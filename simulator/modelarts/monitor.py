"""A service's monitoring information: counts and resources, from what is stored and counted.

Not there, because nothing here samples it: the used cores, memory and accelerators
(`cpu_core_usage`, `cpu_memory_usage`, `gpu_usage`, `gpu_memory_usage`, `npu_usage`,
`npu_memory_usage`), and the memory of accelerators whose size no document states.

Source: Querying Service Monitoring Information.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.facts.specifications import SPECIFICATIONS
from simulator.lifecycle.objects import InstanceState
from simulator.modelarts.wire import Calls
from simulator.store.services import Stored
from simulator.store.tables import VersionRow

_MIB_PER_GIB = 1024


def monitor(
    stored: Stored, calls: Mapping[str, Calls], requests_in_last_minute: int
) -> dict[str, Any]:
    """What `GET /services/{service_id}/monitor` answers.

    A version that an update replaces counts, with the instances that are left of it, until they are
    gone.

    Args:
        calls: of each version, by its id.
    """
    leaving = [version for version in stored.kept if _existing(stored, version)]
    monitors = [
        _monitor(stored, version, calls.get(version.version_id, Calls()), count)
        for version, count in (
            *((version, version.instances) for version in stored.versions),
            *((version, _existing(stored, version)) for version in leaving),
        )
    ]
    return {
        "service_id": stored.row.service_id,
        "service_name": stored.row.name,
        "service_instance_count": sum(one["model_instance_count"] for one in monitors),
        "service_running_instance_count": sum(
            one["model_running_instance_count"] for one in monitors
        ),
        "req_count_per_min": requests_in_last_minute,
        "monitors": monitors,
    }


def _monitor(stored: Stored, version: VersionRow, calls: Calls, instances: int) -> dict[str, Any]:
    """One version. The totals are what `instances` of its specification have: cores, MB, cards."""
    item = {
        "model_id": version.model_id,
        "model_name": version.model_name,
        "model_version": version.model_version,
        "invocation_times": calls.total,
        "failed_times": calls.failed,
        "model_instance_count": instances,
        "model_running_instance_count": _existing(stored, version, InstanceState.READY),
        "cpu_core_total": version.cpus * instances,
        "cpu_memory_total": version.memory_mib * instances,
        "gpu_total": version.gpus * instances,
        "npu_total": float(version.npus * instances),
    }
    for kind, cards in (("gpu", version.gpus), ("npu", version.npus)):
        memory_mb = _card_memory_mb(version) if cards else 0
        if memory_mb is not None:
            item[f"{kind}_memory_total"] = float(cards * memory_mb * instances)
    return item


def _existing(stored: Stored, version: VersionRow, state: InstanceState | None = None) -> int:
    """How many instances of a version there are, in a state or in any."""
    return sum(
        one.version_id == version.version_id and state in (None, one.state)
        for one in stored.instances
    )


def _card_memory_mb(version: VersionRow) -> int | None:
    known = SPECIFICATIONS.get(version.specification)
    card = known.accelerator if known else None
    return card.memory_gb * _MIB_PER_GIB if card else None
