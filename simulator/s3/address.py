"""Which requests are meant for the S3-compatible endpoint, and what they name. Pure.

There is one listening address. A request is one of ours if its Host is (`s3.localhost`,
`bucket.s3.localhost`, the same with `obs`, and with the region before `localhost`), or if it is
signed as only S3 and OBS clients sign, at any of the address's names. The paths of the other
surfaces (`/v1/…`, `/v3/…`, `/_drydock/…`) cannot be bucket names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

SERVICES = ("s3", "obs")
DOMAIN = "localhost"
"""Names below it are this machine's own, whatever a name server says (RFC 6761)."""

Pairs = Sequence[tuple[str, str]]

_SCHEMES = ("AWS4-HMAC-SHA256 ", "AWS ", "OBS ")
"""How the Authorization header of these clients begins."""
_SIGNED_QUERIES = (
    ("X-Amz-Signature", "X-Amz-Credential"),
    ("Signature", "AWSAccessKeyId"),
    ("Signature", "AccessKeyId"),
)
"""Query parameters that only addresses signed in advance have, together."""


@dataclass(frozen=True)
class Place:
    """What a request is about.

    Attributes:
        bucket: empty for the service itself.
        key: decoded; empty for the bucket.
        in_host: the bucket stands in the Host header.
    """

    bucket: str
    key: str
    in_host: bool = False


def host_names(region: str) -> tuple[str, ...]:
    """The Host values of the endpoint, `*.` standing for any bucket."""
    names = [f"{service}.{DOMAIN}" for service in SERVICES]
    names += [f"{service}.{region}.{DOMAIN}" for service in SERVICES]
    return (*names, *(f"*.{name}" for name in names))


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Names and values, decoded; a name without `=` has an empty value. A plus sign is a space."""
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(_decoded(name), _decoded(value)) for name, _, value in parts]


def place_of(
    host: str, raw_path: str, authorization: str, query: Mapping[str, str], region: str
) -> Place | None:
    """Where a request leads; None for one that is another surface's.

    Args:
        host: the Host header.
        raw_path: percent-encoded.
        query: decoded.
    """
    in_host = _bucket_in(host, region)
    if in_host is None and not is_signed(authorization, query):
        return None
    path = unquote_to_bytes(raw_path).decode("utf-8", "surrogateescape").removeprefix("/")
    if in_host:
        return Place(in_host, path, in_host=True)
    bucket, _, key = path.partition("/")
    return Place(bucket, key)


def is_signed(authorization: str, query: Mapping[str, str]) -> bool:
    """Whether the request is signed as S3's or OBS's clients do it."""
    if authorization.startswith(_SCHEMES):
        return True
    return any(all(name in query for name in names) for names in _SIGNED_QUERIES)


def _bucket_in(host: str, region: str) -> str | None:
    """The bucket that a Host header names, empty for the service's own; None for other hosts."""
    name = host.lower().rpartition(":")[0] if ":" in host else host.lower()
    for service in SERVICES:
        for own in (f"{service}.{DOMAIN}", f"{service}.{region.lower()}.{DOMAIN}"):
            if name == own:
                return ""
            if name.endswith(f".{own}"):
                return name.removesuffix(f".{own}")
    return None


def _decoded(text: str) -> str:
    raw = unquote_to_bytes(text.replace("+", " "))
    return raw.decode("utf-8", "surrogateescape")
