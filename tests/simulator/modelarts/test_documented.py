"""The list of documented operations and the server agree."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from simulator.bench.drydock import Drydock
from simulator.modelarts.documented import (
    OPERATIONS,
    SECTIONS,
    Documented,
    Done,
    coverage_document,
    missing_operation,
)
from simulator.rules.rule import Proof

MISSING = [one for one in OPERATIONS if one.done is Done.NOT]
DONE = [one for one in OPERATIONS if one.done is not Done.NOT]


def called(operation: Documented) -> str:
    return f"{operation.method} {operation.path}"


@pytest.mark.parametrize("operation", MISSING, ids=called)
def test_what_is_not_simulated_answers_501_and_names_itself(
    drydock_client: httpx.Client, operation: Documented
) -> None:
    path = operation.path.replace("{", "").replace("}", "")
    answer = drydock_client.request(operation.method, path)
    assert answer.status_code == 501
    assert answer.json() == {
        "error_code": "Drydock.NotSimulated",
        "error_msg": f"{operation.name} is not simulated",
    }


def test_what_is_simulated_is_in_the_openapi_document_and_nothing_else(
    drydock_client: httpx.Client, drydock: Drydock
) -> None:
    prefix = "/v1/{project_id}/"
    paths = drydock_client.get(f"{drydock.endpoint}/openapi.json").json()["paths"]
    served = {
        (method.upper(), path.removeprefix(prefix), operation["operationId"])
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path.startswith(prefix)
    }
    assert {(one.method, one.path, one.operation_id) for one in DONE} == served


def test_what_is_not_documented_is_no_operation(drydock_client: httpx.Client) -> None:
    for path in ("services/a/nothing", "services/a/tags", "models/a/b", "app-auth", "nothing"):
        answer = drydock_client.get(path)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "APIG.0101"), path


def test_workspaces_are_named_though_they_are_neither_service_nor_model(
    drydock_client: httpx.Client,
) -> None:
    answer = drydock_client.get("workspaces/0/quotas")
    assert answer.status_code == 501
    assert answer.json()["error_msg"] == "managing workspaces is not simulated"


def test_an_operation_stands_once_and_has_a_name_of_its_own() -> None:
    assert max(Counter(called(one) for one in OPERATIONS).values()) == 1
    assert max(Counter(one.name for one in OPERATIONS).values()) == 1
    assert len(OPERATIONS) == sum(len(section) for section in SECTIONS.values())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("services/x/tasks", "querying edge tasks"),
        ("services/x/tasks/", "querying edge tasks"),
        ("services//tasks", None),
        ("services/x/tasks/y", "querying an edge task"),
        ("services/x", None),
        ("", None),
    ],
)
def test_a_path_is_found_by_its_template(path: str, name: str | None) -> None:
    assert missing_operation("GET", path) == name


class TestDocument:
    ROWS = tuple(line for line in coverage_document().splitlines() if line.startswith("| `"))

    def test_every_operation_has_a_row(self) -> None:
        assert [row.split("`")[1] for row in self.ROWS] == [called(one) for one in OPERATIONS]

    def test_a_row_says_what_is_done_and_how_sure_it_is(self) -> None:
        for operation, row in zip(OPERATIONS, self.ROWS, strict=True):
            *_, done, proof = [cell.strip() for cell in row.strip("| ").split(" | ")]
            assert done.split(":")[0] == operation.done
            assert operation.missing in done
            assert Proof(proof) is operation.proof

    def test_what_is_partly_done_says_what_is_missing(self) -> None:
        partly = [one for one in DONE if one.done is Done.PARTLY]
        assert partly
        assert all(one.missing for one in partly)
        assert not any(one.missing for one in MISSING)
