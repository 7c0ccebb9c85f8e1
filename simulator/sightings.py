"""What the backend shows of all instances, kept fresh.

A look that is asked for while another is under way begins after it: whoever asked sees everything
that had happened before the asking.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable

from backends.base import Backend, Observation
from backends.errors import BackendError
from simulator.clock import real_ms
from simulator.coalesce import Coalesced

OnChange = Callable[[set[str] | None], Awaitable[None]]


class Sightings:
    """The latest list of instances, by service.

    Args:
        on_change: is awaited with the services of which something changed; None for all, when
            the sight of the engine was gained or lost. When it raises, it is told the same again
            after the next look.

    Attributes:
        error: why the engine could not be asked last time; None when it could.
        away_since_ms: since when it could not be asked, real epoch ms; None when it could.
    """

    def __init__(self, backend: Backend, on_change: OnChange) -> None:
        self._backend = backend
        self._on_change = on_change
        self._by_service: dict[str, dict[str, Observation]] = {}
        self._complete = False
        self._untold: set[str] | None = set()
        self.error: BackendError | None = None
        self.away_since_ms: int | None = None
        self.refresh = Coalesced(self._look)

    @property
    def known(self) -> bool:
        """Whether the latest look was complete."""
        return self._complete and self.error is None

    def of_service(self, service_id: str) -> dict[str, Observation]:
        return self._by_service.get(service_id, {})

    def all(self) -> list[Observation]:
        return [seen for instances in self._by_service.values() for seen in instances.values()]

    async def _look(self) -> None:
        try:
            observations = await self._backend.observe()
        except BackendError as error:
            if self.error is None:
                self.away_since_ms = real_ms()
                self._untold = None
            self.error = error
        else:
            self._take_in(observations)
        await self._on_change(self._untold)
        self._untold = set()

    def _take_in(self, observations: list[Observation]) -> None:
        by_service: dict[str, dict[str, Observation]] = defaultdict(dict)
        for seen in observations:
            by_service[seen.service_id][seen.instance_id] = seen
        before, was_blind = self._by_service, not self.known
        self._by_service, self._complete = dict(by_service), True
        self.error, self.away_since_ms = None, None
        services = before.keys() | by_service.keys()
        if was_blind:
            self._untold = None
        elif self._untold is not None:
            self._untold |= {s for s in services if before.get(s) != by_service.get(s)}
