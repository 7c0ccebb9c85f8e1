"""Who is calling: one pure decision for every route that needs a caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulator.iam.canonical import Headers, single
from simulator.iam.errors import (
    ProjectForbidden,
    ProjectMalformed,
    SignatureHeaderMissing,
    TokenInvalid,
    TokenMissing,
    TokenWithoutProject,
)
from simulator.iam.identity import Identity, Project, is_id
from simulator.iam.signing import verify_signature
from simulator.iam.tokens import Claims, TokenSigner


class How(StrEnum):
    """How a caller proved who it is."""

    TOKEN = "token"
    SIGNATURE = "signature"


@dataclass(frozen=True)
class Caller:
    """Someone whose token or signature is right.

    Attributes:
        project_id: the project that the request acts in; None for a domain token, or a signature
            that names no project, on a route that belongs to none.
        projects: all projects of the user.
    """

    user_id: str
    user_name: str
    domain_id: str
    project_id: str | None
    projects: tuple[Project, ...]
    how: How


def authenticate(
    *,
    identities: Sequence[Identity],
    signer: TokenSigner,
    headers: Headers,
    method: str,
    path: str,
    query: str,
    body: bytes,
    now_s: float,
    project_id: str | None = None,
) -> Caller:
    """Decide who sent the request and that the project is theirs.

    A token goes before a signature where both are sent.

    Args:
        headers: name and value pairs as received; values as latin-1 text.
        path: as received (percent-encoded), without the query.
        query: as received, without `?`.
        body: the whole body; matters to signatures only.
        now_s: real time, seconds since the epoch.
        project_id: of the route: in the URL, or of the service that is called; None where the
            route belongs to no project.

    Raises:
        TokenMissing, TokenExpired, TokenInvalid: see `TokenSigner.verify`.
        TokenWithoutProject: a domain token on a project's route.
        SignatureRefused: see `verify_signature`.
        ProjectMalformed: `project_id` is no id.
        ProjectForbidden: the caller may not act in the project.
    """
    tokens = [value for name, value in headers if name.lower() == "x-auth-token" and value]
    if len(tokens) > 1:
        raise TokenInvalid("X-Auth-Token was sent more than once")
    if tokens:
        claims = signer.verify(tokens[0], now_s)
        identity = _holder(identities, claims)
        return _caller(identity, _token_project(claims, project_id), How.TOKEN)
    names = {name.lower() for name, _ in headers}
    if "authorization" not in names:
        if "x-sdk-date" in names:
            raise SignatureHeaderMissing("X-Sdk-Date was sent without Authorization")
        raise TokenMissing
    identity = verify_signature(
        {identity.access_key: identity for identity in identities},
        headers=headers,
        method=method,
        path=path,
        query=query,
        body=body,
        now_s=now_s,
    )
    chosen = _signature_project(identity, single(headers, "x-project-id"), project_id)
    return _caller(identity, chosen, How.SIGNATURE)


def _holder(identities: Sequence[Identity], claims: Claims) -> Identity:
    """The token's user as configured now: a token may outlive a change of the settings."""
    for identity in identities:
        if identity.user_id == claims.user_id:
            if claims.project_id is not None and identity.project(claims.project_id) is None:
                raise TokenInvalid("its project does not exist any more")
            return identity
    raise TokenInvalid("its user does not exist any more")


def _token_project(claims: Claims, project_id: str | None) -> str | None:
    if project_id is None:
        return claims.project_id
    if not is_id(project_id):
        raise ProjectMalformed
    if claims.project_id is None:
        raise TokenWithoutProject
    if claims.project_id != project_id:
        raise ProjectForbidden("the token was issued for another project")
    return project_id


def _signature_project(
    identity: Identity, header_project: str | None, project_id: str | None
) -> str | None:
    if project_id is not None and not is_id(project_id):
        raise ProjectMalformed
    if header_project and project_id and header_project != project_id:
        raise ProjectForbidden("X-Project-Id names another project than the URL")
    chosen = project_id or header_project or None
    if chosen is not None and identity.project(chosen) is None:
        raise ProjectForbidden("the access key's user has no such project")
    return chosen


def _caller(identity: Identity, project_id: str | None, how: How) -> Caller:
    return Caller(
        user_id=identity.user_id,
        user_name=identity.user_name,
        domain_id=identity.domain_id,
        project_id=project_id,
        projects=identity.projects,
        how=how,
    )
