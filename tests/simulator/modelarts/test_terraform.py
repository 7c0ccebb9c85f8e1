"""What the public Terraform provider sends and reads of a service, field by field.

Facts from the source of huaweicloud/terraform-provider-huaweicloud, resource
huaweicloud_modelarts_service and data source huaweicloud_modelarts_services: which members of the
JSON they name, and as what they take them. Nothing of the provider runs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import documented

Json = dict[str, Any]

SENT_IN_CREATE = {
    *("workspace_id", "service_name", "description", "infer_type", "pool_name"),
    *("vpc_id", "subnet_network_id", "security_group_id"),
    *("schedule[].duration", "schedule[].time_unit", "schedule[].type"),
    *("config[].custom_spec.memory", "config[].custom_spec.cpu"),
    *("config[].custom_spec.gpu_p4", "config[].custom_spec.ascend_a310"),
    *("config[].envs.*", "config[].specification", "config[].weight", "config[].model_id"),
    *("config[].pool_name", "config[].instance_count"),
    *("config[].src_path", "config[].req_uri", "config[].mapping_type", "config[].nodes"),
    *("config[].mapping_rule", "config[].src_type", "config[].dest_path"),
    "additional_properties.smn_notification.topic_urn",
    "additional_properties.smn_notification.events",
    "additional_properties.log_report_channels[].type",
}
"""Members of the body of POST. Empty values (0, "", false) are not sent."""
SENT_IN_UPDATE = {"description", "schedule", "config", "additional_properties"}
"""Members of the body of PUT when one of them has changed; a change of status is another PUT."""
OF_OTHER_KINDS = {
    *("config[].src_path", "config[].req_uri", "config[].mapping_type", "config[].nodes"),
    *("config[].mapping_rule", "config[].src_type", "config[].dest_path"),
}
"""Of batch and edge services, which answer 501."""
WITH_ACCELERATORS = {"config[].custom_spec.gpu_p4", "config[].custom_spec.ascend_a310"}
"""Sent only where there are some; no pool here has any."""

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

DOCUMENTED_DETAIL: dict[str, tuple[type, str]] = READ | {
    "service_id": (str, ALWAYS),
    "tenant": (str, ALWAYS),
    "project": (str, ALWAYS),
    "publish_at": (int, ALWAYS),
    "transition_at": (int, ALWAYS),
    "operation_time": (int, ALWAYS),
    "update_time": (int, NEVER),  # after the first update
    "progress": (int, ALWAYS),
    "error_msg": (str, NEVER),  # of one that failed
    "due_time": (int, SENT),
    "cluster_id": (str, NEVER),  # of a pool of the old kind
    "load_balancer_policy": (str, SENT),
    "priority": (int, NEVER),
    "config[].model_name": (str, ALWAYS),
    "config[].model_version": (str, ALWAYS),
    "config[].source_type": (str, ALWAYS),
    "config[].status": (str, ALWAYS),
    "config[].scaling": (bool, ALWAYS),
    "config[].support_debug": (bool, ALWAYS),
    "config[].cluster_id": (str, NEVER),
    "config[].additional_properties": (dict, SENT),
    "config[].affinity": (dict, DEDICATED),
    "config[].start_time": (int, NEVER),
    "config[].finished_time": (int, NEVER),
}
"""Everything that the page on details lists, what no client reads included. Source: Obtaining
Service Details, tables 3 and 4."""


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


Body = Callable[[str], Json]
BODIES: dict[str, Body] = {"public": public, "dedicated": dedicated}


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
    """Paths of all that is in a body; the members of `envs` are `*`, a list of plain values is one
    thing."""
    if isinstance(value, dict):
        for name, one in value.items():
            below = f"{path}.{name}".removeprefix(".")
            yield from leaves(one, f"{path}.*" if path.endswith("envs") else below)
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


@pytest.fixture
def model(drydock: Drydock) -> str:
    drydock._admin("POST", "/pools", json={"pool_id": "pool-a", "nodes": 1})
    return drydock.add_model()


def deploy(drydock: Drydock, client: httpx.Client, body: Json) -> str:
    answer = client.post("services", json=body)
    assert answer.status_code == 200, answer.text
    drydock.settle()
    return f"services/{answer.json()['service_id']}"


def test_the_bodies_here_have_every_field_that_is_sent() -> None:
    sent = {path for body in BODIES.values() for path in leaves(body("m"))}
    assert sent == SENT_IN_CREATE - OF_OTHER_KINDS - WITH_ACCELERATORS


@pytest.mark.parametrize("name", BODIES)
def test_every_field_that_is_sent_is_known(
    drydock: Drydock, drydock_client: httpx.Client, model: str, name: str
) -> None:
    answer = drydock_client.post("services", json=BODIES[name](model))
    assert answer.status_code == 200
    told = {warning["rule"] for warning in answer.json().get("warnings", ())}
    assert "MA-UNKNOWN" not in told


def is_expected(path: str, when: str, name: str, body: Json) -> bool:
    """Whether a field is there of a service made with a body."""
    sent = bool(found(body, path))
    return {ALWAYS: True, SENT: sent, DEDICATED: name == "dedicated" and sent, NEVER: False}[when]


@pytest.mark.parametrize("name", BODIES)
def test_the_resource_finds_what_it_reads(
    drydock: Drydock, drydock_client: httpx.Client, model: str, name: str
) -> None:
    body = BODIES[name](model)
    shown = drydock_client.get(deploy(drydock, drydock_client, body)).json()
    for path, (kind, when) in READ.items():
        values = found(shown, path)
        assert bool(values) is is_expected(path, when, name, body), path
        assert all(is_of(value, kind) for value in values), (path, values)
    for path in (*leaves(body), "config[].envs"):
        if not path.endswith("*"):
            assert found(shown, path) == found(body, path), path


def test_the_data_source_finds_what_it_reads(
    drydock: Drydock, drydock_client: httpx.Client, model: str
) -> None:
    body = public(model)
    deploy(drydock, drydock_client, body)
    (item,) = drydock_client.get("services").json()["services"]
    for path, (kind, when) in READ_OF_LISTS.items():
        values = found(item, path)
        assert bool(values) is is_expected(path, when, "public", body), path
        assert all(is_of(value, kind) for value in values), (path, values)


@pytest.mark.parametrize("name", BODIES)
def test_a_services_details_have_every_documented_field_and_no_other(
    drydock: Drydock, drydock_client: httpx.Client, model: str, name: str
) -> None:
    body = BODIES[name](model) | {"load_balancer_policy": "ROUND_ROBIN"}
    body["config"][0]["additional_properties"] = {"max_surge": 1, "max_unavailable": 0}
    if name == "dedicated":
        node = {"pool_name": "pool-a", "nodes": [{"name": "10.0.0.1"}]}
        affinity = {"node_affinity": {"mode": "preferred", "pool_infos": [node]}}
        body["config"][0]["affinity"] = affinity
    shown = drydock_client.get(deploy(drydock, drydock_client, body)).json()
    sent = body | {"due_time": 0} if "schedule" in body else body
    for path, (kind, when) in DOCUMENTED_DETAIL.items():
        values = found(shown, path)
        assert bool(values) is is_expected(path, when, name, sent), path
        assert all(is_of(value, kind) for value in values), (path, values)
    known = {path.split(".")[0].split("[]")[0] for path in DOCUMENTED_DETAIL}
    assert set(shown) <= known | {"is_opened_sample_collection"}
    assert {f"config[].{key}" for key in shown["config"][0]} <= DOCUMENTED_DETAIL.keys()


def test_a_resource_is_made_changed_stopped_and_destroyed(
    drydock: Drydock, drydock_client: httpx.Client, model: str
) -> None:
    service = deploy(drydock, drydock_client, public(model))
    assert drydock_client.get(service).json()["status"] == "running"
    whole = public(model) | {"description": "changed"}
    whole["config"] = [version(model, envs={"MODE": "slow"})]
    update = {key: value for key, value in whole.items() if key in SENT_IN_UPDATE}
    assert set(update) == SENT_IN_UPDATE
    answer = drydock_client.put(service, json=update)
    assert (answer.status_code, answer.json()) == (200, {})
    drydock.settle()
    shown = drydock_client.get(service).json()
    assert (shown["status"], shown["description"]) == ("running", "changed")
    assert shown["config"][0]["envs"] == {"MODE": "slow"}
    drydock_client.put(service, json={"status": "stopped"})
    drydock.settle()
    assert drydock_client.get(service).json()["status"] == "stopped"
    assert drydock_client.delete(service).status_code == 200
    drydock.settle()
    assert drydock_client.get(service).status_code == 404


def test_a_notification_may_also_be_a_map_as_the_documents_have_it(
    drydock: Drydock, drydock_client: httpx.Client, model: str
) -> None:
    flat = public(model)["additional_properties"]["smn_notification"]
    body = documented("realtime") | {"config": [version(model)]}
    body["additional_properties"] = {"smn_notification": {"mine": flat}}
    shown = drydock_client.get(deploy(drydock, drydock_client, body)).json()
    assert shown["additional_properties"]["smn_notification"] == {"mine": flat}
