"""The route table: which path goes where, who may call it, and what is refused at once.

A request is first told apart by its credentials (token, or signature, app code and app key), then
by the longest known path prefix, so that a look-up does not grow with the number of services. Below
each service stands a short list of routes, the last of which always answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.gateway.clusters import ANSWERED_BY, CONTROL_CLUSTER, cluster_name
from simulator.gateway.collecting import collected
from simulator.gateway.credentials import (
    DEFAULT_MAX_BODY_BYTES,
    Credentials,
    access_rules,
    removed_headers,
)
from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.faults import fault_headers, fault_settings
from simulator.gateway.local_replies import CONTROL_ROUTE, direct
from simulator.gateway.matching import (
    all_of,
    any_of,
    header_input,
    header_matches,
    none_of,
    route,
    to_routes,
)
from simulator.gateway.state import (
    Api,
    Availability,
    Balancing,
    Cause,
    GatewayState,
    ServiceRoute,
    VersionRoute,
)
from simulator.gateway.strictness import HOP_BY_HOP, WAY_SO_FAR, refusals
from simulator.gateway.traffic_limit import limited_by, limits

ROUTE_CONFIG = "gateway"
GATEWAY_HEADER = "x-drydock-gateway"
"""Set to 1 on every request that reaches the Python server through the gateway."""
STREAM_IDLE_S = 300.0
"""Longest pause between two pieces of a request or an answer (our own limit)."""
VERSION_HEADER = "x-drydock-version"
INSTANCE_HEADER = "x-drydock-instance"
"""On answers: who gave them. The cloud does not tell."""
RETRY_ON = "connect-failure,refused-stream,reset-before-request"
"""Failures at which the instance has not begun to work, so that no POST runs twice."""

_OTHER_INSTANCE = {
    "name": "previous_hosts",
    "typed_config": typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
}
_UNNAMED, _MISSING = Cause.SERVICE_UNNAMED, Cause.SERVICE_MISSING
_UNAVAILABLE = {
    Availability.DEPLOYING: Cause.SERVICE_DEPLOYING,
    Availability.STOPPED: Cause.SERVICE_STOPPED,
    Availability.FAILED: Cause.SERVICE_FAILED,
}


def route_configuration(state: GatewayState) -> Json:
    """The `RouteConfiguration`: one virtual host, whose matcher refuses what is not for us."""
    served = {
        "name": "drydock",
        "domains": ["*"],
        "matcher": _by_credentials(state),
        "typed_per_filter_config": limits(state.services),
    }
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=ROUTE_CONFIG,
        request_headers_to_remove=[*HOP_BY_HOP, *WAY_SO_FAR],
        request_headers_to_add=[
            _set("x-forwarded-for", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%")
        ],
        virtual_hosts=[served],
    )


def _by_credentials(state: GatewayState) -> Json:
    has_token = header_matches(state.token_header.lower(), ".+")
    signed = any_of(
        header_matches("authorization", "(SDK|V11)-HMAC-SHA256( .*)?"),
        header_matches("x-apig-appcode", ".+"),
        # models may have a field of so common a name themselves
        all_of(header_matches("apikey", ".+"), none_of(has_token)),
    )
    with_signature = {
        "predicate": signed,
        "on_match": {"matcher": _by_path(state, Credentials.SIGNATURE)},
    }
    return {
        "matcher_list": {"matchers": [*refusals(state), with_signature]},
        "on_no_match": {"matcher": _by_path(state, Credentials.TOKEN)},
    }


def _by_path(state: GatewayState, credentials: Credentials) -> Json:
    unnamed, missing = _no_service(state, credentials)
    lists = {state.inference_prefix: [unnamed, missing]}
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
    closed = route("signed_path", judge, refusal, access_rules(Credentials.NONE))
    lists[state.signed_path] = [closed, _control_route()]
    return {
        "matcher_tree": {
            "input": header_input(":path"),
            "prefix_match_map": {
                "map": {prefix: to_routes(routes) for prefix, routes in lists.items()}
            },
        },
        "on_no_match": to_routes([_control_route()]),
    }


def _no_service(state: GatewayState, credentials: Credentials) -> tuple[Json, Json]:
    """The routes of a path without a service's name, and of one with a name that none has."""
    access = access_rules(credentials)
    unnamed, missing = (direct(state.answers[one]) for one in (_UNNAMED, _MISSING))
    return (
        route(_UNNAMED.value, {"path": state.inference_prefix}, unnamed, access),
        route(_MISSING.value, {"prefix": state.inference_prefix}, missing, access),
    )


def _service_routes(
    state: GatewayState, service: ServiceRoute, credentials: Credentials
) -> list[Json]:
    below = {"path_separated_prefix": service.prefix}
    closed = access_rules(credentials, project_id=service.project_id)
    if service.availability is not Availability.SERVING:
        answer = state.answers[_UNAVAILABLE[service.availability]]
        return [route(service.service_id, below, direct(answer), closed)]
    if not service.apis:
        rewrite = {
            "regex_rewrite": {
                "pattern": {"regex": f"^{re.escape(service.prefix)}/?"},
                "substitution": "/",
            }
        }
        return _serving_routes(state, service, credentials, below, rewrite)
    routes = [
        one
        for api in sorted(_apis(service), key=lambda one: (one.path, one.method))
        for match in _api_matches(service.prefix, api)
        for one in _serving_routes(state, service, credentials, match, {"prefix_rewrite": api.path})
    ]
    answer = state.answers[Cause.NO_SUCH_API]
    return [*routes, route(f"{service.service_id}/no_such_api", below, direct(answer), closed)]


