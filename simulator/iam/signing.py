"""Verification of AK/SK signatures.

Two algorithms, both as `huaweicloudsdkcore` 3.1.219 computes them:

* `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`: signed with the secret key;
* `V11-HMAC-SHA256 Credential=…/date/region/service, SignedHeaders=…, Signature=…`: signed with a
  key derived from the secret key for that day, region and service (HKDF, RFC 5869).

The SDK's SM3 and ECDSA variants are refused with a message that names these two.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol, TypeVar

from simulator.iam.canonical import Headers, canonical_requests, single
from simulator.iam.errors import (
    AccessKeyUnknown,
    SignatureExpired,
    SignatureHeaderMissing,
    SignatureMalformed,
    SignatureWrong,
)

MAX_AGE_S = 900
"""How far `X-Sdk-Date` may be off, either way: 15 minutes (documented)."""

_PLAIN = "SDK-HMAC-SHA256"
_DERIVED = "V11-HMAC-SHA256"
_TAIL = r", *SignedHeaders=(?P<signed>[^,\s]+), *Signature=(?P<signature>[0-9a-f]{64})"
_FORMS = {
    _PLAIN: re.compile(r"Access=(?P<access_key>[^,\s]+)" + _TAIL),
    _DERIVED: re.compile(
        r"Credential=(?P<access_key>[^/,\s]+)/(?P<scope>[0-9]{8}/[^/,\s]+/[^/,\s]+)" + _TAIL
    ),
}
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")


class KeyPair(Protocol):
    """Whoever can sign: a user, or an app."""

    @property
    def access_key(self) -> str:
        """The public part of the pair."""

    @property
    def secret_key(self) -> str:
        """The part that signs."""


HolderT = TypeVar("HolderT", bound=KeyPair)


@dataclass(frozen=True)
class Signature:
    """A parsed `Authorization` header.

    Attributes:
        signed_headers: lower-case names, in the order sent.
        scope: `date/region/service` of a derived key; empty for the plain algorithm.
        digest: 64 lower-case hexadecimal digits.
    """

    algorithm: str
    access_key: str
    signed_headers: tuple[str, ...]
    scope: str
    digest: str


def parse_authorization(value: str) -> Signature:
    """Read an `Authorization` header.

    Raises:
        SignatureMalformed: it has none of the two documented forms.
    """
    algorithm, _, rest = value.strip(" \t").partition(" ")
    form = _FORMS.get(algorithm)
    if form is None:
        raise SignatureMalformed(f"the algorithm in Authorization is not {_PLAIN} or {_DERIVED}")
    match = form.fullmatch(rest.strip(" "))
    if match is None:
        start = "Access=…" if algorithm == _PLAIN else "Credential=…/date/region/service"
        raise SignatureMalformed(
            f"Authorization is not '{algorithm} {start}, SignedHeaders=…, Signature=…'"
        )
    parts = match.groupdict()
    return Signature(
        algorithm=algorithm,
        access_key=parts["access_key"],
        signed_headers=tuple(parts["signed"].lower().split(";")),
        scope=parts.get("scope", ""),
        digest=parts["signature"],
    )


def verify_signature(
    holders: Mapping[str, HolderT],
    *,
    headers: Headers,
    method: str,
    path: str,
    query: str,
    body: bytes,
    now_s: float,
) -> HolderT:
    """Whose signature this is, if it is right.

    Args:
        holders: by access key.
        headers: as received, values as latin-1 text.
        path: as received (percent-encoded), without the query.
        query: as received, without `?`.
        body: the whole body.
        now_s: real time, seconds since the epoch.

    Raises:
        SignatureHeaderMissing: `Authorization`, `X-Sdk-Date` or a signed header is absent.
        SignatureMalformed: one of them cannot be read.
        AccessKeyUnknown: no such access key.
        SignatureExpired: `X-Sdk-Date` is more than `MAX_AGE_S` away from `now_s`.
        SignatureWrong: the signature does not fit the request.
    """
    authorization = single(headers, "authorization")
    if authorization is None:
        raise SignatureHeaderMissing("send Authorization")
    signature = parse_authorization(authorization)
    date = _check_date(headers, signature, now_s)
    holder = holders.get(signature.access_key)
    if holder is None:
        raise AccessKeyUnknown
    canonical = canonical_requests(
        headers=headers,
        signed=signature.signed_headers,
        method=method,
        path=path,
        query=query,
        body=body,
    )
    # All forms are computed, so the time taken says nothing about which one came close.
    matches = [
        hmac.compare_digest(_digest(holder, signature, date, form), signature.digest)
        for form in canonical
    ]
    if not any(matches):
        raise SignatureWrong(
            "the canonical request made of what arrived has SHA-256 "
            f"{sha256(canonical[0]).hexdigest()}; compare it with the signer's"
        )
    return holder


def _check_date(headers: Headers, signature: Signature, now_s: float) -> str:
    """The text of `X-Sdk-Date`, checked."""
    date = single(headers, "x-sdk-date")
    if date is None:
        raise SignatureHeaderMissing("send X-Sdk-Date, e.g. 20260131T235959Z")
    date = date.strip(" \t")
    if not _DATE.fullmatch(date):
        raise SignatureMalformed("X-Sdk-Date does not have the form 20260131T235959Z")
    try:
        signed_at_s = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SignatureMalformed("X-Sdk-Date is no date") from None
    if signature.scope and not signature.scope.startswith(date[:8] + "/"):
        raise SignatureMalformed("the day in Credential is not the day of X-Sdk-Date")
    off_s = now_s - signed_at_s
    if abs(off_s) > MAX_AGE_S:
        raise SignatureExpired(
            f"X-Sdk-Date is {abs(off_s):.0f} s {'behind' if off_s > 0 else 'ahead of'} "
            f"the server's clock, and {MAX_AGE_S} s are allowed"
        )
    return date


def _digest(holder: KeyPair, signature: Signature, date: str, canonical: bytes) -> str:
    key = holder.secret_key.encode()
    lines = [signature.algorithm, date]
    if signature.algorithm == _DERIVED:
        key = _derived_key(holder, signature.scope)
        lines.append(signature.scope)
    lines.append(sha256(canonical).hexdigest())
    return hmac.new(key, "\n".join(lines).encode(), sha256).hexdigest()


def _derived_key(holder: KeyPair, scope: str) -> bytes:
    """HKDF-SHA256 with the access key as salt; its hexadecimal text is the key."""
    extracted = hmac.new(holder.access_key.encode(), holder.secret_key.encode(), sha256)
    expanded = hmac.new(extracted.digest(), scope.encode() + b"\x01", sha256)
    return expanded.hexdigest().encode()
