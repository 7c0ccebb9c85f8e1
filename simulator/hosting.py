"""What this host has, and which specifications it can give, as the running server sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from backends.base import Backend, BackendInfo
from backends.errors import BackendError
from backends.hardware.model import MIB, Hardware
from backends.hardware.reader import HardwareReader, stub_npus
from simulator.backend_choice import choose_backend
from simulator.config import Settings
from simulator.errors import ConfigError
from simulator.facts.specifications import SPECIFICATIONS
from simulator.offering import Capacity, Offer, offers
from simulator.specsettings import own_specifications

PATIENCE_S = 0.5
"""How long a deployment waits for an engine to say what its machine has, real seconds, where that
is known already."""


@dataclass(frozen=True)
class Seen:
    """The host and what runs instances on it."""

    hardware: Hardware
    backend: BackendInfo


class Hosting:
    """See the module. No method blocks the event loop, and none raises.

    Args:
        reader: of the hardware; by default of this host's, with the stub chips of the settings.
    """

    def __init__(
        self, settings: Settings, backend: Backend, reader: HardwareReader | None = None
    ) -> None:
        stubs = settings.stub_npus
        self._reader = reader or HardwareReader(stub_npus(stubs.count, stubs.memory_mb))
        self._settings = settings
        self._backend = backend
        self._last: BackendInfo | None = None
        self._asking: asyncio.Task[BackendInfo] | None = None

    async def seen(self) -> Seen:
        """What there is now. An engine that does not answer is as it was before."""
        hardware, info = await asyncio.gather(self._reader.read(), self._info())
        return Seen(hardware, info)

    async def _info(self) -> BackendInfo:
        """What the backend is; as it was last, when it takes long to say."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._backend.info())
        limit_s = None if self._last is None else PATIENCE_S
        done, _ = await asyncio.wait([self._asking], timeout=limit_s)
        if done:
            found = self._asking.result()
            if found.available or self._last is None:
                self._last = found
                return found
        assert self._last is not None  # there is no limit for the first answer
        return self._last

    async def offers(self) -> tuple[Offer, ...]:
        """All specifications, each available or with the reason why not."""
        return offers_of(await self.seen(), self._settings)


async def look(settings: Settings) -> Seen:
    """This host, as a server with these settings would see it."""
    stubs = settings.stub_npus
    reader = HardwareReader(stub_npus(stubs.count, stubs.memory_mb))
    try:
        backend = await choose_backend(settings, settings.paths, "none", last=None)
    except (ConfigError, BackendError) as error:
        info = BackendInfo(settings.backend.value, False, str(error), False, False)
        return Seen(await reader.read(), info)
    try:
        return await Hosting(settings, backend, reader).seen()
    finally:
        await backend.close()


def offers_of(seen: Seen, settings: Settings) -> tuple[Offer, ...]:
    """The specifications on a host that was seen."""
    own = own_specifications(settings.specifications)
    return offers(SPECIFICATIONS.values(), own.values(), capacity_of(seen, settings))


def capacity_of(seen: Seen, settings: Settings) -> Capacity:
    """What instances can have: what the engine's machine has, else what this process may use."""
    info, host = seen.backend, seen.hardware.host
    memory_bytes = host.usable_memory_bytes if info.memory_bytes is None else info.memory_bytes
    return Capacity(
        cpus=host.usable_cpus if info.cpus is None else info.cpus,
        memory_mb=memory_bytes // MIB,
        place="this host" if info.cpus is None else f"the machine of {info.detail}",
        hardware=seen.hardware,
        gpu=info.gpu,
        overhead=settings.system_overhead.size,
        small_host=settings.small_host,
    )
