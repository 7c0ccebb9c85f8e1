"""Whether a target may be called, and at which numeric address something listens there."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from simulator.http_connection import reason
from simulator.stress.target import Target

CONNECT_S = 5.0


class NotAllowed(Exception):
    """The target is not on this machine, and nobody has said that this is meant."""


class Unreachable(Exception):
    """Nothing takes connections at the target; the text says why."""


async def reach(target: Target, *, allow_remote: bool = False) -> str:
    """The numeric address of the target that takes connections.

    Raises:
        NotAllowed, Unreachable.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_S):
            found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:  # a timeout is one too
        said = error.strerror or "the name is not resolved in time"
        raise Unreachable(f"{target.host}: {said}") from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    remote = [address for address in addresses if not is_loopback(address)]
    if remote and not allow_remote:
        raise NotAllowed(f"{target.host} ({', '.join(remote)}) is not this machine's loopback")
    why = "no address"
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(address, target.port)
        except OSError as error:
            why = reason(error) or "no answer in time"
            continue
        writer.close()
        return address
    raise Unreachable(f"nothing listens at {target.host}, port {target.port}: {why}")


def is_loopback(address: str) -> bool:
    """Whether a numeric address is this machine's own."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback
