"""The route table: which path goes where, who may call it, and what is refused at once.

A request is first told apart by its credentials (token, or signature and app code), then by the
longest known path prefix, so that a look-up does not grow with the number of services. Below each
service stands a short list of routes, the last of which always answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.gateway.clusters import CONTROL_CLUSTER, cluster_name
from simulator.gateway.credentials import Credentials, access_rules, removed_headers
from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.local_replies import CONTROL_ROUTE, direct
from simulator.gateway.state import (
    Api,
    Availability,
    Cause,
    GatewayState,
    ServiceRoute,
)
from simulator.gateway.traffic_limit import limited_by, limits

ROUTE_CONFIG = "gateway"
GATEWAY_HEADER = "x-drydock-gateway"
"""Set to 1 on every request that reaches the Python server through the gateway."""
STREAM_IDLE_S = 300.0
"""Longest pause between two pieces of an inference request or answer (our own limit)."""
RETRY_ON = "connect-failure,refused-stream,reset-before-request"
"""Failures at which the instance has not begun to work, so that no POST runs twice."""

_UNAVAILABLE = {
    Availability.DEPLOYING: Cause.SERVICE_DEPLOYING,
    Availability.STOPPED: Cause.SERVICE_STOPPED,
    Availability.FAILED: Cause.SERVICE_FAILED,
}


def route_configuration(state: GatewayState) -> Json:
    """The `RouteConfiguration`: one virtual host for our names, one that refuses all others."""
    served = {
        "name": "drydock",
        "domains": sorted(state.allowed_hosts),
        "matcher": _by_credentials(state),
        "typed_per_filter_config": limits(state.services),
    }
    refused = {
        "name": "other hosts",
        "domains": ["*"],
        "routes": [
            _route(
                "host_not_allowed",
                {"prefix": "/"},
                direct(state.answers[Cause.HOST_NOT_ALLOWED]),
                access_rules(Credentials.NONE),
            )
        ],
    }
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=ROUTE_CONFIG,
        ignore_port_in_host_matching=True,
        virtual_hosts=[served, refused],
    )


def _by_credentials(state: GatewayState) -> Json:
    return {
        "matcher_list": {
            "matchers": [
                {
                    "predicate": {
                        "or_matcher": {
                            "predicate": [
                                _header_matches("authorization", "(SDK|V11)-HMAC-SHA256( .*)?"),
                                _header_matches("x-apig-appcode", ".+"),
                            ]
                        }
                    },
                    "on_match": {"matcher": _by_path(state, Credentials.SIGNATURE)},
                }
            ]
        },
        "on_no_match": {"matcher": _by_path(state, Credentials.TOKEN)},
    }


def _by_path(state: GatewayState, credentials: Credentials) -> Json:
    missing = _route(
        "service_missing",
        {"prefix": state.inference_prefix},
        direct(state.answers[Cause.SERVICE_MISSING]),
        access_rules(credentials),
    )
    lists = {state.inference_prefix: [missing]}
    for service in sorted(state.services, key=lambda one: one.prefix):
        if not service.prefix.startswith(state.inference_prefix):
            raise ValueError(
                f"service {service.service_id}: prefix {service.prefix!r} is not below "
                f"{state.inference_prefix!r}"
            )
        if service.prefix in lists:
            raise ValueError(f"two services share the prefix {service.prefix!r}")
        # what only begins like the service's path, e.g. /v1/infers/ab for /v1/infers/a
        lists[service.prefix] = [*_service_routes(state, service, credentials), missing]
    # the judge of signatures serves the gateway alone
    judge = {"path_separated_prefix": state.signed_path}
    refusal = direct(state.answers[Cause.NO_SUCH_API])
    closed = _route("signed_path", judge, refusal, access_rules(Credentials.NONE))
    lists[state.signed_path] = [closed, _control_route()]
    return {
        "matcher_tree": {
            "input": _header_input(":path"),
            "prefix_match_map": {
                "map": {prefix: _action(routes) for prefix, routes in lists.items()}
            },
        },
        "on_no_match": _action([_control_route()]),
    }


def _service_routes(
    state: GatewayState, service: ServiceRoute, credentials: Credentials
) -> list[Json]:
    below = {"path_separated_prefix": service.prefix}
    closed = access_rules(credentials, project_id=service.project_id, claim=state.project_claim)
    if service.availability is not Availability.SERVING:
        answer = state.answers[_UNAVAILABLE[service.availability]]
        return [_route(service.service_id, below, direct(answer), closed)]
    if not service.apis:
        rewrite = {
            "regex_rewrite": {
                "pattern": {"regex": f"^{re.escape(service.prefix)}/?"},
                "substitution": "/",
            }
        }
        return [_serving_route(state, service, credentials, below, rewrite)]
    routes = [
        _serving_route(state, service, credentials, match, {"prefix_rewrite": api.path})
        for api in sorted(set(service.apis), key=lambda one: (one.path, one.method))
        for match in _api_matches(service.prefix, api)
    ]
    answer = state.answers[Cause.NO_SUCH_API]
    return [*routes, _route(f"{service.service_id}/no_such_api", below, direct(answer), closed)]


def _api_matches(prefix: str, api: Api) -> Iterable[Json]:
    paths = [prefix, f"{prefix}/"] if api.path == "/" else [prefix + api.path]
    for path in paths:
        yield {
            "path": path,
            "headers": [{"name": ":method", "string_match": {"exact": api.method}}],
        }


def _serving_route(
    state: GatewayState,
    service: ServiceRoute,
    credentials: Credentials,
    match: Json,
    rewrite: Json,
) -> Json:
    access = access_rules(
        credentials,
        project_id=service.project_id,
        claim=state.project_claim,
        max_body_bytes=service.max_body_bytes,
    )
    if not any(version.weight for version in service.versions):
        return _route(service.service_id, match, direct(state.answers[Cause.BACKEND_DOWN]), access)
    buffer = typed(
        "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        buffer={"max_request_bytes": service.max_body_bytes},
    )
    action = {"route": {**_to_versions(service), **rewrite}}
    return {
        **_route(service.service_id, match, action, {**access, "buffer": buffer}),
        **limited_by(service),
        "request_headers_to_remove": [
            *removed_headers(credentials, state.token_header),
            GATEWAY_HEADER,
            "x-envoy-external-address",
        ],
        # the client's own list of addresses is no evidence
        "request_headers_to_add": [
            _set("x-forwarded-for", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%")
        ],
    }


def _to_versions(service: ServiceRoute) -> Json:
    """The action: a version by weight, a deadline for the first byte, one careful retry."""
    weighted = [
        {"name": cluster_name(service.service_id, one.version_id), "weight": one.weight}
        for one in service.versions
        if one.weight > 0
    ]
    return {
        "weighted_clusters": {"clusters": weighted},
        # no limit on the whole answer, which may be a stream: the deadline is for its first byte
        "timeout": "0s",
        "idle_timeout": duration(max(STREAM_IDLE_S, service.timeout_s + STREAM_IDLE_S / 10)),
        "retry_policy": {
            "retry_on": RETRY_ON,
            "num_retries": 1,
            "per_try_timeout": duration(service.timeout_s),
        },
    }


def _control_route() -> Json:
    action = {
        "route": {"cluster": CONTROL_CLUSTER, "timeout": "0s", "idle_timeout": "0s"},
        "request_headers_to_add": [_set(GATEWAY_HEADER, "1")],
    }
    return _route(CONTROL_ROUTE, {"prefix": "/"}, action, access_rules(Credentials.NONE))


def _set(header: str, value: str) -> Json:
    return {
        "header": {"key": header, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _route(name: str, match: Json, action: Json, filters: Json) -> Json:
    return {"name": name, "match": match, **action, "typed_per_filter_config": filters}


def _action(routes: list[Json]) -> Json:
    config = typed("envoy.config.route.v3.RouteList", routes=routes)
    return {"action": {"name": "routes", "typed_config": config}}


def _header_input(header: str) -> Json:
    config = typed("envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=header)
    return {"name": header, "typed_config": config}


def _header_matches(header: str, regex: str) -> Json:
    return {
        "single_predicate": {
            "input": _header_input(header),
            "value_match": {"safe_regex": {"google_re2": {}, "regex": regex}},
        }
    }
