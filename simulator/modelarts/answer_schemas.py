"""What the ModelArts API answers, as schemas: the same fields that `wire.py` writes."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.facts.specifications import SPECIFICATIONS
from simulator.facts.statuses import ModelStatus, ServiceKind, ServiceStatus
from simulator.lifecycle.objects import EventKind
from simulator.modelarts.app_answers import APP_ANSWERS
from simulator.modelarts.offer_schemas import OFFERS
from simulator.modelarts.rules.model import MODEL_TYPES
from simulator.modelarts.schema_parts import instant as _instant
from simulator.modelarts.schema_parts import page as _page
from simulator.openapi import (
    anything,
    array,
    count,
    flag,
    integer,
    number,
    record,
    text,
    word,
)
from simulator.rules.openapi import Schema, reference

VIOLATION = record(
    "One broken rule, or a warning.",
    {
        "rule": text("Id of the rule.", examples=["MA-SVC-012"]),
        "path": text("JSON pointer to the field; empty for the whole body."),
        "message": text("What was received, and what is allowed."),
        "source": text("Document and place that state the rule."),
    },
)
ERROR = record(
    "An error in the cloud's form.",
    {
        "error_code": text("The cloud's code.", examples=["ModelArts.0101"]),
        "error_msg": text("What is wrong, and what to do."),
        "violations": array(reference("Violation"), "Extension: every rule that is broken."),
    },
    optional=["violations"],
)
_WARNINGS = array(reference("Violation"), "Extension: what is accepted and should be told.")

_JOB_TIMES = {
    "start_time": _instant("When the job of a batch service began"),
    "finished_time": _instant("When the job of a batch service ended"),
}
_SERVICE_ITEM = {
    "service_id": text("Id of the service."),
    "service_name": text("Name of the service."),
    "description": text("Remarks."),
    "tenant": text("Account of the owner."),
    "project": text("Project of the service."),
    "owner": text("User who made it."),
    "workspace_id": text("Workspace of the service."),
    "infer_type": word("How it infers.", *ServiceKind),
    "status": word("What it does now.", *ServiceStatus),
    "progress": integer("How much is deployed, percent.", minimum=0, maximum=100),
    "publish_at": _instant("When it was last published"),
    "transition_at": _instant("When its status last changed"),
    "operation_time": _instant("When it was last operated on"),
    "invocation_times": count("How often it was called."),
    "failed_times": count("How many calls failed."),
    "is_shared": flag("Whether others may call it."),
    "shared_count": count("How many others may call it."),
    "is_free": flag("Whether it runs on a free specification."),
    "is_opened_sample_collection": flag("Whether requests are collected."),
    "additional_properties": anything("Further attributes, as they were sent."),
    "schedule": array(anything("A schedule."), "When it stops by itself, as it was sent."),
    "due_time": _instant("When it stops by schedule"),
    **_JOB_TIMES,
}
_SOMETIMES_IN_LISTS = ["additional_properties", "schedule", "due_time", *_JOB_TIMES]
_SERVICE_DETAIL = {
    "config": array(reference("ServiceConfigItem"), "The versions of the service."),
    "access_address": text("Where to send inference requests; of real-time services."),
    "error_msg": text("Why it failed."),
    "vpc_id": text("Network of the instances."),
    "subnet_network_id": text("Subnet of the network."),
    "security_group_id": text("Who may reach the instances."),
    "cluster_id": text("Dedicated pool of the old kind."),
    "pool_name": text("Dedicated pool of the new kind."),
    "update_time": _instant("When its configuration was last updated"),
    "load_balancer_policy": text("Which instance gets a request."),
    "priority": integer("Who is preempted first, 1 to 3."),
}
_SOMETIMES = [
    *_SOMETIMES_IN_LISTS,
    "access_address",
    "update_time",
    "load_balancer_policy",
    "priority",
    "error_msg",
    "vpc_id",
    "subnet_network_id",
    "security_group_id",
    "cluster_id",
    "pool_name",
]
_CONFIG_ITEM = {
    "model_id": text("The model that runs."),
    "model_name": text("Its name."),
    "model_version": text("Its version."),
    "specification": word("What one instance gets.", *SPECIFICATIONS, "custom"),
    "weight": integer("Percentage of the traffic.", minimum=0, maximum=100),
    "instance_count": integer("How many instances are wanted.", minimum=1),
    "envs": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "Environment variables of the model.",
    },
    "status": word("How its instances are.", "ready", "concerning", "notReady"),
    "scaling": flag("Whether it scales by itself."),
    "support_debug": flag("Whether it can be debugged."),
    "source_type": text("auto for models of ExeML."),
    **_JOB_TIMES,
}
_MODEL_ITEM = {
    "model_id": text("Id of the model."),
    "model_name": text("Name of the model."),
    "model_version": text("Its version.", examples=["0.0.1"]),
    "model_type": word("Its engine.", *MODEL_TYPES),
    "model_status": word("What it does now.", *ModelStatus),
    "model_size": count("Bytes of its package."),
    "model_source": text("Where it comes from: custom."),
    "source_type": text("auto for models of ExeML."),
    "description": text("Remarks."),
    "owner": text("User who made it."),
    "project": text("Project of the model."),
    "tenant": text("Account of the owner."),
    "workspace_id": text("Workspace of the model."),
    "install_type": array({"type": "string"}, "Kinds of services that it is meant for."),
    "create_at": _instant("When it was made"),
    "specification": anything("What it needs at least."),
    "tunable": flag("Whether it can be trained further."),
    "market_flag": flag("Whether it comes from the market."),
    "publishable_flag": flag("Whether it can be put on the market."),
}
_MODEL_DETAIL = {
    "runtime": text("Environment of the engine."),
    "source_location": text("Where its package or image is."),
    "source_copy": word("Whether the source was copied.", "true", "false"),
    "model_algorithm": text("Its algorithm."),
    "model_metrics": text("Metrics, a JSON object as a string."),
    "apis": text("Its APIs, a JSON array as a string."),
    "config": text("config.json, as a string."),
    "health": anything("Its health check."),
    "input_params": array(anything("A parameter."), "Inputs."),
    "output_params": array(anything("A parameter."), "Outputs."),
    "dependencies": array(anything("What is installed."), "Packages that it needs."),
    "image_address": text("The image, for image models."),
    "error_msg": text("Why it could not be published."),
}
_EVENT = record(
    "Something that happened to a service.",
    {
        "event_type": word("Whether it is well.", *EventKind),
        "event_info": text("What happened."),
        "occur_time": _instant("When"),
    },
)
_UPDATE = record(
    "An update of a service's configuration.",
    {
        "update_time": _instant("When it was accepted"),
        "result": word("How it ended.", "RUNNING", "SUCCESS", "FAIL"),
        "config": array(
            anything("A version, with its model's name."), "The versions, as they were sent."
        ),
        "extend_config": array(anything("A version."), "Always empty."),
        "cluster_id": text("Dedicated pool of the old kind."),
        "error_msg": text("Extension: why it failed."),
    },
    optional=["cluster_id", "error_msg"],
)
_MONITOR = record(
    "The calls and resources of one version. What is used of them is not sampled.",
    {
        "model_id": text("The model that runs."),
        "model_name": text("Its name."),
        "model_version": text("Its version."),
        "invocation_times": count("How often it was called."),
        "failed_times": count("How many calls failed."),
        "model_instance_count": count("How many instances it has."),
        "model_running_instance_count": count("How many of them are ready."),
        "cpu_core_total": number("Cores of its instances."),
        "cpu_memory_total": count("Memory of its instances, MB."),
        "gpu_total": number("GPUs of its instances."),
        "gpu_memory_total": number("Memory of the GPUs, MB; absent where it is not documented."),
        "npu_total": number("NPUs of its instances."),
        "npu_memory_total": number("Memory of the NPUs, MB; absent where it is not documented."),
    },
    optional=["gpu_memory_total", "npu_memory_total"],
)
_TAGS = record(
    "The tags of all services.",
    {
        "tags": array(
            record(
                "A key.",
                {
                    "key": text("The key."),
                    "values": array({"type": "string"}, "The different values that it has."),
                },
            ),
            "By key.",
        )
    },
)
_DELETE_FAILED = record(
    "A model that was not deleted.",
    {
        "model_id": text("Id of the model."),
        "error_code": text("The cloud's code.", examples=["ModelArts.3009"]),
        "error_msg": text("Why not."),
    },
)

_CLUSTER = record(
    "A dedicated resource pool of the old kind.",
    {
        "cluster_id": text("Id of the pool."),
        "cluster_name": text("Its name."),
        "description": text("Remarks."),
        "tenant": text("Account of the owner."),
        "project": text("Project of the pool."),
        "owner": text("User who made it."),
        "created_at": _instant("When it was made"),
        "status": word("How it is.", "deploying", "running", "concerning", "abnormal"),
        "nodes": record(
            "Its nodes.",
            {
                "specification": text("What a node has."),
                "count": count("How many there are."),
                "available_count": count("How many can be used."),
            },
        ),
        "allocatable_cpu_cores": number("Cores that are left."),
        "allocatable_memory": integer("Memory that is left, MB."),
        "allocatable_gpus": number("GPUs that are left."),
        "product_id": text("Always empty."),
        "order_id": text("Always empty."),
        "period_type": text("Always 0."),
        "period_num": count("Always 0."),
    },
)

ANSWERS: dict[str, Schema] = {
    "Cluster": _CLUSTER,
    "ClusterList": _page("Dedicated resource pools.", "clusters", "Cluster"),
    "Violation": VIOLATION,
    "Error": ERROR,
    "ServiceItem": record("A service in a list.", _SERVICE_ITEM, optional=_SOMETIMES_IN_LISTS),
    "ServiceDetail": record(
        "A service in full.", {**_SERVICE_ITEM, **_SERVICE_DETAIL}, optional=_SOMETIMES
    ),
    "ServiceList": _page("Services.", "services", "ServiceItem"),
    "ServiceCreated": record(
        "The new service.",
        {
            "service_id": text("Id of the service."),
            "resource_ids": array({"type": "string"}, "Ids of its versions."),
            "warnings": _WARNINGS,
        },
        optional=["warnings"],
    ),
    "ServiceUpdated": record("Done.", {"warnings": _WARNINGS}, optional=["warnings"]),
    "ServicePatched": record(
        "The update began.",
        {
            "update_time": _instant("When it was accepted"),
            "resource_ids": array({"type": "string"}, "Ids of the service's versions."),
        },
    ),
    "Update": _UPDATE,
    "UpdateList": record(
        "Updates of a service's configuration.",
        {
            "service_id": text("Id of the service."),
            "service_name": text("Its name."),
            "logs": array(reference("Update"), "The newest first."),
        },
    ),
    "ServiceDeleted": record("Done.", {}),
    "Event": _EVENT,
    "EventList": _page(
        "Events of a service.",
        "events",
        "Event",
        {"service_id": text("Id of the service."), "service_name": text("Its name.")},
    ),
    **OFFERS,
    **APP_ANSWERS,
    "Monitor": _MONITOR,
    "ServiceMonitor": record(
        "The calls and resources of a service.",
        {
            "service_id": text("Id of the service."),
            "service_name": text("Its name."),
            "service_instance_count": count("How many instances it has."),
            "service_running_instance_count": count("How many of them are ready."),
            "req_count_per_min": count("How often it was called in the last minute."),
            "monitors": array(reference("Monitor"), "One for each version."),
        },
    ),
    "TagList": _TAGS,
    "ModelItem": record("A model in a list.", _MODEL_ITEM),
    "ModelDetail": record("A model in full.", {**_MODEL_ITEM, **_MODEL_DETAIL}),
    "ModelList": _page("Models.", "models", "ModelItem"),
    "ModelCreated": record(
        "The new model.",
        {"model_id": text("Id of the model."), "warnings": _WARNINGS},
        optional=["warnings"],
    ),
    "ModelDeleted": record(
        "What was deleted, and what was not.",
        {
            "delete_success_list": array({"type": "string"}, "Ids of deleted models."),
            "delete_failed_list": array(reference("ModelNotDeleted"), "Models in use."),
        },
    ),
    "ModelNotDeleted": _DELETE_FAILED,
}


def with_version(requests: Mapping[str, Schema]) -> dict[str, Schema]:
    """The answers and the schema of a service's version: what was sent, and what is known of it.

    Args:
        requests: the schemas of requests.
    """
    sent = requests["ServiceConfig"]["properties"]
    version = record(
        "One version of a service: what was sent, and how it is.",
        {**sent, **_CONFIG_ITEM},
        optional=[*_JOB_TIMES, *(name for name in sent if name not in _CONFIG_ITEM)],
    )
    return {**ANSWERS, "ServiceConfigItem": version}
