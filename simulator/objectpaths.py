"""Names of objects: which bucket and key a path names. Pure; where objects lie is `objects`'.

`obs://b/k`, `s3://b/k`, `//b/k`, `/b/k` and `https://b.obs.<region>.<domain>[:443]/k?…` name one
object. The query of an address is a signature: it names nothing, and is shown and kept nowhere.
Source: Deploying as a Batch Service (manifest file specifications); ModelArts API reference
(src_path, source_location).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

KEY_MAX_BYTES = 1024
"""Longest key, UTF-8. Source: OBS and S3 object naming."""
HTTPS_PORT = 443

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_ODD_BUCKET = re.compile(r"\.\.|\.-|-\.|\A[0-9]+(?:\.[0-9]+){3}\Z")
"""Full stops beside each other or beside a hyphen, and IPv4 addresses."""
_DOTS = re.compile(r"(?:^|/)\.\.?(?:/|\Z)")
"""A . or .. part."""
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff\ufffe\uffff]")
"""Control characters, the backslash (a separator on other systems), and what neither UTF-8 nor the
XML of listings can carry."""
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class BadObjectPath(ValueError):
    """The text names no object; the message says why, and holds no signature."""


@dataclass(frozen=True)
class ObjectPath:
    """A bucket and a key; the key is empty for the bucket itself and may end in `/`."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"obs://{self.bucket}/{self.key}"

    @property
    def is_folder(self) -> bool:
        """Whether it names the bucket or a folder in it rather than one object."""
        return not self.key or self.key.endswith("/")

    @property
    def name(self) -> str:
        """The key's last part, of a folder too; empty for the bucket."""
        return self.key.rstrip("/").rpartition("/")[2]

    def below(self, relative: str) -> ObjectPath:
        """What lies at `relative` in this folder."""
        return ObjectPath(self.bucket, f"{self.as_folder().key}{relative}")

    def as_folder(self) -> ObjectPath:
        """The folder of this name: the same with a final `/`."""
        return self if self.is_folder else ObjectPath(self.bucket, f"{self.key}/")


def parse_object_path(text: str) -> ObjectPath:
    """The object that a path in any of the documented forms names.

    Raises:
        BadObjectPath: another scheme, no bucket, or a key that no object may have.
    """
    if text.startswith(("obs://", "s3://")):
        bucket, _, key = text.split("://", 1)[1].partition("/")
    elif text.startswith("https://"):
        bucket, key = _from_address(text)
    elif text.startswith("/"):
        bucket, _, key = text.removeprefix("/").removeprefix("/").partition("/")
    else:
        shown = text.split("?", 1)[0]
        raise BadObjectPath(f"{shown!r} is no object path; write obs://bucket/key")
    check_bucket(bucket)
    check_key(key)
    return ObjectPath(bucket, key)


def check_bucket(name: str) -> None:
    """Hold a bucket's name against the rules of OBS and S3.

    Raises:
        BadObjectPath: it breaks one.
    """
    if not _BUCKET.fullmatch(name):
        raise BadObjectPath(f"{name!r} is no bucket name (3 to 63 of a-z, 0-9, . and -)")
    if _ODD_BUCKET.search(name):
        raise BadObjectPath(
            f"{name!r} is no bucket name (no .., .- or -. in it, and no IP address)"
        )


def check_key(key: str) -> None:
    """Hold a key against what every store of objects takes.

    Raises:
        BadObjectPath: it is too long, or could name something else than it seems to.
    """
    if odd := _UNUSABLE.search(key):
        raise BadObjectPath(
            f"the key holds the character U+{ord(odd[0]):04X} "
            "(control characters, backslashes and lone surrogates are not allowed)"
        )
    if 4 * len(key) > KEY_MAX_BYTES and len(key.encode()) > KEY_MAX_BYTES:
        raise BadObjectPath(f"the key is longer than {KEY_MAX_BYTES} bytes")
    if _DOTS.search(key):
        raise BadObjectPath("the key has a . or .. part")


def is_usable(name: str) -> bool:
    """Whether a file of this name can be an object: its characters are those of keys."""
    return not _UNUSABLE.search(name)


def unsigned(text: str) -> str:
    """A path without what signs it, for people and for everything that is kept: an address loses
    its query, and whoever reads it gets no access by it."""
    return re.split(r"[?#]", text, maxsplit=1)[0] if _ADDRESS.match(text) else text


def _from_address(text: str) -> tuple[str, str]:
    shown = unsigned(text)
    if _UNUSABLE.search(text):  # urlsplit would leave some of them out
        raise BadObjectPath(f"{shown!r}: write special characters as percent escapes")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise BadObjectPath(f"{shown!r} is no address: {error}") from error
    if url.username is not None or "#" in text:
        raise BadObjectPath(f"{url.hostname!r}: an object's address has no user and no # part")
    if port not in (None, HTTPS_PORT):
        raise BadObjectPath(f"{shown!r}: the port of an object's address is {HTTPS_PORT}")
    bucket, dot, rest = (url.hostname or "").partition(".obs.")
    if not dot or not rest:
        raise BadObjectPath(f"{url.hostname!r} is no OBS host; it reads bucket.obs.region.domain")
    try:
        return bucket, unquote(url.path.removeprefix("/"), errors="strict")
    except UnicodeDecodeError as error:
        raise BadObjectPath(f"{shown!r}: the key is not UTF-8") from error
