"""Clients that nobody here wrote do the whole job: otcextensions and huaweicloudsdkcore."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import openstack
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.client import Client, ClientBuilder
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.sdk_response import SdkResponse
from openstack import resource
from openstack.connection import Connection
from openstack.exceptions import (
    BadRequestException,
    ConflictException,
    HttpException,
    NotFoundException,
    SDKException,
)
from otcextensions import sdk as otcextensions

from tests.e2e.digits import held_out_digits
from tests.e2e.server import FIXTURES, DrydockServer, realtime_request, wait_until
from tests.support.requests import documented

pytestmark = [
    pytest.mark.envoy,
    # the SDK warns about its own future
    pytest.mark.filterwarnings("ignore::Warning:openstack"),
]

ModelOf = Callable[[DrydockServer, str], str]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"

# --- openstacksdk with otcextensions -----------------------------------------------------------


@pytest.fixture(params=["endpoint override", "catalogue"])
def cloud(request: pytest.FixtureRequest, server: DrydockServer) -> Iterator[Connection]:
    """A connection made as the client's documentation says, from what `drydock env` prints."""
    env = server.env
    settings = {
        "auth_url": env["auth_url"],
        "username": env["user_name"],
        "password": env["password"],
        "user_domain_name": env["domain_name"],
        "project_name": env["project_name"],
        "region_name": env["region"],
    }
    if request.param == "endpoint override":
        settings["modelartsv1_endpoint_override"] = env["modelarts_endpoint"]
    connection = openstack.connect(load_yaml_config=False, load_envvars=False, **settings)
    otcextensions.register_otc_extensions(connection)
    yield connection
    connection.close()


def test_otcextensions_creates_finds_waits_for_and_deletes_a_service(
    cloud: Connection, server: DrydockServer, model_of: ModelOf
) -> None:
    modelarts = cloud.modelartsv1
    assert list(modelarts.services()) == []
    assert modelarts.find_service("mnist") is None

    created = modelarts.create_service(
        **realtime_request("mnist", (model_of(server, "mnist"), 100))
    )
    assert created.service_id
    assert created.resource_ids
    assert modelarts.wait_for_service(created, timeout=30, wait=0.05) is True

    found = modelarts.find_service("mnist", ignore_missing=False)
    assert found.id == created.id
    shown = modelarts.get_service(found)
    assert (shown.name, shown.status, shown.infer_type) == ("mnist", "running", "real-time")
    assert (shown.config[0].weight, shown.config[0].instance_count) == (100, 1)
    assert shown.config[0].model_name == "mnist"
    digit = held_out_digits()[0]
    answer = cloud.session.post(
        shown.access_address, files={"images": ("digit.png", digit.png, "image/png")}
    )
    assert answer.json()["predicted_label"] == digit.label

    assert [one.id for one in modelarts.services()] == [created.id]
    assert list(modelarts.services(name="another")) == []
    assert [one.id for one in modelarts.services(status="running", limit=1)] == [created.id]
    texts = [event.event_info for event in modelarts.service_events(shown)]
    assert any("running" in text for text in texts)
    assert "modelarts.vm.cpu.2u" in {flavor.specification for flavor in modelarts.service_flavors()}
    monitor = wait_until(
        "the prediction is counted",
        lambda: next((m for m in modelarts.service_monitor(shown) if m.invocation_times), None),
        timeout_s=10,
    )
    assert (monitor.model_name, monitor.invocation_times, monitor.failed_times) == ("mnist", 1, 0)
    assert (monitor.cpu_core_total, monitor.cpu_memory_total, monitor.gpu_total) == (2, 8192, 0)
    assert list(modelarts.service_logs(shown)) == []
    assert list(modelarts.service_clusters()) == []

    modelarts.delete_service(shown)
    resource.wait_for_delete(modelarts, shown, interval=0.05, wait=30)
    assert modelarts.find_service("mnist") is None


def test_otcextensions_stops_and_starts_a_service(
    cloud: Connection, server: DrydockServer, model_of: ModelOf
) -> None:
    modelarts = cloud.modelartsv1
    created = modelarts.create_service(**realtime_request("iris", (model_of(server, "iris"), 100)))
    modelarts.wait_for_service(created, timeout=30, wait=0.05)

    modelarts.stop_service(created.id)
    server.wait_for_status(created.id, "stopped")
    modelarts.start_service(created.id)
    assert modelarts.wait_for_service(created.id, timeout=30, wait=0.05) is True


def test_otcextensions_updates_a_service_and_lists_the_update(
    cloud: Connection, server: DrydockServer, model_of: ModelOf
) -> None:
    modelarts = cloud.modelartsv1
    body = realtime_request("iris", (model_of(server, "iris"), 100))
    created = modelarts.create_service(**body)
    modelarts.wait_for_service(created, timeout=30, wait=0.05)

    config = [{**body["config"][0], "instance_count": 2, "envs": {"MODE": "fast"}}]
    modelarts.update_service(created.id, description="two of them", config=config)
    assert modelarts.wait_for_service(created, timeout=30, wait=0.05) is True

    shown = modelarts.get_service(created.id)
    assert (shown.status, shown.description) == ("running", "two of them")
    assert (shown.config[0].instance_count, shown.config[0].envs) == (2, {"MODE": "fast"})
    (update,) = modelarts.service_logs(created.id)
    assert (update.result, update.update_time) == ("SUCCESS", shown.update_time)
    assert update.config[0]["instance_count"] == 2


