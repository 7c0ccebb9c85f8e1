"""What the OpenAPI document says of the ModelArts API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.errors import NameTaken, NotFound, NotSimulated, SourceUnusable
from simulator.iam.openapi import SCHEMES
from simulator.modelarts import error_codes as codes
from simulator.modelarts.answer_schemas import with_version
from simulator.modelarts.app_openapi import app_operations
from simulator.modelarts.changes import MOST_PATCHES, PatchOperation, PropertyChange
from simulator.modelarts.cluster_routes import ClusterQuery
from simulator.modelarts.offer_schemas import with_specifications
from simulator.modelarts.openapi_parts import fault as _fault
from simulator.modelarts.openapi_parts import operation as _operation
from simulator.modelarts.openapi_parts import told as _told
from simulator.modelarts.queries import (
    DeleteModelQuery,
    EventQuery,
    ModelQuery,
    MonitorQuery,
    Paging,
    ServiceQuery,
    SpecificationQuery,
    UpdateQuery,
)
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.config_parts import CONFIG_FILE
from simulator.modelarts.rules.model import CREATE_MODEL
from simulator.modelarts.tags import PutTags, RemoveTags
from simulator.openapi import (
    STORE_FULL,
    Body,
    Fault,
    Operation,
    Surface,
    array,
    model_schema,
    text,
)
from simulator.rules import openapi as schemas
from simulator.rules.openapi import Schema, reference
from simulator.rules.rule import Level, Severity

_SERVICE_ID = {"service_id": text("Id of the service.", minLength=1)}
_MODEL_ID = {"model_id": text("Id of the model.", minLength=1)}
_SERVICE_IDS = {"service_id": text("Id of the service, or several joined by commas.", minLength=1)}


def surface(readings: Mapping[str, str], specifications: Sequence[str] = ()) -> Surface:
    """The ModelArts API, as it is with these readings and these further specifications."""
    requests = schemas.request_schemas(CATALOGUE, (CREATE, CHANGE, CREATE_MODEL), readings)
    return Surface(
        tag="modelarts",
        about="Real-time services and models, as the ModelArts API has them.",
        operations={
            **_services(),
            **_watching(),
            **_tags(),
            **_offers(),
            **_models(),
            **app_operations(),
        },
        schemas=with_specifications({**requests, **with_version(requests)}, specifications),
        security=SCHEMES,
    )


def _services() -> dict[str, Operation]:
    missing = _told(NotFound("service", ""), "the service does not exist")
    query = _fault(codes.INVALID_ARGUMENT)
    return {
        "CreateService": _operation(
            "ServiceCreated",
            "CreateService",
            [*_rules(CREATE), _INSTANCES, _NOT_SIMULATED, STORE_FULL],
            "Answers at once; ShowService tells how far the deployment is. Batch and edge services "
            "and some settings answer 501.",
            body=_body("CreateService", CREATE),
            links=_links("service_id", "ShowService", "ListServiceEvents", "DeleteService"),
        ),
        "ListServices": _operation("ServiceList", "ListServices", [query], query=ServiceQuery),
        "ListClusters": _operation("ClusterList", "ListClusters", [query], query=ClusterQuery),
        "ShowService": _operation("ServiceDetail", "ShowService", [missing], path=_SERVICE_ID),
        "UpdateService": _operation(
            "ServiceUpdated",
            "UpdateService",
            [missing, *_rules(CHANGE), _INSTANCES, _NOT_SIMULATED, STORE_FULL],
            "Starts or stops a service, or changes its description, its schedule or its "
            "configuration. A service that runs changes over step by step, and returns to what it "
            "was if that fails.",
            path=_SERVICE_ID,
            body=_body("UpdateService", CHANGE),
        ),
        "PatchService": _operation(
            "ServicePatched",
            "PatchService",
            [missing, *_rules(CHANGE), _INSTANCES, _NOT_SIMULATED, STORE_FULL],
            "Each operation replaces one field of the configuration. Values may be texts.",
            path=_SERVICE_ID,
            body=Body(
                schema=array(model_schema(PatchOperation), "Operations, one after the other.")
                | {"minItems": 1, "maxItems": MOST_PATCHES}
            ),
        ),
        "ChangeServiceProperty": _operation(
            "ServiceUpdated",
            "ChangeServiceProperty",
            [missing, *_rules(CHANGE), _INSTANCES, _NOT_SIMULATED, STORE_FULL],
            "Other numbers of instances, of a service that runs, is concerning or has failed.",
            path=_SERVICE_ID,
            body=Body(schema=model_schema(PropertyChange)),
        ),
        "DeleteService": _operation(
            "ServiceDeleted",
            "DeleteService",
            [missing, query, STORE_FULL],
            "All of the services must exist, or none goes. They go in the background.",
            path=_SERVICE_IDS,
        ),
    }


def _watching() -> dict[str, Operation]:
    missing = _told(NotFound("service", ""), "the service does not exist")
    query = _fault(codes.INVALID_ARGUMENT)
    return {
        "ShowServiceMonitor": _operation(
            "ServiceMonitor",
            "ShowServiceMonitor",
            [missing],
            "Calls are counted by the gateway since it was started; the totals are those of the "
            "specifications. What is used of cores and memory is not sampled, and not there.",
            path=_SERVICE_ID,
            query=MonitorQuery,
        ),
        "ListServiceUpdates": _operation(
            "UpdateList",
            "ListServiceUpdates",
            [missing, query],
            "The history of the service's configuration, the newest first.",
            path=_SERVICE_ID,
            query=UpdateQuery,
        ),
        "ListServiceEvents": _operation(
            "EventList", "ListServiceEvents", [missing, query], path=_SERVICE_ID, query=EventQuery
        ),
    }


def _tags() -> dict[str, Operation]:
    missing = _told(NotFound("service", ""), "the service does not exist")
    refused = [missing, _fault(codes.PARAMETER_ERROR), _fault(codes.INVALID_ARGUMENT), STORE_FULL]
    return {
        "CreateServiceTags": _operation(
            None,
            "CreateServiceTags",
            refused,
            "Real-time services only. A key that is there gets the new value.",
            path=_SERVICE_ID,
            body=Body(schema=model_schema(PutTags), examples=_tag_example("0.1")),
        ),
        "DeleteServiceTags": _operation(
            None,
            "DeleteServiceTags",
            refused,
            "Real-time services only. Tags that are not there are no error.",
            path=_SERVICE_ID,
            body=Body(schema=model_schema(RemoveTags), examples=_tag_example()),
        ),
        "ListServiceTags": _operation(
            "TagList", "ListServiceTags", [], "Of all services of the project."
        ),
    }


def _tag_example(*value: str) -> dict[str, Schema]:
    tag = {"key": "model_version"} | ({"value": value[0]} if value else {})
    return {"tags": {"summary": "A tag.", "value": {"tags": [tag]}}}


def _offers() -> dict[str, Operation]:
    query = _fault(codes.INVALID_ARGUMENT)
    return {
        "ListSpecifications": _operation(
            "SpecificationList", "ListSpecifications", [query], query=SpecificationQuery
        ),
        "ListEngineRuntimes": _operation(
            "EngineRuntimeList",
            "ListEngineRuntimes",
            [query],
            "The documented ones; nothing is checked against them.",
            query=Paging,
        ),
    }


def _models() -> dict[str, Operation]:
    missing = _told(NotFound("model", ""), "the model does not exist")
    query = _fault(codes.INVALID_ARGUMENT)
    refused = [
        _told(SourceUnusable("", ""), "the source cannot be imported"),
        _told(NameTaken("model", ""), "the project has this name in this version"),
        *_rules(CREATE_MODEL),
        *_rules(CONFIG_FILE),
    ]
    return {
        "CreateModel": _operation(
            "ModelCreated",
            "CreateModel",
            [*refused, _NOT_SIMULATED, STORE_FULL],
            "Answers at once; the model is published in the background. Its package is read from "
            "the objects folder of the data directory. Models from templates and health checks by "
            "command answer 501.",
            body=_body("CreateModel", CREATE_MODEL),
            links=_links("model_id", "ShowModel", "DeleteModel"),
        ),
        "ListModels": _operation("ModelList", "ListModels", [query], query=ModelQuery),
        "ShowModel": _operation("ModelDetail", "ShowModel", [missing], path=_MODEL_ID),
        "DeleteModel": _operation(
            "ModelDeleted",
            "DeleteModel",
            [missing, query, STORE_FULL],
            "A model in use is told of in `delete_failed_list`.",
            path=_MODEL_ID,
            query=DeleteModelQuery,
        ),
    }


def _body(name: str, subject: str) -> Body:
    return Body(schema=reference(name), examples=schemas.examples(CATALOGUE, subject))


def _links(name: str, *operations: str) -> dict[str, Schema]:
    """Operations that take the id that an answer gives."""
    parameters = {"project_id": "$request.path.project_id", name: f"$response.body#/{name}"}
    return {one: {"operationId": one, "parameters": parameters} for one in operations}


_INSTANCES = _fault(codes.INSTANCE_LIMIT)
_NOT_SIMULATED = _told(NotSimulated(""), "what is asked for is not simulated; the message names it")


def _rules(subject: str) -> list[Fault]:
    """What requests of a kind are refused with."""
    found = {codes.PARAMETER_ERROR: None, codes.INVALID_ARGUMENT: None}
    for rule in CATALOGUE.rules:
        is_asked = subject in rule.subjects and rule.level is not Level.RUNTIME
        if is_asked and rule.severity is Severity.ERROR and rule.answer.code:
            found[rule.answer] = None
    return [_fault(code) for code in found]
