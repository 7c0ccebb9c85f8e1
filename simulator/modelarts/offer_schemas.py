"""What the ModelArts API answers about what it offers, as schemas: the same fields that `offers.py`
writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.facts.engines import EngineStatus, ImageSource, RequestMode
from simulator.modelarts.schema_parts import page
from simulator.openapi import array, flag, integer, number, record, text, word
from simulator.rules.openapi import Schema


def _cards(about: str, name: str, how_many: Schema) -> Schema:
    return record(
        about,
        {
            name: how_many,
            "brand": text("Whose they are."),
            "version": text("Which they are."),
            "memory": integer("Memory of one."),
            "unit": text("Of what: MB or GB."),
        },
        optional=["brand", "version", "memory", "unit"],
    )


_SPECIFICATION = record(
    "What one instance can get.",
    {
        "specification": text("Its name."),
        "billing_spec": text("The name on the bill."),
        "category": word("What computes.", "CPU", "GPU", "NPU"),
        "cpu_info": record(
            "Its cores.", {"arch": text("Kind of core."), "cpu": number("How many.")}
        ),
        "memory_info": record(
            "Its memory.", {"memory": integer("How much."), "unit": text("Of what: MB.")}
        ),
        "gpu_info": _cards("Its GPUs.", "gpu", number("How many.")),
        "npu_info": _cards("Its NPUs.", "npu", integer("How many.")),
        "is_open": flag("Whether it can be asked for."),
        "spec_status": word("Whether there is some left.", "normal", "sellout"),
        "is_free": flag("Whether it costs nothing."),
        "over_quota": flag("Whether the quota is used up."),
        "extend_params": integer("The item on the bill."),
        "source_type": text("auto for models of ExeML."),
        "display_en": text("What people read."),
        "display_cn": text("What people read, in Chinese."),
    },
)
_ACCELERATOR = record(
    "What an environment computes on.",
    {
        "type": word("Its kind.", "npu", "gpu", "none"),
        "name": text("Which it is."),
        "cuda_version": text("Of the CUDA driver."),
        "driver_version_section": text("Which drivers will do."),
    },
    optional=["name", "cuda_version", "driver_version_section"],
)
_ENGINE_RUNTIME = record(
    "An engine and its environments: what stands first in each list is about the first one.",
    {
        "ai_engine": text("The engine; a model's model_type."),
        "runtimes": array({"type": "string"}, "The environments; a model's runtime."),
        "request_mode": array(word("When it answers.", *RequestMode), "When they answer."),
        "accelerators": array(_ACCELERATOR, "What they compute on."),
        "arch": array(word("Its processor.", "x86_64", "aarch64"), "Their processors."),
        "status_list": array(word("Its status.", *EngineStatus), "Whether they can be chosen."),
        "image_source": array(word("Its family.", *ImageSource), "Their families of images."),
    },
)


def with_specifications(schemas: Mapping[str, Schema], names: Sequence[str]) -> dict[str, Schema]:
    """The schemas, in which the words for a specification are these names too."""
    if not names:
        return dict(schemas)
    found = dict(schemas)
    for name, schema in schemas.items():
        field = schema.get("properties", {}).get("specification", {})
        if "enum" in field:
            longer = field | {"enum": [*field["enum"], *names]}
            found[name] = schema | {"properties": schema["properties"] | {"specification": longer}}
    return found


OFFERS: dict[str, Schema] = {
    "Specification": _SPECIFICATION,
    "SpecificationList": page("Specifications.", "specifications", "Specification"),
    "EngineRuntime": _ENGINE_RUNTIME,
    "EngineRuntimeList": page("Engines.", "engine_runtimes", "EngineRuntime"),
}
