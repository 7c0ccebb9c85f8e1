"""What the OpenAPI document says of the identity routes, and of callers everywhere."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.iam import documents
from simulator.iam.errors import WIRE, Reason
from simulator.iam.identity import Project, default_identity
from simulator.iam.schemas import TokenRequest
from simulator.iam.tokens import Claims
from simulator.openapi import (
    TOO_LARGE,
    Answer,
    Body,
    Fault,
    Form,
    Operation,
    Surface,
    array,
    flag,
    integer,
    maybe,
    record,
    text,
)
from simulator.rules.openapi import COMPONENTS, Schema, reference

KEYSTONE = Form("KeystoneError", "", "")
SCHEMES: dict[str, Schema] = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Token",
        "description": "A token of POST /v3/auth/tokens.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A signature with an access key, SDK-HMAC-SHA256 or V11-HMAC-SHA256; the "
        "cloud's SDKs make it, with X-Sdk-Date.",
    },
}
PROJECT_TOKEN = ("token", "signature")
PROJECT_ID = text("Id of the project.", pattern="^[0-9a-f]{32}$")

_OF_PROJECT_ROUTES = {Reason.TOKEN_WITHOUT_PROJECT, Reason.PROJECT_MALFORMED}
_ENDPOINT = "http://127.0.0.1:8780"
_ISSUED_S = 1_780_000_000


def caller_faults(form: Form, *, of_project: bool) -> list[Fault]:
    """What a caller is refused with."""
    return [
        Fault(error.status, error.error_code if form.code else "", _MEANINGS[reason], form)
        for reason, error in WIRE.items()
        if of_project or reason not in _OF_PROJECT_ROUTES
    ]


_MEANINGS = {
    Reason.TOKEN_MISSING: "neither a token nor a signature was sent",
    Reason.TOKEN_EXPIRED: "the token has expired",
    Reason.TOKEN_INVALID: "the token is invalid",
    Reason.TOKEN_WITHOUT_PROJECT: "the token names no project",
    Reason.PROJECT_FORBIDDEN: "the project is not the caller's",
    Reason.PROJECT_MALFORMED: "the project id is none",
    Reason.SIGNATURE_HEADER_MISSING: "the signed request lacks a header",
    Reason.SIGNATURE_MALFORMED: "the signature cannot be read",
    Reason.SIGNATURE_EXPIRED: "the signature is not current",
    Reason.SIGNATURE_WRONG: "the signature does not match the request",
    Reason.ACCESS_KEY_UNKNOWN: "the access key is not known",
}


class CatalogQuery(BaseModel):
    """Query of the token calls."""

    model_config = ConfigDict(extra="ignore")

    nocatalog: str | None = Field(None, description="Present: leave the catalog out.")


class ProjectQuery(BaseModel):
    """Query of the list of projects."""

    model_config = ConfigDict(extra="ignore")

    name: str | None = Field(None, description="Only the project of this name.")


def surface() -> Surface:
    """The identity service."""
    return Surface(
        tag="iam",
        about="Tokens and projects, as the identity service (Keystone v3) has them.",
        operations=_operations(),
        schemas={**_SCHEMAS, **_token_request()},
        security=SCHEMES,
    )


def _operations() -> dict[str, Operation]:
    body = Body(schema=reference("TokenRequest"), examples=_TOKEN_REQUESTS)
    issued = {"X-Subject-Token": "The token.", "Vary": "X-Auth-Token."}
    malformed = Fault(400, "", "the request cannot be read", KEYSTONE)
    unproved = Fault(401, "", "user, password, token or scope is wrong", KEYSTONE)
    larger = Fault(413, "", "the body is larger than a token request may be", KEYSTONE)
    unsent = Fault(400, "", "X-Subject-Token is absent", KEYSTONE)
    unknown = Fault(404, "", "the token in X-Subject-Token is not valid", KEYSTONE)
    checked = {"X-Subject-Token": text("The token to be checked.", example="eyJhbGciOi...")}
    return {
        "KeystoneListVersions": Operation(
            answer=Answer("There is a choice, of one.", reference("ApiVersions"), 300),
            faults=[],
        ),
        "KeystoneShowVersion": Operation(
            answer=Answer("The version.", reference("ApiVersion")), faults=[]
        ),
        "KeystoneCreateUserTokenByPassword": Operation(
            answer=Answer(
                "The token, in X-Subject-Token.",
                reference("TokenDetail"),
                201,
                example=_token_example(),
                headers=issued,
            ),
            faults=[
                malformed,
                unproved,
                larger,
                *caller_faults(KEYSTONE, of_project=False),
                TOO_LARGE,
            ],
            about="By name and password, or in exchange for another token.",
            body=body,
            query=CatalogQuery,
        ),
        "KeystoneValidateToken": _asked(
            Answer(
                "The token is valid.",
                reference("TokenDetail"),
                headers={"X-Subject-Token": "The token."},
            ),
            unsent,
            unknown,
            query=CatalogQuery,
            headers=checked,
        ),
        "KeystoneListProjects": _asked(
            Answer("The projects.", reference("ProjectList")), query=ProjectQuery
        ),
        "KeystoneListAuthProjects": _asked(Answer("The projects.", reference("ProjectList"))),
        "KeystoneListAuthDomains": _asked(Answer("The domains.", reference("DomainList"))),
        "KeystoneShowCatalog": _asked(Answer("The catalog.", reference("Catalog"))),
    }


def _asked(answer: Answer, *faults: Fault, **more: Any) -> Operation:
    """An operation that needs a caller."""
    whole = [*faults, *caller_faults(KEYSTONE, of_project=False), TOO_LARGE]
    return Operation(answer=answer, faults=whole, security=PROJECT_TOKEN, **more)


_USER = {"name": "drydock", "password": "drydock", "domain": {"name": "drydock"}}
_BY_PASSWORD = {"methods": ["password"], "password": {"user": _USER}}
_TOKEN_REQUESTS: dict[str, Schema] = {
    name: {"summary": about, "value": {"auth": {"identity": _BY_PASSWORD, "scope": scope}}}
    for name, about, scope in (
        ("project", "a token of a project", {"project": {"name": "local"}}),
        ("domain", "a token of the account", {"domain": {"name": "drydock"}}),
    )
}


def _token_request() -> dict[str, Schema]:
    """The body of a token request, from the model that reads it."""
    whole = TokenRequest.model_json_schema(ref_template=COMPONENTS + "{model}")
    parts: dict[str, Schema] = whole.pop("$defs")
    return {**parts, "TokenRequest": whole}


def _token_example() -> dict[str, Any]:
    identity = default_identity()
    project: Project = identity.projects[0]
    claims = Claims(
        issuer="drydock-iam:example",
        token_id="0",
        user_id=identity.user_id,
        user_name=identity.user_name,
        domain_id=identity.domain_id,
        domain_name=identity.domain_name,
        project_id=project.id,
        project_name=project.name,
        issued_at_s=_ISSUED_S,
        expires_at_s=_ISSUED_S + 86_400,
    )
    catalog = documents.catalog(_ENDPOINT, "local", project.id)
    return documents.token(identity, claims, ["password"], catalog)


_LINKS = record(
    "",
    {
        "self": text("This list."),
        "previous": maybe(text("The page before.")),
        "next": maybe(text("The page after.")),
    },
)
_NAMED = {"id": text("Id."), "name": text("Name.")}
_DOMAIN = record("The account.", _NAMED)
_SELF = record("", {"self": text("Where it is.")})
_VERSION = record(
    "A version of the identity API.",
    {
        "id": text("Its number.", examples=["v3.14"]),
        "status": text("Whether it is in use."),
        "updated": text("When it was changed.", format="date-time"),
        "links": array(
            record("", {"rel": text("What it is."), "href": text("Where it is.")}), "Where it is."
        ),
        "media-types": array(
            record("", {"base": text("The form."), "type": text("Its full name.")}), "What it says."
        ),
    },
)
_SERVICE = record(
    "A service of the catalog.",
    {
        "id": text("Id."),
        "type": text("What it does.", examples=["modelarts"]),
        "name": text("Name."),
        "endpoints": array(
            record(
                "",
                {
                    "id": text("Id."),
                    "interface": text("For whom: public."),
                    "region": text("Region."),
                    "region_id": text("Region."),
                    "url": text("Address."),
                },
            ),
            "Where it is.",
        ),
    },
)
_TOKEN = record(
    "A token.",
    {
        "methods": array({"type": "string"}, "How it was proved who asks."),
        "issued_at": text("When it was issued.", format="date-time"),
        "expires_at": text("When it ends.", format="date-time"),
        "user": record(
            "Whose it is.",
            {**_NAMED, "domain": _DOMAIN, "password_expires_at": text("Empty: never.")},
        ),
        "roles": array(record("A role.", _NAMED), "What the user is."),
        "project": record("The project that it is for.", {**_NAMED, "domain": _DOMAIN}),
        "domain": record("The account that it is for.", _NAMED),
        "catalog": array(reference("CatalogService"), "What is where."),
    },
    optional=["project", "domain", "catalog"],
)
_SCHEMAS: dict[str, Schema] = {
    "KeystoneError": record(
        "An error in Keystone's form.",
        {
            "error": record(
                "",
                {
                    "code": integer("HTTP status."),
                    "title": text("The status in words."),
                    "message": text("What is wrong."),
                },
            )
        },
    ),
    "ApiVersionItem": _VERSION,
    "ApiVersion": record("The version.", {"version": reference("ApiVersionItem")}),
    "ApiVersions": record(
        "The versions.",
        {"versions": record("", {"values": array(reference("ApiVersionItem"), "The versions.")})},
    ),
    "CatalogService": _SERVICE,
    "TokenDetail": record("What is known of a token.", {"token": _TOKEN}),
    "ProjectList": record(
        "Projects.",
        {
            "projects": array(
                record(
                    "A project.",
                    {
                        **_NAMED,
                        "description": text("Remarks."),
                        "enabled": flag("Whether it can be used."),
                        "is_domain": flag("Whether it is an account."),
                        "domain_id": text("Its account."),
                        "parent_id": text("What it belongs to."),
                        "links": _SELF,
                    },
                ),
                "The projects.",
            ),
            "links": _LINKS,
        },
    ),
    "DomainList": record(
        "Accounts.",
        {
            "domains": array(
                record(
                    "An account.",
                    {
                        **_NAMED,
                        "description": text("Remarks."),
                        "enabled": flag("Whether it can be used."),
                        "links": _SELF,
                    },
                ),
                "The accounts.",
            ),
            "links": _LINKS,
        },
    ),
    "Catalog": record(
        "What is where.",
        {"catalog": array(reference("CatalogService"), "The services."), "links": _SELF},
    ),
}
