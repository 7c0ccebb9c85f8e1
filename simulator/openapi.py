"""The server's OpenAPI 3.1 document: from its routes and from what each surface says of them.

A route has an `operation_id`; a surface's module `openapi` says what that operation takes and
answers. The document is made when it is first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from simulator.rules.openapi import Schema, nullable, reference

VERSION = "3.1.0"
JSON = "application/json"
_IN_PATH = re.compile(r"\{(\w+)\}")


# --- schemas -----------------------------------------------------------------------------------


def text(about: str, **more: Any) -> Schema:
    return {"type": "string", "description": about} | more


def word(about: str, *words: str) -> Schema:
    """One of some words."""
    return text(about, enum=list(words))


def integer(about: str, **more: Any) -> Schema:
    return {"type": "integer", "description": about} | more


def count(about: str) -> Schema:
    return integer(about, minimum=0)


def number(about: str, **more: Any) -> Schema:
    return {"type": "number", "description": about} | more


def flag(about: str) -> Schema:
    return {"type": "boolean", "description": about}


def array(items: Schema, about: str) -> Schema:
    return {"type": "array", "items": items, "description": about}


def anything(about: str) -> Schema:
    """An object with any members."""
    return {"type": "object", "additionalProperties": True, "description": about}


def maybe(schema: Schema) -> Schema:
    """The schema, or null."""
    schema = dict(schema)
    about = schema.pop("description", "")
    return {"description": about} | nullable(schema)


def model_schema(model: type[BaseModel]) -> Schema:
    """What a pydantic model reads, without references and titles."""
    whole = model.model_json_schema()
    named = whole.pop("$defs", {})

    def plain(schema: Any) -> Any:
        if isinstance(schema, list):
            return [plain(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            target = named[schema["$ref"].rpartition("/")[2]]
            return plain({**target, **{k: v for k, v in schema.items() if k != "$ref"}})
        return {k: plain(v) for k, v in schema.items() if k != "title" or not isinstance(v, str)}

    result: Schema = plain(whole)
    return result


def record(about: str, members: Mapping[str, Schema], *, optional: Iterable[str] = ()) -> Schema:
    """An object with these members, all of them there unless they are optional."""
    absent = set(optional)
    schema: Schema = {"type": "object", "properties": dict(members)}
    if about:
        schema["description"] = about
    must = [name for name in members if name not in absent]
    return schema | ({"required": must} if must else {})


# --- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """How a surface tells errors.

    Attributes:
        name: of the schema.
        code: the member that holds the code; empty where there is none.
        message: the member that holds the message.
        others: members that are always there besides, and may be empty.
    """

    name: str
    code: str
    message: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One error that an operation answers.

    Attributes:
        code: empty for errors that have none.
        meaning: when it is answered.
    """

    status: int
    code: str
    meaning: str
    form: Form


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers when all is well.

    Attributes:
        schema: of the JSON body, or of another media type's text; None for no body.
        headers: name to what it holds.
        links: what can be called next, by name.
    """

    about: str
    schema: Schema | None = None
    status: int = 200
    media_type: str = JSON
    example: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Schema] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What an operation reads.

    Attributes:
        examples: OpenAPI's example objects by name.
    """

    schema: Schema
    examples: Mapping[str, Schema] = field(default_factory=dict)
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the document says of a route beyond its path and summary.

    Attributes:
        about: more than the summary says; may be empty.
        query, headers: models of the parameters.
        path: schemas of the path's parameters.
        security: alternatives, each the names of the schemes that it takes; empty for none.
    """

    answer: Answer
    faults: Sequence[Fault]
    about: str = ""
    body: Body | None = None
    query: type[BaseModel] | None = None
    headers: Mapping[str, Schema] = field(default_factory=dict)
    path: Mapping[str, Schema] = field(default_factory=dict)
    security: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One of the APIs that the server speaks.

    Attributes:
        tag: of its routes, with what it is.
        schemas: named ones.
        security: OpenAPI's security schemes by name.
        common: faults of every operation.
    """

    tag: str
    about: str
    operations: Mapping[str, Operation]
    schemas: Mapping[str, Schema]
    security: Mapping[str, Schema] = field(default_factory=dict)
    common: Sequence[Fault] = ()


CLOUD = Form("Error", "error_code", "error_msg")
"""The cloud's form; also what the server says before it looks at the path."""
TOO_LARGE = Fault(413, "APIG.0201", "the body is larger than 16 MiB", CLOUD)
FOREIGN = Fault(403, "Drydock.Origin", "a page of another site asks", CLOUD)
STORE_FAILED = Fault(503, "Drydock.Storage", "the store failed", CLOUD)
STORE_FULL = Fault(507, "Drydock.Storage", "the disk of the data directory is full", CLOUD)


# --- the document ------------------------------------------------------------------------------


