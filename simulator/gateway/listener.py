"""The one listener: parser limits, the filter chain, and the words for Envoy's own answers.

Nothing in here depends on the services, so deploying never touches it (a changed listener would
drain its connections).
"""

from __future__ import annotations

from simulator.gateway.clusters import ANSWERED_BY, BUFFER_BYTES
from simulator.gateway.collecting import tap_filters
from simulator.gateway.credentials import project_filter, signature_filter, token_filter
from simulator.gateway.envoy_json import Json, duration, typed
from simulator.gateway.faults import fault_filters
from simulator.gateway.local_replies import mappers
from simulator.gateway.routes import ROUTE_CONFIG, STREAM_IDLE_S
from simulator.gateway.state import GatewayState
from simulator.gateway.strictness import HTTP1, HTTP2
from simulator.gateway.traffic_limit import limit_filter

STAT_PREFIX = "gateway"
HEAD_TIMEOUT_S = 10.0
KEEP_ALIVE_S = 60.0
CLOSE_DELAY_S = 0.25
"""How long a client may take to read its last answer before its connection is cut. A WebSocket's
client waits for the end of the connection, and so for all of it."""
MAX_HEAD_KIB = 32
MAX_HEADERS = 100
MAX_LOGGED_METHOD = 32
MAX_LOGGED_PATH = 1024
"""Characters of a method and of a path that are in the access log."""
HIDDEN_PATH = "(not logged: it holds a secret)"
_REQUEST_ID = (
    '%COALESCE({"operators": [{"command": "REQ", "param": "X-REQUEST-ID"}, '
    '{"command": "RESP", "param": "X-REQUEST-ID"}]})%'
)
"""The request's id; of one that was refused before it had any, its answer's."""
_NOBODY = {"address_prefix": "255.255.255.255", "prefix_len": 32}


def listener(state: GatewayState, routes: Json) -> Json:
    """The `Listener`.

    Args:
        state: address, tokens and answers.
        routes: the connection manager's `rds` or `route_config` field, as a one-entry object.
    """
    manager = {"name": "http", "typed_config": _connection_manager(state, routes)}
    return typed(
        "envoy.config.listener.v3.Listener",
        name="gateway",
        address={"socket_address": {"address": state.host, "port_value": state.port}},
        # with it a second Envoy could bind the same port and take half of the connections
        enable_reuse_port=False,
        per_connection_buffer_limit_bytes=BUFFER_BYTES,
        filter_chains=[{"filters": [manager]}],
    )


def routes_from_file(directory: str) -> Json:
    """The `rds` field: routes come from `rds.json` in `directory`."""
    source = {
        "path_config_source": {"path": f"{directory}/rds.json"},
        "resource_api_version": "V3",
    }
    return {"rds": {"route_config_name": ROUTE_CONFIG, "config_source": source}}


def _connection_manager(state: GatewayState, routes: Json) -> Json:
    return typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=STAT_PREFIX,
        codec_type="AUTO",
        **routes,
        http_filters=_filters(state),
        # routes to what is no WebSocket service turn it off; where it were off, handshakes would be
        # refused before a route's own answer, such as that the service is stopped
        upgrade_configs=[{"upgrade_type": "websocket"}],
        server_name="drydock",
        server_header_transformation="APPEND_IF_ABSENT",
        # every client is a stranger: its x-envoy-* and x-request-id headers count for nothing
        use_remote_address=True,
        internal_address_config={"cidr_ranges": [_NOBODY]},
        generate_request_id=True,
        always_set_request_id_in_response=True,
        normalize_path=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        delayed_close_timeout=duration(CLOSE_DELAY_S),
        request_headers_timeout=duration(HEAD_TIMEOUT_S),
        stream_idle_timeout=duration(STREAM_IDLE_S),
        max_request_headers_kb=MAX_HEAD_KIB,
        common_http_protocol_options={
            "idle_timeout": duration(KEEP_ALIVE_S),
            "max_headers_count": MAX_HEADERS,
            # clients of the cloud send such names, and the cloud lets them through
            "headers_with_underscores_action": "ALLOW",
        },
        http_protocol_options=HTTP1,
        http2_protocol_options=HTTP2,
        local_reply_config={"mappers": mappers(state.answers)},
        access_log=_access_log(state.access_log_path, state.secret_paths),
    )


def _filters(state: GatewayState) -> list[Json]:
    buffer = typed("envoy.extensions.filters.http.buffer.v3.Buffer", max_request_bytes=1)
    router = typed("envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers=True)
    return [
        token_filter(state),
        project_filter(),
        signature_filter(state),
        limit_filter(),
        {"name": "buffer", "typed_config": buffer, "disabled": True},
        *tap_filters(state.spool),
        *fault_filters(),
        {"name": "router", "typed_config": router},
    ]


def _access_log(path: str, secret_paths: str) -> list[Json]:
    """One logger; or one for paths that are logged and one, to the same file, for those that are
    not."""
    if not path:
        return []
    if not secret_paths:
        return [_file_log(path)]
    told, hidden = (
        {
            "name": ":path",
            "string_match": {"safe_regex": {"regex": secret_paths}},
            "invert_match": is_told,
        }
        for is_told in (True, False)
    )
    return [
        {**_file_log(path), "filter": {"header_filter": {"header": told}}},
        {**_file_log(path, path=HIDDEN_PATH), "filter": {"header_filter": {"header": hidden}}},
    ]


def _file_log(log: str, **changes: str) -> Json:
    fields = {
        "time": "%START_TIME%",
        "request_id": _REQUEST_ID,
        "method": f"%REQ(:METHOD):{MAX_LOGGED_METHOD}%",
        # as the instance got it; without the query, which may hold a signature or a token
        "path": f"%PATH(NQ):{MAX_LOGGED_PATH}%",
        "route": "%ROUTE_NAME%",
        "version": "%UPSTREAM_CLUSTER%",
        "instance": ANSWERED_BY,
        "status": "%RESPONSE_CODE%",
        "reason": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "duration_ms": "%DURATION%",
        "request_bytes": "%BYTES_RECEIVED%",
        "response_bytes": "%BYTES_SENT%",
        **changes,
    }
    config = typed(
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        path=log,
        log_format={"json_format": fields},
    )
    return {"name": "file", "typed_config": config}
