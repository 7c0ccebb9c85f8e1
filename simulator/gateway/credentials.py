"""Who may call: tokens are checked by Envoy; signatures, app codes and app keys by the Python
server.

The listener's defaults refuse: a token is demanded below the inference prefix and the access rules
deny everything, so a route without rules of its own is closed.
"""

from __future__ import annotations

from enum import StrEnum

from simulator.gateway.clusters import CONTROL_CLUSTER
from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.state import GatewayState

JUDGE_TIMEOUT_S = 10.0
"""How long the Python server may take to judge a request (our own limit)."""
DEFAULT_MAX_BODY_BYTES = 12 * 1024 * 1024
"""Body sent along to the judge where no service sets a limit: the documented 12 MB."""

_JWT = "envoy.filters.http.jwt_authn"
PROJECT_HEADER = "x-drydock-project"
"""Holds the token's project between the two filters that ask about it. What a client says in it is
taken away first. (The claims as metadata would be copied several times a request, which costs more
than all that Envoy does about the token besides.)"""
_PROVIDER = "token"


class Credentials(StrEnum):
    """What a route demands."""

    NONE = "none"
    TOKEN = "token"
    SIGNATURE = "signature"
    """A signature, an app's code or its key: all are judged by the Python server."""


def token_filter(state: GatewayState) -> Json:
    """The `jwt_authn` filter: ES256 tokens of our issuer in the token header."""
    provider = {
        "issuer": state.token_issuer,
        "local_jwks": {"inline_string": state.jwks},
        "from_headers": [{"name": state.token_header}],
        "forward": False,
        "claim_to_headers": [
            {"header_name": PROJECT_HEADER, "claim_name": state.project_claim},
        ],
        "require_expiration": True,
        "clock_skew_seconds": 1,
        # a signature costs more than the rest of the request: remember those already checked
        "jwt_cache_config": {"jwt_cache_size": 1000},
    }
    rule = {
        "match": {"prefix": state.inference_prefix},
        "requires": {"provider_name": _PROVIDER},
    }
    config = typed(
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={_PROVIDER: provider},
        rules=[rule],
    )
    return {"name": _JWT, "typed_config": config}


def project_filter() -> Json:
    """The `rbac` filter; denies what no route allows."""
    config = typed(
        "envoy.extensions.filters.http.rbac.v3.RBAC", rules={"action": "ALLOW", "policies": {}}
    )
    return {"name": "rbac", "typed_config": config}


def signature_filter(state: GatewayState) -> Json:
    """The `ext_authz` filter, off except where a route turns it on.

    The judge gets the method, the path and query below `signed_path`, all headers, and the body. An
    answer of 200 lets the request pass; one from 300 to 499 goes to the client as it is. A judge
    that fails (500 and above) or stays silent refuses, in the words for an absent Python server.
    """
    everything = {"patterns": [{"safe_regex": {"regex": ".*"}}]}
    config = typed(
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        transport_api_version="V3",
        http_service={
            "server_uri": {
                "uri": "http://control",
                "cluster": CONTROL_CLUSTER,
                "timeout": duration(JUDGE_TIMEOUT_S),
            },
            "path_prefix": state.signed_path,
        },
        allowed_headers=everything,
        with_request_body=_whole_body(DEFAULT_MAX_BODY_BYTES),
        failure_mode_allow=False,
        # who is refused has not called the version
        charge_cluster_response_stats=False,
        status_on_error={"code": "ServiceUnavailable"},
    )
    return {"name": "ext_authz", "typed_config": config, "disabled": True}


def access_rules(
    credentials: Credentials,
    *,
    project_id: str = "",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
) -> Json:
    """The per-route filter settings that open a route to callers with these credentials.

    Args:
        credentials: what is demanded.
        project_id: with tokens, the only project that may call; empty for any.
        max_body_bytes: with signatures, the longest body that is sent to the judge.
    """
    if credentials is Credentials.TOKEN:
        return {"rbac": _only_project(project_id) if project_id else _open()}
    no_token = typed("envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig", disabled=True)
    if credentials is Credentials.NONE:
        return {_JWT: no_token, "rbac": _open()}
    judge = typed(
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
        check_settings={"with_request_body": _whole_body(max_body_bytes)},
    )
    return {_JWT: no_token, "rbac": _open(), "ext_authz": judge}


def removed_headers(credentials: Credentials, token_header: str) -> list[str]:
    """Headers with secrets, or for the gateway alone, which never reach an instance.

    `Authorization` stays on requests with a token: it is then the model's own.
    """
    headers = [token_header, PROJECT_HEADER, "x-apig-appcode", "apikey"]
    headers += ["x-security-token", "x-sdk-date"]
    if credentials is Credentials.SIGNATURE:
        headers += ["authorization", "x-sdk-content-sha256"]
    return headers


def _open() -> Json:
    return typed("envoy.extensions.filters.http.rbac.v3.RBACPerRoute", rbac={})


def _only_project(project_id: str) -> Json:
    principal = {"header": {"name": PROJECT_HEADER, "string_match": {"exact": project_id}}}
    policy = {"permissions": [{"any": True}], "principals": [principal]}
    return typed(
        "envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
        rbac={"rules": {"action": "ALLOW", "policies": {"project": policy}}},
    )


def _whole_body(max_bytes: int) -> Json:
    return {
        "max_request_bytes": max_bytes,
        "allow_partial_message": False,
        "pack_as_bytes": True,
    }
