"""How far batch jobs are, as the admin surface shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from simulator.batch.checkpoint import checkpoint_of
from simulator.batch.job import JobSpec, job_of
from simulator.batch.jobs import task_id
from simulator.batch.pace import Pace
from simulator.facts.statuses import ServiceStatus
from simulator.store.services import Stored
from simulator.store.tables import TaskRow
from simulator.system import System

Json = dict[str, Any]


async def jobs_of(system: System, services: Iterable[Stored]) -> dict[str, Json]:
    """The job of each service that has one, by the service's id."""
    having = {one.row.service_id: one for one in services if one.row.work is not None}
    if not having:
        return {}
    tasks = await asyncio.to_thread(system.store.tasks.last, having)
    return {
        service_id: job_view(stored, tasks.get(service_id), system.jobs.pace(service_id))
        for service_id, stored in having.items()
    }


def job_view(stored: Stored, task: TaskRow | None, pace: Pace | None) -> Json:
    """The newest run of a service's job, or the one that is to come.

    Args:
        task: what is kept of the newest run that was begun; None before the first one.
        pace: of a job that is under way.
    """
    job, work = stored.service.job, stored.row.work
    assert job is not None, "a service without a job"
    assert work is not None, "a job without anything to do"
    spec = job_of(work)
    known = task if task is not None and task.run == job.run else None
    done = checkpoint_of(known.checkpoint if known else {})
    total = known.total if known else None
    is_up = pace is not None and stored.row.status == ServiceStatus.RUNNING
    rate = pace.units_per_s if pace is not None and is_up else None
    left = _left_s(pace, done.items, total) if pace is not None and is_up else None
    return {
        "run": job.run,
        "task_id": task_id(stored.row.service_id, job.run),
        "mapping_type": spec.mapping_type,
        "source": spec.source,
        "results": str(spec.layout("").destination),
        "manifests": _manifests(spec, stored, job.run, done.part) if known else [],
        "total": total,
        "done": done.items,
        "succeeded": done.succeeded,
        "failed": done.failed,
        "rows": done.rows_done if spec.is_csv else None,
        "rate_per_s": round(rate, 2) if rate is not None else None,
        "left_s": round(left, 1) if left is not None else None,
        "began_at_ms": known.began_at if known else None,
        "ended_at_ms": known.ended_at if known else None,
    }


def _manifests(spec: JobSpec, stored: Stored, run: int, last: int) -> list[str]:
    """Paths of the manifests of results, those included that are still being written."""
    layout = spec.layout(task_id(stored.row.service_id, run))
    return [str(layout.manifest(part)) for part in range(last + 1)]


def _left_s(pace: Pace, done: int, total: int | None) -> float | None:
    """Real seconds until everything is done, should the inputs that are left take as long as those
    of this server's time; None where nothing can be said yet."""
    passed_s = pace.passed_s
    if total is None or not pace.items or passed_s <= 0:
        return None
    return (total - done) * passed_s / pace.items
