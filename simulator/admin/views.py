"""What the admin surface shows: pure functions from records and figures to JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backends.base import BackendInfo
from backends.errors import BackendError
from simulator.facts.quotas import QUOTAS
from simulator.lifecycle.objects import InstanceState
from simulator.modelarts import wire
from simulator.store.listing import listed
from simulator.store.quotas import QuotaUse
from simulator.store.services import Stored
from simulator.store.tables import EventRow, InstanceRow, ModelEventRow, ModelRow, VersionRow
from simulator.store.trouble import Trouble
from simulator.store.usage import PoolUsage, Usage
from simulator.traffic import Figures, Traffic
from simulator.watched import Hanging

Json = dict[str, Any]


def backend_view(
    info: BackendInfo,
    error: BackendError | None,
    away_since_ms: int | None,
    hanging: Sequence[Hanging],
) -> Json:
    """Where instances run, and what is wrong there.

    Args:
        error: why the instances could not be listed last time; since `away_since_ms`, real epoch
            ms.
    """
    return {
        "name": info.name,
        "available": info.available and error is None,
        "detail": error.message if error else info.detail,
        "away_since_ms": away_since_ms,
        "hanging": [
            {"call": one.call, "subject": one.subject, "for_s": round(one.for_s, 1)}
            for one in hanging
        ],
        "survives_server": info.survives_server,
        "runs_images": info.runs_images,
    }


def store_view(trouble: Trouble | None) -> Json:
    """Whether the state can be written."""
    return {
        "writable": trouble is None,
        "cause": trouble.cause.value if trouble else "",
        "error": trouble.message if trouble else "",
        "hint": trouble.hint if trouble else "",
        "since_ms": trouble.since_ms if trouble else None,
    }


def service_view(
    stored: Stored,
    traffic: Traffic,
    last_event: EventRow | None,
    endpoint: str,
    job: Json | None = None,
) -> Json:
    """A service in the overview.

    Args:
        job: as `job_views.job_view` shows it; None for a service without.
    """
    row, figures = stored.row, traffic.service(stored.row.service_id)
    counted = listed(stored)
    return {
        "service_id": row.service_id,
        "name": row.name,
        "kind": row.kind,
        "status": row.status,
        "reason": row.reason,
        "message": row.message,
        "evidence": row.evidence,
        "progress": wire.progress_percent(counted),
        "created_at_ms": row.created_at,
        "transition_at_ms": row.transition_at,
        "instances_wanted": counted.instances_wanted,
        "instances_ready": counted.instances_ready,
        "access_address": wire.access_address(stored, endpoint),
        "last_event": event_view(last_event) if last_event else None,
        "versions": [_version_view(stored, version, traffic) for version in stored.versions],
        "job": job,
        **figures_view(figures),
    }


def figures_view(figures: Figures) -> Json:
    return {
        "requests_total": figures.requests,
        "errors_total": figures.errors,
        "requests_per_s": round(figures.requests_per_s, 2),
        "p50_ms": figures.p50_ms,
        "p99_ms": figures.p99_ms,
    }


def detail_view(stored: Stored) -> Json:
    """What the detail adds to `service_view`."""
    apis = {(api["path"], api["method"]) for v in stored.versions for api in v.apis}
    return {
        "instances": [instance_view(instance) for instance in stored.instances],
        "config": stored.row.document["request"],
        "apis": [{"path": path, "method": method} for path, method in sorted(apis)],
    }


def instance_view(row: InstanceRow) -> Json:
    return {
        "instance_id": row.instance_id,
        "version_id": row.version_id,
        "state": row.state,
        "ref": row.ref,
        "address": row.address,
        "accelerator": row.accelerator,
        "pool": row.pool,
        "node": row.node,
        "restarts": row.restarts,
        "exit_code": row.exit_code,
        "reason": row.reason,
        "message": row.message,
        "started_at_ms": row.ready_at or row.created_at,
        "ready_at_ms": row.ready_at,
        "retry_at_ms": row.retry_at,
    }


def event_view(row: EventRow) -> Json:
    return {
        "at_ms": row.at,
        "kind": row.kind,
        "text": row.text,
        "reason": row.reason,
        "evidence": row.evidence,
    }


def model_event_view(row: ModelEventRow) -> Json:
    return {"at_ms": row.at, "kind": row.kind, "text": row.text, "reason": row.reason}


def model_view(row: ModelRow) -> Json:
    return {
        "model_id": row.model_id,
        "name": row.name,
        "version": row.version,
        "type": row.type,
        "status": row.status,
        "message": row.message,
        "source": row.source,
        "size_bytes": row.size_bytes,
        "created_at_ms": row.created_at,
    }


def quotas_view(user_id: str, user_name: str, project_id: str, uses: Iterable[QuotaUse]) -> Json:
    """All quotas of a user in a project."""
    return {
        "user_id": user_id,
        "user_name": user_name,
        "project_id": project_id,
        "quotas": [quota_view(use) for use in uses],
    }


def quota_view(use: QuotaUse) -> Json:
    quota = QUOTAS[use.name]
    return {
        "name": use.name,
        "size": use.size,
        "used": use.used,
        "default": use.default,
        "statement": quota.statement,
        "source": quota.source,
    }


def quota_summary(uses: Iterable[QuotaUse]) -> Json:
    """All quotas in the overview, by name as `real_time_services`."""
    return {use.name.replace("-", "_"): {"used": use.used, "limit": use.size} for use in uses}


def usage_view(
    since: int, until: int, found: Sequence[Usage], pools: Sequence[PoolUsage] = ()
) -> Json:
    """What was used in an interval; platform time, epoch ms."""
    return {
        "since_ms": since,
        "until_ms": until,
        "services": [
            {
                "service_id": one.service_id,
                "service_name": one.service_name,
                "specification": one.specification,
                "instance_seconds": one.instance_ms / 1000,
                "runs": one.runs,
                "running_now": one.running_now,
            }
            for one in found
        ],
        "total_instance_seconds": sum(one.instance_ms for one in found) / 1000,
        "pools": [
            {
                "pool_id": one.pool_id,
                "specification": one.specification,
                "node_seconds": one.node_ms / 1000,
                "nodes_now": one.nodes_now,
            }
            for one in pools
        ],
        "total_node_seconds": sum(one.node_ms for one in pools) / 1000,
    }


def _version_view(stored: Stored, version: VersionRow, traffic: Traffic) -> Json:
    ready = [i for i in stored.instances if i.version_id == version.version_id and _is_ready(i)]
    return {
        "version_id": version.version_id,
        "model_id": version.model_id,
        "model_name": version.model_name,
        "model_version": version.model_version,
        "weight": version.weight,
        "specification": version.specification,
        "instances_wanted": version.instances,
        "instances_ready": len(ready),
        "requests_total": traffic.version_requests(version.service_id, version.version_id),
    }


def _is_ready(row: InstanceRow) -> bool:
    return row.state == InstanceState.READY
