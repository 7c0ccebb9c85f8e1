"""The settings about specifications: the user's own, what the system takes, and what is done where
the host has less than one promises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from simulator.facts.specifications import CUSTOM, SPECIFICATIONS, Accelerator, Specification
from simulator.lifecycle.objects import Size

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_TAKEN = {*SPECIFICATIONS, CUSTOM, "modelsarts.vm.ai1.a310"}
"""The last one is a misprint that the documents have, and that requests may have too."""


class SmallHost(StrEnum):
    """What becomes of a deployment where the host has less than its specification."""

    CAP = "cap"
    """It gets what there is, and a warning says so."""
    REFUSE = "refuse"


class SpecificationSettings(BaseModel):
    """What an instance of one specification gets: a table `[specifications."NAME"]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vcpus: float = Field(gt=0, le=4096)
    memory_mb: int = Field(gt=0, le=1 << 26)
    """MB of 1,048,576 bytes."""
    gpus: int = Field(default=0, ge=0, le=64)
    """Whole NVIDIA GPUs."""
    gpu_memory_gb: int | None = Field(default=None, gt=0, le=4096)
    """Of each GPU, GB of 1,073,741,824 bytes."""
    npus: int = Field(default=0, ge=0, le=64)
    """Ascend chips."""
    is_free: bool = False
    """Free ones do not take part in gray launches."""

    def named(self, name: str) -> Specification:
        """The same as the rest of the simulator has it."""
        card = None
        if self.gpus and self.gpu_memory_gb:
            card = Accelerator("NVIDIA", "", self.gpu_memory_gb)
        return Specification(
            name,
            cpus=self.vcpus,
            memory_mb=self.memory_mb,
            gpus=self.gpus,
            npus=self.npus,
            is_free=self.is_free,
            accelerator=card,
        )


class OverheadSettings(BaseModel):
    """What the system takes for each instance beside what its specification gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vcpus: float = Field(default=0, ge=0, le=4096)
    memory_mb: int = Field(default=0, ge=0, le=1 << 26)

    @property
    def size(self) -> Size:
        return Size(self.vcpus, self.memory_mb)


class StubNpuSettings(BaseModel):
    """Ascend chips that are only played."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(default=0, ge=0, le=64)
    memory_mb: int = Field(default=8192, gt=0, le=1 << 26)
    """Of each; 8 GB as an Ascend 310 has."""


def refuse_specifications(given: Mapping[str, SpecificationSettings]) -> None:
    """Raises ValueError for a name that is taken or cannot be one, and for sizes without sense."""
    for name, one in given.items():
        if name in _TAKEN:
            raise ValueError(f"{name} is documented; an own specification needs another name")
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no name of a specification: up to 100 letters, digits, '.', '_', '-'"
            )
        if one.gpus and one.npus:
            raise ValueError(f"{name} has GPUs and NPUs; instances get one kind")
        if one.gpu_memory_gb and not one.gpus:
            raise ValueError(f"{name} has gpu_memory_gb and no gpus")


def own_specifications(given: Mapping[str, SpecificationSettings]) -> dict[str, Specification]:
    """The user's specifications, by name."""
    return {name: one.named(name) for name, one in given.items()}
