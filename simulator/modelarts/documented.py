"""Every documented operation of the ModelArts v1 API on services and models, and what Drydock does.

The one list of what answers 501, and of what docs/coverage.md tells (`scripts/generate-coverage`).

Source: ModelArts API reference, service management, service task management, APP authentication
and AI application management.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulator.rules.rule import Proof


class Done(StrEnum):
    """How much of an operation Drydock does."""

    SIMULATED = "simulated"
    PARTLY = "partly"
    NOT = "501"


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """An operation.

    Attributes:
        path: below `/v1/{project_id}/`.
        name: what it does, as an answer 501 names it.
        operation_id: in the OpenAPI document; empty for what is not simulated.
        missing: what it does not do, or does otherwise.
        proof: how sure the form of its requests and answers is.
    """

    method: str
    path: str
    name: str
    operation_id: str = ""
    missing: str = ""
    proof: Proof = Proof.DOCUMENTED

    @property
    def done(self) -> Done:
        if not self.operation_id:
            return Done.NOT
        return Done.PARTLY if self.missing else Done.SIMULATED

    def is_at(self, method: str, parts: Sequence[str]) -> bool:
        """Whether this method at this path, in parts, calls it."""
        own = self.path.split("/")
        return (
            self.method == method
            and len(own) == len(parts)
            and all(
                part == name or (part and name.startswith("{"))
                for name, part in zip(own, parts, strict=True)
            )
        )


def _done(
    call: str,
    name: str,
    operation_id: str,
    proof: Proof = Proof.DOCUMENTED,
    *,
    missing: str = "",
) -> Documented:
    method, path = call.split()
    return Documented(
        method=method,
        path=path,
        name=name,
        operation_id=operation_id,
        missing=missing,
        proof=proof,
    )


def _not(call: str, name: str) -> Documented:
    method, path = call.split()
    return Documented(method=method, path=path, name=name)


_SEEN = Proof.OBSERVED

_SERVICES = (
    _done(
        "POST services",
        "deploying a service",
        "CreateService",
        _SEEN,
        missing="edge services; persistent volumes",
    ),
    _done(
        "GET services",
        "querying services",
        "ListServices",
        _SEEN,
        missing="cluster_id of older editions is ignored",
    ),
    _done("GET services/{service_id}", "querying service details", "ShowService", _SEEN),
    _done(
        "PUT services/{service_id}",
        "updating a service",
        "UpdateService",
        _SEEN,
        missing="what deploying does not do either; service_secrets is ignored",
    ),
    _done(
        "PATCH services/{service_id}",
        "changing fields of a service's configuration",
        "PatchService",
    ),
    _done(
        "PUT services/{service_id}/property",
        "changing a service's property",
        "ChangeServiceProperty",
    ),
    _done(
        "DELETE services/{service_id}",
        "deleting services",
        "DeleteService",
        _SEEN,
        missing="every user of the project may delete a service, not its owner only",
    ),
    _done(
        "GET services/{service_id}/monitor",
        "querying service monitoring information",
        "ShowServiceMonitor",
        _SEEN,
        missing="no used cores, memory and accelerators: nothing samples them",
    ),
    _done(
        "GET services/{service_id}/logs",
        "querying service update logs",
        "ListServiceUpdates",
        _SEEN,
    ),
    _done(
        "GET services/{service_id}/events",
        "querying service event logs",
        "ListServiceEvents",
        _SEEN,
        missing="its events are worded otherwise, and are not thrown away by age",
    ),
    _done(
        "GET services/specifications",
        "querying service specifications",
        "ListSpecifications",
        _SEEN,
        missing="all kinds of services and pools have the same ones",
    ),
    _done(
        "GET clusters",
        "querying dedicated resource pools",
        "ListClusters",
        _SEEN,
    ),
)
_TAGS = (
    _done(
        "POST services/{service_id}/tags/create",
        "giving a service tags",
        "CreateServiceTags",
    ),
    _done(
        "DELETE services/{service_id}/tags/delete",
        "taking tags from a service",
        "DeleteServiceTags",
        Proof.INFERRED,
    ),
    _done(
        "GET services/tms/tags",
        "querying the tags of all services",
        "ListServiceTags",
    ),
)
_EDGE = (
    _not(
        "PUT services/{service_id}/nodes/{node_id}/status",
        "starting and stopping an edge node of a service",
    ),
    _not("POST services/{service_id}/tasks", "creating an edge task"),
    _not("GET services/{service_id}/tasks", "querying edge tasks"),
    _not("GET services/{service_id}/tasks/{task_id}", "querying an edge task"),
    _not("DELETE services/{service_id}/tasks/{task_id}", "deleting an edge task"),
    _not("POST services/{service_id}/tasks/{task_id}/start", "starting an edge task"),
    _not("POST services/{service_id}/tasks/{task_id}/stop", "stopping an edge task"),
)
_APP = (
    _done("POST app-auth/apps", "creating an app", "CreateApigApp", Proof.INFERRED),
    _done("GET app-auth/apps", "querying apps", "ListApigApps", Proof.INFERRED),
    _done("GET app-auth/apps/{app_id}", "querying an app", "ShowApigApp"),
    _done("DELETE app-auth/apps/{app_id}", "deleting an app", "DeleteApigApp", Proof.INFERRED),
    _done("GET app-auth/apps/{app_name}/exists", "querying whether an app exists", "ApigAppExists"),
    _done("POST app-auth/apps/{app_id}/app-code", "adding an AppCode", "CreateApigAppCode"),
    _done(
        "PUT app-auth/apps/{app_id}/app-code/{app_code}", "resetting an AppCode", "ResetApigAppCode"
    ),
    _done(
        "DELETE app-auth/apps/{app_id}/app-code/{app_code}",
        "deleting an AppCode",
        "DeleteApigAppCode",
    ),
    _done("PUT app-auth/apps/{app_id}/app-secret", "resetting an AppSecret", "ResetApigAppSecret"),
    _done(
        "GET app-auth/apps/{app_id}/auth-apis", "querying the APIs of an app", "ShowApisBindToApp"
    ),
    _done(
        "POST app-auth/{service_id}/apis",
        "creating a service's API for apps",
        "CreateAppAuthApi",
        Proof.INFERRED,
        missing="no APIs without authentication or with an address of their own",
    ),
    _done(
        "GET app-auth/{service_id}/apis/{api_id}",
        "querying a service's API for apps",
        "GetAppAuthApiInfo",
    ),
    _done(
        "POST services/{service_id}/app-auth-api",
        "creating and authorizing an API for apps",
        "CreateAndAuthAppAuthApi",
    ),
    _done(
        "GET services/{service_id}/app-auth-apis",
        "querying a service's APIs for apps",
        "GetAppAuthApisInfo",
    ),
    _done(
        "DELETE services/{service_id}/app-auth-apis/{api_id}",
        "deleting a service's API for apps",
        "DeleteAppAuthApi",
    ),
    _done(
        "GET services/{service_id}/app-auth-apis/{api_id}/api-auths",
        "querying the apps that may call an API",
        "ShowApiAuthInfos",
        Proof.INFERRED,
    ),
    _done(
        "POST services/{service_id}/app-auth-apis/{api_id}/app-auth-api",
        "letting apps call an API",
        "AuthorizeApiToApigApps",
    ),
    _done(
        "PUT services/{service_id}/app-auth-apis/{api_id}/app-auth-api",
        "letting only some apps call an API",
        "UpdateAuthApiToApigApps",
    ),
    _done(
        "DELETE services/{service_id}/app-auth-apis/{api_id}/app-auth-api",
        "no longer letting apps call an API",
        "DeleteApiAppAuth",
    ),
    _done(
        "GET services/{service_id}/api-auths",
        "querying a service's APIs and their apps",
        "GetServiceAppAuthApiAuthInfo",
    ),
)
_MODELS = (
    _done(
        "POST models",
        "creating a model",
        "CreateModel",
        _SEEN,
        missing="packages that are no ONNX models, with code of their own; models from templates; "
        "health checks by command",
    ),
    _done("GET models", "querying models", "ListModels", _SEEN),
    _done(
        "GET models/{model_id}",
        "querying model details",
        "ShowModel",
        _SEEN,
        missing="no input_params and output_params, labels, documents and template",
    ),
    _done("DELETE models/{model_id}", "deleting a model", "DeleteModel", _SEEN),
    _done(
        "GET models/ai-engine-runtimes",
        "querying engine runtimes",
        "ListEngineRuntimes",
        missing="the names that the documents print, for all regions and times",
    ),
)

SECTIONS: dict[str, tuple[Documented, ...]] = {
    "Services": _SERVICES,
    "Tags of services": _TAGS,
    "Edge services": _EDGE,
    "APP authentication": _APP,
    "Models (AI applications)": _MODELS,
}
"""All operations, by what they are about."""

OPERATIONS = tuple(one for section in SECTIONS.values() for one in section)
_BESIDES = {"workspaces": "managing workspaces"}
"""What services and models name and is no operation on them, by the first part of its paths."""


def missing_operation(method: str, path: str) -> str | None:
    """Name of the documented operation that is called so and is not simulated; None when there is
    none.

    Args:
        path: below `/v1/{project_id}/`.
    """
    parts = path.strip("/").split("/")
    if parts[0] in _BESIDES:
        return _BESIDES[parts[0]]
    missing = (one for one in OPERATIONS if one.done is Done.NOT)
    return next((one.name for one in missing if one.is_at(method, parts)), None)


def coverage_document() -> str:
    """docs/coverage.md."""
    lines = [_HEAD]
    for title, operations in SECTIONS.items():
        lines += [f"\n## {title}\n", "| Operation | What | Drydock | Proof |", "|---|---|---|---|"]
        for one in operations:
            done = one.done if not one.missing else f"{one.done}: {one.missing}"
            call = f"`{one.method} {one.path}`"
            lines.append(f"| {call} | {one.name} | {done} | {one.proof} |")
    return "\n".join(lines) + "\n"


_HEAD = """# Coverage of the ModelArts v1 API

Made by `scripts/generate-coverage` from `simulator/modelarts/documented.py`; do not edit.

Every documented operation of services and models, below `/v1/{project_id}/`, and what Drydock does:

- **simulated**: as documented, in all that [rules.md](rules.md) and [decisions.md](decisions.md)
  say.
- **partly**: what is missing, or otherwise, stands beside it. A request for what is missing is
  refused with its name, 501 where the cloud would take it; fields that are not known are not there:
  nothing is made up.
- **501**: known, and not simulated: `Drydock.NotSimulated`, with its name.

Any other method or path answers 404, as the cloud's gateway does.

Proof is how sure the form of requests and answers is: **documented** by the API reference;
**observed**: besides, a published client that nobody here wrote calls it in
`tests/e2e/test_clients.py`; **inferred**: the reference leaves a part of it open, and
[decisions.md](decisions.md) says what was taken."""
