"""What the data plane needs to know, as plain frozen data: the argument of `render`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Endpoint:
    """A ready instance's address: a Unix socket (`path`), or `host` and `port`.

    Attributes:
        pool: the pool that it runs in; each pool of a version gets the same share of its traffic.
    """

    instance_id: str
    host: str = ""
    port: int = 0
    path: str = ""
    pool: str = ""


class Balancing(StrEnum):
    """Which instance of a version gets a request."""

    ROUND_ROBIN = "round-robin"
    LEAST_CONNECTIONS = "least-connections"
    """The one with the fewest requests under way."""
    SOURCE_ADDRESS = "source-address"
    """The same one for the same client address, as long as it is there."""


@dataclass(frozen=True)
class Api:
    """One inference API that a model declares.

    Attributes:
        path: as the model serves it, beginning with `/`; `/` is the service address itself.
        method: upper-case HTTP method.
    """

    path: str = "/"
    method: str = "POST"


@dataclass(frozen=True)
class Latency:
    """Requests reach the instance later.

    Attributes:
        fault_id: told on the answers that it concerns.
        seconds: real ones, above 0, to the millisecond.
        share_percent: of the requests, 0.01 to 100.
    """

    fault_id: str
    seconds: float
    share_percent: float = 100.0


@dataclass(frozen=True)
class Abort:
    """Requests are answered with an HTTP status and never reach the instance; otherwise as
    `Latency`."""

    fault_id: str
    status: int
    share_percent: float = 100.0


@dataclass(frozen=True)
class SlowAnswers:
    """The body of every answer comes no faster than `kib_per_s`, KiB a second."""

    fault_id: str
    kib_per_s: int


@dataclass(frozen=True)
class PathFaults:
    """What goes wrong, on purpose, with the requests to a version: at most one of each kind."""

    latency: Latency | None = None
    abort: Abort | None = None
    slow: SlowAnswers | None = None


@dataclass(frozen=True)
class VersionRoute:
    """One version of a service and its share of the traffic.

    Attributes:
        version_id: unique within the service.
        weight: 0 to 100; the weights of a service need not add up here, shares are relative.
        endpoints: ready instances only; empty means this version's share is answered 503.
        faults: what goes wrong with its requests.
        http2: its instances speak HTTP/2 from the first byte on (prior knowledge), not HTTP/1.1.
    """

    version_id: str
    weight: int
    endpoints: tuple[Endpoint, ...] = ()
    faults: PathFaults = PathFaults()
    http2: bool = False


class Availability(StrEnum):
    """How the gateway treats a service's path."""

    SERVING = "serving"
    """Requests go to the versions."""
    DEPLOYING = "deploying"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class ServiceRoute:
    """One service as the gateway sees it.

    Attributes:
        project_id: only tokens of this project may call it.
        prefix: path of the service's address, e.g. `/v1/infers/{service_id}`.
        apis: what the models declare, over all versions; empty means every path and method passes.
        timeout_s: real seconds until the first byte of the answer must have come.
        max_body_bytes: larger requests are refused, and each is held until it is whole; None for no
            limit: requests are passed on as they come.
        requests_per_s: traffic limit; None for none.
        max_concurrent_requests: per version; more at the same time are refused (self-protection).
        balancing: which instance of a version gets a request.
        websocket: requests are WebSocket handshakes, and nothing else.
        collected_percent: of the requests are written into the spool, 0 to 100.
    """

    service_id: str
    project_id: str
    prefix: str
    availability: Availability
    versions: tuple[VersionRoute, ...] = ()
    apis: tuple[Api, ...] = ()
    timeout_s: float = 60.0
    max_body_bytes: int | None = 12 * 1024 * 1024
    requests_per_s: int | None = 100
    max_concurrent_requests: int = 1024
    balancing: Balancing = Balancing.ROUND_ROBIN
    websocket: bool = False
    collected_percent: float = 0.0


@dataclass(frozen=True)
class LocalAnswer:
    """What the gateway answers by itself, in the front door's words: rendering knows no vendor."""

    status: int
    error_code: str
    error_msg: str


class Cause(StrEnum):
    """Why the gateway answers by itself. A front door gives each a `LocalAnswer`."""

    TOKEN_MISSING = "token_missing"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    PROJECT_FORBIDDEN = "project_forbidden"
    BODY_TOO_LARGE = "body_too_large"
    TRAFFIC_LIMIT = "traffic_limit"
    TIMEOUT = "timeout"
    BACKEND_DOWN = "backend_down"
    OVERLOADED = "overloaded"
    NO_SUCH_API = "no_such_api"
    SERVICE_UNNAMED = "service_unnamed"
    """The path ends where a service's name should stand."""
    SERVICE_MISSING = "service_missing"
    SERVICE_STOPPED = "service_stopped"
    SERVICE_FAILED = "service_failed"
    SERVICE_DEPLOYING = "service_deploying"
    HOST_NOT_ALLOWED = "host_not_allowed"
    CONTROL_UNAVAILABLE = "control_unavailable"
    BAD_REQUEST = "bad_request"
    """What cannot be read, or in two ways, e.g. a path with an escaped slash."""
    CODING_UNSUPPORTED = "coding_unsupported"
    """A transfer coding other than chunked."""
    EXPECTATION_FAILED = "expectation_failed"
    """Expect names something other than `100-continue`."""
    HEAD_TOO_LARGE = "head_too_large"
    METHOD_REFUSED = "method_refused"
    """TRACE or CONNECT."""
    REQUEST_TIMEOUT = "request_timeout"
    """The client took too long over its head, or paused too long in its body."""
    UPGRADE_REFUSED = "upgrade_refused"
    """The service does not speak the protocol that the client wants to change to."""
    VERSION_UNSUPPORTED = "version_unsupported"
    """A version of HTTP other than 1.1 and 2."""


@dataclass(frozen=True)
class GatewayState:
    """Everything the rendering is a function of.

    Attributes:
        host, port: the one listening address.
        admin_socket: path of Envoy's own admin socket (mode 0600).
        control_socket: path of the Unix socket on which the Python server listens.
        watch_directory: directory that holds the dynamic configuration files.
        inference_prefix: path under which all services live, e.g. `/v1/infers/`; what is not there
            goes to the control socket.
        jwks: public keys as a JSON Web Key Set, text; tokens are ES256 JWTs in `token_header`.
        token_issuer: the `iss` claim that tokens must carry.
        project_claim: name of the claim that holds the project id.
        signed_path: path on the control socket that judges signed requests (ext_authz).
        answers: what to say for each cause.
        allowed_hosts: Host header values that are served, without port; `*.name` for all below it.
        max_connections: client connections at one time; more are refused by the listener.
        access_log_path: file for one JSON line a request; empty for no access log.
        secret_paths: regular expression (RE2) of paths that hold a secret and are not logged; empty
            for none.
        spool: directory for the requests and answers that are collected; empty for no collection.
    """

    host: str
    port: int
    admin_socket: str
    control_socket: str
    watch_directory: str
    inference_prefix: str
    token_header: str
    jwks: str
    token_issuer: str
    project_claim: str
    signed_path: str
    answers: dict[Cause, LocalAnswer]
    services: tuple[ServiceRoute, ...] = ()
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    max_connections: int = 4096
    access_log_path: str = ""
    secret_paths: str = ""
    spool: str = ""
