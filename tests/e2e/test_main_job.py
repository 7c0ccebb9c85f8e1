"""The main job: the documented request deploys a real model, and the gateway gives its answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.e2e.digits import direct_labels, held_out_digits, held_out_irises
from tests.e2e.docker_engine import ECHO_DIRECTORY
from tests.e2e.server import DrydockServer, is_alive, realtime_request

pytestmark = pytest.mark.envoy

ModelOf = Callable[[DrydockServer, str], str]


def test_held_out_digits_get_the_labels_that_the_model_gives_when_called_directly(
    any_server: DrydockServer, model_of: ModelOf, record_property: Callable[[str, object], None]
) -> None:
    digits = held_out_digits()
    expected = direct_labels("mnist", digits)
    assert len(digits) == 300

    body = realtime_request("mnist", (model_of(any_server, "mnist"), 100))
    with any_server.deployed(body) as service_id:
        answers = [any_server.predict_digit(service_id, digit.png) for digit in digits]

    assert {answer.status_code for answer in answers} == {200}
    got = [answer.json()["predicted_label"] for answer in answers]
    differing = {
        digit.file: (mine, direct)
        for digit, mine, direct in zip(digits, got, expected, strict=True)
        if mine != direct
    }
    assert not differing
    right = sum(mine == digit.label for mine, digit in zip(got, digits, strict=True))
    record_property("measured", f"{any_server.backend}: {right} of 300 held-out digits right")
    assert right / len(digits) >= 0.96


def test_service_detail_tells_what_was_deployed_and_an_address_that_works(
    any_server: DrydockServer, model_of: ModelOf
) -> None:
    body = realtime_request("mnist", (model_of(any_server, "mnist"), 100))
    digit = held_out_digits()[0]
    with any_server.deployed(body) as service_id:
        detail = any_server.api("GET", f"/services/{service_id}")
        answer = any_server.client.post(
            detail["access_address"],
            headers={"X-Auth-Token": any_server.token},
            files={"images": ("digit.png", digit.png, "image/png")},
        )

    assert answer.status_code == 200
    assert answer.json()["predicted_label"] == digit.label
    assert (detail["status"], detail["progress"]) == ("running", 100)
    assert detail["access_address"] == f"{any_server.url}/v1/infers/{service_id}"
    assert {key: detail[key] for key in ("service_name", "description", "infer_type")} == {
        "service_name": "mnist",
        "description": "mnist service",
        "infer_type": "real-time",
    }
    (config,) = detail["config"]
    sent = body["config"][0]
    assert {key: config[key] for key in sent} == sent
    assert (config["model_name"], config["status"]) == ("mnist", "ready")


def test_deleted_service_leaves_no_instance_and_is_forgotten(
    server: DrydockServer, model_of: ModelOf
) -> None:
    service_id = server.deploy(realtime_request("gone", (model_of(server, "iris"), 100)))
    (pid,) = server.pids(service_id)
    assert is_alive(pid)

    server.delete_service(service_id)

    assert not is_alive(pid)
    assert server.service_names() == []
    answer = server.call("GET", f"/services/{service_id}")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3502")


def test_iris_rows_sent_as_json_get_their_species(
    any_server: DrydockServer, model_of: ModelOf
) -> None:
    rows, species = held_out_irises()
    body = realtime_request("iris", (model_of(any_server, "iris"), 100))
    with any_server.deployed(body) as service_id:
        together = any_server.infer(service_id, json={"data": {"req_data": rows}})
        alone = any_server.infer(service_id, json={"data": {"req_data": rows[:1]}})

    assert together.status_code == 200, together.text
    answers = together.json()["data"]["resp_data"]
    assert [answer["predictresult"] for answer in answers] == species
    assert all(0 < answer["probability"] <= 1 for answer in answers)
    assert alone.json()["data"]["resp_data"][0]["predictresult"] == species[0]


def test_each_wanted_instance_runs_by_itself_and_all_of_them_answer(
    any_server: DrydockServer, model_of: ModelOf
) -> None:
    rows, _ = held_out_irises()
    body = realtime_request("two", (model_of(any_server, "iris"), 100), instance_count=2)
    with any_server.deployed(body) as service_id:
        instances = any_server.instances(service_id)
        answers = [
            any_server.infer(service_id, json={"data": {"req_data": rows[:1]}}) for _ in range(40)
        ]

    assert len({instance["ref"] for instance in instances}) == 2
    assert {answer.status_code for answer in answers} == {200}
    answered = {answer.headers["x-drydock-instance"] for answer in answers}
    assert answered == {instance["instance_id"] for instance in instances}


@pytest.mark.docker
def test_custom_image_gets_the_envs_of_the_request(
    docker_server: DrydockServer, echo_image: str
) -> None:
    config = json.loads((ECHO_DIRECTORY / "config.json").read_text())
    wanted = {"image": echo_image, "config": config, "name": "echo"}
    model_id = str(docker_server.admin("POST", "/models/import", json=wanted)["model_id"])
    docker_server.wait_for_model(model_id)

    envs = {"model_name": "mxnet-model-1", "load_epoch": "0", "SATZ": 'größer = "schöner" $HOME'}
    body = realtime_request("echo", (model_id, 100), envs=envs)
    with docker_server.deployed(body) as service_id:
        answer = docker_server.infer(service_id, "/predict", json={"input": "hello"})
        detail = docker_server.api("GET", f"/services/{service_id}")

    assert answer.status_code == 200, answer.text
    echo = answer.json()
    assert echo["path"] == "/predict"
    assert echo["received"] == {"input": "hello"}
    assert envs.items() <= echo["envs"].items()
    assert detail["config"][0]["envs"] == envs
    secrets = [name for name in echo["envs"] if "TOKEN" in name or "SECRET" in name]
    assert not secrets


def test_image_model_is_refused_on_the_process_backend_and_nothing_is_created(
    server: DrydockServer,
) -> None:
    before = server.api("GET", "/models")
    created = server.call(
        "POST",
        "/models",
        json={
            "model_name": "echo",
            "model_version": "0.0.1",
            "model_type": "Image",
            "source_location": "team/echo:1",
        },
    )

    assert (created.status_code, created.json()["error_code"]) == (400, "ModelArts.3017")
    message = created.json()["error_msg"]
    assert "team/echo:1" in message
    assert "process backend" in message
    assert "Docker" in message
    assert server.api("GET", "/models") == before
