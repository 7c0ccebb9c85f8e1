"""Tags of services: what may be sent, and over HTTP against a private server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from simulator.modelarts.shape import read_shape
from simulator.modelarts.tags import PutTags, RemoveTags
from tests.support.requests import changed, documented, violations


def put(*tags: Any) -> PutTags:
    return read_shape(PutTags, {"tags": list(tags)}, "")


class TestShapes:
    @pytest.mark.parametrize(
        "key",
        ["a", "_", "_sys", "model version", "größe", "型号", "a_b.c:d=e+f-g@h", "1", "k" * 128],
    )
    def test_a_key_may_be(self, key: str) -> None:
        assert put({"key": key, "value": "v"}).by_key == {key: "v"}

    @pytest.mark.parametrize(
        "key",
        ["", " a", "a ", " ", "_sys_", "_sys_a", "a/b", "a,b", "a\n", "a\tb", "a;b", "k" * 129],
    )
    def test_a_key_must_not_be(self, key: str) -> None:
        found = violations(lambda: put({"key": key, "value": "v"}))
        assert [path for _, path in found] == ["/tags/0/key"]

    @pytest.mark.parametrize("value", ["", "a", " a ", "a/b", "版本", "a_b.c:d=e+f-g@h", "v" * 255])
    def test_a_value_may_be(self, value: str) -> None:
        assert put({"key": "k", "value": value}).by_key == {"k": value}

    @pytest.mark.parametrize("value", ["a,b", "a\n", "a;b", "{}", "v" * 256, 1, ["v"]])
    def test_a_value_must_not_be(self, value: Any) -> None:
        found = violations(lambda: put({"key": "k", "value": value}))
        assert [path for _, path in found] == ["/tags/0/value"]

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ({}, "/tags"),
            ({"tags": {}}, "/tags"),
            ({"tags": [{}]}, "/tags/0/key"),
            ({"tags": ["k"]}, "/tags/0"),
            ({"tags": [{"key": None}]}, "/tags/0/key"),
            ({"tags": [{"key": str(number)} for number in range(21)]}, "/tags"),
        ],
    )
    @pytest.mark.parametrize("shape", [PutTags, RemoveTags])
    def test_another_body_is_refused_by_its_place(
        self, shape: type[PutTags], body: Any, path: str
    ) -> None:
        assert [at for _, at in violations(lambda: read_shape(shape, body, ""))] == [path]

    def test_at_least_one_is_given_and_none_may_be_taken(self) -> None:
        assert violations(put) == [("Type", "/tags")]
        assert read_shape(RemoveTags, {"tags": []}, "").wanted == []

    def test_a_value_may_be_absent(self) -> None:
        tags = [{"key": "a"}, {"key": "b", "value": None}]
        assert put(*tags).by_key == {"a": "", "b": ""}
        sent = [*tags, {"key": "c", "value": ""}, {"key": "d", "value": "v"}]
        assert read_shape(RemoveTags, {"tags": sent}, "").wanted == [
            ("a", None),
            ("b", None),
            ("c", None),
            ("d", "v"),
        ]

    def test_of_two_with_one_key_the_later_one_holds(self) -> None:
        assert put({"key": "k", "value": "1"}, {"key": "k", "value": "2"}).by_key == {"k": "2"}


@pytest.fixture
def service(drydock: Drydock, drydock_client: httpx.Client) -> str:
    body = changed(documented("realtime"), "/config/0/model_id", drydock.add_model())
    return f"services/{drydock_client.post('services', json=body).json()['service_id']}"


def give(client: httpx.Client, service: str, **tags: str) -> httpx.Response:
    body = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
    return client.post(f"{service}/tags/create", json=body)


def take(client: httpx.Client, service: str, *tags: dict[str, str]) -> httpx.Response:
    return client.request("DELETE", f"{service}/tags/delete", json={"tags": list(tags)})


def listed(client: httpx.Client) -> dict[str, list[str]]:
    tags = client.get("services/tms/tags").json()["tags"]
    return {tag["key"]: tag["values"] for tag in tags}


class TestOverHttp:
    def test_tags_are_given_changed_and_taken(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        assert listed(drydock_client) == {}
        answer = give(drydock_client, service, test="service-gpu", model_version="0.1")
        assert (answer.status_code, answer.content) == (204, b"")
        assert give(drydock_client, service, model_version="0.2").status_code == 204
        assert listed(drydock_client) == {"model_version": ["0.2"], "test": ["service-gpu"]}
        answer = take(drydock_client, service, {"key": "test", "value": "another"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert take(drydock_client, service, {"key": "model_version"}).status_code == 204
        assert listed(drydock_client) == {"test": ["service-gpu"]}

    def test_a_twenty_first_tag_is_refused_and_nothing_is_stored(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        give(drydock_client, service, **{f"k{number}": "" for number in range(20)})
        answer = give(drydock_client, service, k0="new", one_more="")
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        assert "at most 20 tags" in answer.json()["error_msg"]
        assert listed(drydock_client)["k0"] == [""]

    def test_what_is_wrong_is_named(self, drydock_client: httpx.Client, service: str) -> None:
        answer = give(drydock_client, service, **{"_sys_k": "v", "k": "a;b"})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        first, second = answer.json()["violations"]
        assert (first["path"], second["path"]) == ("/tags/0/key", "/tags/1/value")
        assert first["message"].startswith("tags[0].key: must hold only letters, digits, ")
        assert first["source"] == "Adding a Resource Tag"
        assert drydock_client.post(f"{service}/tags/create", content=b"{").status_code == 400

    def test_a_service_that_is_not_there_has_none(self, drydock_client: httpx.Client) -> None:
        for answer in (
            give(drydock_client, "services/nowhere", k="v"),
            take(drydock_client, "services/nowhere", {"key": "k"}),
        ):
            assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3502")
            assert "nowhere" in answer.json()["error_msg"]

    def test_tags_find_services(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        give(drydock_client, service, stage="test", team="vision")

        def found(tags: str) -> int:
            answer = drydock_client.get("services", params={"tags": tags}).json()
            assert answer["count"] == len(answer["services"]) == answer["total_count"]
            count: int = answer["count"]
            return count

        assert [found(tags) for tags in ("stage", "stage=test", "stage=test,team", ",stage,")] == [
            1,
            1,
            1,
            1,
        ]
        assert [found(tags) for tags in ("stage=live", "stage,nothing", "Stage")] == [0, 0, 0]
        assert found("") == found(",") == 1

    def test_a_filter_of_more_tags_than_a_service_can_have_is_refused(
        self, drydock_client: httpx.Client
    ) -> None:
        answer = drydock_client.get("services", params={"tags": "," * 40})
        assert (answer.status_code, answer.json()["violations"][0]["path"]) == (400, "/tags")
        assert drydock_client.get("services", params={"tags": "," * 39}).status_code == 200

    def test_tags_go_with_their_service(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        give(drydock_client, service, stage="test")
        drydock_client.delete(service)
        drydock.settle()
        assert listed(drydock_client) == {}

    @pytest.mark.parametrize("method", ["GET", "PUT"])
    def test_another_method_is_no_operation(
        self, drydock_client: httpx.Client, service: str, method: str
    ) -> None:
        answer = drydock_client.request(method, f"{service}/tags/create")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "APIG.0101")
