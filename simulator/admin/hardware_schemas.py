"""What the admin surface answers about the host, as schemas: what `hardware_views.py` writes."""

from __future__ import annotations

from backends.hardware.model import GpuState, Handover, Virtualization
from simulator.openapi import array, count, flag, integer, maybe, number, record, text, word
from simulator.rules.openapi import Schema, reference

_HOST = record(
    "Processors and memory.",
    {
        "cpu_model": text("The processor's name; empty where the system does not tell."),
        "architecture": text("As the kernel names it."),
        "cpus": count("Logical processors of the machine."),
        "usable_cpus": number("How many of them the server can use at a time."),
        "cpu_limit": text("What makes them fewer; empty where nothing does."),
        "memory_bytes": count("Of the machine."),
        "usable_memory_bytes": count("How much the server and what it starts may use."),
        "available_memory_bytes": count("What of the machine's could be used now."),
        "memory_limit": text("What makes it less; empty where nothing does."),
    },
)
_PROCESS = record(
    "Something that uses a GPU.",
    {
        "pid": integer("Its number."),
        "name": text("Its program; empty where that cannot be seen."),
        "memory_bytes": maybe(count("Of the GPU's memory.")),
    },
)
_MIG = record(
    "A part of a GPU in MIG mode.",
    {
        "uuid": text("What requests name it by."),
        "name": text("Its profile."),
        "memory_bytes": maybe(count("Its memory.")),
        "used_memory_bytes": maybe(count("What of it is used.")),
        "gpu_instance_id": maybe(integer("Of the GPU instance.")),
        "compute_instance_id": maybe(integer("Of the compute instance in it.")),
    },
)
_GPU = record(
    "An NVIDIA GPU. What it, its driver or the server's rights do not give is null.",
    {
        "index": integer("Its number."),
        "uuid": text("What requests name it by; empty where it cannot be asked."),
        "name": text("Its name, likewise."),
        "memory_bytes": maybe(count("Its memory.")),
        "used_memory_bytes": maybe(count("What of it is used.")),
        "utilisation_percent": maybe(count("Share of the time in which it computed.")),
        "temperature_c": maybe(integer("Degrees Celsius.")),
        "power_w": maybe(number("What it draws, watts.")),
        "power_limit_w": maybe(number("What it may draw, watts.")),
        "processes": maybe(array(_PROCESS, "What uses it.")),
        "mig": maybe(flag("Whether it is in MIG mode; null where it has none.")),
        "mig_pending": flag("Whether the mode changes with the next reset."),
        "mig_instances": array(_MIG, "Its parts, in MIG mode."),
        "virtualization": maybe(word("How it comes to this machine.", *Virtualization)),
        "lost": flag("Whether it does not answer any more."),
        "trouble": text("Why it cannot be used or read; empty when it can."),
    },
)
_GPUS = record(
    "The NVIDIA GPUs.",
    {
        "state": word("Whether they can be asked for.", *GpuState),
        "reason": text("Why there are none; empty when some were found."),
        "devices": array(_GPU, "By their numbers."),
        "driver_version": text("Of the driver; empty where unknown."),
        "cuda_version": text("The newest CUDA that it runs; empty where unknown."),
    },
)
_NPU = record(
    "An Ascend chip.",
    {
        "index": integer("Its number."),
        "name": text("Its name."),
        "memory_mb": count("Its memory, MB."),
        "stub": flag("It is only played: nothing computes on it."),
    },
)
_ENGINE = record(
    "What runs instances.",
    {
        "backend": text("Which backend."),
        "available": flag("Whether it answers."),
        "detail": text("What it says of itself."),
        "cpus": maybe(number("What its instances can have; null: what the server can.")),
        "memory_bytes": maybe(count("Likewise.")),
        "gpu_handover": word("How it would give instances a GPU.", *Handover),
        "gpu_detail": text("What shows that, or why there is no way."),
        "gives_gpus": flag("Whether instances are given GPUs."),
        "gpu_refusal": text("Why not; empty when they are."),
    },
)
_SPECIFICATION = record(
    "A specification on this host. Sizes are null for custom, which has none of its own.",
    {
        "name": text("What requests name it by."),
        "origin": word("Where it comes from.", "documents", "settings"),
        "category": word("What computes.", "CPU", "GPU", "NPU", "custom"),
        "vcpus": maybe(number("Cores of an instance.")),
        "memory_mb": maybe(count("Memory of an instance, MB.")),
        "gpus": maybe(number("GPUs of an instance.")),
        "npus": maybe(count("NPUs of an instance.")),
        "accelerator_memory_gb": maybe(count("Memory of each of them, GB, where it is named.")),
        "is_free": flag("Whether it costs nothing."),
        "available": flag("Whether it can be deployed with."),
        "reason": text("Why not; empty when it can."),
        "warning": text("What an instance gets less than promised; empty when nothing."),
        "runs_on": text("What it computes on here; empty when it cannot be deployed with."),
    },
)

HARDWARE: dict[str, Schema] = {
    "Hardware": record(
        "What the host has.",
        {
            "host": _HOST,
            "gpus": _GPUS,
            "npus": array(_NPU, "Ascend chips."),
            "engine": _ENGINE,
        },
    ),
    "HostSpecification": _SPECIFICATION,
    "HostSpecificationList": record(
        "Specifications.",
        {
            "specifications": array(
                reference("HostSpecification"), "Documented ones, one's own, custom."
            )
        },
    ),
}
