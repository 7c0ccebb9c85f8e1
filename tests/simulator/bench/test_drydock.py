"""What a test does with its server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from simulator.bench.drydock import Drydock, running
from simulator.errors import NameTaken
from tests.simulator.bench.support import deploy, deploy_request

MNIST = Path(__file__).parents[3] / "fixtures" / "packages" / "mnist"


@pytest.fixture
def bench() -> Iterator[Drydock]:
    with running() as made:
        yield made


@pytest.fixture
def client(bench: Drydock) -> Iterator[httpx.Client]:
    with bench.client() as made:
        yield made


def model(client: httpx.Client, model_id: str) -> dict[str, object]:
    found: dict[str, object] = client.get(f"/models/{model_id}").json()
    return found


class TestIdentity:
    def test_its_user_can_log_in(self, bench: Drydock) -> None:
        user = {
            "name": bench.user_name,
            "password": bench.password,
            "domain": {"name": bench.domain_name},
        }
        scope = {"project": {"name": bench.project_name}}
        methods = {"methods": ["password"], "password": {"user": user}}
        answer = httpx.post(
            f"{bench.endpoint}/v3/auth/tokens", json={"auth": {"identity": methods, "scope": scope}}
        )
        assert answer.status_code == 201
        token = {"X-Auth-Token": answer.headers["x-subject-token"]}
        url = f"{bench.endpoint}/v1/{bench.project_id}/services"
        assert httpx.get(url, headers=token).status_code == 200

    def test_it_shows_that_it_is_simulated(self, bench: Drydock) -> None:
        assert "backend fake (simulated: nothing runs), without gateway" in repr(bench)
        state = bench._admin("GET", "/state")
        assert state["backend"]["name"] == "fake"
        assert state["backend"]["detail"].startswith("simulated: ")


class TestAddModel:
    def test_it_is_published_and_says_that_it_is_made_up(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        shown = model(client, bench.add_model("flowers", "1.2.3"))
        names = ("model_name", "model_version", "model_status")
        assert [shown[name] for name in names] == ["flowers", "1.2.3", "published"]
        assert str(shown["description"]).startswith("simulated: ")

    def test_one_that_is_not_published_cannot_be_deployed(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        model_id = bench.add_model(status="publishing")
        answer = client.post("/services", json=deploy_request("prod", model_id))
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3515")

    def test_a_name_and_version_exist_once(self, bench: Drydock) -> None:
        bench.add_model()
        bench.add_model(version="0.0.2")
        with pytest.raises(NameTaken):
            bench.add_model()

    def test_an_unknown_status_is_refused(self, bench: Drydock) -> None:
        with pytest.raises(ValueError, match="'good' is not a valid ModelStatus"):
            bench.add_model(status="good")

    def test_a_backend_that_really_runs_models_refuses_it(self) -> None:
        with (
            running(backend="process") as real,
            pytest.raises(ValueError, match="use publish_model, or the fake backend"),
        ):
            real.add_model()


class TestPublish:
    def test_a_package_is_read_and_published(self, bench: Drydock, client: httpx.Client) -> None:
        first, second = bench.publish_model(MNIST), bench.publish_model(MNIST, name="digits")
        assert model(client, first)["model_status"] == "published"
        assert model(client, second)["model_name"] == "digits"
        assert model(client, first)["model_size"] != 0

    def test_a_directory_that_is_no_package_is_refused_in_the_servers_words(
        self, bench: Drydock, tmp_path: Path
    ) -> None:
        with pytest.raises(ValueError, match=r"it has no model/config\.json"):
            bench.publish_model(tmp_path)

    def test_a_client_may_create_a_model_from_the_object_store(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        shutil.copytree(MNIST, bench.objects / "bucket" / "mnist")
        request = {
            "model_name": "mnist",
            "model_version": "0.0.1",
            "model_type": "PyTorch",
            "source_location": "https://bucket.obs.local.example.com/mnist",
        }
        answer = client.post("/models", json=request)
        assert answer.status_code == 200, answer.text
        bench.settle()
        assert model(client, answer.json()["model_id"])["model_status"] == "published"

    def test_every_image_counts_as_present(self, bench: Drydock, client: httpx.Client) -> None:
        model_id = bench.publish_image("team/ranker:3")
        deploy(client, model_id)
        bench.settle()
        assert [service["status"] for service in bench.services()] == ["running"]


def test_events_and_instances_are_those_of_the_service(
    bench: Drydock, client: httpx.Client
) -> None:
    service_id = deploy(client, bench.add_model(), instances=2)
    bench.settle()
    texts = bench.events(service_id)
    assert (texts[0], texts[-1]) == ("the service is being deployed", "the service is running")
    assert any("simulated by the fake backend" in text for text in texts)
    assert bench.instances(service_id) == [f"{service_id}-1", f"{service_id}-2"]


def test_only_the_fake_backend_follows_a_script() -> None:
    with (
        running(backend="process") as real,
        pytest.raises(ValueError, match="only the fake backend follows a script, not process"),
    ):
        real.script(lambda backend: backend.set_available(False))
