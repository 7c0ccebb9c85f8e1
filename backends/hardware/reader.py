"""Asks for a host's hardware without keeping anybody waiting for a driver that hangs.

NVML is asked in a daemon thread of its own, one at a time: a call that hangs in the kernel cannot
be ended, must not use up the threads that others need, and must not hold up the end of the server.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from backends.hardware.gpus import read_gpus
from backends.hardware.host import read_host
from backends.hardware.model import Gpu, Gpus, GpuState, Hardware, Host, Npu, with_lost
from backends.hardware.nvml import Nvml, load

KEEP_S = 2.0
TIMEOUT_S = 5.0


class HardwareReader:
    """Reads the hardware of this host; what was read holds for a moment.

    Args:
        npus: the stub chips.
        nvml: gives the library.
        host: reads processors and memory.
        keep_s: for how long a reading is good, seconds.
        timeout_s: how long the GPUs have to answer, seconds. Without persistence mode a driver
            takes some to wake a GPU.
        now_s: a clock that never goes back.
    """

    def __init__(
        self,
        npus: tuple[Npu, ...] = (),
        *,
        nvml: Callable[[], Nvml] = load,
        host: Callable[[], Host] = read_host,
        keep_s: float = KEEP_S,
        timeout_s: float = TIMEOUT_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._npus = npus
        self._nvml = nvml
        self._host = host
        self._keep_s = keep_s
        self._timeout_s = timeout_s
        self._now_s = now_s
        self._kept: tuple[float, Hardware] | None = None
        self._reading: asyncio.Task[Hardware] | None = None
        self._asked: asyncio.Future[Gpus] | None = None
        self._known: tuple[Gpu, ...] = ()

    async def read(self) -> Hardware:
        """What this host has. Takes as long as the time limit at most, and never raises."""
        if self._kept is not None and self._now_s() - self._kept[0] < self._keep_s:
            return self._kept[1]
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> Hardware:
        host, gpus = await asyncio.gather(asyncio.to_thread(self._host), self._gpus())
        found = Hardware(host, gpus, self._npus)
        self._kept = (self._now_s(), found)
        return found

    async def _gpus(self) -> Gpus:
        hanging = self._asked is not None and not self._asked.done()
        if self._asked is None or self._asked.done():
            self._asked = self._ask()
        done, _ = await asyncio.wait([self._asked], timeout=0 if hanging else self._timeout_s)
        if not done:
            reason = f"NVIDIA's driver has not answered for {self._timeout_s:g} s"
            return Gpus(GpuState.NO_ANSWER, reason, self._known)
        found = with_lost(self._known, self._asked.result())
        if found.state is GpuState.FOUND:
            self._known = found.devices
        return found

    def _ask(self) -> asyncio.Future[Gpus]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Gpus] = loop.create_future()

        def tell(found: Gpus) -> None:
            if not answer.done():
                answer.set_result(found)

        def work() -> None:
            try:
                found = read_gpus(self._nvml)
            except Exception as error:  # a library of another version: say what it did
                found = Gpus(GpuState.FAILED, f"NVIDIA's library NVML failed: {error!r}")
            try:
                loop.call_soon_threadsafe(tell, found)
            except RuntimeError:
                return  # the loop has ended meanwhile

        threading.Thread(target=work, name="nvml", daemon=True).start()
        return answer


def stub_npus(count: int, memory_mb: int) -> tuple[Npu, ...]:
    """Chips like an Ascend 310, on which nothing computes."""
    return tuple(Npu(index, "Ascend 310 (stub)", memory_mb) for index in range(count))
