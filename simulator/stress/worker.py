"""The process that sends: a job on stdin, frames on stdout, and an end when stdin ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import sys
from dataclasses import asdict

import uvloop

from simulator.stress.frames import Frame, Job, Tick, document, read_job
from simulator.stress.sender import Sender

SPARE_FILES = 64


class _Told(asyncio.Protocol):
    """Stdin: whatever ends it, the watcher's wish or its death, ends the test."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def connection_lost(self, exc: Exception | None) -> None:
        self._sender.stop()


async def send(job: Job) -> None:
    """Do the job, and tell about it on stdout."""
    loop = asyncio.get_running_loop()
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout.buffer)
    last = {}

    def told(frames: bytes, tick: Tick) -> None:
        last.update(asdict(tick))
        out.write(frames + document(Frame.TICK, last))

    sender = Sender(job, told)
    await loop.connect_read_pipe(lambda: _Told(sender), sys.stdin.buffer)
    await sender.run()
    out.write(document(Frame.END, last))
    out.close()  # when all is written
    while out.get_write_buffer_size():
        await asyncio.sleep(0.01)


def _allow_files(count: int) -> None:
    """Raise the limit on open files as far as is allowed and needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(hard, count)
    if soft not in (resource.RLIM_INFINITY,) and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    job = read_job(sys.stdin.buffer)
    _allow_files(job.load.most_connections + SPARE_FILES)
    gc.collect()
    gc.freeze()  # a collection looks at what is made from here on only: no long pauses
    uvloop.run(send(job))


if __name__ == "__main__":
    main()
