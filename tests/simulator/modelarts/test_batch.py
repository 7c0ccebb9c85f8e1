"""Batch services at the front door. Nothing runs here: every input fails and says so."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import ACCEPTED, changed, documented

Json = dict[str, Any]
FIXTURES = ACCEPTED.parents[2]
CSV = documented("batch-csv")
POOLLESS = {k: v for k, v in documented("batch-file").items() if k != "cluster_id"}
FILE = changed(POOLLESS, "/config/0/mapping_type", "file")


@pytest.fixture
def model(drydock: Drydock) -> str:
    """A model that takes JSON, and the inputs of the documented requests."""
    inputs = drydock.objects / "infers-data" / "xgboosterdata"
    inputs.mkdir(parents=True)
    (inputs / "a.csv").write_text("1,2,3,4,5\n6,7,8,9,10\n")
    (inputs / "b.csv").write_text("x\n")
    return drydock.publish_model(FIXTURES / "packages" / "iris")


@pytest.fixture
def file_model(drydock: Drydock, model: str) -> str:
    """One that takes a file, and the same inputs."""
    return drydock.publish_model(FIXTURES / "packages" / "mnist")


def deploy(client: httpx.Client, body: Json, model: str) -> httpx.Response:
    return client.post("services", json=changed(body, "/config/0/model_id", model))


def address(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return f"services/{answer.json()['service_id']}"


def output(drydock: Drydock) -> list[Json]:
    (manifest,) = (drydock.objects / "infers-data" / "output").glob("*.manifest")
    return [json.loads(line) for line in manifest.read_text().splitlines()]


def job(drydock: Drydock, service: str) -> Json:
    found: Json = drydock._admin("GET", f"/{service}")["job"]
    return found


class TestShown:
    def test_a_batch_service_ends_finished_with_its_times_and_without_an_address(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert (shown["status"], shown["progress"]) == ("finished", 100)
        assert "access_address" not in shown
        assert shown["publish_at"] <= shown["start_time"] <= shown["finished_time"]
        (config,) = shown["config"]
        sent = CSV["config"][0] | {"model_id": model}
        assert {name: config[name] for name in sent} == sent
        times = {name: shown[name] for name in ("start_time", "finished_time")}
        assert {name: config[name] for name in times} == times
        assert config["status"] == "notReady", "its instances are gone"
        (listed,) = drydock_client.get("services").json()["services"]
        assert {name: listed[name] for name in times} == times

    def test_a_real_time_service_has_no_times_of_a_job(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, documented("realtime"), model))
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert not {"start_time", "finished_time"} & shown.keys()
        assert shown["access_address"]
        assert job(drydock, service) is None

    def test_where_nothing_runs_every_input_fails_and_says_so(
        self, drydock: Drydock, drydock_client: httpx.Client, file_model: str
    ) -> None:
        address(deploy(drydock_client, FILE, file_model))
        drydock.settle()
        lines = output(drydock)
        assert [line["source"][-5:] for line in lines] == ["a.csv", "b.csv"]
        assert {line["result"] for line in lines} == {"FAILED"}
        assert all("501" in line["error_message"] for line in lines)
        assert all("it runs no model" in line["error_message"] for line in lines)

    def test_the_admin_surface_tells_how_far_the_job_is(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        found = job(drydock, service)
        assert (found["total"], found["done"]) == (2, 2)
        assert (found["succeeded"], found["failed"], found["rows"]) == (0, 2, 3)
        assert found["results"] == "obs://infers-data/output/"
        assert found["manifests"] == [
            f"obs://infers-data/output/infer-result-{found['task_id']}.manifest"
        ]
        assert (found["rate_per_s"], found["left_s"]) == (None, None), "it is not under way"


class TestRefused:
    def test_a_mapping_rule_that_cannot_be_followed_is_refused_where_it_cannot(
        self, drydock_client: httpx.Client, model: str
    ) -> None:
        rule = {"type": "object", "properties": {"a": {"type": "file"}, "b": 1}}
        answer = deploy(drydock_client, changed(CSV, "/config/0/mapping_rule", rule), model)
        assert answer.status_code == 400
        assert [(one["rule"], one["path"]) for one in answer.json()["violations"]] == [
            ("MA-BAT-016", "/config/0/mapping_rule/properties/a"),
            ("MA-BAT-016", "/config/0/mapping_rule/properties/b"),
        ]

    def test_with_the_mapping_type_file_its_rule_is_not_looked_into(
        self, drydock_client: httpx.Client, file_model: str
    ) -> None:
        body = changed(FILE, "/config/0/mapping_rule", {"type": "file"})
        assert deploy(drydock_client, body, file_model).status_code == 200

    def test_an_api_that_takes_no_file_is_refused_for_files(
        self, drydock_client: httpx.Client, model: str
    ) -> None:
        answer = deploy(drydock_client, FILE, model)
        assert answer.status_code == 400
        assert [one["path"] for one in answer.json()["violations"]] == ["/config/0/mapping_type"]

    def test_a_path_at_which_nothing_is_is_refused(
        self, drydock_client: httpx.Client, model: str
    ) -> None:
        body = changed(CSV, "/config/0/src_path", "obs://infers-data/nothing/")
        answer = deploy(drydock_client, body, model)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3551")


class TestChanged:
    """Its configuration is another one. Source: Updating a Service, table 4."""

    @pytest.fixture
    def other(self, drydock: Drydock, model: str) -> Json:
        """The configuration with other inputs and another output."""
        folder = drydock.objects / "infers-data" / "more"
        folder.mkdir()
        (folder / "c.csv").write_text("1,2,3,4,5\n")
        paths = {"src_path": "obs://infers-data/more/", "dest_path": "obs://infers-data/later/"}
        return CSV["config"][0] | {"model_id": model} | paths

    def test_one_that_is_finished_does_the_other_job_when_it_is_started(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str, other: Json
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        first = job(drydock, service)
        assert drydock_client.put(service, json={"config": [other]}).status_code == 200
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert (shown["status"], shown["config"][0]["src_path"]) == ("finished", other["src_path"])
        waiting = job(drydock, service)
        assert (waiting["run"], waiting["results"]) == (first["run"] + 1, other["dest_path"])
        assert (waiting["total"], waiting["done"], waiting["manifests"]) == (None, 0, [])
        assert [line["source"][-5:] for line in output(drydock)] == ["a.csv", "b.csv"]

        assert drydock_client.put(service, json={"status": "running"}).status_code == 200
        drydock.settle()
        assert drydock_client.get(service).json()["status"] == "finished"
        (manifest,) = (drydock.objects / "infers-data" / "later").glob("*.manifest")
        assert manifest.name == f"infer-result-{waiting['task_id']}.manifest"
        (line,) = manifest.read_text().splitlines()
        assert json.loads(line)["source"] == "obs://infers-data/more/c.csv"
        (logged,) = drydock_client.get(f"{service}/logs").json()["logs"]
        assert logged["result"] == "SUCCESS"

    def test_the_same_configuration_again_changes_nothing(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        before = job(drydock, service)
        same = {"config": [CSV["config"][0] | {"model_id": model}]}
        assert drydock_client.put(service, json=same).status_code == 200
        assert job(drydock, service) == before

    def test_single_fields_are_changed_too(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        patch = [{"op": "replace", "path": "/config/0/instance_count", "value": "2"}]
        assert drydock_client.patch(service, json=patch).status_code == 200
        assert drydock_client.get(service).json()["config"][0]["instance_count"] == 2

    def test_what_is_wrong_with_it_is_refused_as_in_a_deploy_request(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str, other: Json
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        nothing = other | {"src_path": "obs://infers-data/nothing/"}
        refused = drydock_client.put(service, json={"config": [nothing]})
        assert (refused.status_code, refused.json()["error_code"]) == (400, "ModelArts.3551")
        file = other | {"mapping_type": "file"}
        refused = drydock_client.put(service, json={"config": [file]})
        assert [one["path"] for one in refused.json()["violations"]] == ["/config/0/mapping_type"]
        assert job(drydock, service)["run"] == 1

    def test_its_number_of_instances_is_no_property(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        change = {
            "changed_property": "instance_count",
            "configs": [{"model_id": model, "changed_value": "2"}],
        }
        assert drydock_client.put(f"{service}/property", json=change).status_code == 400

    @pytest.mark.drydock(transitions={"deploy": "manual"})
    def test_one_that_is_being_deployed_keeps_its_configuration(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str, other: Json
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        refused = drydock_client.put(service, json={"config": [other]})
        assert (refused.status_code, refused.json()["error_code"]) == (400, "ModelArts.3519")


class TestStartedAndStopped:
    @pytest.mark.drydock(transitions={"deploy": "manual"})
    def test_one_that_is_being_deployed_is_stopped_started_and_does_its_work(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        assert drydock_client.get(service).json()["status"] == "deploying"
        assert drydock_client.put(service, json={"status": "stopped"}).status_code == 200
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert (shown["status"], shown.get("start_time")) == ("stopped", None)
        assert drydock_client.put(service, json={"status": "running"}).status_code == 200
        drydock.settle()
        drydock.release(service.removeprefix("services/"))
        drydock.settle()
        assert drydock_client.get(service).json()["status"] == "finished"
        assert len(output(drydock)) == 2

    def test_one_that_is_done_does_its_work_anew_under_another_task_id(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        first = job(drydock, service)
        refused = drydock_client.put(service, json={"status": "stopped"})
        assert (refused.status_code, refused.json()["error_code"]) == (400, "ModelArts.3519")
        assert drydock_client.put(service, json={"status": "running"}).status_code == 200
        drydock.settle()
        second = job(drydock, service)
        assert second["run"] == first["run"] + 1
        assert second["task_id"] != first["task_id"]
        manifests = (drydock.objects / "infers-data" / "output").glob("*.manifest")
        assert {one.name for one in manifests} == {
            f"infer-result-{one['task_id']}.manifest" for one in (first, second)
        }

    def test_one_that_is_deleted_leaves_its_results_and_nothing_else(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        service = address(deploy(drydock_client, CSV, model))
        drydock.settle()
        assert drydock_client.delete(service).status_code == 200
        drydock.settle()
        assert drydock_client.get(service).status_code == 404
        assert len(output(drydock)) == 2
        kept = drydock.objects.parent / "batch"
        assert not kept.exists() or not list(kept.iterdir())

    def test_a_job_without_inputs_fails_and_says_so(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        body = changed(CSV, "/config/0/src_path", "obs://infers-data/output/")
        (drydock.objects / "infers-data" / "output").mkdir()
        name = "infer-result-other.manifest"  # what a job wrote is no input
        (drydock.objects / "infers-data" / "output" / name).write_text("")
        service = address(deploy(drydock_client, body, model))
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert shown["status"] == "failed"
        assert "there are no inputs in obs://infers-data/output/" in shown["error_msg"]


@pytest.mark.drydock(batch_manifest_bytes=10)
def test_a_setting_says_how_large_a_manifest_of_results_grows(
    drydock: Drydock, drydock_client: httpx.Client, file_model: str
) -> None:
    service = address(deploy(drydock_client, FILE, file_model))
    drydock.settle()
    task_id = job(drydock, service)["task_id"]
    manifests = (drydock.objects / "infers-data" / "output").glob("*.manifest")
    assert sorted(one.name for one in manifests) == [
        f"infer-result-{task_id}.manifest",
        f"infer-result-{task_id}_1.manifest",
    ]
