"""One load test: starts the process that sends, and makes figures of what it tells.

async with running(target, load) as run:
    async for snapshot in run.snapshots():
        ...                     # as often as asked for; run.stop() ends it early
    figures = run.figures()
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from simulator.stress.figures import Figures, Snapshot
from simulator.stress.frames import Frame, FrameReader, Job, write_job
from simulator.stress.load import Load
from simulator.stress.reaching import reach
from simulator.stress.recording import Recording
from simulator.stress.target import Target

VERSION_HEADER = "x-drydock-version"
"""In which the built-in model server names its version."""
SNAPSHOT_S = 0.25
READ_BYTES = 1 << 16
END_LIMIT_S = 5.0


class SenderDied(Exception):
    """The process that sends ended before its job did; the text is what it said."""


class Run:
    """A load test under way. Made by `running`."""

    def __init__(self, process: asyncio.subprocess.Process, load: Load) -> None:
        self._process = process
        self._recording = Recording(load)
        self._stopped = False
        self._ended = False

    @property
    def stopped(self) -> bool:
        """Whether it was ended early."""
        return self._stopped

    def stop(self) -> None:
        """End it early: nothing more is sent, and what is under way has a second to be answered.
        `snapshots` then ends by itself."""
        if not self._ended and not self._stopped:
            self._stopped = True
            assert self._process.stdin is not None
            self._process.stdin.close()

    async def snapshots(self, every_s: float = SNAPSHOT_S) -> AsyncIterator[Snapshot]:
        """How it goes, about so often and once at the end; ends with the test. To be read to the
        end, since nothing is counted otherwise.

        Raises:
            SenderDied: the process that sends has failed.
        """
        assert self._process.stdout is not None
        reader, told_s = FrameReader(), 0.0
        while data := await self._process.stdout.read(READ_BYTES):
            for kind, payload in reader.feed(data):
                self._recording.take(kind, payload)
                self._ended = self._ended or kind is Frame.END
            if self._recording.tick.at_s - told_s >= every_s:
                told_s = self._recording.tick.at_s
                yield self._recording.snapshot()
        if not self._ended:
            raise SenderDied(await self._last_words())
        yield self._recording.snapshot()

    def figures(self) -> Figures:
        """What it has come to so far."""
        return self._recording.figures()

    async def close(self) -> None:
        """End the process, however far it is."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not self._ended:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _last_words(self) -> str:
        assert self._process.stderr is not None
        said = (await self._process.stderr.read()).decode(errors="replace").strip()
        status = await self._process.wait()
        return said.rpartition("\n")[2] or f"exit status {status}"


@contextlib.asynccontextmanager
async def running(
    target: Target, load: Load, *, allow_remote: bool = False, version_header: str = VERSION_HEADER
) -> AsyncIterator[Run]:
    """A load test for as long as the block lasts; it is over, or ended, after it.

    Args:
        allow_remote: the target may be another machine.
        version_header: answers name their version in it.

    Raises:
        NotAllowed: the target is another machine.
        Unreachable: nothing listens there.
    """
    address = await reach(target, allow_remote=allow_remote)
    server_name = target.host if target.secure else ""
    job = Job(address, target.port, server_name, load, target.requests(), version_header)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator.stress.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a terminal's Ctrl-C is for the watcher, who tells it
    )
    run = Run(process, load)
    try:
        assert process.stdin is not None
        process.stdin.write(write_job(job))
        with contextlib.suppress(ConnectionError):  # it died: `snapshots` says of what
            await process.stdin.drain()
        yield run
    finally:
        await run.close()
