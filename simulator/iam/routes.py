"""The identity routes that real clients need (Keystone v3; see `POST /v3/auth/tokens`)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from simulator.iam import documents
from simulator.iam.access import Caller, How
from simulator.iam.directory import Directory
from simulator.iam.errors import IamError, TokenInvalid
from simulator.iam.identity import Identity, Project
from simulator.iam.schemas import Scope, TokenRequest, UserRef, first_fault

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
}
BODY_MAX_BYTES = 114_688
"""Largest body of a token request; as Keystone's own default."""


class Refused(Exception):
    """An identity request that is answered in Keystone's error shape."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class _KeystoneRoute(APIRoute):
    """Gives these routes' errors Keystone's shape, whatever the rest of the server does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_in_keystone_shape(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refused:
                return _failure(refused.status, refused.message)
            except IamError as error:
                return _failure(error.status, error.error_msg)

        return handle_in_keystone_shape


def _failure(status: int, message: str) -> JSONResponse:
    return JSONResponse(documents.failure(status, _TITLES[status], message), status)


def iam_router(directory: Directory) -> APIRouter:
    """The identity routes, answering from `directory`."""
    router = APIRouter(route_class=_KeystoneRoute, tags=["identity"])
    _add_version_routes(router, directory)
    _add_token_routes(router, directory)
    _add_listing_routes(router, directory)
    return router


def _add_version_routes(router: APIRouter, directory: Directory) -> None:
    @router.get(
        "/", operation_id="KeystoneListVersions", summary="API versions of the identity service"
    )
    async def show_versions() -> JSONResponse:
        # 300 as Keystone: there is a choice, here of one.
        return JSONResponse(documents.versions(directory.endpoint()), 300)

    @router.get("/v3", operation_id="KeystoneShowVersion", summary="Identity API version 3")
    @router.get("/v3/", include_in_schema=False)
    async def show_version() -> JSONResponse:
        return JSONResponse({"version": documents.version(directory.endpoint())})


def _add_token_routes(router: APIRouter, directory: Directory) -> None:
    @router.post(
        "/v3/auth/tokens",
        operation_id="KeystoneCreateUserTokenByPassword",
        summary="Issue a token (X-Subject-Token)",
        status_code=201,
    )
    async def issue_token(request: Request) -> JSONResponse:
        asked = _parse(await request.body())
        now_s = directory.now_s()
        identity, lifetime_s, method = _prove(directory, asked, now_s)
        project = _scope_project(identity, asked.auth.scope)
        issued = directory.signer.issue(identity, project, now_s, lifetime_s)
        with_catalog = "nocatalog" not in request.query_params
        catalog = _catalog(directory, issued.claims.project_id) if with_catalog else None
        return JSONResponse(
            documents.token(identity, issued.claims, [method], catalog),
            201,
            headers={"X-Subject-Token": issued.text, "Vary": "X-Auth-Token"},
        )

    @router.get(
        "/v3/auth/tokens",
        operation_id="KeystoneValidateToken",
        summary="Check the token in X-Subject-Token",
    )
    @router.head("/v3/auth/tokens", include_in_schema=False)
    async def check_token(request: Request) -> JSONResponse:
        await directory.caller(request)
        text = request.headers.get("x-subject-token", "")
        if not text:
            raise Refused(400, "Send the token to be checked in X-Subject-Token.")
        try:
            claims = directory.signer.verify(text, directory.now_s())
        except IamError as error:
            raise Refused(404, error.error_msg) from None
        identity = directory.identity(claims.user_id)
        if identity is None:
            raise Refused(404, "The token's user does not exist any more.")
        with_catalog = "nocatalog" not in request.query_params
        catalog = _catalog(directory, claims.project_id) if with_catalog else None
        body = documents.token(identity, claims, ["password"], catalog)
        return JSONResponse(body, headers={"X-Subject-Token": text})


def _add_listing_routes(router: APIRouter, directory: Directory) -> None:
    @router.get(
        "/v3/projects",
        operation_id="KeystoneListProjects",
        summary="The caller's projects; ?name= narrows to one",
    )
    async def list_projects(request: Request, name: str | None = None) -> JSONResponse:
        identity = _identity(directory, await directory.caller(request))
        chosen = [one for one in identity.projects if name is None or one.name == name]
        return JSONResponse(
            documents.projects(directory.endpoint(), "/v3/projects", identity, chosen)
        )

    @router.get(
        "/v3/auth/projects",
        operation_id="KeystoneListAuthProjects",
        summary="Projects that the caller may ask a token for",
    )
    async def list_auth_projects(request: Request) -> JSONResponse:
        identity = _identity(directory, await directory.caller(request))
        chosen = list(identity.projects)
        return JSONResponse(
            documents.projects(directory.endpoint(), "/v3/auth/projects", identity, chosen)
        )

    @router.get(
        "/v3/auth/domains",
        operation_id="KeystoneListAuthDomains",
        summary="Domains that the caller may ask a token for",
    )
    async def list_auth_domains(request: Request) -> JSONResponse:
        identity = _identity(directory, await directory.caller(request))
        return JSONResponse(documents.domains(directory.endpoint(), "/v3/auth/domains", identity))

    @router.get(
        "/v3/auth/catalog",
        operation_id="KeystoneShowCatalog",
        summary="What is where, for the caller's project",
    )
    async def show_catalog(request: Request) -> JSONResponse:
        caller = await directory.caller(request)
        project_id = caller.project_id
        if project_id is None and caller.how is How.SIGNATURE and len(caller.projects) == 1:
            project_id = caller.projects[0].id
        return JSONResponse(
            {
                "catalog": _catalog(directory, project_id),
                "links": {"self": f"{directory.endpoint()}/v3/auth/catalog"},
            }
        )


def _catalog(directory: Directory, project_id: str | None) -> list[documents.Document]:
    return documents.catalog(directory.endpoint(), directory.region, project_id)


def _identity(directory: Directory, caller: Caller) -> Identity:
    identity = directory.identity(caller.user_id)
    if identity is None:
        raise TokenInvalid("its user does not exist any more")
    return identity


def _parse(body: bytes) -> TokenRequest:
    if len(body) > BODY_MAX_BYTES:
        raise Refused(413, f"The request body is larger than {BODY_MAX_BYTES} bytes.")
    try:
        return TokenRequest.model_validate_json(body)
    except ValidationError as error:
        raise Refused(400, f"The request body is malformed. {first_fault(error)}") from None


def _prove(directory: Directory, asked: TokenRequest, now_s: float) -> tuple[Identity, int, str]:
    """Who asks, for how many seconds the token may live, and the method used."""
    proof = asked.auth.identity
    if proof.password is not None and "password" in proof.methods:
        identity = _by_password(directory, proof.password.user)
        return identity, directory.token_lifetime_s, "password"
    if proof.token is not None and "token" in proof.methods:
        claims = directory.signer.verify(proof.token.id, now_s)
        holder = directory.identity(claims.user_id)
        if holder is None:
            raise Refused(401, "The token's user does not exist any more.")
        # Exchanging tokens must not prolong the first proof.
        return holder, claims.expires_at_s - int(now_s), "token"
    raise Refused(401, "The authentication method is not supported: use password or token.")


def _by_password(directory: Directory, user: UserRef) -> Identity:
    for identity in directory.identities:
        if user.names(identity) and hmac.compare_digest(
            identity.password.encode(), user.password.encode()
        ):
            return identity
    raise Refused(401, "The user name, domain or password is wrong.")


def _scope_project(identity: Identity, scope: Scope | str | None) -> Project | None:
    """The project of the scope; None for a domain scope.

    Raises:
        Refused: 401 as Keystone, when the project or domain is not the user's.
    """
    if not isinstance(scope, Scope):
        return None
    if scope.domain is not None:
        if not scope.domain.names(identity):
            raise Refused(401, "The user does not belong to the domain asked for.")
        return None
    asked = scope.project
    project = None
    if asked is not None and (asked.domain is None or asked.domain.names(identity)):
        if asked.id is not None:
            project = identity.project(asked.id)
        else:
            project = identity.project_named(asked.name or "")
    if project is None:
        raise Refused(401, "The user has no such project. GET /v3/auth/projects lists them.")
    return project
