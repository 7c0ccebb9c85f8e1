"""An instance's address as one word, as the store keeps it: `unix:/path` or `host:port`."""

from __future__ import annotations

from backends.base import Address


def parse_address(text: str) -> Address:
    """The address that `str(address)` wrote.

    Raises:
        ValueError: the text is no address.
    """
    if text.startswith("unix:"):
        return Address(path=text.removeprefix("unix:"))
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        raise ValueError(f"not an instance address: {text!r}")
    return Address(host=host, port=int(port))
