"""From our words to the engine's and back. Pure: no SDK, no I/O.

What goes in is the engine's JSON as its HTTP API documents it (version 1.41 on), so that what a
container may do stands in one readable place.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backends.base import (
    INSTANCE_PORT,
    Address,
    ImageArtifact,
    InstancePhase,
    InstanceSpec,
    Observation,
)
from backends.docker_client import EngineFacts

LABEL_INSTALLATION = "drydock.installation"
LABEL_SERVICE = "drydock.service"
LABEL_VERSION = "drydock.version"
LABEL_INSTANCE = "drydock.instance"
LABEL_SPEC_HASH = "drydock.spec-hash"
LABEL_PORT = "drydock.port"
LABEL_REACH = "drydock.reach"
"""How the instance is reached: `REACH_HOST_PORT`, `REACH_CONTAINER` or `REACH_SOCKET`."""
LABEL_SCHEMA = "drydock.schema"
REACH_HOST_PORT = "host-port"
REACH_CONTAINER = "container"
REACH_SOCKET = "socket"
LABEL_PROBE = "drydock.runtime-probe"
"""On throw-away containers that find out something about the engine or an image."""
SCHEMA = "1"

PACKAGE_MOUNT = "/package"
SOCKET_MOUNT = "/run/drydock"
SOCKET_NAME = "s"
"""The model server's socket in `SOCKET_MOUNT`; short, because a path of sockets must be."""
RUNTIME_USER = "65532:65532"
PIDS_LIMIT = 256
OPEN_FILES_LIMIT = 4096
TMP_BYTES = 64 * 1024 * 1024
LOG_OPTIONS = {"max-size": "10m", "max-file": "3"}
PUBLISH_HOST = "127.0.0.1"
MIB = 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_RESERVED_PREFIX = "DRYDOCK_"
_RESERVED_NAMES = ("PYTHONPATH", "PYTHONHOME")
_PHASES = {
    "created": InstancePhase.CREATED,
    "running": InstancePhase.RUNNING,
    # a frozen process is still there; that it does not answer is for the probes to find
    "paused": InstancePhase.RUNNING,
    "restarting": InstancePhase.RUNNING,
}
_HINTS = (
    (
        "exec format error",
        "The image is built for another processor; build it for {architecture}: "
        "`docker build --platform linux/{architecture}`.",
    ),
    (
        r"executable file not found|exec.*no such file",
        "The image's CMD or ENTRYPOINT names a program that is not in it.",
    ),
    (
        "bind source path does not exist|mounts denied|not shared from the host",
        "The engine cannot see this directory: with Docker Desktop add it under "
        "Settings, Resources, File sharing.",
    ),
    (
        "exec.*permission denied",
        "The image's CMD or ENTRYPOINT names a file that its user may not execute.",
    ),
    ("no space left on device", "The engine's disk is full: see `docker system df`."),
    (
        "address pool",
        "The engine has no free subnet for one more network: see `docker network ls`.",
    ),
    ("port is already allocated", "Another program took the port; try again."),
    ("could not select device driver", "The engine has no NVIDIA container runtime."),
    ("memory limit", "Give the instance more memory: the engine's own minimum is 6 MiB."),
)


def container_name(installation: str, instance_id: str) -> str:
    """`dd-<installation, first 12>-<instance>`: derived, so that a second create collides.

    Characters that the engine does not take in names are replaced by a digest; labels, not the
    name, say what a container is.
    """
    return f"dd-{_name_part(installation[:12])}-{_name_part(instance_id)}"


def network_name(installation: str) -> str:
    """Name of the installation's network."""
    return f"dd-{_name_part(installation)}"


def _name_part(text: str) -> str:
    return text if _NAME.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()[:32]


def instance_labels(spec: InstanceSpec, way: Way) -> dict[str, str]:
    """Everything needed to recognise and reach an instance after a restart of the server."""
    return {
        LABEL_INSTALLATION: spec.installation,
        LABEL_SERVICE: spec.service_id,
        LABEL_VERSION: spec.version_id,
        LABEL_INSTANCE: spec.instance_id,
        LABEL_SPEC_HASH: spec.spec_hash,
        LABEL_PORT: str(instance_port(spec)),
        LABEL_REACH: _reach(way),
        LABEL_SCHEMA: SCHEMA,
    }


def instance_port(spec: InstanceSpec) -> int:
    """The TCP port that the instance listens on inside its container."""
    return spec.artifact.port if isinstance(spec.artifact, ImageArtifact) else INSTANCE_PORT


def _reach(way: Way) -> str:
    if isinstance(way, SocketUse):
        return REACH_SOCKET
    return REACH_HOST_PORT if way.publish else REACH_CONTAINER


