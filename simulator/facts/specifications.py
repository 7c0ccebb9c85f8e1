"""The documented compute specifications.

Source: Deploying Services, table 5, specification (names); Querying Service Specifications
(vCPUs and memory of the examples).
"""

from __future__ import annotations

from dataclasses import dataclass

CUSTOM = "custom"
"""The specification that takes its sizes from custom_spec."""


@dataclass(frozen=True)
class Specification:
    """What one instance gets.

    Attributes:
        cpus: virtual cores.
        memory_mb: megabytes (1,048,576 bytes).
        gpus, npus: accelerators; decimals only for GPUs of custom specifications.
        is_free: free specifications do not take part in gray launches.
    """

    name: str
    cpus: float
    memory_mb: int
    gpus: float = 0.0
    npus: int = 0
    is_free: bool = False

    @property
    def category(self) -> str:
        """CPU, GPU or NPU."""
        return "GPU" if self.gpus else "NPU" if self.npus else "CPU"


SPECIFICATIONS: dict[str, Specification] = {
    spec.name: spec
    for spec in (
        Specification("modelarts.vm.cpu.2u", cpus=2, memory_mb=8192),
        Specification("modelarts.vm.cpu.free", cpus=1, memory_mb=4096, is_free=True),
        Specification("modelarts.vm.gpu.p4", cpus=8, memory_mb=32768, gpus=1),
        Specification("modelarts.vm.gpu.free", cpus=2, memory_mb=8192, gpus=1, is_free=True),
        Specification("modelarts.vm.ai1.a310", cpus=3, memory_mb=6144, npus=1),
    )
}
