"""What the public Terraform provider sends and reads of a service, field by field. Nothing of the
provider runs here: what it does is in `support/terraform.py`.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import ACCEPTED, documented
from tests.support.terraform import (
    ALWAYS,
    BODIES,
    CONTENT_TYPE,
    DEDICATED,
    FINISHED,
    NEVER,
    OF_OTHER_KINDS,
    OTHER_BODIES,
    PENDING,
    READ,
    READ_OF_LISTS,
    SENT,
    SENT_IN_CREATE,
    SENT_IN_UPDATE,
    SENT_WHEN_LISTING,
    WITH_ACCELERATORS,
    dedicated,
    found,
    is_of,
    leaves,
    public,
    sent_again,
    version,
)

Json = dict[str, Any]

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
    others = {path for body in OTHER_BODIES.values() for path in leaves(body("m"))}
    assert others & OF_OTHER_KINDS == OF_OTHER_KINDS
    assert others <= SENT_IN_CREATE


def test_an_edge_service_breaks_no_rule_and_is_not_simulated(
    drydock_client: httpx.Client, model: str
) -> None:
    answer = drydock_client.post("services", json=OTHER_BODIES["edge"](model))
    assert (answer.status_code, answer.json()["error_code"]) == (501, "Drydock.NotSimulated")
    assert "edge" in answer.json()["error_msg"]


def test_a_mapping_rule_that_is_a_map_of_texts_can_be_followed_by_nobody(
    drydock: Drydock, drydock_client: httpx.Client
) -> None:
    model = drydock.publish_model(ACCEPTED.parents[2] / "packages" / "mnist")
    bucket = drydock.objects / "infers-data"
    bucket.mkdir(parents=True)
    (bucket / "all.manifest").write_text('{"source": "obs://infers-data/a.csv"}\n')
    body = OTHER_BODIES["batch"](model)
    answer = drydock_client.post("services", json=body)
    assert answer.status_code == 400
    assert [one["rule"] for one in answer.json()["violations"]] == ["MA-BAT-016"]
    body["config"][0]["mapping_type"] = "file"
    assert deploy(drydock, drydock_client, body)


@pytest.mark.parametrize(("field", "amount"), [("gpu_p4", 0.5), ("ascend_a310", 1)])
def test_accelerators_are_shown_as_they_were_sent(
    drydock: Drydock, drydock_client: httpx.Client, model: str, field: str, amount: float
) -> None:
    body = dedicated(model)
    body["config"][0]["custom_spec"][field] = amount
    shown = drydock_client.get(deploy(drydock, drydock_client, body)).json()
    assert shown["config"][0]["custom_spec"] == body["config"][0]["custom_spec"]
    assert shown["status"] == "deploying"  # no node has room for it


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


def test_the_data_source_may_ask_for_some_only(
    drydock: Drydock, drydock_client: httpx.Client, model: str
) -> None:
    first, second = (
        deploy(drydock, drydock_client, public(model) | {"service_name": name})
        for name in ("demo", "other")
    )
    drydock_client.put(second, json={"status": "stopped"})
    drydock.settle()

    asked = set[str]()

    def listed(**query: str) -> list[str]:
        asked.update(query)
        items = drydock_client.get("services", params=query).json()["services"]
        return sorted(item["service_name"] for item in items)

    assert listed(service_id=first.removeprefix("services/")) == ["demo"]
    assert listed(service_name="othe") == ["other"]
    assert listed(status="stopped") == ["other"]
    assert listed(infer_type="batch") == listed(workspace_id="another") == []
    everything = {"workspace_id": "0", "infer_type": "real-time", "env": model}
    assert listed(**everything) == ["demo", "other"]
    assert asked == SENT_WHEN_LISTING


def test_the_data_source_turns_pages_until_one_is_empty(
    drydock: Drydock, drydock_client: httpx.Client, model: str
) -> None:
    deploy(drydock, drydock_client, public(model))
    page = drydock_client.get("services").json()
    # its pager takes whichever array stands in the answer for the items, and goes on behind them
    assert [name for name, value in page.items() if isinstance(value, list)] == ["services"]
    behind = {"offset": len(page["services"]), "limit": len(page["services"])}
    assert drydock_client.get("services", params=behind).json()["services"] == []


@pytest.mark.parametrize("name", BODIES)
def test_what_the_resource_has_read_it_can_send_again_with_its_changes(
    drydock: Drydock, drydock_client: httpx.Client, model: str, name: str
) -> None:
    service = deploy(drydock, drydock_client, BODIES[name](model))
    before = drydock_client.get(service).json()
    instances = drydock._admin("GET", f"/{service}")["instances"]

    answer = drydock_client.put(service, json=sent_again(before) | {"description": "changed"})

    assert (answer.status_code, answer.json()) == (200, {})
    drydock.settle()
    after = drydock_client.get(service).json()
    assert after["description"] == "changed"
    for path in READ.keys() - {"description"}:
        assert found(after, path) == found(before, path), path
    assert drydock._admin("GET", f"/{service}")["instances"] == instances


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
    drydock_client.headers["Content-Type"] = CONTENT_TYPE
    answer = drydock_client.post("services", json=public(model))
    service = f"services/{answer.json()['service_id']}"

    def waits_until(status: str) -> Json:
        """The service after the resource has waited for the end of what it asked for."""
        assert drydock_client.get(service).json()["status"] in PENDING
        drydock.settle()
        shown: Json = drydock_client.get(service).json()
        assert shown["status"] == status
        assert status in FINISHED
        return shown

    waits_until("running")
    whole = public(model) | {"description": "changed"}
    whole["config"] = [version(model, envs={"MODE": "slow"})]
    update = {key: value for key, value in whole.items() if key in SENT_IN_UPDATE}
    assert set(update) == SENT_IN_UPDATE
    answer = drydock_client.put(service, json=update)
    assert (answer.status_code, answer.json()) == (200, {})
    shown = waits_until("running")
    assert shown["description"] == "changed"
    assert shown["config"][0]["envs"] == {"MODE": "slow"}
    drydock_client.put(service, json={"status": "stopped"})
    waits_until("stopped")
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
