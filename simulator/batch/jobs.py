"""Has the jobs of services done while these run: begins, gives instances, stops, and tells the end.

Nothing that is needed after a restart lives here: what a job is to do stands in the service's row,
how far it is in its task.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator.batch.job import job_of
from simulator.batch.pace import Pace
from simulator.batch.task import Task
from simulator.clock import PlatformClock
from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.objects import Goal, InstanceState, Service
from simulator.objects import ObjectStore
from simulator.store.queries import Store
from simulator.store.services import Stored

_TASKS = uuid.UUID("5d4bd3f6-4ac2-4d1e-9a6e-0f3a8c1e7b52")


def task_id(service_id: str, run: int) -> str:
    """Id of a run of a service's job, as the names of its results have it."""
    return uuid.uuid5(_TASKS, f"{service_id}/{run}").hex


@dataclass
class _Work:
    """A job under way."""

    run: int
    task: Task
    doing: asyncio.Task[None]


class Jobs:
    """See the module.

    Args:
        directory: for results that are being written, one folder a service.
        timeout_s: real seconds that an answer may take.
        wake: has a service planned again.
    """

    def __init__(
        self,
        store: Store,
        objects: ObjectStore,
        clock: PlatformClock,
        *,
        directory: Path,
        timeout_s: float,
        wake: Callable[[str], None],
    ) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._directory = directory
        self._timeout_s = timeout_s
        self._wake = wake
        self._works: dict[str, _Work] = {}
        self._closing = False

    def tend(self, stored: Stored, service: Service) -> None:
        """Have the job of a service done while it runs, by the instances that are ready; called
        whenever it was planned."""
        job, work = service.job, self._works.get(service.service_id)
        is_up = service.goal is Goal.RUNNING and service.status is ServiceStatus.RUNNING
        if job is None or job.end is not None or not is_up or self._closing:
            if work is not None:
                work.doing.cancel()
            return
        if work is not None and work.run != job.run:
            work.doing.cancel()  # its end wakes the service
            return
        if work is None:
            work = self._begin(stored, job.run)
        work.task.instances.set(
            {
                instance.instance_id: instance.address
                for instance in service.instances
                if instance.state is InstanceState.READY and instance.address
            }
        )

    def forget(self, service_id: str) -> None:
        """The service is gone: nothing of its job is needed any more."""
        work = self._works.get(service_id)
        if work is not None:
            work.doing.cancel()
        else:
            shutil.rmtree(self._directory / service_id, ignore_errors=True)

    def pace(self, service_id: str) -> Pace | None:
        """How fast a job is that is under way."""
        work = self._works.get(service_id)
        return work.task.pace if work is not None else None

    def under_way(self) -> list[str]:
        """What is being done now, in words."""
        return [f"the job of service {service_id} is being done" for service_id in self._works]

    async def close(self) -> None:
        """Stop all work where it is; the next server goes on with it."""
        self._closing = True
        tasks = [work.doing for work in self._works.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, stored: Stored, run: int) -> _Work:
        service_id = stored.row.service_id
        assert stored.row.work is not None, "a job without anything to do"
        task = Task(
            self._store,
            self._objects,
            self._clock,
            job_of(stored.row.work),
            service_id=service_id,
            run=run,
            task_id=task_id(service_id, run),
            directory=self._directory / service_id / str(run),
            timeout_s=self._timeout_s,
            most_instances=sum(version.instances for version in stored.versions),
        )
        work = _Work(run, task, asyncio.create_task(task.see_through()))
        self._works[service_id] = work
        work.doing.add_done_callback(lambda _: self._ended(service_id))
        return work

    def _ended(self, service_id: str) -> None:
        del self._works[service_id]
        self._wake(service_id)
