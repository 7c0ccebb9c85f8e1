"""The server's OpenAPI document: valid, whole, and about what is there."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from simulator.gateway.off import NoGateway
from simulator.iam.errors import WIRE
from simulator.modelarts import error_codes, wire
from simulator.modelarts.documented import OPERATIONS, Done
from simulator.modelarts.rules import CATALOGUE
from simulator.rules.rule import ErrorCode
from simulator.server import build_app
from simulator.system import System
from tests.architecture.imports import loaded_by

Document = dict[str, Any]

METHODS = {"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"}
LEFT_OUT = {
    "/openapi.json": "the document itself",
    "/_drydock/authorize/{rest:path}": "for the gateway alone, which lets nobody else to it",
    "/v1/infers/{rest:path}": "without a gateway: says that there is none",
    "/v1/{project_id}/{rest:path}": "what is not there: 404 and 501",
    "/v3/": "another spelling of /v3",
    "HEAD /v3/auth/tokens": "GET without a body",
}
"""Routes that are not in the document, and why."""
OPEN = {"ShowHealth", "KeystoneListVersions", "KeystoneShowVersion"} | {
    "KeystoneCreateUserTokenByPassword"
}
"""Operations that anybody may call."""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    parts = SimpleNamespace(
        directory=SimpleNamespace(identities=(), region="", now_s=None),
        gateway=NoGateway(),
        objects=SimpleNamespace(uploads=None),
        ruling=SimpleNamespace(
            readings=CATALOGUE.defaults, own_specifications={"shop.large": None}
        ),
    )
    return build_app(cast(System, parts))


@pytest.fixture(scope="module")
def document(app: FastAPI) -> Document:
    return app.openapi()


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """Method and path, and what is said of them."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def by_id(document: Document, name: str) -> Document:
    return next(one for _, one in operations(document) if one["operationId"] == name)


def validator(document: Document, schema: Document) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": document["components"]})


def failures(operation: Document) -> dict[str, Document]:
    """The error answers by status."""
    return {
        status: answer for status, answer in operation["responses"].items() if int(status) >= 400
    }


def test_is_a_valid_openapi_document(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_in_it(app: FastAPI, document: Document) -> None:
    served = {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if route.path not in LEFT_OUT and f"{method} {route.path}" not in LEFT_OUT
    }
    assert served == {name for name, _ in operations(document)}


def test_no_operation_is_in_it_that_is_not_simulated(document: Document) -> None:
    known = {name for name, _ in operations(document)}
    missing = {
        f"{one.method} /v1/{{project_id}}/{one.path}" for one in OPERATIONS if one.done is Done.NOT
    }
    assert missing
    assert not known & missing


def test_every_operation_has_a_summary_and_an_id_of_its_own(document: Document) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for _, operation in operations(document))
    assert {"CreateService", "ListServices", "ShowService", "DeleteModel"} <= set(names)


def test_every_operation_says_what_success_and_failure_look_like(document: Document) -> None:
    for name, operation in operations(document):
        good = [one for status, one in operation["responses"].items() if int(status) < 400]
        bad = failures(operation).values()
        assert len(good) == 1, name
        assert bad, name
        for answer in (*good, *bad):
            assert answer["description"], name
            assert all(content["schema"] for content in answer.get("content", {}).values()), name
        assert ("204" in operation["responses"]) == ("content" not in good[0]), name
        assert all("content" in answer for answer in bad), name


def test_every_operation_that_wants_a_token_says_so(document: Document) -> None:
    for name, operation in operations(document):
        is_open = operation["operationId"] in OPEN
        assert bool(operation["security"]) is not is_open, name
        assert is_open or "401" in operation["responses"], name


def test_every_parameter_has_a_type_and_a_description(document: Document) -> None:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["schema"]["type"], (name, parameter)
            assert parameter["description"], (name, parameter)


