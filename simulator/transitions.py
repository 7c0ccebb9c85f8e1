"""How transitions are made, as it is set and changed while the server runs; see
`lifecycle.transitions`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.lifecycle.transitions import Least, Transitions

Word = Literal["immediate", "manual"]
HowMade = Word | Annotated[float, Field(strict=True, gt=0, le=10 * 365 * 86_400)]
"""`immediate`: as soon as it can be; `manual`: when it is released; else the seconds of platform
time that the status is kept at least."""


class TransitionSettings(BaseModel):
    """How each transition is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deploy: HowMade = Field(
        "immediate",
        description="A service from deploying to running, after an update too: immediate, manual, "
        "or the seconds that it takes at least.",
    )
    stop: HowMade = Field("immediate", description="A service from stopping to stopped.")
    delete: HowMade = Field("immediate", description="A service from deleting to gone.")
    publish: HowMade = Field("immediate", description="A model from publishing to published.")

    @property
    def transitions(self) -> Transitions:
        """The same as the lifecycle has it."""
        return Transitions(
            deploy=_least(self.deploy),
            stop=_least(self.stop),
            delete=_least(self.delete),
            publish=_least(self.publish),
        )


def _least(how: HowMade) -> Least:
    if isinstance(how, str):
        return None if how == "manual" else 0
    return round(how * 1000)


class TransitionControl:
    """The settings that hold now. They begin as the server's settings say, at each start.

    Args:
        settings: those to begin with.
        changed: is told each change.

    Attributes:
        next_change: is set when the settings change.
    """

    def __init__(
        self, settings: TransitionSettings, changed: Callable[[Transitions], Awaitable[None]]
    ) -> None:
        self.settings = settings
        self.next_change = asyncio.Event()
        self._changed = changed

    @property
    def current(self) -> Transitions:
        return self.settings.transitions

    async def set(self, settings: TransitionSettings) -> None:
        """From now on; what is held now goes on by these."""
        self.settings = settings
        self.next_change.set()
        self.next_change = asyncio.Event()
        await self._changed(self.current)
