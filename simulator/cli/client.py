"""The running server, as commands talk to it.

Calls of the admin surface go over the server's Unix socket: that works whatever port the server
has and while the gateway is away, and cannot reach another data directory's server by mistake.
Calls of the cloud's own API take the address that every other client uses; when the gateway does
not answer there, they go over the socket too. Inference goes to the address only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simulator.cli.failures import Failure, NotRunning
from simulator.config import Paths
from simulator.lockfile import owner_pid

if TYPE_CHECKING:
    import httpx

Json = dict[str, Any]

ROOT = "/_drydock"
CONNECT_S = 2.0
ANSWER_S = 30.0
STREAM_SILENCE_S = 60.0
"""The log stream has a heartbeat every few seconds."""
EVIDENCE_CHARS = 2000
PREDICTION_S = 90.0
"""Longer than the gateway waits for an instance, so that its own answer is seen."""


class Server:
    """A server of one data directory.

    Args:
        paths: the data directory.
        socket: replaces the transport of the Unix socket (tests).
        address: replaces the transport of the address (tests).

    Every method raises `NotRunning` when the server has gone, and `Failure` when it refuses the
    call or does not answer.
    """

    def __init__(
        self,
        paths: Paths,
        *,
        socket: httpx.BaseTransport | None = None,
        address: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx  # noqa: PLC0415

        self._paths = paths
        self._env: Json | None = None
        timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
        transport = socket or httpx.HTTPTransport(
            uds=str(paths.control_socket), verify=False, trust_env=False
        )
        self._socket = httpx.Client(
            base_url="http://localhost", transport=transport, timeout=timeout, trust_env=False
        )
        # No proxy from the environment may stand between this machine and itself.
        self._address = httpx.Client(
            transport=address or httpx.HTTPTransport(verify=False, trust_env=False),
            timeout=httpx.Timeout(PREDICTION_S, connect=CONNECT_S),
            trust_env=False,
        )

    @classmethod
    def running(cls, paths: Paths) -> Server:
        """The server that owns the data directory.

        Raises:
            NotRunning: nobody owns it.
        """
        if owner_pid(paths.lock) is None:
            raise _not_running(paths)
        return cls(paths)

    def close(self) -> None:
        self._socket.close()
        self._address.close()

    # -- the admin surface --------------------------------------------------------------------

    def health(self) -> Json:
        """Whether it answers; needs no token."""
        return self._admin("GET", "/health")

    def state(self) -> Json:
        """Everything at a glance."""
        return self._admin("GET", "/state")

    def traffic(self) -> list[Json]:
        """What the gateway counted: services, their versions, their instances."""
        services: list[Json] = self._admin("GET", "/traffic")["services"]
        return services

    def env(self) -> Json:
        """Addresses, names and a fresh token for clients; asked for once."""
        if self._env is None:
            self._env = self._admin("GET", "/env")
        return self._env

    def service(self, service_id: str) -> Json:
        """One service in full."""
        return self._admin("GET", _service(service_id))

    def events(self, service_id: str) -> list[Json]:
        """A service's events, newest first."""
        events: list[Json] = self._admin("GET", f"{_service(service_id)}/events")["events"]
        return events

    def start(self, service_id: str) -> None:
        self._admin("POST", f"{_service(service_id)}/start")

    def stop(self, service_id: str) -> None:
        self._admin("POST", f"{_service(service_id)}/stop")

    def delete_service(self, service_id: str) -> None:
        self._admin("DELETE", _service(service_id))

    def import_model(self, wanted: Json) -> Json:
        """Make a model of a local package or an image; it is published in the background."""
        return self._admin("POST", "/models/import", wanted)

    def delete_model(self, model_id: str) -> None:
        self._admin("DELETE", f"/models/{quote(model_id, safe='')}")

    def quotas(self) -> list[Json]:
        """What the development user may have, and has."""
        quotas: list[Json] = self._admin("GET", "/quotas")["quotas"]
        return quotas

    def set_quota(self, name: str, size: int) -> Json:
        """Give a quota another size; returns it."""
        return self._admin("PUT", _quota(name), {"size": size})

    def reset_quota(self, name: str) -> Json:
        """Give a quota its documented size; returns it."""
        return self._admin("DELETE", _quota(name))

    def clock(self) -> Json:
        """What the platform clock shows, and how it goes."""
        return self._admin("GET", "/clock")

    def change_clock(self, mode: str, speed: float) -> Json:
        """Let the platform clock go otherwise; returns what it shows."""
        return self._admin("PUT", "/clock", {"mode": mode, "speed": speed})

    def advance_clock(self, seconds: float) -> Json:
        """Move a manual clock on; returns what it shows then."""
        return self._admin("POST", "/clock/advance", {"seconds": seconds})

    def routing(self, service_id: str) -> Json:
        """How requests reach a service."""
        return self._admin("GET", f"{_service(service_id)}/routing")

    def why(self, service_id: str) -> Json:
        """Why a service is as it is."""
        return self._admin("GET", f"{_service(service_id)}/why")

    def collection(self, service_id: str) -> Json:
        """What is collected of a service's requests."""
        return self._admin("GET", f"{_service(service_id)}/collection")

    def change_collection(self, service_id: str, changes: Json) -> Json:
        """Change what is collected; returns what is then."""
        return self._admin("PUT", f"{_service(service_id)}/collection", changes)

    def change_routing(self, service_id: str, changes: Json) -> Json:
        """Change a service's limits; returns how requests reach it then."""
        return self._admin("PUT", f"{_service(service_id)}/routing", changes)

    def addresses(self, service_id: str) -> list[Json]:
        """Where its instances can be called directly."""
        found: list[Json] = self._admin("GET", f"{_service(service_id)}/addresses")["addresses"]
        return found

    def transitions(self) -> Json:
        """How each transition is made."""
        return self._admin("GET", "/transitions")

    def change_transitions(self, how: Json) -> Json:
        """Make some transitions otherwise; returns how all are made then."""
        return self._admin("PUT", "/transitions", how)

    def faults(self, *, ended: bool = False) -> list[Json]:
        """What goes wrong on purpose, the oldest first.

        Args:
            ended: also what has ended.
        """
        faults: list[Json] = self._admin("GET", f"/faults?ended={str(ended).lower()}")["faults"]
        return faults

    def inject_fault(self, fault: Json) -> Json:
        """Let something go wrong; returns it."""
        return self._admin("POST", "/faults", fault)

    def remove_fault(self, fault_id: str) -> None:
        self._admin("DELETE", f"/faults/{quote(fault_id, safe='')}")

    def release(self, kind: str, key: str) -> None:
        """Let a held transition be made.

        Args:
            kind: `services` or `models`; `key`: the id.
        """
        self._admin("POST", f"/{kind}/{quote(key, safe='')}/release")

    def model_events(self, model_id: str) -> list[Json]:
        """What happened to a model, newest first."""
        events: list[Json] = self._admin("GET", f"/models/{quote(model_id, safe='')}/events")[
            "events"
        ]
        return events

    def pools(self) -> list[Json]:
        """Dedicated resource pools, with what is left on their nodes."""
        pools: list[Json] = self._admin("GET", "/pools")["pools"]
        return pools

    def hardware(self) -> Json:
        """What the host has."""
        return self._admin("GET", "/hardware")

    def specifications(self) -> list[Json]:
        """The specifications, each available on the host or with the reason why not."""
        found: list[Json] = self._admin("GET", "/specifications")["specifications"]
        return found

    def create_pool(self, pool: Json) -> Json:
        """Make a dedicated pool; returns it."""
        return self._admin("POST", "/pools", pool)

    def change_pool(self, pool_id: str, changes: Json) -> Json:
        """Resize a pool, or lose it or bring it back; returns it."""
        return self._admin("PATCH", _pool(pool_id), changes)

    def delete_pool(self, pool_id: str) -> None:
        self._admin("DELETE", _pool(pool_id))

    def usage(self, since_ms: int = 0, until_ms: int | None = None) -> Json:
        """How long instances ran in an interval of platform time, epoch milliseconds."""
        until = "" if until_ms is None else f"&until_ms={until_ms}"
        return self._admin("GET", f"/usage?since_ms={since_ms}{until}")

    def reset(self) -> Json:
        """Delete all services and models; answers when they have gone."""
        return self._admin("POST", "/reset", timeout_s=None)

    def shutdown(self, mode: str) -> Json:
        """Ask the server to end; it answers before it does."""
        return self._admin("POST", "/shutdown", {"mode": mode})

    def logs(
        self, service_id: str, *, tail: int, follow: bool = False, instance_id: str = ""
    ) -> Iterator[Json]:
        """Lines of the output: `instance_id`, `text`, `at_ms`; without an end with `follow`."""
        import httpx  # noqa: PLC0415

        query: dict[str, str | int] = {"tail": tail, "follow": int(follow), "instance": instance_id}
        timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S, read=STREAM_SILENCE_S)
        path = f"{ROOT}{_service(service_id)}/logs"
        try:
            with self._socket.stream(
                "GET", path, params=query, headers=self._admin_headers(), timeout=timeout
            ) as answer:
                if not answer.is_success:
                    answer.read()
                    _refuse(answer)
                for line in _lines(answer):
                    yield json.loads(line)
        except httpx.TransportError as error:
            raise self._lost(error) from error

    # -- the cloud's API ----------------------------------------------------------------------

    def cloud(self, method: str, path: str, body: bytes | None = None) -> Json:
        """A call of the ModelArts API in the development user's project.

        Args:
            path: below `/v1/{project_id}`, such as `/services`.
        """
        import httpx  # noqa: PLC0415

        env = self.env()
        url = f"/v1/{env['project_id']}{path}"
        headers = {"X-Auth-Token": env["token"]}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            try:
                answer = self._address.request(
                    method, f"{env['endpoint']}{url}", content=body, headers=headers
                )
            except (httpx.ConnectError, httpx.ConnectTimeout):
                answer = self._socket.request(method, url, content=body, headers=headers)
        except httpx.TransportError as error:
            raise self._lost(error) from error
        _refuse(answer)
        return _object(answer)

    def infer(
        self, method: str, url: str, headers: Mapping[str, str], **body: Any
    ) -> httpx.Response:
        """One inference request with the token; whatever the answer's status is.

        Args:
            url: a service's access address and the path of one of its APIs.
            body: httpx's `content` or `files`.
        """
        import httpx  # noqa: PLC0415

        sent = {"X-Auth-Token": self.env()["token"], **headers}
        try:
            return self._address.request(method, url, headers=sent, **body)
        except httpx.TimeoutException as error:
            raise Failure(
                f"no answer from {url} in time",
                hint="`drydock status` and `drydock logs SERVICE` say how the service is",
            ) from error
        except httpx.TransportError as error:
            raise Failure(
                f"{url} cannot be reached: {error}", hint="`drydock status` says how the gateway is"
            ) from error

    # -- inside -------------------------------------------------------------------------------

    def _admin(
        self, method: str, path: str, body: Json | None = None, timeout_s: float | None = ANSWER_S
    ) -> Json:
        import httpx  # noqa: PLC0415

        try:
            answer = self._socket.request(
                method,
                f"{ROOT}{path}",
                json=body,
                headers=self._admin_headers() if path != "/health" else {},
                timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
            )
        except httpx.TransportError as error:
            raise self._lost(error) from error
        _refuse(answer)
        return _object(answer)

    def _admin_headers(self) -> dict[str, str]:
        try:
            token = self._paths.admin_token.read_text(encoding="ascii").strip()
        except OSError as error:
            raise Failure(
                f"the admin token {self._paths.admin_token} cannot be read: {error.strerror}",
                hint="only the user who started the server may control it",
            ) from error
        return {"X-Drydock-Token": token}

    def _lost(self, error: httpx.TransportError) -> Failure:
        """Why there was no answer."""
        import httpx  # noqa: PLC0415

        pid = owner_pid(self._paths.lock)
        if pid is None:
            return _not_running(self._paths)
        what = "does not answer in time"
        if not isinstance(error, httpx.TimeoutException):
            what = f"does not answer on {self._paths.control_socket} ({error})"
        return Failure(
            f"the server (process {pid}) {what}",
            hint=f"it may be starting or ending; its log is {self._paths.log}; "
            "`drydock down` ends it",
        )