def test_otcextensions_creates_lists_gets_and_deletes_a_model_from_a_bucket(
    cloud: Connection, server: DrydockServer
) -> None:
    bucket = f"models-{uuid.uuid4().hex[:8]}"
    shutil.copytree(FIXTURES / "packages" / "iris", server.home / "objects" / bucket / "iris")
    modelarts = cloud.modelartsv1

    created = modelarts.create_model(
        model_name="flowers",
        model_version="0.0.7",
        model_type="Scikit_Learn",
        source_location=f"obs://{bucket}/iris/",
        description="petals and sepals",
    )
    server.wait_for_model(created.id)

    shown = modelarts.get_model(created)
    assert (shown.name, shown.version, shown.status) == ("flowers", "0.0.7", "published")
    assert (shown.model_type, shown.description) == ("Scikit_Learn", "petals and sepals")
    assert shown.source_location == f"obs://{bucket}/iris/"
    assert shown.apis[0].method == "post"
    assert json.dumps(shown.config)
    assert modelarts.find_model("flowers", ignore_missing=False).id == created.id
    assert created.id in {one.id for one in modelarts.models()}
    assert [one.id for one in modelarts.models(name="flowers")] == [created.id]

    service_id = server.deploy(realtime_request("flowers", (created.id, 100)))
    server.delete_service(service_id)
    modelarts.delete_model(created)
    assert modelarts.find_model("flowers") is None
    assert not (server.home / "models" / created.id).exists()


def test_otcextensions_shows_our_refusals_as_its_own_exceptions(
    cloud: Connection, server: DrydockServer, model_of: ModelOf
) -> None:
    modelarts = cloud.modelartsv1
    body = realtime_request("never", (model_of(server, "iris"), 101))
    with pytest.raises(BadRequestException, match=r"ModelArts\.0101") as refused:
        modelarts.create_service(**body)
    # of a documented body this client shows the code; what was wrong is in the answer
    assert "config[0].weight" in refused.value.response.json()["error_msg"]
    modelarts.create_service(**realtime_request("taken", (model_of(server, "iris"), 100)))
    with pytest.raises(ConflictException, match=r"ModelArts\.3503"):
        modelarts.create_service(**realtime_request("taken", (model_of(server, "iris"), 100)))
    with pytest.raises(NotFoundException, match=r"ModelArts\.3502"):
        modelarts.get_service(UNKNOWN_ID)
    with pytest.raises(NotFoundException):
        modelarts.find_service("never", ignore_missing=False)
    with pytest.raises(NotFoundException, match=r"ModelArts\.3001"):
        modelarts.get_model(UNKNOWN_ID)
    with pytest.raises(NotFoundException, match=r"ModelArts\.3502"):
        list(modelarts.service_monitor(UNKNOWN_ID))
    with pytest.raises(HttpException, match=r"Drydock\.NotSimulated"):
        modelarts.create_service(**documented("edge"))
    assert [one.name for one in modelarts.services()] == ["taken"]


def test_otcextensions_waiter_shows_why_a_deployment_failed(
    cloud: Connection, server: DrydockServer
) -> None:
    model_id = server.import_package("iris", name="broken")
    (server.home / "models" / model_id / "model" / "iris.onnx").write_bytes(b"no model")
    modelarts = cloud.modelartsv1
    created = modelarts.create_service(**realtime_request("broken", (model_id, 100)))
    with pytest.raises(SDKException, match=r"iris\.onnx"):
        modelarts.wait_for_service(created, timeout=30, wait=0.05)
    server.delete_all_services()
    modelarts.delete_model(model_id)


# --- huaweicloudsdkcore ------------------------------------------------------------------------


class Answer(SdkResponse):
    """An answer without declared fields, as a service's own package would declare them."""

    openapi_types: ClassVar[dict[str, str]] = {}
    attribute_map: ClassVar[dict[str, str]] = {}


class ModelArts(Client):
    """The SDK's generic client; a service's own package would add typed calls only."""

    def __init__(self) -> None:
        super().__init__()
        self.model_package = SimpleNamespace(Answer=Answer)


def sdk(server: DrydockServer, **changes: str) -> Client:
    """The client with the access key that `drydock env` prints."""
    env = server.env | changes
    credentials = BasicCredentials(env["access_key"], env["secret_key"], env["project_id"])
    client: Client = (
        ClientBuilder(ModelArts).with_credentials(credentials).with_endpoint(server.url).build()
    )
    return client