def instance_env(spec: InstanceSpec, *, on_socket: bool = False) -> dict[str, str]:
    """The variables to set: the user's and, for a package, the built-in runtime's own.

    A package cannot set those that tell the runtime who it is and where its code lies.

    Args:
        on_socket: the runtime listens in `SOCKET_MOUNT`, not on its port.
    """
    if isinstance(spec.artifact, ImageArtifact):
        return dict(spec.envs)
    threads = str(max(1, math.ceil(spec.resources.cpus)))
    theirs = {
        name: value
        for name, value in spec.envs.items()
        if not name.startswith(_RESERVED_PREFIX) and name not in _RESERVED_NAMES
    }
    return (
        {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        | theirs
        | {
            "DRYDOCK_INSTANCE_ID": spec.instance_id,
            "DRYDOCK_VERSION_ID": spec.version_id,
            "DRYDOCK_THREADS": threads,
            "DRYDOCK_MEMORY_MIB": str(spec.resources.memory_mib),
        }
        | (
            {"DRYDOCK_UDS": f"{SOCKET_MOUNT}/{SOCKET_NAME}"}
            if on_socket
            else {"DRYDOCK_PORT": str(INSTANCE_PORT)}
        )
    )


@dataclass(frozen=True)
class NetworkUse:
    """How instances use the installation's network.

    Attributes:
        network_id: the engine's id of it; a name can stand for two networks.
        publish: whether each instance's port is published on 127.0.0.1, for a host that has no
            route to containers.
    """

    network_id: str
    publish: bool


@dataclass(frozen=True)
class SocketUse:
    """An instance that has no network: it is reached at a socket in a folder of this host.

    Attributes:
        folder: this host's path of the folder that is mounted as `SOCKET_MOUNT`.
    """

    folder: str


Way = NetworkUse | SocketUse


def container_config(
    spec: InstanceSpec, image: str, way: Way, facts: EngineFacts
) -> dict[str, Any]:
    """The body of the engine's "create container" call.

    Args:
        spec: what to run.
        image: id of the image to run it from.
        way: how it is reached; a socket only for a package, whose server can listen on one.
        facts: limits are capped to what the engine's machine has, more would be refused.
    """
    env = instance_env(spec, on_socket=isinstance(way, SocketUse))
    config: dict[str, Any] = {
        "Image": image,
        "Hostname": _name_part(spec.instance_id)[:63],
        "Labels": instance_labels(spec, way),
        "Env": [f"{name}={value}" for name, value in sorted(env.items())],
        "HostConfig": host_config(spec, way, facts),
    }
    if isinstance(way, NetworkUse):
        port = f"{instance_port(spec)}/tcp"
        config["ExposedPorts"] = {port: {}}
        config["NetworkingConfig"] = {"EndpointsConfig": {way.network_id: {}}}
        if way.publish:
            bindings = {port: [{"HostIp": PUBLISH_HOST, "HostPort": ""}]}
            config["HostConfig"]["PortBindings"] = bindings
    if not isinstance(spec.artifact, ImageArtifact):
        config["User"] = RUNTIME_USER
    return config


def host_config(spec: InstanceSpec, way: Way, facts: EngineFacts) -> dict[str, Any]:
    """What the container may use and do. A foreign image keeps a writable root for now."""
    memory_bytes = spec.resources.memory_mib * MIB
    if facts.memory_bytes:
        memory_bytes = min(memory_bytes, facts.memory_bytes)
    config: dict[str, Any] = {
        # without an init process, a model that is PID 1 ignores SIGTERM unless it handles it
        "Init": True,
        "NetworkMode": way.network_id if isinstance(way, NetworkUse) else "none",
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Memory": memory_bytes,
        "MemorySwap": memory_bytes,
        "NanoCpus": int(min(spec.resources.cpus, facts.cpus) * 1_000_000_000),
        "PidsLimit": PIDS_LIMIT,
        "Ulimits": [
            {"Name": "nofile", "Soft": OPEN_FILES_LIMIT, "Hard": OPEN_FILES_LIMIT},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "LogConfig": {"Type": "json-file", "Config": dict(LOG_OPTIONS)},
    }
    if not isinstance(spec.artifact, ImageArtifact):
        config["ReadonlyRootfs"] = True
        config["Tmpfs"] = {"/tmp": f"rw,noexec,nosuid,nodev,mode=1777,size={TMP_BYTES}"}
        config["Mounts"] = [_bind(spec.artifact.path, PACKAGE_MOUNT, read_only=True)]
        if isinstance(way, SocketUse):
            config["Mounts"].append(socket_mount(way.folder))
    return config


def socket_mount(folder: str) -> dict[str, Any]:
    """The folder of a container's socket; the container makes the socket, so it writes there."""
    return _bind(folder, SOCKET_MOUNT, read_only=False)


def _bind(source: str, target: str, *, read_only: bool) -> dict[str, Any]:
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}


def phase_of(state: str) -> InstancePhase:
    """Our phase for a container's state word; `removing` and `dead` count as exited."""
    return _PHASES.get(state, InstancePhase.EXITED)


def row_of(inspection: Mapping[str, Any]) -> dict[str, Any]:
    """An inspection in the shape of a list row, as far as this module reads it."""
    settings = inspection.get("NetworkSettings") or {}
    ports = [
        {"PrivatePort": int(port.partition("/")[0]), "PublicPort": int(binding["HostPort"])}
        for port, bindings in (settings.get("Ports") or {}).items()
        for binding in bindings or ()
    ]
    return {
        "Id": inspection["Id"],
        "State": (inspection.get("State") or {}).get("Status", ""),
        "Labels": (inspection.get("Config") or {}).get("Labels") or {},
        "NetworkSettings": {"Networks": settings.get("Networks") or {}},
        "Ports": ports,
        "Mounts": inspection.get("Mounts") or [],
    }


def address_of(row: Mapping[str, Any], network: str) -> Address | None:
    """Where the container of a list row listens; None while it does not run.

    Args:
        row: one entry of the engine's container list.
        network: name of the installation's network.
    """
    if phase_of(row.get("State", "")) is not InstancePhase.RUNNING:
        return None
    labels = row.get("Labels") or {}
    if labels.get(LABEL_REACH) == REACH_SOCKET:
        folder = socket_folder(row)
        return Address(path=f"{folder}/{SOCKET_NAME}") if folder else None
    port = int(labels.get(LABEL_PORT, INSTANCE_PORT))
    if labels.get(LABEL_REACH) == REACH_HOST_PORT:
        for entry in row.get("Ports") or ():
            if entry.get("PrivatePort") == port and entry.get("PublicPort"):
                return Address(host=PUBLISH_HOST, port=int(entry["PublicPort"]))
        return None
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    host = (networks.get(network) or {}).get("IPAddress", "")
    return Address(host=host, port=port) if host else None


def socket_folder(row: Mapping[str, Any]) -> str:
    """This host's folder that a container has its socket in; empty for one without."""
    for mount in row.get("Mounts") or ():
        if mount.get("Destination") == SOCKET_MOUNT:
            return str(mount.get("Source") or "")
    return ""


def observation_of(
    row: Mapping[str, Any], state: Mapping[str, Any], address: Address | None
) -> Observation:
    """An observation from a list row and the `State` part of an inspection of the same container.

    Computes on the CPU always: GPU devices are not handed in yet.
    """
    labels = row.get("Labels") or {}
    phase = phase_of(row.get("State", ""))
    exited = phase is InstancePhase.EXITED
    return Observation(
        instance_id=labels.get(LABEL_INSTANCE, ""),
        service_id=labels.get(LABEL_SERVICE, ""),
        version_id=labels.get(LABEL_VERSION, ""),
        spec_hash=labels.get(LABEL_SPEC_HASH, ""),
        phase=phase,
        ref=str(row["Id"])[:12],
        address=address,
        exit_code=int(state.get("ExitCode", 0)) if exited else None,
        oom_killed=exited and bool(state.get("OOMKilled")),
        started_at_ms=started_at_ms(state),
    )


def started_at_ms(state: Mapping[str, Any]) -> int | None:
    """Real epoch milliseconds of the last start, None for a container never started."""
    text = str(state.get("StartedAt", ""))
    if not text or text.startswith("0001-"):
        return None
    return parse_time_ns(text) // 1_000_000


def parse_time_ns(text: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 instant with up to nine decimals.

    Raises:
        ValueError: the text is none.
    """
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        raise ValueError(f"not an RFC 3339 instant: {text[:40]!r}")
    whole, decimals, zone = match.groups()
    moment = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
    return int(moment.timestamp()) * 1_000_000_000 + int((decimals or "").ljust(9, "0"))


def status_key(row: Mapping[str, Any]) -> tuple[str, str]:
    """What of a row changes when the container's run changes, its age left out."""
    status = str(row.get("Status", ""))
    return str(row.get("State", "")), status.partition(")")[0] if "(" in status else ""


def state_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a list row tells of the `State` that an inspection would have."""
    code = re.match(r"Exited \((\d+)\)", str(row.get("Status", "")))
    return {"ExitCode": int(code[1])} if code else {}


def hint_for(words: str, architecture: str) -> str:
    """What a user can do about a refusal in the engine's words; empty when nothing is known."""
    for pattern, hint in _HINTS:
        if re.search(pattern, words, re.IGNORECASE):
            return hint.format(architecture=architecture)
    return ""