def _not_running(paths: Paths) -> NotRunning:
    return NotRunning(
        f"no Drydock server is running on {paths.home}",
        hint="start it with `drydock up`, or name another data directory with --home",
    )


def _service(service_id: str) -> str:
    return f"/services/{quote(service_id, safe='')}"


def _pool(pool_id: str) -> str:
    return f"/pools/{quote(pool_id, safe='')}"


def _quota(name: str) -> str:
    return f"/quotas/{quote(name, safe='')}"


def _object(answer: httpx.Response) -> Json:
    try:
        body = answer.json()
    except ValueError as error:
        raise _not_understood(answer) from error
    if not isinstance(body, dict):
        raise _not_understood(answer)
    return body


def _not_understood(answer: httpx.Response) -> Failure:
    return Failure(
        f"the answer of {answer.request.url.path} is not what this version expects",
        hint="are the command and the server of the same version? `drydock status` shows the "
        "server's; `drydock down` and `drydock up` renew it",
        status=answer.status_code,
    )


def _refuse(answer: httpx.Response) -> None:
    """Raises `Failure` for an answer that is an error, ours or the cloud's."""
    if answer.is_success:
        return
    raise refusal(answer)


def refusal(answer: httpx.Response) -> Failure:
    """What an error answer says, in the cloud's form, Drydock's, or the model server's.

    Of a body in another form, as a custom image may send, the beginning is the evidence.
    """
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    code = str(body.get("error_code") or body.get("code") or body.get("erno") or "")
    message = str(body.get("error_msg") or body.get("message") or body.get("msg") or "")
    violations = [one for one in body.get("violations") or () if isinstance(one, dict)]
    if len(violations) == 1:
        message = str(violations[0].get("message", message))
    elif violations:
        message = f"the request breaks {len(violations)} rules"
    return Failure(
        message or f"{answer.request.method} {answer.request.url.path}: HTTP {answer.status_code}",
        hint=str(body.get("hint") or ""),
        code=f"{answer.status_code} {code}".strip(),
        details=[_violation(one, alone=len(violations) == 1) for one in violations],
        evidence="" if message else answer.text[:EVIDENCE_CHARS],
        status=answer.status_code,
    )


def _violation(violation: Mapping[str, Any], *, alone: bool) -> str:
    """A broken rule in a line; its message is the failure's own when there is just one."""
    path = violation.get("path") or "the whole body"
    said = "" if alone else f": {violation.get('message', '')}"
    return f"at {path}{said} [{violation.get('rule', '')}, {violation.get('source', '')}]"


def _lines(answer: httpx.Response) -> Iterator[bytes]:
    # Not httpx's iter_lines: it also splits at U+2028 and U+0085, which JSON texts may hold.
    rest = b""
    for chunk in answer.iter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield line
