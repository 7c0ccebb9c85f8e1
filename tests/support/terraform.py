"""What the public Terraform provider sends and reads of a service, as data, and bodies with all of
it.

Facts from the source of huaweicloud/terraform-provider-huaweicloud, resource
huaweicloud_modelarts_service and data source huaweicloud_modelarts_services: which members of the
JSON they name, and as what they take them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

CONTENT_TYPE = "application/json;charset=UTF-8"
"""Of every request, also of those without a body."""
SENT_IN_CREATE = {
    *("workspace_id", "service_name", "description", "infer_type", "pool_name"),
    *("vpc_id", "subnet_network_id", "security_group_id"),
    *("schedule[].duration", "schedule[].time_unit", "schedule[].type"),
    *("config[].custom_spec.memory", "config[].custom_spec.cpu"),
    *("config[].custom_spec.gpu_p4", "config[].custom_spec.ascend_a310"),
    *("config[].envs.*", "config[].specification", "config[].weight", "config[].model_id"),
    *("config[].pool_name", "config[].instance_count"),
    *("config[].src_path", "config[].req_uri", "config[].mapping_type", "config[].nodes"),
    *("config[].mapping_rule.*", "config[].src_type", "config[].dest_path"),
    "additional_properties.smn_notification.topic_urn",
    "additional_properties.smn_notification.events",
    "additional_properties.log_report_channels[].type",
}
"""Members of the body of POST. Empty values (0, "", false) are not sent."""
SENT_IN_UPDATE = {"description", "schedule", "config", "additional_properties"}
"""Members of the body of PUT when one of them has changed; a change of status is another PUT."""
OF_OTHER_KINDS = {
    *("config[].src_path", "config[].req_uri", "config[].mapping_type", "config[].nodes"),
    *("config[].mapping_rule.*", "config[].src_type", "config[].dest_path"),
}
"""Of batch and edge services, which answer 501."""
WITH_ACCELERATORS = {"config[].custom_spec.gpu_p4", "config[].custom_spec.ascend_a310"}
"""Sent only where there are some; no pool here has any, and the deployment finds no room."""
SENT_WHEN_LISTING = {
    *("service_id", "service_name", "workspace_id", "infer_type", "status"),
    "env",  # an id of a model: not the documented name of that filter, and no filter therefore
}
"""Parameters of the data source's GET."""
FINISHED, PENDING = {"running", "finished", "stopped"}, {"deploying", "stopping"}
"""Statuses at which the resource stops waiting after it was made or changed, and those in which it
waits, as in any other; `failed` is its error."""

ALWAYS, SENT, DEDICATED, NEVER = "always", "if it was sent", "in a dedicated pool", "never here"

READ: dict[str, tuple[type, str]] = {
    "service_name": (str, ALWAYS),
    "description": (str, ALWAYS),
    "owner": (str, ALWAYS),
    "infer_type": (str, ALWAYS),
    "workspace_id": (str, ALWAYS),
    "pool_name": (str, DEDICATED),
    "vpc_id": (str, SENT),
    "subnet_network_id": (str, SENT),
    "security_group_id": (str, SENT),
    "status": (str, ALWAYS),
    "access_address": (str, ALWAYS),
    "bind_access_address": (str, NEVER),  # where a domain of the user's is bound
    "invocation_times": (int, ALWAYS),
    "failed_times": (int, ALWAYS),
    "is_shared": (bool, ALWAYS),
    "shared_count": (int, ALWAYS),
    "schedule": (list, SENT),
    "schedule[].duration": (int, SENT),
    "schedule[].time_unit": (str, SENT),
    "schedule[].type": (str, SENT),
    "debug_url": (str, NEVER),  # where models can be debugged online
    "is_free": (bool, ALWAYS),
    "additional_properties": (dict, SENT),
    "additional_properties.smn_notification": (dict, SENT),
    "additional_properties.smn_notification.topic_urn": (str, SENT),
    "additional_properties.smn_notification.events": (list, SENT),
    "additional_properties.log_report_channels": (list, SENT),
    "additional_properties.log_report_channels[].type": (str, SENT),
    "config": (list, ALWAYS),
    "config[].custom_spec": (dict, DEDICATED),
    "config[].custom_spec.memory": (int, DEDICATED),
    "config[].custom_spec.cpu": (float, DEDICATED),
    "config[].custom_spec.gpu_p4": (float, NEVER),
    "config[].custom_spec.ascend_a310": (int, NEVER),
    "config[].envs": (dict, ALWAYS),
    "config[].specification": (str, ALWAYS),
    "config[].weight": (int, ALWAYS),
    "config[].model_id": (str, ALWAYS),
    "config[].src_path": (str, NEVER),
    "config[].req_uri": (str, NEVER),
    "config[].mapping_type": (str, NEVER),
    "config[].pool_name": (str, DEDICATED),
    "config[].nodes": (list, NEVER),
    "config[].mapping_rule": (dict, NEVER),
    "config[].src_type": (str, NEVER),
    "config[].dest_path": (str, NEVER),
    "config[].instance_count": (int, ALWAYS),
}
"""What the resource reads of `GET /services/{service_id}`: JSON type, and when it is there."""

