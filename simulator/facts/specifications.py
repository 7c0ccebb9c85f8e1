"""The documented compute specifications.

Source: Deploying Services, table 5, specification (names); Querying Service Specifications
(vCPUs, memory and cards of the examples).
"""

from __future__ import annotations

from dataclasses import dataclass

CUSTOM = "custom"
"""The specification that takes its sizes from custom_spec."""

BILLING_ITEM = 1
"""extend_params of each specification in the documents' examples: the item on the bill."""


@dataclass(frozen=True)
class Accelerator:
    """A card that computes.

    Attributes:
        brand, version: as the cloud names them.
        memory_gb: memory of one card, GB (1,073,741,824 bytes).
    """

    brand: str
    version: str
    memory_gb: int


@dataclass(frozen=True)
class Specification:
    """What one instance gets.

    Attributes:
        cpus: virtual cores.
        memory_mb: megabytes (1,048,576 bytes).
        gpus, npus: accelerators; decimals only for GPUs of custom specifications.
        is_free: free specifications do not take part in gray launches.
        accelerator: which GPUs or NPUs; None where there are none or the documents name none.
    """

    name: str
    cpus: float
    memory_mb: int
    gpus: float = 0.0
    npus: int = 0
    is_free: bool = False
    accelerator: Accelerator | None = None

    @property
    def category(self) -> str:
        """CPU, GPU or NPU."""
        return "GPU" if self.gpus else "NPU" if self.npus else "CPU"


SPECIFICATIONS: dict[str, Specification] = {
    spec.name: spec
    for spec in (
        Specification("modelarts.vm.cpu.2u", cpus=2, memory_mb=8192),
        Specification("modelarts.vm.cpu.free", cpus=1, memory_mb=4096, is_free=True),
        Specification(
            "modelarts.vm.gpu.p4",
            cpus=8,
            memory_mb=32768,
            gpus=1,
            accelerator=Accelerator("NVIDIA", "P4", memory_gb=16),
        ),
        Specification("modelarts.vm.gpu.free", cpus=2, memory_mb=8192, gpus=1, is_free=True),
        Specification(
            "modelarts.vm.ai1.a310",
            cpus=3,
            memory_mb=6144,
            npus=1,
            accelerator=Accelerator("Ascend", "Snt3", memory_gb=8),
        ),
    )
}
