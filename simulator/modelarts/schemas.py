"""Wire shapes of services: types and mandatory fields; everything else is a rule.

Source: Deploying Services, tables 3 to 13, in their order; Updating Service Configurations. Fields
after a table's own are from the machine-readable API definition of newer editions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from simulator.modelarts.error_codes import INVALID_ARGUMENT
from simulator.rules.rule import Proof, Source
from simulator.rules.shape import Numeric, OneOrMap, Shape, Table

DEPLOY = "Deploying Services"
UPDATE = "Updating Service Configurations"
API_DEFINITION = Source("Deploying Services", "API definition of newer editions")


def _table(number: int) -> Table:
    return Table("MA", number, Source(DEPLOY, f"table {number}"), INVALID_ARGUMENT)


@dataclass(frozen=True, kw_only=True)
class Schedule(Shape):
    """When the service stops by itself."""

    table: ClassVar[Table] = _table(4)

    duration: Annotated[int, "How many of the time unit."]
    time_unit: Annotated[str, "DAYS, HOURS or MINUTES."]
    type: Annotated[str, "What happens: stop."]


@dataclass(frozen=True, kw_only=True)
class CustomSpec(Shape):
    """What one instance gets, with the specification custom."""

    table: ClassVar[Table] = _table(6)

    gpu_p4: Annotated[float | None, "GPUs; decimals share one."] = None
    memory: Annotated[int, "Memory, MB."]
    cpu: Annotated[float, "CPU cores; decimals are allowed."]
    ascend_a310: Annotated[int | None, "Ascend chips."] = None


@dataclass(frozen=True, kw_only=True)
class LogVolume(Shape):
    """A directory of the host for logs."""

    table: ClassVar[Table] = _table(8)

    host_path: Annotated[str, "Directory on the host."]
    mount_path: Annotated[str, "Directory in the container."]


@dataclass(frozen=True, kw_only=True)
class PersistentVolume(Shape):
    """Storage that outlives the instance."""

    table: ClassVar[Table] = _table(9)
    documented_rows: ClassVar[int] = 2
    beyond: ClassVar[Source | None] = API_DEFINITION

    name: Annotated[str | None, "Name of the volume."] = None
    mount_path: Annotated[str, "Directory in the container."]
    storage_type: Annotated[str | None, "Kind of storage: sfs_turbo."] = None
    source_address: Annotated[str | None, "What is mounted."] = None


@dataclass(frozen=True, kw_only=True)
class ModelAdditionalProperties(Shape):
    """Further attributes of one version."""

    table: ClassVar[Table] = _table(7)

    log_volume: Annotated[list[LogVolume] | None, "Directories of the host for logs."] = None
    max_surge: Annotated[
        float | None,
        "Instances more than wanted during an update: below 1 a fraction, else a count.",
    ] = None
    max_unavailable: Annotated[
        float | None,
        "Instances fewer than wanted during an update: below 1 a fraction, else a count.",
    ] = None
    termination_grace_period_seconds: Annotated[
        int | None, "Seconds that a container has to end by itself."
    ] = None
    persistent_volumes: Annotated[
        list[PersistentVolume] | None, "Storage that outlives the instances."
    ] = None


@dataclass(frozen=True, kw_only=True)
class ServiceConfig(Shape):
    """One version of the service."""

    table: ClassVar[Table] = _table(5)
    documented_rows: ClassVar[int] = 17
    beyond: ClassVar[Source | None] = API_DEFINITION

    custom_spec: Annotated[CustomSpec | None, "Sizes, with the specification custom."] = None
    envs: Annotated[dict[str, str] | None, "Environment variables of the model."] = None
    specification: Annotated[str, "What one instance gets."]
    weight: Annotated[
        Numeric | None, "Percentage of the traffic; mandatory for real-time services."
    ] = None
    deploy_timeout_in_seconds: Annotated[
        int | None, "Seconds that one instance has for deployment and start-up together."
    ] = None
    model_id: Annotated[str, "The model to run."]
    src_path: Annotated[str | None, "Object path of a batch service's input."] = None
    req_uri: Annotated[str | None, "Path of the model's API that a batch service calls."] = None
    mapping_type: Annotated[str | None, "What makes one batch request: file or csv."] = None
    cluster_id: Annotated[str | None, "Dedicated pool of the old kind."] = None
    pool_name: Annotated[str | None, "Dedicated pool of the new kind."] = None
    nodes: Annotated[list[str] | None, "Edge nodes."] = None
    mapping_rule: Annotated[
        dict[str, Any] | None, "Which CSV column goes into which parameter."
    ] = None
    src_type: Annotated[str | None, "ManifestFile, when src_path is a manifest."] = None
    dest_path: Annotated[str | None, "Object path of a batch service's output."] = None
    instance_count: Annotated[int, "How many instances run."]
    additional_properties: Annotated[
        ModelAdditionalProperties | None, "Further attributes of the version."
    ] = None
    affinity: Annotated[dict[str, Any] | None, "Nodes that the instances prefer."] = None


@dataclass(frozen=True, kw_only=True)
class SmnNotification(Shape):
    """Who is told of which changes of status."""

    table: ClassVar[Table] = _table(11)

    topic_urn: Annotated[str, "The topic."]
    events: Annotated[list[int], "1 failed, 3 running, 7 concerning, 11 pending."]


@dataclass(frozen=True, kw_only=True)
class LtsConfiguration(Shape):
    """Where logs go."""

    table: ClassVar[Table] = _table(13)

    log_group_id: Annotated[str, "The log group."]
    log_stream_id: Annotated[str, "The log stream."]


@dataclass(frozen=True, kw_only=True)
class LogReportPipeline(Shape):
    """A channel for logs."""

    table: ClassVar[Table] = _table(12)

    type: Annotated[str, "Kind of the channel: LTS."]
    configuration: Annotated[LtsConfiguration | None, "Where the logs go."] = None


@dataclass(frozen=True, kw_only=True)
class ServiceAdditionalProperties(Shape):
    """Further attributes of the service. Documented as mandatory: smn_notification (see the
    reading smn-notification)."""

    table: ClassVar[Table] = _table(10)

    smn_notification: Annotated[
        Annotated[dict[str, SmnNotification], OneOrMap()] | None, "Who is told of which statuses."
    ] = None
    log_report_channels: Annotated[
        list[LogReportPipeline] | None, "Channels for logs; none when absent or empty."
    ] = None
    websocket_upgrade: Annotated[bool | None, "Whether the service speaks WebSocket."] = None


@dataclass(frozen=True, kw_only=True)
class ConsoleSettings(Shape):
    """What only the console can set: no field of the cloud's API has it. Drydock takes it under the
    extension key x-drydock."""

    table: ClassVar[Table] = Table(
        "MA",
        15,
        Source("Deploying as a Real-Time Service", "table 2"),
        INVALID_ARGUMENT,
        Proof.INFERRED,
    )

    traffic_limit: Annotated[int | None, "Requests a second that the service takes."] = None
    data_collection: Annotated[bool | None, "Whether requests and answers are collected."] = None


@dataclass(frozen=True, kw_only=True)
class CreateService(Shape):
    """The body of POST /v1/{project_id}/services."""

    table: ClassVar[Table] = _table(3)
    documented_rows: ClassVar[int] = 12
    beyond: ClassVar[Source | None] = API_DEFINITION

    workspace_id: Annotated[str, "Workspace of the service."] = "0"
    schedule: Annotated[
        list[Schedule] | None, "When the service stops by itself; real-time services only."
    ] = None
    cluster_id: Annotated[str | None, "Dedicated pool of the old kind."] = None
    pool_name: Annotated[str | None, "Dedicated pool of the new kind."] = None
    infer_type: Annotated[str, "real-time, batch or edge."]
    vpc_id: Annotated[str | None, "Network of the instances, in the public pool."] = None
    service_name: Annotated[str, "Name of the service."]
    description: Annotated[str, "Remarks."] = ""
    security_group_id: Annotated[str | None, "Who may reach the instances, in the network."] = None
    subnet_network_id: Annotated[str | None, "Subnet of the network."] = None
    config: Annotated[list[ServiceConfig], "The versions of the service."]
    additional_properties: Annotated[
        ServiceAdditionalProperties | None, "Further attributes of the service."
    ] = None
    load_balancer_policy: Annotated[str | None, "Which instance gets a request."] = None
    priority: Annotated[int | None, "Who is preempted first, 1 to 3."] = None
    x_drydock: Annotated[ConsoleSettings | None, "What only the cloud's console can set."] = field(
        default=None, metadata={"name": "x-drydock"}
    )


@dataclass(frozen=True, kw_only=True)
class UpdateService(Shape):
    """The body of PUT /v1/{project_id}/services/{service_id}."""

    table: ClassVar[Table] = Table("MA", 20, Source(UPDATE, "request body"), INVALID_ARGUMENT)

    schedule: Annotated[
        list[Schedule] | None, "When the service stops by itself; real-time services only."
    ] = None
    description: Annotated[str | None, "Remarks; unchanged when absent."] = None
    config: Annotated[list[ServiceConfig] | None, "The versions that replace the present ones."] = (
        None
    )
    status: Annotated[str | None, "running or stopped; what else is sent is then ignored."] = None
    additional_properties: Annotated[
        ServiceAdditionalProperties | None, "Further attributes of the service."
    ] = None
    load_balancer_policy: Annotated[str | None, "Which instance gets a request."] = None
    priority: Annotated[int | None, "Who is preempted first, 1 to 3."] = None
    vpc_id: Annotated[str | None, "Cannot be changed."] = None
    subnet_network_id: Annotated[str | None, "Cannot be changed."] = None
    security_group_id: Annotated[str | None, "Cannot be changed."] = None
    service_secrets: Annotated[
        list[dict[str, Any]] | None, "Secrets that are mounted, in newer editions."
    ] = None