READ_OF_LISTS: dict[str, tuple[type, str]] = {
    name: READ.get(name, (str, ALWAYS))
    for name in (
        *("service_id", "service_name", "workspace_id", "description", "status", "infer_type"),
        *("is_free", "schedule[].duration", "schedule[].time_unit", "schedule[].type"),
        "additional_properties.smn_notification.topic_urn",
        "additional_properties.smn_notification.events",
        "additional_properties.log_report_channels[].type",
        *("invocation_times", "failed_times", "is_shared", "shared_count", "owner"),
    )
} | {"is_opened_sample_collection": (bool, ALWAYS)}
"""What the data source reads of the items of `GET /services`."""


def version(model_id: str, **more: Any) -> Json:
    """A block `config` of a resource as it is sent."""
    return {
        "envs": {"MODE": "fast"},
        "specification": "modelarts.vm.cpu.2u",
        "weight": 100,
        "model_id": model_id,
        "instance_count": 1,
        **more,
    }


def public(model_id: str) -> Json:
    """In the public pool, with everything that a service can have there."""
    return {
        "workspace_id": "0",
        "service_name": "demo",
        "description": "This is a demo",
        "infer_type": "real-time",
        "vpc_id": "vpc-1",
        "subnet_network_id": "net-1",
        "security_group_id": "group-1",
        "schedule": [{"duration": 1, "time_unit": "HOURS", "type": "stop"}],
        "config": [version(model_id)],
        "additional_properties": {
            "smn_notification": {"topic_urn": "urn:smn:region:project:topic", "events": [3]},
            "log_report_channels": [{"type": "LTS"}],
        },
    }


def dedicated(model_id: str) -> Json:
    """In a dedicated pool."""
    size = {"memory": 1024, "cpu": 0.5}
    config = version(model_id, specification="custom", custom_spec=size, pool_name="pool-a")
    return {
        "service_name": "demo",
        "infer_type": "real-time",
        "pool_name": "pool-a",
        "config": [config],
    }


def batch(model_id: str) -> Json:
    """A batch service with everything that the resource can send of one."""
    path = "https://infers-data.obs.cn-north-1.myhuaweicloud.com"
    config = {
        "specification": "modelarts.vm.cpu.2u",
        "model_id": model_id,
        "instance_count": 1,
        "src_path": f"{path}/all.manifest",
        "dest_path": f"{path}/output/",
        "req_uri": "/",
        "mapping_type": "csv",
        "mapping_rule": {"input": "0"},
        "src_type": "ManifestFile",
    }
    return {"service_name": "demo", "infer_type": "batch", "config": [config]}


def edge(model_id: str) -> Json:
    """An edge service."""
    config = {
        "specification": "modelarts.vm.cpu.2u",
        "model_id": model_id,
        "instance_count": 1,
        "nodes": ["2r8c4fb9-t497-40u3-89yf-skui77db0472"],
    }
    return {"service_name": "demo", "infer_type": "edge", "config": [config]}


Body = Callable[[str], Json]
BODIES: dict[str, Body] = {"public": public, "dedicated": dedicated}
OTHER_BODIES: dict[str, Body] = {"batch": batch, "edge": edge}


def found(value: Any, path: str) -> list[Any]:
    """What stands at a path such as `config[].weight`, in every element of the arrays on it."""
    values = [value]
    for part in path.split("."):
        name = part.removesuffix("[]")
        values = [one[name] for one in values if isinstance(one, dict) and name in one]
        if part.endswith("[]"):
            values = [item for one in values for item in one]
    return values


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Paths of all that is in a body; the members of maps of the user's are `*`, a list of plain
    values is one thing."""
    if isinstance(value, dict):
        for name, one in value.items():
            below = f"{path}.{name}".removeprefix(".")
            is_map = path.endswith(("envs", "mapping_rule"))
            yield from leaves(one, f"{path}.*" if is_map else below)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for one in value:
            yield from leaves(one, f"{path}[]")
    else:
        yield path


def is_of(value: Any, kind: type) -> bool:
    """Whether a JSON value is of a type: a whole number is a number too, a boolean is none."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def sent_again(shown: Json) -> Json:
    """The body of an update after a service was read: of what can be changed, what was read, less
    what is empty."""
    fields = {path.split(".")[1] for path in SENT_IN_CREATE if path.startswith("config[].")}
    config = [
        {name: value for name, value in one.items() if name in fields and value}
        for one in shown["config"]
    ]
    kept = {name: shown[name] for name in SENT_IN_UPDATE if shown.get(name)}
    return kept | {"config": config}