def test_the_limits_of_queries_are_those_that_are_enforced(document: Document) -> None:
    query = {
        one["name"]: one["schema"]
        for one in by_id(document, "ListServices")["parameters"]
        if one["in"] == "query"
    }
    assert query["limit"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000}
    assert query["order"] == {"type": "string", "enum": ["asc", "desc"], "default": "desc"}
    assert "deploying" in query["status"]["enum"]


def codes_in(schema: Any) -> Iterator[str]:
    """The error codes that an answer's schema names."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {}).get("error_code", {}).get("enum", ())
        for part in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
            yield from codes_in(part)


def test_every_error_code_is_a_known_one(document: Document) -> None:
    known = {one.code for one in vars(error_codes).values() if isinstance(one, ErrorCode)}
    known |= {code for table in (wire._BY_TYPE, wire._BY_KIND) for _, code in table.values()}
    known |= {answer.error_code for answer in wire.gateway_answers().values()}
    known |= {error.error_code for error in WIRE.values()}
    known |= {"APIG.0201", "Drydock.Origin", "Drydock.Storage"}  # said before any rule is asked
    named = {
        code
        for _, operation in operations(document)
        for answer in failures(operation).values()
        for code in codes_in(answer["content"]["application/json"]["schema"])
    }
    assert named - known == set()
    assert {"ModelArts.0101", "ModelArts.3502", "ModelArts.0201", "ModelArts.3503"} <= named


def test_only_what_is_not_simulated_answers_501_and_nothing_answers_500(
    document: Document,
) -> None:
    answering = {
        status: {
            one["operationId"] for _, one in operations(document) if status in one["responses"]
        }
        for status in ("500", "501")
    }
    assert answering["500"] == set()
    assert answering["501"] == {
        "ChangeServiceProperty",
        "CreateAppAuthApi",
        "CreateModel",
        "CreateService",
        "PatchService",
        "UpdateService",
    }


def test_examples_fit_their_schemas(document: Document) -> None:
    for name, operation in operations(document):
        bodies = operation.get("requestBody", {}).get("content", {})
        answers = [one.get("content", {}) for one in operation["responses"].values()]
        for content in (bodies, *answers):
            for media in content.values():
                shown = [one["value"] for one in media.get("examples", {}).values()]
                shown += [media["example"]] if "example" in media else []
                for value in shown:
                    errors = validator(document, media["schema"]).iter_errors(value)
                    assert [error.message for error in errors] == [], name


def test_answers_have_no_member_that_their_schemas_do_not_name(document: Document) -> None:
    """The examples are made by what makes the answers."""
    closed = copy.deepcopy(document)
    for schema in closed["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    for name, operation in operations(closed):
        content = next(iter(operation["responses"].values())).get("content", {})
        media = content.get("application/json", {})
        if "example" in media:
            errors = validator(closed, media["schema"]).iter_errors(media["example"])
            assert [error.message for error in errors] == [], name


def test_requests_have_the_sound_documents_as_examples(document: Document) -> None:
    media = by_id(document, "CreateService")["requestBody"]["content"]["application/json"]
    assert set(media["examples"]) == set(CATALOGUE.subject("create-service").examples)


def test_links_lead_to_operations_that_are_there(document: Document) -> None:
    known = {operation["operationId"] for _, operation in operations(document)}
    linked = {
        link["operationId"]
        for _, operation in operations(document)
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    }
    assert {"ShowService", "DeleteModel"} <= linked <= known


def test_is_made_once(app: FastAPI, document: Document) -> None:
    assert app.openapi() is document


def test_a_server_starts_without_what_makes_it() -> None:
    loaded = loaded_by("import simulator.server")
    makers = {name for name in loaded if name.endswith(".openapi") and name.startswith("simulator")}
    assert makers == set()
    assert "simulator.surfaces" not in loaded


def test_the_settings_specifications_are_among_the_words(document: Document) -> None:
    for name in ("ServiceConfig", "ServiceConfigItem"):
        words = document["components"]["schemas"][name]["properties"]["specification"]["enum"]
        assert {"shop.large", "modelarts.vm.cpu.2u", "custom"} <= {*words}