def _apis(service: ServiceRoute) -> set[Api]:
    """What can be called. A WebSocket is opened by GET, whatever the model declares."""
    if service.websocket:
        return {Api(api.path, "GET") for api in service.apis}
    return set(service.apis)


def _api_matches(prefix: str, api: Api) -> Iterable[Json]:
    paths = [prefix, f"{prefix}/"] if api.path == "/" else [prefix + api.path]
    for path in paths:
        yield {
            "path": path,
            "headers": [{"name": ":method", "string_match": {"exact": api.method}}],
        }


def _serving_routes(
    state: GatewayState,
    service: ServiceRoute,
    credentials: Credentials,
    match: Json,
    rewrite: Json,
) -> list[Json]:
    """The route of a path; where instances speak HTTP/2, one of gRPC before it.

    A gRPC call is a conversation: who waits for an answer before its next message would wait for
    ever if the gateway held its messages until all are there.
    """
    held = _serving_route(
        state, service, credentials, match, rewrite, streamed=_is_streamed(service)
    )
    if _is_streamed(service) or not any(version.http2 for version in service.versions):
        return [held]
    calls = {**match, "grpc": {}}
    return [_serving_route(state, service, credentials, calls, rewrite, streamed=True), held]


def _serving_route(
    state: GatewayState,
    service: ServiceRoute,
    credentials: Credentials,
    match: Json,
    rewrite: Json,
    *,
    streamed: bool,
) -> Json:
    access = access_rules(
        credentials,
        project_id=service.project_id,
        max_body_bytes=_judged_bytes(service),
    )
    if not any(version.weight for version in service.versions):
        return route(service.service_id, match, direct(state.answers[Cause.BACKEND_DOWN]), access)
    secrets = removed_headers(credentials, state.token_header)
    action = {
        "route": {**_to_versions(service, secrets), **rewrite},
        "response_headers_to_add": [_set(INSTANCE_HEADER, ANSWERED_BY)],
    }
    held = {} if streamed else _whole_bodies(service)
    return {
        **route(service.service_id, match, action, {**access, **held}),
        **limited_by(service),
        "request_headers_to_remove": [
            *secrets,
            GATEWAY_HEADER,
            "x-envoy-external-address",
        ],
    }


def _is_streamed(service: ServiceRoute) -> bool:
    return service.websocket or service.max_body_bytes is None


def _judged_bytes(service: ServiceRoute) -> int:
    """A signature covers the body: it is judged when that is whole, which has a limit always."""
    return min(service.max_body_bytes or DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_BODY_BYTES)


def _whole_bodies(service: ServiceRoute) -> Json:
    """Requests are held until they are whole, so that one that is too large never begins."""
    buffer = typed(
        "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        buffer={"max_request_bytes": service.max_body_bytes},
    )
    return {"buffer": buffer}


def _to_versions(service: ServiceRoute, secrets: list[str]) -> Json:
    """The action: a version by weight, a deadline for the first byte, one careful retry, at another
    instance where there is one."""
    weighted = [
        entry
        for one in service.versions
        if one.weight > 0
        for entry in _weighted(service, one, secrets)
    ]
    by_source = {"hash_policy": [{"connection_properties": {"source_ip": True}}]}
    return {
        "weighted_clusters": {"clusters": weighted},
        **(by_source if service.balancing is Balancing.SOURCE_ADDRESS else {}),
        # no limit on the whole answer, which may be a stream: the deadline is for its first byte
        "timeout": "0s",
        **_pauses(service),
        **_upgrades(websocket=service.websocket),
        "retry_policy": {
            "retry_on": RETRY_ON,
            "num_retries": 1,
            "per_try_timeout": duration(service.timeout_s),
            "retry_host_predicate": [_OTHER_INSTANCE],
            "host_selection_retry_max_attempts": 5,
        },
    }


def _weighted(service: ServiceRoute, version: VersionRoute, secrets: list[str]) -> list[Json]:
    settings = fault_settings(version.faults)
    entry = {
        "name": cluster_name(service.service_id, version.version_id),
        "weight": version.weight,
        "response_headers_to_add": [
            _set(VERSION_HEADER, version.version_id),
            *fault_headers(version.faults),
        ],
        **({"typed_per_filter_config": settings} if settings else {}),
    }
    # all or none of a service's versions: their weights are multiplied
    percent = service.collected_percent
    return collected(entry, service.service_id, percent, secrets) if percent else [entry]


def _pauses(service: ServiceRoute) -> Json:
    """How long nothing may be said. A WebSocket may be silent: its two ends ping each other."""
    if service.websocket:
        return {"idle_timeout": "0s"}
    longest_s = max(STREAM_IDLE_S, service.timeout_s + STREAM_IDLE_S / 10)
    return {"idle_timeout": duration(longest_s)}


def _upgrades(*, websocket: bool) -> Json:
    return {"upgrade_configs": [{"upgrade_type": "websocket", "enabled": websocket}]}


def _control_route() -> Json:
    # streams of the Python server have a heartbeat every few seconds
    idle = duration(STREAM_IDLE_S)
    action = {
        "route": {
            "cluster": CONTROL_CLUSTER,
            "timeout": "0s",
            "idle_timeout": idle,
            **_upgrades(websocket=False),
        },
        "request_headers_to_add": [_set(GATEWAY_HEADER, "1")],
    }
    return route(CONTROL_ROUTE, {"prefix": "/"}, action, access_rules(Credentials.NONE))


def _set(header: str, value: str) -> Json:
    return {
        "header": {"key": header, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