def call(client: Client, method: str, path: str, **more: Any) -> Any:
    """The decoded answer of one signed call."""
    answer = client.do_http_request(
        method=method,
        resource_path=path,
        query_params=more.get("query", []),
        header_params={"Content-Type": "application/json"},
        body=more.get("body"),
        response_type="Answer",
    )
    return json.loads(answer.raw_content)


def test_huaweicloudsdkcore_signs_the_whole_job(server: DrydockServer, model_of: ModelOf) -> None:
    client = sdk(server)
    body = realtime_request("signed", (model_of(server, "iris"), 100))
    body["description"] = "größer, schöner"  # the signature covers the bytes

    service_id = call(client, "POST", "/v1/{project_id}/services", body=body)["service_id"]
    server.wait_for_status(service_id, "running")
    listed = call(client, "GET", "/v1/{project_id}/services", query=[("service_name", "signed")])
    assert [one["service_id"] for one in listed["services"]] == [service_id]
    assert listed["services"][0]["description"] == "größer, schöner"
    assert call(client, "DELETE", f"/v1/{{project_id}}/services/{service_id}") == {}


def test_huaweicloudsdkcore_changes_scales_stops_starts_and_deletes_a_running_service(
    server: DrydockServer, model_of: ModelOf
) -> None:
    client = sdk(server)
    model_id = model_of(server, "iris")
    service_id = server.deploy(realtime_request("signed", (model_id, 100)))
    service = f"/v1/{{project_id}}/services/{service_id}"

    def change(method: str, below: str, body: Any) -> dict[str, Any]:
        """The service when it has come to rest after a signed call."""
        call(client, method, service + below, body=body)
        wait_until(
            "the change is made",
            lambda: call(client, "GET", service)["status"] in ("running", "stopped"),
            timeout_s=30,
        )
        shown: dict[str, Any] = call(client, "GET", service)
        return shown

    described = change("PUT", "", {"description": "größer, schöner"})
    assert described["description"] == "größer, schöner"
    config = realtime_request("", (model_id, 100), envs={"MODE": "fast"})["config"]
    updated = change("PUT", "", {"config": config})
    assert (updated["status"], updated["config"][0]["envs"]) == ("running", {"MODE": "fast"})
    counts = [{"model_id": model_id, "changed_value": "2"}]
    body = {"changed_property": "instance_count", "configs": counts}
    assert change("PUT", "/property", body)["config"][0]["instance_count"] == 2
    assert [one["state"] for one in server.instances(service_id)] == ["ready", "ready"]
    patch = [{"op": "replace", "path": "/config/0/instance_count", "value": "1"}]
    assert change("PATCH", "", patch)["config"][0]["instance_count"] == 1
    assert change("PUT", "", {"status": "stopped"})["status"] == "stopped"
    assert change("PUT", "", {"status": "running"})["status"] == "running"

    assert call(client, "DELETE", service) == {}
    gone = wait_until("the service is gone", lambda: refusal(client, service), timeout_s=20)
    assert gone == (404, "ModelArts.3502")


def refusal(client: Client, path: str) -> tuple[int, str] | None:
    """Status and code with which a signed GET is refused; None when it is answered."""
    try:
        call(client, "GET", path)
    except ClientRequestException as refused:
        return refused.status_code, refused.error_code
    return None


@pytest.mark.parametrize(
    ("method", "body"), [("PUT", {"status": "stopped"}), ("DELETE", None)], ids=["PUT", "DELETE"]
)
def test_huaweicloudsdkcore_with_a_wrong_secret_key_changes_no_service(
    server: DrydockServer, model_of: ModelOf, method: str, body: dict[str, str] | None
) -> None:
    service_id = server.deploy(realtime_request("kept", (model_of(server, "iris"), 100)))
    before = server.api("GET", f"/services/{service_id}")
    path = f"/v1/{{project_id}}/services/{service_id}"
    with pytest.raises(ClientRequestException) as refused:
        call(sdk(server, secret_key="wrong"), method, path, body=body)
    assert (refused.value.status_code, refused.value.error_code) == (401, "ModelArts.0208")
    assert server.api("GET", f"/services/{service_id}") == before


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"secret_key": "wrong"}, 401, "ModelArts.0208"),
        ({"access_key": "UNKNOWN"}, 403, "ModelArts.0206"),
        ({"project_id": "a" * 32}, 403, "ModelArts.0210"),
    ],
)
def test_huaweicloudsdkcore_with_wrong_credentials_is_refused_and_creates_nothing(
    server: DrydockServer, model_of: ModelOf, changes: dict[str, str], status: int, code: str
) -> None:
    body = realtime_request("never", (model_of(server, "iris"), 100))
    with pytest.raises(ClientRequestException) as refused:
        call(sdk(server, **changes), "POST", "/v1/{project_id}/services", body=body)
    assert (refused.value.status_code, refused.value.error_code) == (status, code)
    assert refused.value.error_msg
    assert refused.value.request_id
    assert server.service_names() == []
