"""The JSON documents of the identity service (Keystone v3 shapes), as pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import md5
from typing import Any

from simulator.iam.identity import Identity, Project
from simulator.iam.tokens import Claims

Document = dict[str, Any]

# The role of an account's administrator; the simulator has no finer roles.
_ROLE = {"id": "d0c00000000000000000000000000004", "name": "te_admin"}
_VERSION_UPDATED = "2020-04-07T00:00:00Z"


def version(endpoint: str) -> Document:
    """The description of API version 3, for client discovery."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": _VERSION_UPDATED,
        "links": [{"rel": "self", "href": f"{endpoint}/v3/"}],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}
        ],
    }


def versions(endpoint: str) -> Document:
    """The list of API versions, as the root path gives it."""
    return {"versions": {"values": [version(endpoint)]}}


def catalog(endpoint: str, region: str, project_id: str | None) -> list[Document]:
    """What is where. Services that live under a project appear for project tokens only."""
    services = [("identity", "keystone", "/v3"), ("iam", "iam", "/v3")]
    if project_id is not None:
        path = f"/v1/{project_id}"
        services += [("modelartsv1", "modelartsv1", path), ("modelarts", "modelarts", path)]
    return [
        {
            "id": _stable_id(type_),
            "type": type_,
            "name": name,
            "endpoints": [
                {
                    "id": _stable_id(f"{type_}/{region}"),
                    "interface": "public",
                    "region": region,
                    "region_id": region,
                    "url": endpoint + path,
                }
            ],
        }
        for type_, name, path in services
    ]


def token(
    identity: Identity, claims: Claims, methods: list[str], catalog_: list[Document] | None
) -> Document:
    """The body that goes with a token; without a catalog when `catalog_` is None."""
    domain = {"id": identity.domain_id, "name": identity.domain_name}
    body: Document = {
        "methods": methods,
        "issued_at": _instant(claims.issued_at_s),
        "expires_at": _instant(claims.expires_at_s),
        "user": {
            "id": identity.user_id,
            "name": identity.user_name,
            "domain": domain,
            "password_expires_at": "",
        },
        "roles": [_ROLE],
    }
    if claims.project_id is None:
        body["domain"] = domain
    else:
        body["project"] = {"id": claims.project_id, "name": claims.project_name, "domain": domain}
    if catalog_ is not None:
        body["catalog"] = catalog_
    return {"token": body}


def projects(endpoint: str, self_path: str, identity: Identity, chosen: list[Project]) -> Document:
    """A list of projects."""
    return {
        "projects": [
            {
                "id": project.id,
                "name": project.name,
                "description": "",
                "enabled": True,
                "is_domain": False,
                "domain_id": identity.domain_id,
                "parent_id": identity.domain_id,
                "links": {"self": f"{endpoint}/v3/projects/{project.id}"},
            }
            for project in chosen
        ],
        "links": _links(endpoint + self_path),
    }


def domains(endpoint: str, self_path: str, identity: Identity) -> Document:
    """The list of the caller's domains: one."""
    return {
        "domains": [
            {
                "id": identity.domain_id,
                "name": identity.domain_name,
                "description": "",
                "enabled": True,
                "links": {"self": f"{endpoint}/v3/domains/{identity.domain_id}"},
            }
        ],
        "links": _links(endpoint + self_path),
    }


def failure(status: int, title: str, message: str) -> Document:
    """An error in Keystone's shape."""
    return {"error": {"code": status, "title": title, "message": message}}


def _links(self_url: str) -> Document:
    return {"self": self_url, "previous": None, "next": None}


def _instant(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def _stable_id(text: str) -> str:
    """The same 32 hexadecimal digits at every start."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()
