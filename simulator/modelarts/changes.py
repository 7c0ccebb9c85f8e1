"""Changes of single fields of a service's configuration: pure. Each gives the whole configuration
that is then held against the rules like one that was sent whole.

Source: API reference, Updating a Service by PATCH (PatchServiceV2) and Modifying a Service's
Property.
"""

from __future__ import annotations

import copy
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.errors import InvalidRequest, Violation
from simulator.modelarts.schemas import ServiceConfig
from simulator.rules.shape import Kind, fields_of, numeric
from simulator.rules.text import shown

PATCH_PAGE = "API reference, PatchServiceV2"
PROPERTY_PAGE = "API reference, modifying a service's property"
MOST_PATCHES = 100
Config = list[dict[str, Any]]


class PatchOperation(BaseModel):
    model_config = ConfigDict(extra="ignore")

    op: Literal["replace"] = Field(description="What is done: replace.")
    path: str = Field(
        pattern="^/config/[0-9]{1,4}/[^/]+(/[^/]+)*$",
        description="JSON pointer to a field of the configuration.",
    )
    value: Any = Field(description="The new value, as a text or as it stands in a configuration.")


class Patch(BaseModel):
    """The body is the list itself."""

    operations: list[PatchOperation] = Field(min_length=1, max_length=MOST_PATCHES)


class InstanceCount(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    model_id: str = Field(description="The model whose number of instances changes.")
    changed_value: int = Field(description="How many instances it has then; a text of digits too.")


class PropertyChange(BaseModel):
    model_config = ConfigDict(extra="ignore")

    changed_property: Literal["instance_count"] = Field(description="What changes.")
    configs: list[InstanceCount] = Field(
        min_length=1, max_length=MOST_PATCHES, description="Of which models, and to what."
    )


def patched(config: Config, patch: Patch) -> Config:
    """The configuration after the operations, one after the other.

    Raises:
        InvalidRequest: a path leads nowhere, or is no field of a configuration.
    """
    result = copy.deepcopy(config)
    for index, operation in enumerate(patch.operations):
        _replace(result, index, operation)
    return result


def with_counts(config: Config, change: PropertyChange) -> Config:
    """The configuration with other numbers of instances.

    Raises:
        InvalidRequest: the service does not have the model, or has that many instances already.
    """
    result = copy.deepcopy(config)
    for index, wanted in enumerate(change.configs):
        place = f"/configs/{index}"
        mine = [version for version in result if version["model_id"] == wanted.model_id]
        if not mine:
            text = f"the service has no model {shown(wanted.model_id)}"
            raise _refused(f"{place}/model_id", text, PROPERTY_PAGE)
        for version in mine:
            if version["instance_count"] == wanted.changed_value:
                text = f"must differ from the present number, {wanted.changed_value}"
                raise _refused(f"{place}/changed_value", text, PROPERTY_PAGE)
            version["instance_count"] = wanted.changed_value
    return result


def _replace(config: Config, number: int, operation: PatchOperation) -> None:
    _, _, index, name, *below = [_unescaped(part) for part in operation.path.split("/")]
    place = f"/{number}/path"
    if int(index) >= len(config):
        text = f"the configuration has {len(config)} versions; there is no number {index}"
        raise _refused(place, text, PATCH_PAGE)
    field = fields_of(ServiceConfig).get(name)
    if field is None:
        raise _refused(place, f"{shown(name)} is no field of a version", PATCH_PAGE)
    holder, kind = config[int(index)], field.kind
    for part in below:
        inner = fields_of(kind.shape).get(part) if kind.shape else None
        if kind.name not in ("object", "map", "json") or (kind.shape and inner is None):
            raise _refused(place, f"{shown(name)} has no field {shown(part)}", PATCH_PAGE)
        below_holder = holder.setdefault(name, {})
        kind = inner.kind if inner else kind.item or Kind("any")
        holder, name = below_holder, part
    holder[name] = _typed(operation.value, kind)


def _typed(value: Any, kind: Kind) -> Any:
    """A text as the value that it stands for, where the field is no text."""
    if not isinstance(value, str) or kind.name in ("text", "any"):
        return value
    if kind.name == "integer":
        number = numeric(value)
        return value if number is None else number
    try:
        return json.loads(value)
    except ValueError:
        return value  # the rules say what it should be


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _refused(path: str, text: str, source: str) -> InvalidRequest:
    return InvalidRequest([Violation("Change", path, f"{path}: {text}", source)])