def document(plain: Mapping[str, Any], surfaces: Sequence[Surface]) -> Schema:
    """The whole document.

    Args:
        plain: what FastAPI makes of the routes: paths, methods, ids and summaries are taken.

    Raises:
        KeyError: no surface says anything of a route.
    """
    known = {
        name: (surface, operation)
        for surface in surfaces
        for name, operation in surface.operations.items()
    }
    paths: dict[str, Schema] = {}
    for path, methods in plain["paths"].items():
        for method, route in methods.items():
            surface, operation = known[route["operationId"]]
            whole = replace(operation, faults=(*operation.faults, *surface.common))
            paths.setdefault(path, {})[method] = _operation(path, route, whole, surface.tag)
    return {
        "openapi": VERSION,
        "info": {**plain["info"], "description": _ABOUT},
        "tags": [{"name": one.tag, "description": one.about} for one in surfaces],
        "paths": paths,
        "components": {
            "schemas": _joined(surface.schemas for surface in surfaces),
            "securitySchemes": _joined(surface.security for surface in surfaces),
        },
    }


_ABOUT = (
    "A local simulator of cloud model-serving services. Operations that are not simulated answer "
    "501 and are not in this document. Where a rule needs more than one field, no schema says it: "
    "the answer's `violations` name the rule. Whole numbers are written without a fraction: 5, not "
    "5.0. An answer 500 with the code ModelArts.0010 is a defect of Drydock."
)


def _joined(parts: Iterable[Mapping[str, Schema]]) -> dict[str, Schema]:
    joined: dict[str, Schema] = {}
    for part in parts:
        for name, schema in part.items():
            if joined.setdefault(name, schema) != schema:
                raise ValueError(f"two schemas have the name {name}")
    return joined


def _operation(path: str, route: Schema, operation: Operation, tag: str) -> Schema:
    said: Schema = {
        "operationId": route["operationId"],
        "summary": route["summary"],
        "tags": [tag],
        "security": [{name: []} for name in operation.security],
    }
    if operation.about:
        said["description"] = operation.about
    parameters = [
        *(_parameter("path", name, operation.path[name]) for name in _IN_PATH.findall(path)),
        *(query_parameters(operation.query) if operation.query else ()),
        *(_parameter("header", name, one) for name, one in operation.headers.items()),
    ]
    if parameters:
        said["parameters"] = parameters
    if operation.body is not None:
        content: Schema = {"schema": operation.body.schema}
        if operation.body.examples:
            content["examples"] = dict(operation.body.examples)
        said["requestBody"] = {"required": operation.body.required, "content": {JSON: content}}
    said["responses"] = _responses(operation)
    return said


def _parameter(place: str, name: str, schema: Schema) -> Schema:
    schema = dict(schema)
    about = schema.pop("description", "")
    example = schema.pop("example", None)
    said: Schema = {"name": name, "in": place, "required": True, "schema": schema}
    if about:
        said["description"] = about
    return said if example is None else said | {"example": example}


def query_parameters(model: type[BaseModel]) -> list[Schema]:
    """The parameters of a query: types, limits and defaults as its model has them."""
    parameters = []
    for name, whole in model_schema(model)["properties"].items():
        about = whole.get("description", "")
        # in a query nothing is null: what may be null there may be absent
        options = [one for one in whole.get("anyOf", ()) if one != {"type": "null"}]
        schema = {**(options[0] if options else {}), **whole}
        for key in ("anyOf", "description"):
            schema.pop(key, None)
        if schema.get("default", ...) is None:
            del schema["default"]
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "allowEmptyValue": True,  # an empty one counts as absent
                "description": about,
                "schema": schema,
            }
        )
    return parameters


def _responses(operation: Operation) -> Schema:
    answers: dict[str, Schema] = {str(operation.answer.status): _success(operation.answer)}
    statuses: dict[int, list[Fault]] = {}
    for fault in operation.faults:
        statuses.setdefault(fault.status, []).append(fault)
    for status in sorted(statuses):
        answers[str(status)] = _failure(statuses[status])
    return answers


def _success(answer: Answer) -> Schema:
    said: Schema = {"description": answer.about}
    if answer.headers:
        said["headers"] = {
            name: {"description": about, "required": True, "schema": {"type": "string"}}
            for name, about in answer.headers.items()
        }
    if answer.schema is not None:
        content: Schema = {"schema": answer.schema}
        if answer.example is not None:
            content["example"] = answer.example
        said["content"] = {answer.media_type: content}
    if answer.links:
        said["links"] = dict(answer.links)
    return said


def _failure(faults: Sequence[Fault]) -> Schema:
    forms: dict[Form, dict[str, None]] = {}
    for fault in faults:
        forms.setdefault(fault.form, {})[fault.code] = None
    schemas = [_coded(form, [code for code in codes if code]) for form, codes in forms.items()]
    told = dict.fromkeys(
        f"`{one.code}`: {one.meaning}" if one.code else one.meaning for one in faults
    )
    content: Schema = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    examples = {one.code: _example(one) for one in faults if one.code}
    if examples:
        content["examples"] = examples
    return {"description": "; ".join(told) + ".", "content": {JSON: content}}


def _coded(form: Form, codes: list[str]) -> Schema:
    """The form of an error that has one of some codes."""
    if not codes:
        return reference(form.name)
    return {"allOf": [reference(form.name)], "properties": {form.code: {"enum": codes}}}


def _example(fault: Fault) -> Schema:
    form = fault.form
    value = {form.code: fault.code, form.message: fault.meaning} | dict.fromkeys(form.others, "")
    return {"summary": fault.meaning, "value": value}
