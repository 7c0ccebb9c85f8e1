"""Wrong input gets the documented error, creates nothing, and the server goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from simulator.iam.identity import Identity, Project, default_identity
from simulator.iam.tokens import TokenSigner
from tests.e2e.server import (
    ACCEPTED,
    FIXTURES,
    OTHER_PROJECT,
    DrydockServer,
    realtime_request,
    wait_until,
)

pytestmark = pytest.mark.envoy

ModelOf = Callable[[DrydockServer, str], str]
Body = dict[str, Any]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def issue_token(
    server: DrydockServer, project: Project | None, *, lifetime_s: int = 3600, age_s: int = 0
) -> str:
    """A token of the server's own key, for any project."""
    signer = TokenSigner.from_file(server.home / "token-key.pem", server.installation)
    user: Identity = default_identity()
    return signer.issue(user, project, time.time() - age_s, lifetime_s).text


def assert_refused(answer: httpx.Response, status: int, code: str, *words: str) -> None:
    """The documented form: status, code, and a message in which all `words` stand."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    body = answer.json()
    assert body["error_code"] == code, body
    assert set(body) <= {"error_code", "error_msg", "violations"}
    assert answer.headers["x-request-id"]
    for word in words:
        assert word in body["error_msg"], body


@pytest.fixture
def good(server: DrydockServer, model_of: ModelOf) -> Body:
    """A request that would be accepted."""
    return realtime_request("never", (model_of(server, "iris"), 100))


@pytest.fixture(autouse=True)
def nothing_is_created(server: DrydockServer, model_of: ModelOf) -> Iterator[None]:
    """Whatever was refused: the lists are as before and the server answers."""
    for package in ("iris", "mnist", "mnist-v2"):
        model_of(server, package)
    models = server.api("GET", "/models")["total_count"]
    yield
    server.delete_all_services()
    assert server.admin("GET", "/state")["gateway"]["status"] == "running"
    assert server.api("GET", "/models")["total_count"] == models


def post(server: DrydockServer, body: Any, **more: Any) -> httpx.Response:
    """Tries to deploy; says whether something appeared."""
    answer = server.call("POST", "/services", json=body, **more)
    assert server.service_names() == []
    return answer


# --- who asks ----------------------------------------------------------------------------------


def test_request_without_token_is_refused(server: DrydockServer, good: Body) -> None:
    answer = post(server, good, headers={"X-Auth-Token": None})
    assert_refused(answer, 401, "ModelArts.0201", "X-Auth-Token")


def test_request_with_a_made_up_token_is_refused(server: DrydockServer, good: Body) -> None:
    answer = post(server, good, headers={"X-Auth-Token": "made.up.token"})
    assert_refused(answer, 401, "ModelArts.0203", "token is invalid")


def test_request_with_an_expired_token_is_refused(server: DrydockServer, good: Body) -> None:
    token = issue_token(server, Project(server.project_id, "local"), lifetime_s=60, age_s=120)
    answer = post(server, good, headers={"X-Auth-Token": token})
    assert_refused(answer, 401, "ModelArts.0202", "expired")


def test_request_with_a_token_of_an_unknown_project_is_refused(
    server: DrydockServer, good: Body
) -> None:
    token = issue_token(server, Project(OTHER_PROJECT, "other"))
    answer = post(server, good, headers={"X-Auth-Token": token})
    assert_refused(answer, 401, "ModelArts.0203", "project")


def test_request_with_a_token_without_project_is_refused(server: DrydockServer, good: Body) -> None:
    answer = post(server, good, headers={"X-Auth-Token": issue_token(server, None)})
    assert_refused(answer, 401, "ModelArts.0212", "project")


@pytest.mark.parametrize(("project", "status"), [(OTHER_PROJECT, 403), ("not-a-project-id", 400)])
def test_path_with_another_project_than_the_tokens_is_refused(
    server: DrydockServer, good: Body, project: str, status: int
) -> None:
    answer = server.client.post(
        f"/v1/{project}/services", headers={"X-Auth-Token": server.token}, json=good
    )
    assert_refused(answer, status, "ModelArts.0210", "project id")


@pytest.mark.parametrize("path", ["/state", "/env"])
def test_admin_surface_is_closed_without_its_token(server: DrydockServer, path: str) -> None:
    answer = server.client.get(f"/_drydock{path}", headers={"X-Auth-Token": server.token})
    assert answer.status_code == 401
    assert "X-Drydock-Token" in answer.json()["hint"]


# --- what is asked -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"service_name": "never",', "column"),
        (b"", "empty"),
        (b"[]", "object"),
        (b'{"service_name": "a", "service_name": "b"}', "service_name"),
        (b'{"service_name": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "deep"),
    ],
)
def test_body_that_is_no_json_object_is_refused(
    server: DrydockServer, body: bytes, words: str
) -> None:
    answer = server.call("POST", "/services", content=body)
    assert_refused(answer, 400, "ModelArts.0104", words)


def without(*path: str | int) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        target: Any = body
        for part in path[:-1]:
            target = target[part]
        del target[path[-1]]

    return change


def with_value(value: Any, *path: str | int) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        target: Any = body
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (without("infer_type"), "infer_type"),
        (without("service_name"), "service_name"),
        (without("config"), "config"),
        (without("config", 0, "model_id"), "config[0].model_id"),
        (without("config", 0, "specification"), "config[0].specification"),
        (without("config", 0, "instance_count"), "config[0].instance_count"),
        (without("config", 0, "weight"), "config[0].weight"),
        (with_value([], "config"), "config"),
        (with_value("online", "infer_type"), "infer_type"),
        (with_value("no/slash", "service_name"), "service_name"),
        (with_value("x" * 65, "service_name"), "service_name"),
        (with_value(7, "service_name"), "service_name"),
        (with_value("a < b", "description"), "description"),
        (with_value("x" * 101, "description"), "description"),
        (with_value(101, "config", 0, "weight"), "config[0].weight"),
        (with_value("101", "config", 0, "weight"), "config[0].weight"),
        (with_value(99, "config", 0, "weight"), "config[0].weight"),
        (with_value(True, "config", 0, "weight"), "config[0].weight"),
        (with_value(0, "config", 0, "instance_count"), "config[0].instance_count"),
        (with_value(6, "config", 0, "instance_count"), "config[0].instance_count"),
        (with_value("1", "config", 0, "instance_count"), "config[0].instance_count"),
        (with_value("modelarts.vm.cpu.3u", "config", 0, "specification"), "specification"),
        (with_value("custom", "config", 0, "specification"), "config[0].custom_spec"),
        (with_value(20, "config", 0, "deploy_timeout_in_seconds"), "deploy_timeout_in_seconds"),
        (with_value({"a": 1}, "config", 0, "envs"), "config[0].envs"),
        (with_value("vpc-1", "vpc_id"), "subnet_network_id"),
    ],
)
def test_request_that_breaks_one_rule_is_refused_naming_the_field(
    server: DrydockServer, good: Body, change: Callable[[Body], None], field: str
) -> None:
    change(good)
    assert_refused(post(server, good), 400, "ModelArts.0101", field)


def test_everything_that_is_wrong_is_told_at_once(server: DrydockServer, good: Body) -> None:
    good["service_name"] = "no spaces"
    good["config"][0] |= {"weight": 101, "instance_count": 6}
    answer = post(server, good)
    assert answer.status_code == 400
    paths = {violation["path"] for violation in answer.json()["violations"]}
    assert paths == {"/service_name", "/config/0/weight", "/config/0/instance_count"}


def test_same_model_twice_is_refused(server: DrydockServer, model_of: ModelOf) -> None:
    model_id = model_of(server, "iris")
    answer = post(server, realtime_request("never", (model_id, 70), (model_id, 30)))
    assert_refused(answer, 400, "ModelArts.3516", "config[1].model_id")


def test_weights_that_do_not_add_up_to_100_are_refused(
    server: DrydockServer, model_of: ModelOf
) -> None:
    body = realtime_request(
        "never", (model_of(server, "mnist"), "70"), (model_of(server, "mnist-v2"), "31")
    )
    assert_refused(post(server, body), 400, "ModelArts.0101", "weight", "101")


def test_unknown_model_is_refused(server: DrydockServer) -> None:
    answer = post(server, realtime_request("never", (UNKNOWN_ID, 100)))
    assert_refused(answer, 404, "ModelArts.3507", "model", UNKNOWN_ID)


def test_custom_specification_without_a_pool_is_refused(server: DrydockServer, good: Body) -> None:
    good["config"][0] |= {"specification": "custom", "custom_spec": {"cpu": 1.5, "memory": 7500}}
    assert_refused(post(server, good), 400, "ModelArts.3976", "specification", "pool")


def test_documented_request_for_a_pool_that_is_not_there_is_refused(
    server: DrydockServer, model_of: ModelOf
) -> None:
    body = json.loads((ACCEPTED / "realtime-dedicated-custom.json").read_text())
    body["config"][0]["model_id"] = model_of(server, "iris")
    pool = "8abf68a969c3cb3a0169c4acb24b0000"
    assert_refused(post(server, body), 400, "ModelArts.3547", "pool", pool)


@pytest.mark.parametrize("specification", ["modelarts.vm.gpu.p4", "modelarts.vm.ai1.a310"])
def test_specification_that_this_host_cannot_give_is_refused(
    server: DrydockServer, good: Body, specification: str
) -> None:
    good["config"][0]["specification"] = specification
    assert_refused(post(server, good), 400, "ModelArts.3976", specification)


def test_documented_request_that_is_not_simulated_says_so(server: DrydockServer) -> None:
    body = json.loads((ACCEPTED / "edge.json").read_text())
    assert_refused(post(server, body), 501, "Drydock.NotSimulated", "not simulated")


def test_second_service_of_the_same_name_is_refused(server: DrydockServer, good: Body) -> None:
    server.deploy(good, until="")
    answer = server.call("POST", "/services", json=good)
    assert_refused(answer, 409, "ModelArts.3503", "never")
    assert server.service_names() == ["never"]


def test_of_eight_simultaneous_creations_of_one_name_exactly_one_wins(
    server: DrydockServer, good: Body
) -> None:
    line = threading.Barrier(8)
    statuses: list[int] = []
    codes: list[str] = []

    def create() -> None:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            client.get("/_drydock/health")
            line.wait(10)
            answer = client.post(
                f"/v1/{server.project_id}/services",
                headers={"X-Auth-Token": server.token},
                json=good,
            )
        statuses.append(answer.status_code)
        codes.append(answer.json().get("error_code", ""))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert Counter(statuses) == {200: 1, 409: 7}
    assert Counter(codes) == {"": 1, "ModelArts.3503": 7}
    assert server.service_names() == ["never"]


def test_service_beyond_the_quota_of_20_is_refused(server: DrydockServer, good: Body) -> None:
    # with its private copy gone nothing can be started, so that 20 services cost no processes
    model_id = server.import_package("iris", name="unstartable")
    shutil.rmtree(server.home / "models" / model_id)
    try:
        good["config"][0]["model_id"] = model_id
        for number in range(20):
            server.deploy(good | {"service_name": f"s{number}"}, until="")
        answer = server.call("POST", "/services", json=good)
        assert_refused(answer, 400, "ModelArts.3520", "20 of 20")
        assert "never" not in server.service_names()
        assert len(server.service_names()) == 20
    finally:
        server.delete_all_services()
        server.api("DELETE", f"/models/{model_id}")


# --- where it is asked -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nope", "/services/a/nope", "/services/a/b/c", "/model"])
def test_path_that_the_api_does_not_have_is_refused(server: DrydockServer, path: str) -> None:
    assert_refused(server.call("GET", path), 404, "APIG.0101", f"/v1/{server.project_id}{path}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nope"),
        ("GET", "/v1"),
        ("GET", "/v1/abc"),
        ("GET", "/v2/x/services"),
        ("PUT", "/v3/x"),
        ("DELETE", "/v3/auth/tokens"),
    ],
)
def test_path_outside_the_api_is_refused_in_the_same_form(
    server: DrydockServer, method: str, path: str
) -> None:
    assert_refused(server.client.request(method, path), 404, "APIG.0101", path)


@pytest.mark.parametrize(("method", "path"), [("GET", "/nope"), ("PUT", "/health")])
def test_path_or_method_unknown_to_the_admin_surface_is_refused_in_its_own_form(
    server: DrydockServer, method: str, path: str
) -> None:
    answer = server.client.request(method, f"/_drydock{path}")
    assert answer.status_code in (404, 405)
    assert {"code", "message", "request_id"} <= set(answer.json())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/services/{UNKNOWN_ID}/tasks"),
        ("PUT", f"/services/{UNKNOWN_ID}/nodes/n1/status"),
        ("POST", f"/services/{UNKNOWN_ID}/tasks"),
    ],
)
def test_documented_operation_that_is_not_simulated_says_so(
    server: DrydockServer, method: str, path: str
) -> None:
    assert_refused(server.call(method, path), 501, "Drydock.NotSimulated", "not simulated")


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_unknown_service_is_not_found(server: DrydockServer, method: str) -> None:
    more = {"json": {"status": "stopped"}} if method == "PUT" else {}
    answer = server.call(method, f"/services/{UNKNOWN_ID}", **more)
    assert_refused(answer, 404, "ModelArts.3502", UNKNOWN_ID)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_model_is_not_found(server: DrydockServer, method: str) -> None:
    assert_refused(server.call(method, f"/models/{UNKNOWN_ID}"), 404, "ModelArts.3001", UNKNOWN_ID)


def test_model_in_use_is_not_deleted(server: DrydockServer, good: Body) -> None:
    server.deploy(good, until="")
    model_id = good["config"][0]["model_id"]
    answer = server.api("DELETE", f"/models/{model_id}")
    (failed,) = answer["delete_failed_list"]
    assert answer["delete_success_list"] == []
    assert (failed["model_id"], failed["error_code"]) == (model_id, "ModelArts.3009")
    assert "never" in failed["error_msg"]
    assert server.api("GET", f"/models/{model_id}")["model_status"] == "published"

    # not 500, which would look like a fault of ours
    again = own(server, "DELETE", f"/models/{model_id}")
    assert (again.status_code, again.json()["code"]) == (409, "InUse")


def own(server: DrydockServer, method: str, path: str, **more: Any) -> httpx.Response:
    """A call of Drydock's own surface."""
    headers = {"X-Drydock-Token": (server.home / "admin-token").read_text().strip()}
    return server.client.request(method, f"/_drydock{path}", headers=headers, **more)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/services/{UNKNOWN_ID}/events?limit=many", None),
        ("GET", f"/services/{UNKNOWN_ID}/logs?tail=1.5", None),
        ("POST", "/clock/advance", {"seconds": -1}),
        ("POST", "/clock/advance", {"seconds": 1e300}),
    ],
)
def test_drydocks_own_surface_refuses_in_its_own_form(
    server: DrydockServer, method: str, path: str, body: Body | None
) -> None:
    answer = own(server, method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidRequest")
    assert answer.json()["violations"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("obs://no-such-bucket/model/", "does not exist"),
        ("obs://b/../../etc", ".."),
        ("ftp://elsewhere/model", "ftp://elsewhere/model"),
    ],
)
def test_model_source_that_is_no_package_is_refused(
    server: DrydockServer, source: str, words: str
) -> None:
    body = {
        "model_name": "never",
        "model_version": "0.0.1",
        "model_type": "PyTorch",
        "source_location": source,
    }
    assert_refused(server.call("POST", "/models", json=body), 400, "ModelArts.3017", words)


