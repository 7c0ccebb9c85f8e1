"""What Schemathesis must know of the server: data that exists, and checks of our own.

Loaded by its command line, which `test_schemathesis.py` starts. `DRYDOCK_FUZZ` holds what exists:
`{"model_id", "source_location", "service_id", "api_id"}`.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections import Counter
from itertools import count
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import UseAfterFree

EXISTING: dict[str, str] = json.loads(os.environ["DRYDOCK_FUZZ"])
EVERY = 4
"""One in so many requests to create something is one that can succeed."""
SERVICES_MAX = 3
"""So many services are deployed in a phase: each is a process."""
SHAPE_RULES = ("MA-TYPE-", "MA-MUST-", "Type", "Mandatory")
WHOLE_FLOAT = re.compile(r"not -?[0-9]+(\.0|e[+]?[0-9]+)$")
"""JSON Schema takes 5.0 for an integer, the rules do not; no keyword tells them apart."""
NOT_ALWAYS = {
    "PATCH /v1/{project_id}/services/{service_id}": "depends on the service's configuration",
    "PUT /v1/{project_id}/services/{service_id}/property": "depends on what the service runs",
    "POST /v1/{project_id}/services/{service_id}/app-auth-api": "the service has its API already",
    "DELETE /v1/{project_id}/services/{service_id}/app-auth-apis/{api_id}": "the others need it",
    "POST /_drydock/clock/advance": "succeeds with a manual clock only",
    "POST /_drydock/services/{service_id}/release": "depends on what was done before",
    "POST /_drydock/services/{service_id}/start": "depends on what was done before",
    "POST /_drydock/services/{service_id}/stop": "depends on what was done before",
}
"""Operations that a run need not reach, and why."""

_numbers = count()
_turns: Counter[str] = Counter()
_services: Counter[str] = Counter()
_imported: list[str] = []
"""Models that nothing runs."""
_apps: dict[str, list[str]] = {}
"""Ids of apps that are there, with their codes."""


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Now and then, replaces a request that would be refused by one that names what exists. Quotas
    are only raised, so that there is room for what follows, the clock goes on as it does (at a
    million times real time every deployment would time out), and instances can be called."""
    harmless = {
        "SetQuota": {"size": 1000},
        "ChangeClock": {"mode": "real"},
        "ChangeRouting": {"direct": True},
    }
    operation = case.operation.definition.raw.get("operationId")
    if _is_sound(case) and operation in harmless:
        case.body = harmless[operation]
    if operation == "RemoveModel" and _is_sound(case) and _imported:
        case.path_parameters = {"model_id": _imported.pop()}
    if _is_sound(case) and _of_apps(case):
        _turns[case.operation.label] += 1
        if _turns[case.operation.label] % 2:
            _name_what_exists(case)
    if not _is_sound(case) or next(_numbers) % EVERY:
        return
    name = str(case.operation.definition.raw.get("operationId"))
    if name == "CreateService" and _may_deploy(case):
        case.body = _example(case, "real-time")
        case.body["service_name"] = f"fuzzed-{next(_numbers)}"
        case.body["config"][0]["model_id"] = EXISTING["model_id"]
    elif name == "CreateModel":
        case.body = _example(case, "model")
        case.body["model_name"] = f"fuzzed-{next(_numbers)}"
        case.body["source_location"] = EXISTING["source_location"]
    elif name == "UpdateService":
        case.body = _example(case, "update-description")
    elif name == "ImportModel":
        case.body = {"path": EXISTING["package"], "name": f"fuzzed-{next(_numbers)}"}
    elif name == "CreateAppAuthApi":
        case.body = {"auth_type": "IAM"}
        case.path_parameters["service_id"] = EXISTING["service_id"]


def _of_apps(case: Case) -> bool:
    path = str(case.path)
    return "app-auth" in path or path.endswith("/api-auths")


def _name_what_exists(case: Case) -> None:
    """The app with the most codes and one of these, the service that stands, and its API. These are
    not deleted: another app is."""
    by_codes = sorted(_apps.items(), key=lambda app: -len(app[1])) or [("", [])]
    is_deleted = case.operation.definition.raw.get("operationId") == "DeleteApigApp"
    if is_deleted and len(by_codes) == 1:
        return
    app_id, codes = by_codes[-1 if is_deleted else 0]
    known = {
        "app_id": app_id,
        "app_code": next(iter(codes), ""),
        "service_id": EXISTING["service_id"],
        "api_id": EXISTING["api_id"] if case.method != "DELETE" or case.body else "",
    }
    for name in case.path_parameters:
        case.path_parameters[name] = known.get(name) or case.path_parameters[name]


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Remembers what can be deleted."""
    name = case.operation.definition.raw.get("operationId")
    if name == "ImportModel" and response.status_code == 200:
        _imported.append(response.json()["model_id"])
    if name == "DeleteApigApp" and response.status_code == 200:
        _apps.pop(case.path_parameters["app_id"], None)
    if str(case.path).startswith("/v1/{project_id}/app-auth/apps") and response.status_code == 200:
        app = response.json().get("app")
        if app:
            _apps[app["app_id"]] = app["app_codes"]


def _may_deploy(case: Case) -> bool:
    assert case.meta is not None
    phase = case.meta.phase.name.value
    _services[phase] += 1
    return _services[phase] <= SERVICES_MAX


def _is_sound(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _example(case: Case, name: str) -> Any:
    content = case.operation.definition.raw["requestBody"]["content"]["application/json"]
    return copy.deepcopy(content["examples"][name]["value"])


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """A service is deleted in the background, as the cloud does it: until its instances are gone it
    is shown as `deleting`, which Schemathesis takes for a deleted thing that is still there."""
    if not isinstance(failure, UseAfterFree):
        return True
    shown = response.json()
    return not ("service_id" in shown and shown.get("status", "deleting") == "deleting")


@schemathesis.check
def a_5xx_is_501_and_names_the_operation(ctx: CheckContext, response: Response, case: Case) -> None:
    """The only 5xx that a request causes."""
    if response.status_code >= 500:
        assert response.status_code == 501, response.text
        body = response.json()
        assert body["error_code"] == "Drydock.NotSimulated", body
        assert re.fullmatch(r"\S.* (is|are) not simulated", body["error_msg"]), body


@schemathesis.check
def every_answer_names_its_request(ctx: CheckContext, response: Response, case: Case) -> None:
    assert response.headers.get("x-request-id"), response.headers


@schemathesis.check
def what_fits_the_schema_is_never_refused_for_its_shape(
    ctx: CheckContext, response: Response, case: Case
) -> None:
    """The document has every type and every mandatory field: a request that fits is refused for
    what no schema can say, or not at all."""
    if response.status_code == 400 and _is_sound(case):
        body = response.json()
        broken = [
            one
            for one in body.get("violations", ())
            if one["rule"].startswith(SHAPE_RULES) and not WHOLE_FLOAT.search(one["message"])
        ]
        assert not broken, broken


@schemathesis.check
class EveryOperationSucceedsOnce:
    """The run reached what lies behind the refusals."""

    def __init__(self) -> None:
        self.tried: set[str] = set()
        self.done: set[str] = set()

    def after_response(self, ctx: CheckContext, response: Response, case: Case) -> None:
        self.tried.add(case.operation.label)
        if response.status_code < 400:
            self.done.add(case.operation.label)

    def after_run(self, ctx: CheckContext) -> None:
        never = self.tried - self.done - NOT_ALWAYS.keys()
        assert not never, f"never answered with success: {', '.join(sorted(never))}"
