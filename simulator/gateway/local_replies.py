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
# an idle stream is the client's fault (408) until the request is whole
_CLIENT_TOO_SLOW = (
    f"({_DETAILS} == 'request_header_timeout'"
    f" || ({_DETAILS} == 'stream_idle_timeout' && response.code == 408))"
)
_REFUSED_BY_PARSER = (
    f"({_DETAILS}.startsWith('http1.') || {_DETAILS}.startsWith('http2.')"
    f" || {_DETAILS}.startsWith('http.') || {_DETAILS} == 'path_normalization_failed'"
    f" || {_DETAILS} == 'absolute_path_rejected' || {_DETAILS} == 'missing_host_header'"
    f" || {_DETAILS} == 'missing_path_rejected')"
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
    (_CLIENT_TOO_SLOW, Cause.REQUEST_TIMEOUT),
    (_TIMED_OUT, Cause.TIMEOUT),
    (_UNREACHABLE, Cause.BACKEND_DOWN),
    (f"{_REFUSED_BY_PARSER} && response.code == 431", Cause.HEAD_TOO_LARGE),
    (f"{_REFUSED_BY_PARSER} && response.code == 501", Cause.CODING_UNSUPPORTED),
    (f"{_DETAILS} == 'low_version'", Cause.VERSION_UNSUPPORTED),
    (f"{_DETAILS} == 'upgrade_failed' && request.method == 'CONNECT'", Cause.METHOD_REFUSED),
    (f"{_DETAILS} == 'upgrade_failed'", Cause.UPGRADE_REFUSED),
    (_REFUSED_BY_PARSER, Cause.BAD_REQUEST),
)
"""First match wins: CEL expression over the answer's attributes, and the cause it means."""

_BEFORE_ITS_ID = {
    Cause.BAD_REQUEST,
    Cause.CODING_UNSUPPORTED,
    Cause.HEAD_TOO_LARGE,
    Cause.REQUEST_TIMEOUT,
    Cause.VERSION_UNSUPPORTED,
}
"""Refusals at which a request has no id yet: the answer gets one of its own."""

_OWN_ID = {"key": "x-request-id", "value": "%UNIQUE_ID%"}


def body(answer: LocalAnswer) -> str:
    """The JSON body, keys in the documented order."""
    content = {"error_code": answer.error_code, "error_msg": answer.error_msg}
    return json.dumps(content, ensure_ascii=False, separators=(", ", ": "))


def direct(answer: LocalAnswer, **headers: str) -> Json:
    """The fields of a route that answers at once.

    Args:
        headers: of the answer, beside its type.
    """
    return {
        "direct_response": {"status": answer.status, "body": {"inline_string": body(answer)}},
        "response_headers_to_add": [
            {
                "header": {"key": name, "value": value},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
            for name, value in {"content-type": "application/json", **headers}.items()
        ],
    }


def mappers(answers: Mapping[Cause, LocalAnswer]) -> list[Json]:
    """Mappers of the connection manager's `local_reply_config`, in order.

    Raises:
        KeyError: a cause has no answer.
    """
    return [_mapper(expression, cause, answers[cause]) for expression, cause in _CAUSES]


def _mapper(expression: str, cause: Cause, answer: LocalAnswer) -> Json:
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
        "headers_to_add": [{"header": _OWN_ID}] if cause in _BEFORE_ITS_ID else [],
    }