def test_package_with_a_wrong_config_json_is_refused_naming_the_field(
    server: DrydockServer, tmp_path: Any
) -> None:
    package = tmp_path / "bad"
    shutil.copytree(FIXTURES / "packages" / "iris", package)
    config_path = package / "model" / "config.json"
    config = json.loads(config_path.read_text())
    config["apis"][0]["url"] = "no-slash"
    config_path.write_text(json.dumps(config))
    headers = {"X-Drydock-Token": (server.home / "admin-token").read_text().strip()}
    answer = server.client.post(
        "/_drydock/models/import", headers=headers, json={"path": str(package)}
    )
    assert answer.status_code == 400
    assert "apis[0].url" in answer.json()["message"]


# --- at the gateway ----------------------------------------------------------------------------


def assert_gateway_says(answer: httpx.Response, status: int, code: str, words: str) -> None:
    """The whole documented body: code and message, nothing else."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    body = answer.json()
    assert list(body) == ["error_code", "error_msg"]
    assert body["error_code"] == code
    assert words in body["error_msg"]
    assert answer.headers["x-request-id"]


@pytest.fixture
def deployed(server: DrydockServer, model_of: ModelOf) -> str:
    """A running service."""
    return server.deploy(realtime_request("up", (model_of(server, "iris"), 100)))


def test_inference_without_a_right_token_is_refused(server: DrydockServer, deployed: str) -> None:
    here = Project(server.project_id, "local")
    wrong = {
        "missing": None,
        "invalid": "made.up.token",
        "expired": issue_token(server, here, lifetime_s=60, age_s=120),
    }
    for word, token in wrong.items():
        answer = server.infer(deployed, json={}, headers={"X-Auth-Token": token})
        assert_gateway_says(answer, 401, "APIG.0301", word)
    foreign = issue_token(server, Project(OTHER_PROJECT, "other"))
    answer = server.infer(deployed, json={}, headers={"X-Auth-Token": foreign})
    assert_gateway_says(answer, 401, "ModelArts.4203", "project")


def test_inference_at_a_service_that_does_not_exist_is_refused(server: DrydockServer) -> None:
    answer = server.infer(UNKNOWN_ID, json={})
    assert_gateway_says(answer, 400, "ModelArts.4203", "does not exist")


def test_inference_at_a_path_or_method_that_the_model_lacks_is_refused(
    server: DrydockServer, deployed: str
) -> None:
    for path, method in (("/nope", "POST"), ("", "GET"), ("/health", "GET")):
        answer = server.infer(deployed, path, method=method)
        assert_gateway_says(answer, 404, "ModelArts.4204", "no API")


def test_inference_with_more_than_12_mb_is_refused(server: DrydockServer, deployed: str) -> None:
    answer = server.infer(deployed, content=b" " * (12 * 1024 * 1024 + 1))
    assert_gateway_says(answer, 413, "ModelArts.4104", "12 MB")


def test_inference_with_wrong_data_is_answered_by_the_model_server(
    server: DrydockServer, deployed: str
) -> None:
    row = {"sepal_length": "long", "sepal_width": 1, "petal_length": 1, "petal_width": 1}
    answer = server.infer(deployed, json={"data": {"req_data": [row]}})
    assert answer.status_code == 400
    assert "sepal_length" in answer.text


def test_inference_at_a_stopped_service_is_refused(server: DrydockServer, deployed: str) -> None:
    server.api("PUT", f"/services/{deployed}", json={"status": "stopped"})
    server.wait_for_status(deployed, "stopped")
    answer = server.infer(deployed, json={})
    assert_gateway_says(answer, 500, "ModelArts.4302", "stopped")

    server.api("PUT", f"/services/{deployed}", json={"status": "running"})
    server.wait_for_status(deployed, "running")
    assert server.infer(deployed, json={}).status_code == 400  # the model server's own answer


def test_inference_at_a_service_that_is_being_deployed_is_refused(
    server: DrydockServer, model_of: ModelOf
) -> None:
    body = realtime_request("slow", (model_of(server, "iris"), 100))
    service_id = server.deploy(body, until="")
    (pid,) = wait_until("an instance is started", lambda: server.pids(service_id), 10)
    os.kill(pid, signal.SIGSTOP)  # it cannot become healthy now
    try:
        assert server.api("GET", f"/services/{service_id}")["status"] == "deploying"
        answer = server.infer(service_id, json={})
        assert_gateway_says(answer, 400, "ModelArts.4203", "being deployed")
    finally:
        os.kill(pid, signal.SIGCONT)
    server.wait_for_status(service_id, "running")


def test_service_whose_model_file_is_damaged_fails_with_the_reason_and_the_log(
    server: DrydockServer, tmp_path: Any
) -> None:
    package = tmp_path / "damaged"
    shutil.copytree(FIXTURES / "packages" / "iris", package)
    (package / "model" / "iris.onnx").write_bytes(b"this is no ONNX file")
    model_id = server.import_package(package)
    try:
        service_id = server.deploy(realtime_request("bad", (model_id, 100)), until="failed")
        detail = server.api("GET", f"/services/{service_id}")
        assert "InstanceExited" in detail["error_msg"]
        assert "The instance's log ends with" in detail["error_msg"]
        assert "iris.onnx" in detail["error_msg"]
        assert "Traceback" not in detail["error_msg"]
        assert any("deployment failed" in text for text in server.events(service_id))
        wait_until("its process is gone", lambda: not server.pids(service_id), 10)
        answer = server.infer(service_id, json={})
        assert_gateway_says(answer, 500, "ModelArts.4302", "failed")
    finally:
        server.delete_all_services()
        server.api("DELETE", f"/models/{model_id}")
