"""What Envoy answers by itself, in the front door's words.

Two ways: a route's direct response, and a mapper that rewrites an answer which one of Envoy's
filters made. Mappers go by the *response code details*, Envoy's word for who made an answer and
why. An instance's own answer never meets a mapper, whatever its status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from simulator.gateway.envoy_json import Json, typed
from simulator.gateway.state import Cause, LocalAnswer

CONTROL_ROUTE = "control"
"""Name of the route to the Python server."""

_DETAILS = "response.code_details"
_RESET = f"{_DETAILS}.startsWith('upstream_reset_before_response_started')"
_UNREACHABLE = (
    f"({_RESET} || {_DETAILS} == 'no_healthy_upstream' || {_DETAILS} == 'cluster_not_found'"
    f" || {_DETAILS} == 'request_payload_exceeded_retry_buffer_limit')"
)
_TIMED_OUT = (
    f"({_DETAILS} == 'upstream_per_try_timeout' || {_DETAILS} == 'upstream_response_timeout'"
    f" || {_DETAILS} == 'response_timeout' || {_DETAILS} == 'stream_idle_timeout')"
)

_CAUSES: tuple[tuple[str, Cause], ...] = (
    (f"{_DETAILS} == 'ext_authz_error'", Cause.CONTROL_UNAVAILABLE),
    (f"xds.route_name == '{CONTROL_ROUTE}' && {_UNREACHABLE}", Cause.CONTROL_UNAVAILABLE),
    (f"{_DETAILS} == 'jwt_authn_access_denied{{Jwt_is_missing}}'", Cause.TOKEN_MISSING),
    (f"{_DETAILS} == 'jwt_authn_access_denied{{Jwt_is_expired}}'", Cause.TOKEN_EXPIRED),
    (f"{_DETAILS}.startsWith('jwt_authn_access_denied')", Cause.TOKEN_INVALID),
    (f"{_DETAILS}.startsWith('rbac_access_denied')", Cause.PROJECT_FORBIDDEN),
    (f"{_DETAILS} == 'request_payload_too_large'", Cause.BODY_TOO_LARGE),
    (f"{_DETAILS} == 'local_rate_limited'", Cause.TRAFFIC_LIMIT),
    (f"{_RESET} && {_DETAILS}.contains('overflow')", Cause.OVERLOADED),
    (_TIMED_OUT, Cause.TIMEOUT),
    (_UNREACHABLE, Cause.BACKEND_DOWN),
    (f"{_DETAILS} == 'path_normalization_failed'", Cause.BAD_REQUEST),
)
"""First match wins: CEL expression over the answer's attributes, and the cause it means."""

OPTIONAL_CAUSES = frozenset({Cause.BAD_REQUEST})
"""Causes that may be left out of the answers: Envoy's own words are then sent."""


def body(answer: LocalAnswer) -> str:
    """The JSON body, keys in the documented order."""
    content = {"error_code": answer.error_code, "error_msg": answer.error_msg}
    return json.dumps(content, ensure_ascii=False, separators=(", ", ": "))


def direct(answer: LocalAnswer) -> Json:
    """The fields of a route that answers at once."""
    return {
        "direct_response": {"status": answer.status, "body": {"inline_string": body(answer)}},
        "response_headers_to_add": [
            {
                "header": {"key": "content-type", "value": "application/json"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }


def mappers(answers: Mapping[Cause, LocalAnswer]) -> list[Json]:
    """Mappers of the connection manager's `local_reply_config`, in order.

    Raises:
        KeyError: a cause that is not optional has no answer.
    """
    return [
        _mapper(expression, answers[cause])
        for expression, cause in _CAUSES
        if cause in answers or cause not in OPTIONAL_CAUSES
    ]


def _mapper(expression: str, answer: LocalAnswer) -> Json:
    condition = typed(
        "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", expression=expression
    )
    return {
        "filter": {"extension_filter": {"name": "cel", "typed_config": condition}},
        "status_code": answer.status,
        "body_format_override": {
            # a percent sign would begin a substitution command
            "text_format_source": {"inline_string": body(answer).replace("%", "%%")},
            "content_type": "application/json",
        },
    }
