"""What the OpenAPI document says of apps and of the APIs that services have for them."""

from __future__ import annotations

from typing import Any

from simulator.errors import BelongsElsewhere, InUse, NameTaken, NotFound, NotSimulated
from simulator.modelarts import error_codes as codes
from simulator.modelarts.app_examples import APP_ID
from simulator.modelarts.app_schemas import (
    ApiQuery,
    AppApiQuery,
    AppQuery,
    CreateApi,
    CreateApp,
    GrantedApps,
    GrantQuery,
    OnlyApps,
)
from simulator.modelarts.openapi_parts import fault, operation, told
from simulator.openapi import STORE_FULL, Body, Operation, model_schema, text

_APP_ID = {"app_id": text("Id of the app.", minLength=1)}
_APP_CODE = {**_APP_ID, "app_code": text("One of its codes.", minLength=1)}
_SERVICE_ID = {"service_id": text("Id of the service.", minLength=1)}
_API_ID = {**_SERVICE_ID, "api_id": text("Id of the API.", minLength=1)}

_QUERY = fault(codes.INVALID_ARGUMENT)
_BODY = [fault(codes.PARAMETER_ERROR), fault(codes.INVALID_ARGUMENT)]
_NO_APP = told(NotFound("app", ""), "the caller has no such app")
_NO_CODE = told(NotFound("app code", ""), "the caller has no such app, or it has no such code")
_NO_SERVICE = told(NotFound("service", ""), "the service does not exist")
_NO_API = [
    _NO_SERVICE,
    told(NotFound("service API", ""), "the API does not exist"),
    told(BelongsElsewhere("service API", "", ""), "the API is another service's"),
]
_HAS_API = told(NameTaken("service API", ""), "the service has an API of this kind")


def app_operations() -> dict[str, Operation]:
    """By id."""
    return {**_apps(), **_codes(), **_apis(), **_grants()}


def _apps() -> dict[str, Operation]:
    refused = [
        *_BODY,
        fault(codes.APP_LIMIT),
        told(NameTaken("app", ""), "the project has an app of this name"),
    ]
    example = {"app_name": "app_digits", "app_remark": "the shop's"}
    return {
        "CreateApigApp": operation(
            "AppShown",
            "CreateApigApp",
            [*refused, STORE_FULL],
            "It has a key and a secret, and no code.",
            body=_body(CreateApp, example),
        ),
        "ListApigApps": operation(
            "AppList",
            "ListApigApps",
            [_QUERY],
            "Those of other users of the project are not in it.",
            query=AppQuery,
        ),
        "ShowApigApp": operation("AppShown", "ShowApigApp", [_NO_APP], path=_APP_ID),
        "DeleteApigApp": operation(
            "AppDeleted",
            "DeleteApigApp",
            [_NO_APP, told(InUse("app", "", []), "it may call services"), STORE_FULL],
            path=_APP_ID,
        ),
        "ApigAppExists": operation(
            "AppExists",
            "ApigAppExists",
            [],
            "Whoever owns it.",
            path={"app_name": text("Name of the app.", minLength=1)},
        ),
        "ShowApisBindToApp": operation(
            "AppApiList", "ShowApisBindToApp", [_NO_APP, _QUERY], path=_APP_ID, query=AppApiQuery
        ),
    }


def _codes() -> dict[str, Operation]:
    return {
        "CreateApigAppCode": operation(
            "AppShown", "CreateApigAppCode", [_NO_APP, STORE_FULL], path=_APP_ID
        ),
        "ResetApigAppCode": operation(
            "AppShown",
            "ResetApigAppCode",
            [_NO_CODE, STORE_FULL],
            "The old one opens nothing from then on.",
            path=_APP_CODE,
        ),
        "DeleteApigAppCode": operation(
            "AppShown", "DeleteApigAppCode", [_NO_CODE, STORE_FULL], path=_APP_CODE
        ),
        "ResetApigAppSecret": operation(
            "AppShown",
            "ResetApigAppSecret",
            [_NO_APP, STORE_FULL],
            "The key stays.",
            path=_APP_ID,
        ),
    }


def _apis() -> dict[str, Operation]:
    missing = told(NotSimulated(""), "what is asked for is not simulated; the message names it")
    return {
        "CreateAppAuthApi": operation(
            "AppApiShown",
            "CreateAppAuthApi",
            [_NO_SERVICE, *_BODY, _HAS_API, missing, STORE_FULL],
            "Of a real-time service, one of each kind. No app may call it yet.",
            path=_SERVICE_ID,
            body=_body(CreateApi, {"api_name": "digits", "auth_type": "APP"}),
        ),
        "GetAppAuthApiInfo": operation("AppApiShown", "GetAppAuthApiInfo", _NO_API, path=_API_ID),
        "GetAppAuthApisInfo": operation(
            "AppApiList",
            "GetAppAuthApisInfo",
            [_NO_SERVICE, _QUERY],
            path=_SERVICE_ID,
            query=ApiQuery,
        ),
        "DeleteAppAuthApi": operation(
            None,
            "DeleteAppAuthApi",
            [*_NO_API, STORE_FULL],
            "Apps that might call it may no longer.",
            path=_API_ID,
        ),
    }


def _grants() -> dict[str, Operation]:
    refused = [*_NO_API, *_BODY, STORE_FULL]
    example = {"apps": [{"app_id": APP_ID}]}
    grants = _body(GrantedApps, example)
    return {
        "CreateAndAuthAppAuthApi": operation(
            "AppApiGranted",
            "CreateAndAuthAppAuthApi",
            [_NO_SERVICE, *_BODY, _HAS_API, STORE_FULL],
            "The API is made also where an app cannot be let call it: the answer tells of each.",
            path=_SERVICE_ID,
            body=grants,
        ),
        "AuthorizeApiToApigApps": operation(
            "AppsGranted",
            "AuthorizeApiToApigApps",
            refused,
            "Of an API with app authentication. App and service must have one owner; the answer "
            "tells of each app.",
            path=_API_ID,
            body=grants,
        ),
        "UpdateAuthApiToApigApps": operation(
            "AppsGranted",
            "UpdateAuthApiToApigApps",
            refused,
            path=_API_ID,
            body=_body(OnlyApps, example),
        ),
        "DeleteApiAppAuth": operation(
            "AppsRevoked", "DeleteApiAppAuth", refused, path=_API_ID, body=grants
        ),
        "ShowApiAuthInfos": operation(
            "AppAuthorizationList",
            "ShowApiAuthInfos",
            [*_NO_API, _QUERY],
            path=_API_ID,
            query=GrantQuery,
        ),
        "GetServiceAppAuthApiAuthInfo": operation(
            "AppAccess", "GetServiceAppAuthApiAuthInfo", [_NO_SERVICE], path=_SERVICE_ID
        ),
    }


def _body(shape: Any, example: dict[str, Any]) -> Body:
    return Body(
        schema=model_schema(shape), examples={"documented": {"summary": "One.", "value": example}}
    )
