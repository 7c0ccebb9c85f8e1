"""Object paths: which bucket and key a path names. Pure; where objects lie is `objects.py`'s.

`obs://b/k`, `s3://b/k`, `//b/k`, `/b/k` and `https://b.obs.<region>.<domain>/k` name one object.
Source: ModelArts batch service guide and API reference (src_path, source_location).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_DOTS = re.compile(r"(?:^|/)\.\.?(?:/|\Z)")
"""A . or .. part."""
KEY_MAX_BYTES = 1024


class BadObjectPath(ValueError):
    """The text names no object; the message says why."""


@dataclass(frozen=True)
class ObjectPath:
    """A bucket and a key; the key is empty for the bucket itself and may end in `/`."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"obs://{self.bucket}/{self.key}"


def parse_object_path(text: str) -> ObjectPath:
    """The object that a path in any of the documented forms names.

    Raises:
        BadObjectPath: another scheme, no bucket, or a key that could leave its bucket.
    """
    if text.startswith(("obs://", "s3://")):
        bucket, _, key = text.split("://", 1)[1].partition("/")
    elif text.startswith("https://"):
        bucket, key = _from_url(text)
    elif text.startswith("/"):
        bucket, _, key = text.lstrip("/").partition("/")
    else:
        raise BadObjectPath(f"{text!r} is no object path; write obs://bucket/key")
    if not _BUCKET.fullmatch(bucket):
        raise BadObjectPath(f"{bucket!r} is no bucket name (3 to 63 of a-z, 0-9, . and -)")
    _check_key(key)
    return ObjectPath(bucket, key)


def _from_url(text: str) -> tuple[str, str]:
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise BadObjectPath(f"{text!r} is no URL: {error}") from error
    bucket, dot, rest = (url.hostname or "").partition(".obs.")
    if not dot or not rest:
        raise BadObjectPath(f"{url.hostname!r} is no OBS host; it reads bucket.obs.region.domain")
    return bucket, unquote(url.path.lstrip("/"))


def _check_key(key: str) -> None:
    if 4 * len(key) > KEY_MAX_BYTES and len(key.encode()) > KEY_MAX_BYTES:
        raise BadObjectPath(f"the key is longer than {KEY_MAX_BYTES} bytes")
    if "\x00" in key or "\\" in key:
        raise BadObjectPath("the key holds a NUL or a backslash")
    if _DOTS.search(key):
        raise BadObjectPath("the key has a . or .. part")
