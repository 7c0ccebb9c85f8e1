"""On which TCP ports a container listens: what tells a wrong port from a slow start.

The kernel lists the sockets of a network namespace in `/proc/<pid>/net/tcp`, where `pid` is any
process in it. Where the engine's processes are not this host's (a virtual machine, another
machine), `cat` in the container shows the same list, if its image has it.
Source: Linux, Documentation/networking/proc_net_tcp.
"""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path
from typing import Any

from docker import APIClient

from backends.base import INSTANCE_PORT, ListeningPort, Ports
from backends.docker_client import EngineClient, EngineRefused
from backends.docker_translate import LABEL_PORT

_TABLES = ("tcp", "tcp6")
_LISTEN = "0A"
_ENGINE_DNS = "127.0.0.11"
"""Where the engine's own name server listens in each container of a network of the user's."""


async def ports_of(engine: EngineClient, container: dict[str, Any] | None) -> Ports | None:
    """The ports of a container; None where they cannot be told.

    Args:
        container: its inspection; None when it does not exist.
    """
    if container is None or not container["State"].get("Running"):
        return None
    labels = container["Config"].get("Labels") or {}
    wanted = int(labels.get(LABEL_PORT, INSTANCE_PORT))
    pid = int(container["State"]["Pid"])
    text = await asyncio.to_thread(_host_tables, pid, container["Id"])
    if text is None:
        try:
            text = await engine.call(
                "listing a container's sockets",
                lambda client: _container_tables(client, container["Id"]),
                of_one=True,
            )
        except EngineRefused:
            return None
    return None if text is None else Ports(wanted, listening(text))


def listening(tables: str) -> tuple[ListeningPort, ...]:
    """The listening sockets in the kernel's tables of TCP sockets, IPv4 and IPv6 one after the
    other; without the engine's own."""
    found = set()
    for line in tables.splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[3] == _LISTEN and ":" in fields[1]:
            address, _, port = fields[1].partition(":")
            found.add(ListeningPort(_address(address), int(port, 16)))
    return tuple(sorted(one for one in found if one.host != _ENGINE_DNS))


def _address(words: str) -> str:
    """An address of the table: 32-bit words of hexadecimal digits, each in this host's byte order,
    which is little-endian wherever engines run."""
    packed = b"".join(
        bytes.fromhex(words[start : start + 8])[::-1] for start in range(0, len(words), 8)
    )
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _host_tables(pid: int, container: str) -> str | None:
    """The tables as this host's `/proc` has them; None where `pid` is no process of the container:
    the name of its control group tells, whose last part is the container's."""
    process = Path(f"/proc/{pid}")
    try:
        if container not in (process / "cgroup").read_text():
            return None
        return "\n".join((process / "net" / table).read_text() for table in _TABLES)
    except OSError:
        return None


def _container_tables(client: APIClient, container: str) -> str | None:
    made = client.exec_create(
        container, ["cat", *(f"/proc/net/{table}" for table in _TABLES)], stderr=False
    )
    text = client.exec_start(made["Id"])
    if client.exec_inspect(made["Id"])["ExitCode"] not in (0, 1):  # 1: no IPv6
        return None
    return str(text.decode(errors="replace"))
