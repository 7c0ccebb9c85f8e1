"""Deleting several services, and all versions of a model: over HTTP against a private server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import changed, documented


def deploy(client: httpx.Client, model_id: str, name: str) -> str:
    body = changed(documented("realtime"), "/config/0/model_id", model_id)
    service_id: str = client.post("services", json={**body, "service_name": name}).json()[
        "service_id"
    ]
    return service_id


class TestServices:
    @pytest.fixture
    def services(self, drydock: Drydock, drydock_client: httpx.Client) -> list[str]:
        model_id = drydock.add_model()
        ids = [deploy(drydock_client, model_id, f"s{number}") for number in range(3)]
        drydock.settle()
        return ids

    def left(self, drydock: Drydock) -> set[str]:
        drydock.settle()
        return {one["service_id"] for one in drydock.services()}

    @pytest.mark.parametrize("form", ["{0},{1}", "{0},{1},{0}", ",{0},,{1},", " {0} , {1} "])
    def test_those_that_a_path_names_go_at_once(
        self, drydock: Drydock, drydock_client: httpx.Client, services: list[str], form: str
    ) -> None:
        answer = drydock_client.delete(f"services/{form.format(*services)}")
        assert (answer.status_code, answer.json()) == (200, {})
        assert self.left(drydock) == {services[2]}

    def test_none_goes_when_one_is_not_there(
        self, drydock: Drydock, drydock_client: httpx.Client, services: list[str]
    ) -> None:
        answer = drydock_client.delete(f"services/{services[0]},nowhere,{services[1]}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3502")
        assert answer.json()["error_msg"] == "service nowhere does not exist"
        assert self.left(drydock) == set(services)
        assert all("deleted" not in text for text in drydock.events(services[0]))

    @pytest.mark.parametrize("ids", [",", ",,", " ", "%20,%20"])
    def test_at_least_one_must_be_named(self, drydock_client: httpx.Client, ids: str) -> None:
        answer = drydock_client.delete(f"services/{ids}")
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        assert [one["path"] for one in answer.json()["violations"]] == ["/service_id"]

    def test_as_many_may_be_named_as_a_path_holds(
        self, drydock: Drydock, drydock_client: httpx.Client, services: list[str]
    ) -> None:
        ids = ",".join(services * 300)
        assert len(ids) > 30_000
        assert drydock_client.delete(f"services/{ids}").status_code == 200
        assert self.left(drydock) == set()

    def test_deleting_again_while_it_goes_is_no_error(
        self, drydock_client: httpx.Client, services: list[str]
    ) -> None:
        for _ in range(2):
            assert drydock_client.delete(f"services/{services[0]}").status_code in (200, 404)


class TestModels:
    def delete(self, client: httpx.Client, model_id: str, **query: str) -> dict[str, Any]:
        answer = client.delete(f"models/{model_id}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        assert set(found) == {"delete_success_list", "delete_failed_list"}
        return found

    def left(self, client: httpx.Client) -> set[str]:
        return {one["model_id"] for one in client.get("models").json()["models"]}

    @pytest.fixture
    def versions(self, drydock: Drydock) -> list[str]:
        return [drydock.add_model("mnist", f"0.0.{number}") for number in range(1, 4)]

    @pytest.mark.parametrize("query", [{}, {"cascade": "false"}, {"cascade": ""}])
    def test_one_goes_alone_by_default(
        self, drydock_client: httpx.Client, versions: list[str], query: dict[str, str]
    ) -> None:
        found = self.delete(drydock_client, versions[1], **query)
        assert found == {"delete_success_list": [versions[1]], "delete_failed_list": []}
        assert self.left(drydock_client) == {versions[0], versions[2]}

    def test_a_cascade_takes_all_of_the_name(
        self, drydock: Drydock, drydock_client: httpx.Client, versions: list[str]
    ) -> None:
        other = drydock.add_model("mnist-b")
        found = self.delete(drydock_client, versions[1], cascade="true")
        assert found["delete_success_list"][0] == versions[1]
        assert set(found["delete_success_list"]) == set(versions)
        assert found["delete_failed_list"] == []
        assert self.left(drydock_client) == {other}

    def test_what_is_in_use_stays_and_is_told(
        self, drydock_client: httpx.Client, versions: list[str]
    ) -> None:
        deploy(drydock_client, versions[0], "mnist-1")
        deploy(drydock_client, versions[1], "mnist-2")
        found = self.delete(drydock_client, versions[1], cascade="true")
        assert found["delete_success_list"] == [versions[2]]
        failed = {one["model_id"]: one for one in found["delete_failed_list"]}
        assert set(failed) == {versions[0], versions[1]}
        assert {one["error_code"] for one in failed.values()} == {"ModelArts.3009"}
        assert "mnist-2" in failed[versions[1]]["error_msg"]
        assert self.left(drydock_client) == {versions[0], versions[1]}

    def test_at_most_twenty_go_at_once(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        ids = {drydock.add_model("mnist", f"0.0.{number}") for number in range(23)}
        first = min(ids)
        found = self.delete(drydock_client, first, cascade="true")
        assert len(found["delete_success_list"]) == 20
        assert first in found["delete_success_list"]
        assert self.left(drydock_client) == ids - set(found["delete_success_list"])

    @pytest.mark.parametrize("query", [{}, {"cascade": "true"}])
    def test_a_model_that_is_not_there_is_missing(
        self, drydock_client: httpx.Client, query: dict[str, str]
    ) -> None:
        answer = drydock_client.delete("models/nothing", params=query)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3001")

    def test_another_value_is_refused(
        self, drydock_client: httpx.Client, versions: list[str]
    ) -> None:
        answer = drydock_client.delete(f"models/{versions[0]}", params={"cascade": "all"})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
