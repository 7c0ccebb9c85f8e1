"""Wire shapes as sent: types and mandatory fields; everything else is a rule.

Source: Deploying Services, tables 3 to 13. Unknown fields are kept, so that a request is shown as
it was accepted.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

_SHORT_NUMBER = re.compile(r" *-?[0-9]{1,9} *")


def _numeric_string(value: Any) -> Any:
    """The documents' own examples send weights as strings: `"70"`."""
    if isinstance(value, str) and _SHORT_NUMBER.fullmatch(value):
        return int(value)
    return value


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not a boolean")
    return value


Weight = Annotated[StrictInt, BeforeValidator(_numeric_string)]
Number = Annotated[float, BeforeValidator(_no_boolean), Field(strict=False)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())


class CustomSpec(Shape):
    """Table 6."""

    cpu: Number
    memory: StrictInt
    gpu_p4: Number = 0.0
    ascend_a310: StrictInt = 0


class LogVolume(Shape):
    """Table 8."""

    host_path: StrictStr
    mount_path: StrictStr


class PersistentVolume(Shape):
    """Table 9."""

    mount_path: StrictStr
    name: StrictStr | None = None


class ModelAdditionalProperties(Shape):
    """Table 7."""

    log_volume: list[LogVolume] | None = None
    max_surge: Number | None = None
    max_unavailable: Number | None = None
    termination_grace_period_seconds: StrictInt | None = None
    persistent_volumes: list[PersistentVolume] | None = None


class ServiceConfig(Shape):
    """Table 5: one version of the service."""

    model_id: StrictStr
    specification: StrictStr
    instance_count: StrictInt
    weight: Weight | None = None
    custom_spec: CustomSpec | None = None
    envs: dict[StrictStr, StrictStr] | None = None
    deploy_timeout_in_seconds: StrictInt | None = None
    cluster_id: StrictStr | None = None
    pool_name: StrictStr | None = None
    src_path: StrictStr | None = None
    dest_path: StrictStr | None = None
    req_uri: StrictStr | None = None
    mapping_type: StrictStr | None = None
    mapping_rule: dict[str, Any] | None = None
    src_type: StrictStr | None = None
    nodes: list[StrictStr] | None = None
    additional_properties: ModelAdditionalProperties | None = None


class Schedule(Shape):
    """Table 4."""

    duration: StrictInt
    time_unit: StrictStr
    type: StrictStr


class ServiceAdditionalProperties(Shape):
    """Table 10. smn_notification is documented as a map of objects and sent by the Terraform
    provider as one flat object: both are kept as they came."""

    smn_notification: dict[str, Any] | None = None
    log_report_channels: list[dict[str, Any]] | None = None
    websocket_upgrade: StrictBool | None = None


class CreateService(Shape):
    """Table 3: the body of POST /v1/{project_id}/services."""

    infer_type: StrictStr
    service_name: StrictStr
    config: list[ServiceConfig]
    workspace_id: StrictStr = "0"
    description: StrictStr = ""
    schedule: list[Schedule] | None = None
    cluster_id: StrictStr | None = None
    pool_name: StrictStr | None = None
    vpc_id: StrictStr | None = None
    subnet_network_id: StrictStr | None = None
    security_group_id: StrictStr | None = None
    additional_properties: ServiceAdditionalProperties | None = None


class UpdateService(Shape):
    """Body of PUT /v1/{project_id}/services/{service_id}."""

    status: StrictStr | None = None
    description: StrictStr | None = None
    config: list[ServiceConfig] | None = None
    schedule: list[Schedule] | None = None
    additional_properties: ServiceAdditionalProperties | None = None


class CreateModel(Shape):
    """Body of POST /v1/{project_id}/models. Source: Creating an AI Application."""

    model_name: StrictStr
    model_version: StrictStr
    model_type: StrictStr
    source_location: StrictStr | None = None
    source_copy: StrictStr | StrictBool | None = None
    description: StrictStr = ""
    runtime: StrictStr | None = None
    model_algorithm: StrictStr | None = None
    initial_config: StrictStr | None = None
    apis: list[dict[str, Any]] | None = None
    install_type: list[StrictStr] | None = None
    workspace_id: StrictStr = "0"
