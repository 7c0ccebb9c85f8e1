"""Writes the output of instances to files, in place of the cloud's log service: one file for each
log group and stream.

Source: Deploying Services, tables 10, 12 and 13 (log_report_channels).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from backends.base import Backend, LogLine
from backends.errors import BackendError
from simulator.store.queries import Store

logger = logging.getLogger(__name__)

LOOK_S = 2.0
"""Real seconds between two looks for instances whose output is to be written."""
BACKLOG_LINES = 10_000
LAST_BYTES = 256 * 1024
"""How much of a file's end is read to see what was written before the server ended."""


class LogChannels:
    """See the module.

    Args:
        directory: the files lie in it, as `group/stream.log`.
    """

    def __init__(self, store: Store, backend: Backend, directory: Path) -> None:
        self._store = store
        self._backend = backend
        self._directory = directory
        self._followers: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._look_for_ever(), name="log channels")

    async def close(self) -> None:
        tasks = [*self._followers.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        while True:
            try:
                wanted = await asyncio.to_thread(self._store.log_channels)
            except Exception:
                logger.exception("log channels could not be read")
                wanted = {}
            for instance_id in self._followers.keys() - wanted.keys():
                self._followers.pop(instance_id).cancel()
            for instance_id, channels in wanted.items():
                follower = self._followers.get(instance_id)
                if follower is None or follower.done():
                    files = [channel_file(self._directory, *channel) for channel in channels]
                    work = self._follow(instance_id, files)
                    self._followers[instance_id] = asyncio.create_task(work)
            await asyncio.sleep(LOOK_S)

    async def _follow(self, instance_id: str, files: list[Path]) -> None:
        """Append an instance's lines to the files, each once, also when this is not the first
        server that follows it."""
        try:
            known = {
                file: await asyncio.to_thread(last_written_ms, file, instance_id) for file in files
            }
            with contextlib.suppress(BackendError):
                async for line in self._backend.follow(instance_id, BACKLOG_LINES):
                    for file in files:
                        if is_new(line, known[file]):
                            await asyncio.to_thread(append, file, line)
        except OSError as error:
            logger.error("the output of %s could not be written: %s", instance_id, error)
        await asyncio.sleep(LOOK_S)


def channel_file(directory: Path, group: str, stream: str) -> Path:
    """Where a stream's lines go. Ids are texts from a request: nothing of them leads elsewhere."""
    return directory / _safe(group) / f"{_safe(stream)}.log"


def _safe(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")


def written(line: LogLine) -> str:
    """A line as it stands in the file: real time (UTC), instance, text."""
    at = "-" if line.at_ms is None else _instant(line.at_ms)
    return f"{at} {line.instance_id} {line.text}\n"


def append(file: Path, line: LogLine) -> None:
    """Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.open("a", encoding="utf-8", errors="replace") as out:
        out.write(written(line))


def last_written_ms(file: Path, instance_id: str) -> int | None:
    """Real time of an instance's last line in a file, epoch ms; None when there is none of it."""
    try:
        with file.open("rb") as content:
            content.seek(0, 2)
            content.seek(max(0, content.tell() - LAST_BYTES))
            lines = content.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    return max(_instants(lines, instance_id), default=None)


def is_new(line: LogLine, last_ms: int | None) -> bool:
    """Whether a line is not in the file yet. Where its time is not known, it is taken for new."""
    return last_ms is None or line.at_ms is None or line.at_ms > last_ms


def _instants(lines: Iterable[str], instance_id: str) -> Iterable[int]:
    for line in lines:
        at, _, rest = line.partition(" ")
        if rest.split(" ", 1)[0] == instance_id:
            with contextlib.suppress(ValueError):
                yield round(datetime.fromisoformat(at).timestamp() * 1000)


def _instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
