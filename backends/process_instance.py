"""One instance of the process backend: its process, its output, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from subprocess import Popen

from backends import process_command, process_limits, process_spawn, process_table
from backends.base import Address, InstancePhase, InstanceSpec, LogLine, Observation
from backends.errors import BackendError
from backends.process_files import InstanceFiles, Record
from backends.process_log import InstanceLog

_OUTPUT_CHUNK_BYTES = 64 * 1024
_OUTPUT_LIMIT_BYTES_PER_S = 16 * 1024 * 1024
"""An instance that writes faster has to wait; the server's time is not spent on its output."""

_DRAIN_S = 1.0
"""Time for the last output. Longer only if a process outside the session still holds the pipe."""

_KILL_WAIT_S = 10.0
_COMPUTING_ON = re.compile(rb"(?:\d\S*Z )?computing on ([^,(\r]{1,80})")
"""The line, after its time, in which the runtime says what it computes on."""


class Pulse:
    """Wakes everyone who waits now. Take `next()` before looking at the state, then wait for it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def next(self) -> asyncio.Event:
        return self._event

    def beat(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()


class ProcessInstance:
    """Started, watched and ended by `ProcessBackend`; may be launched again after it has exited.

    Attributes:
        spec: what runs, or runs next.
        lock: held while the instance is launched or removed.
    """

    def __init__(
        self, spec: InstanceSpec, files: InstanceFiles, on_exit: Callable[[str], None]
    ) -> None:
        """
        Args:
            on_exit: called with the instance's id after its process has ended.
        """
        self.spec = spec
        self.lock = asyncio.Lock()
        self._files = files
        self._log = InstanceLog(spec.instance_id, files.directory)
        self._on_exit = on_exit
        self._process: Popen[bytes] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._exited = asyncio.Event()
        self._exit_code: int | None = None
        self._oom_killed = False
        self._started_at_ms: int | None = None
        self._accelerator: str | None = None
        self._ending = False
        self._has_files = False
        self._gone = False
        self._grown = Pulse()

    @property
    def is_running(self) -> bool:
        return self._process is not None and not self._exited.is_set()

    @property
    def is_ending(self) -> bool:
        """Whether it runs and has been told to end."""
        return self.is_running and self._ending

    @property
    def pid(self) -> int:
        """Process id, also the session's; 0 if it was never launched."""
        return self._process.pid if self._process else 0

    def observation(self) -> Observation:
        if self._process is None:
            phase = InstancePhase.CREATED
        else:
            phase = InstancePhase.RUNNING if self.is_running else InstancePhase.EXITED
        return Observation(
            instance_id=self.spec.instance_id,
            service_id=self.spec.service_id,
            version_id=self.spec.version_id,
            spec_hash=self.spec.spec_hash,
            phase=phase,
            ref=f"pid {self.pid}" if self._process else "",
            address=Address(path=str(self._files.socket)) if self.is_running else None,
            exit_code=self._exit_code,
            oom_killed=self._oom_killed,
            started_at_ms=self._started_at_ms,
            accelerator=self._accelerator or "CPU",
        )

    async def launch(self, command: Sequence[str], parent_fd: int) -> None:
        """Start the process; the instance does not run now.

        Must not be cancelled. When it raises, `discard` removes what it made.

        Raises:
            OSError, ValueError: the files or the process could not be made.
            NameConflict: the directory is taken.
        """
        record = Record(self.spec.installation, self.spec.instance_id)
        if not self._has_files:
            await asyncio.to_thread(self._files.create, record)
            self._has_files = True
        if ignored := process_command.ignored_names(self.spec.envs):
            note = f"variables left out, their names are reserved: {', '.join(ignored)}"
            await asyncio.to_thread(self._log.note, note)
        output, inherited = os.pipe()
        try:
            process = await process_spawn.spawn(
                process_command.arguments(command, self.spec, self._files),
                cwd=self._files.work,
                env=process_command.environment(self.spec, self._files, parent_fd),
                output=inherited,
                keep_fd=parent_fd,
            )
        except BaseException:
            os.close(output)
            raise
        finally:
            os.close(inherited)
        self._begin(process, output)
        process_limits.apply(process.pid, self.spec.resources)
        await asyncio.to_thread(self._record_process, record)

    def _begin(self, process: Popen[bytes], output: int) -> None:
        self._process = process
        self._exited = asyncio.Event()
        self._exit_code, self._oom_killed, self._ending = None, False, False
        self._accelerator = None
        self._started_at_ms = time.time_ns() // 1_000_000
        pump = asyncio.create_task(self._keep_output(output))
        self._watcher = asyncio.create_task(self._watch(process, pump, self._exited))

    def _record_process(self, record: Record) -> None:
        started_at = process_table.start_time(self.pid)
        self._files.write(replace(record, pid=self.pid, started_at=started_at))

    async def _keep_output(self, output: int) -> None:
        reader = asyncio.StreamReader(limit=_OUTPUT_CHUNK_BYTES)
        loop = asyncio.get_running_loop()
        # asyncio closes the file. uvloop closes the descriptor, then the file as well, and a file
        # that closed its descriptor again would close what another thread has opened meanwhile.
        owns = isinstance(loop, asyncio.BaseEventLoop)
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader),
            os.fdopen(output, "rb", buffering=0, closefd=owns),
        )
        try:
            while chunk := await reader.read(_OUTPUT_CHUNK_BYTES):
                lines = await asyncio.to_thread(self._log.append, chunk)
                self._find_accelerator(lines)
                self._grown.beat()
                await asyncio.sleep(len(chunk) / _OUTPUT_LIMIT_BYTES_PER_S)
        finally:
            transport.close()

    def _find_accelerator(self, lines: Sequence[bytes]) -> None:
        if self._accelerator is None:
            found = (match for line in lines if (match := _COMPUTING_ON.match(line)))
            if match := next(found, None):
                self._accelerator = match[1].decode("utf-8", errors="replace").strip()

    async def _watch(
        self, process: Popen[bytes], pump: asyncio.Task[None], exited: asyncio.Event
    ) -> None:
        """Wait for the end, then see to it that nothing of this run is left but its log."""
        code = await process_spawn.wait(process)
        try:
            await asyncio.to_thread(process_table.kill_session, process.pid)
            await asyncio.wait({pump}, timeout=_DRAIN_S)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            await asyncio.to_thread(self._settle)
        finally:
            self._exit_code = 128 - code if code < 0 else code
            self._oom_killed = self._oom_killed and code == -signal.SIGKILL
            exited.set()
            self._grown.beat()
            self._on_exit(self.spec.instance_id)

    def _settle(self) -> None:
        self._log.end_line()
        self._files.socket.unlink(missing_ok=True)

    async def end(self, grace_s: float) -> None:
        """SIGTERM, up to `grace_s` seconds, then SIGKILL. Returns when the process has ended.

        Raises:
            BackendError: the process is still there 10 s after SIGKILL.
        """
        if not self.is_running:
            return
        self._ending = True
        exited = self._exited
        if grace_s > 0:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(exited.wait(), grace_s)
                return
        self.kill()
        try:
            await asyncio.wait_for(exited.wait(), _KILL_WAIT_S)
        except TimeoutError:
            raise BackendError(
                f"instance {self.spec.instance_id} (pid {self.pid}) does not end after SIGKILL",
                hint="It waits for a disk or a device; look at both, or restart the machine.",
            ) from None

    async def wait_for_end(self) -> None:
        """Wait until a process that is ending has ended."""
        await self._exited.wait()

    def kill(self) -> None:
        """SIGKILL to the process; the watcher kills the rest of its session."""
        self._ending = True
        self._signal(signal.SIGKILL)

    async def kill_for_memory(self, used_bytes: int) -> None:
        """Kill it because it uses more memory than it may, and say so in its log."""
        self._oom_killed = True
        self.kill()
        used_mib = used_bytes // process_limits.MIB
        note = f"killed: it uses {used_mib} MiB of memory, its limit is {self._memory_mib} MiB"
        await asyncio.to_thread(self._log.note, note)

    @property
    def _memory_mib(self) -> int:
        return self.spec.resources.memory_mib

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                self._process.send_signal(number)

    async def discard(self) -> None:
        """Kill it and remove all its files; ends those who follow its log.

        Raises:
            BackendError: see `end`; or a file cannot be removed.
        """
        await self.end(0)
        if self._has_files:
            await asyncio.to_thread(self._files.remove)
        self.let_followers_go()

    def let_followers_go(self) -> None:
        """End those who follow the log: nothing more will come."""
        self._gone = True
        self._grown.beat()

    async def logs(self, tail: int) -> list[LogLine]:
        lines, _ = await asyncio.to_thread(self._log.tail, tail)
        return lines

    async def follow(self, tail: int) -> AsyncIterator[LogLine]:
        lines, position = await asyncio.to_thread(self._log.tail, tail)
        while True:
            for line in lines:
                yield line
            grown, gone = self._grown.next(), self._gone
            lines, position = await asyncio.to_thread(self._log.read, position)
            if not lines:
                if gone:
                    return
                await grown.wait()
