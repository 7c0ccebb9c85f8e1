"""One run of a job, from where it was left to its end."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from simulator.batch.checkpoint import Checkpoint, checkpoint_of, kept_checkpoint
from simulator.batch.instances import Instances
from simulator.batch.job import JobSpec
from simulator.batch.ledger import Ledger
from simulator.batch.pace import Pace
from simulator.batch.reading import Reader
from simulator.batch.snapshot import Snapshot
from simulator.batch.units import units
from simulator.batch.worker import NothingToDo, Worker
from simulator.clock import PlatformClock
from simulator.errors import DrydockError, NotFound
from simulator.lifecycle import jobs as lifecycle
from simulator.objectpaths import ObjectPath
from simulator.objects import Bucket, NoSuchBucket, NoSuchObject, ObjectStore, ObjectStoreError
from simulator.store.queries import Store

logger = logging.getLogger(__name__)

RETRY_S = 1.0
"""Before a job goes on that was cut off by a fault of ours, real seconds."""


class Task:
    """See the module.

    Args:
        task_id: as the names of the results have it.
        directory: for results that are being written; of this run alone.
        timeout_s: real seconds that an answer may take.
        most_instances: how many there may be.
    """

    def __init__(
        self,
        store: Store,
        objects: ObjectStore,
        clock: PlatformClock,
        spec: JobSpec,
        *,
        service_id: str,
        run: int,
        task_id: str,
        directory: Path,
        timeout_s: float,
        most_instances: int,
    ) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._spec = spec
        self._service_id = service_id
        self._run = run
        self._layout = spec.layout(task_id)
        self._directory = directory
        self._most_instances = most_instances
        self.instances = Instances(timeout_s)
        self.pace: Pace | None = None

    async def see_through(self) -> None:
        """Work until the end, and have it noted; may be cancelled at any time."""
        try:
            why = await self._work()
            if why is not None:
                await self._note_end(why)
        except Exception:  # the store failed, or we did: it is gone on with from what is kept
            logger.exception("the job of service %s was cut off", self._service_id)
            await asyncio.sleep(RETRY_S)
        finally:
            self.instances.close()

    async def _work(self) -> str | None:
        """Why the work cannot be gone on with, empty when it is done; None for a service that is
        gone."""
        row = await asyncio.to_thread(
            self._store.tasks.begin, self._service_id, self._run, self._clock.now_ms()
        )
        if row is None:
            return None
        done = checkpoint_of(row.checkpoint)
        await asyncio.to_thread(self._forget_earlier_runs)
        try:
            inputs = await asyncio.to_thread(
                Snapshot, JobObjects(self._objects), self._spec, self._directory
            )
            self._note(total=await asyncio.to_thread(inputs.total, self._layout))
            ledger = await asyncio.to_thread(self._ledger, done)
            reader = Reader(partial(units, inputs, self._spec, self._layout, done))
            worker = Worker(reader, self.instances, ledger, most_instances=self._most_instances)
            self.pace = worker.pace
            await worker.run()
        except NothingToDo:
            return f"there are no inputs in {self._spec.source}"
        except (DrydockError, OSError) as error:
            return str(error) or type(error).__name__
        return ""

    def _forget_earlier_runs(self) -> None:
        """None of them is gone on with: one that was cut off had its job replaced."""
        folder = self._directory.parent
        for other in folder.iterdir() if folder.exists() else ():
            if other != self._directory:
                shutil.rmtree(other, ignore_errors=True)

    def _ledger(self, done: Checkpoint) -> Ledger:
        def save(checkpoint: Checkpoint) -> None:
            self._note(checkpoint=kept_checkpoint(checkpoint))

        return Ledger(self._objects, self._spec, self._layout, self._directory, done, save)

    def _note(self, **changes: object) -> None:
        self._store.tasks.note(self._service_id, self._run, **changes)

    async def _note_end(self, why: str) -> None:
        now = self._clock.now_ms()
        end: lifecycle.Change = partial(lifecycle.done, run=self._run)
        if why:
            end = partial(lifecycle.failed, run=self._run, message=why)
        try:
            await asyncio.to_thread(self._store.change_service, self._service_id, None, now, end)
        except NotFound:
            return
        await asyncio.to_thread(self._note, ended_at=now)
        if not why:
            await asyncio.to_thread(shutil.rmtree, self._directory, True)


class JobObjects:
    """The object store as a job reads it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._buckets: dict[str, Bucket] = {}

    def open(self, path: ObjectPath) -> BinaryIO:
        with _as_files_are():
            return self._bucket(path.bucket).open(path.key)[1]

    def size(self, path: ObjectPath) -> int:
        with _as_files_are():
            return self._store.stat(path).size_bytes

    def walk(self, folder: ObjectPath) -> Iterator[tuple[str, int]]:
        with _as_files_are():
            for entry in self._store.entries(folder):
                yield entry.key, entry.size_bytes

    def _bucket(self, name: str) -> Bucket:
        """Asked for once a job: to look each bucket up costs as much as to open an object."""
        if name not in self._buckets:
            self._buckets[name] = self._store.bucket(name)
        return self._buckets[name]


@contextmanager
def _as_files_are() -> Iterator[None]:
    """What is wrong with objects, in the words of files."""
    try:
        yield
    except (NoSuchObject, NoSuchBucket) as error:
        raise FileNotFoundError(str(error)) from error
    except ObjectStoreError as error:
        raise OSError(str(error)) from error
