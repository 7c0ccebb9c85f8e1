"""Signatures `AWS4-HMAC-SHA256`, in a header, in the query, and of the parts of a body.

Source: Amazon S3 API reference, Authenticating Requests (AWS Signature Version 4).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes

from simulator.iam.identity import Identity
from simulator.s3.address import Pairs
from simulator.s3.errors import S3Error
from simulator.s3.request import S3Request

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
MAX_SKEW_S = 900
"""How far the date of a request may be off, either way."""
MAX_EXPIRES_S = 604_800
"""Longest life of an address signed in advance: seven days."""
EMPTY_SHA256 = sha256(b"").hexdigest()

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_LONG = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class SigningKey:
    """The key of one day, region and service, and where its signatures begin.

    Attributes:
        scope: `date/region/s3/aws4_request`.
        date: when the request was signed, `20260131T235959Z`.
        seed: the request's own signature, with which that of the body's first part goes on.
    """

    key: bytes
    scope: str
    date: str
    seed: str = ""

    def sign(self, *lines: str) -> str:
        """The signature of lines of text."""
        return hmac.new(self.key, "\n".join(lines).encode(), sha256).hexdigest()

    def of_part(self, before: str, data_sha256: str) -> str:
        """The signature of a part of a body; `before` is that of the part before it."""
        kind = f"{ALGORITHM}-PAYLOAD"
        return self.sign(kind, self.date, self.scope, before, EMPTY_SHA256, data_sha256)

    def of_trailer(self, before: str, trailer: bytes) -> str:
        """The signature of the headers behind a body."""
        digest = sha256(trailer).hexdigest()
        return self.sign(f"{ALGORITHM}-TRAILER", self.date, self.scope, before, digest)


@dataclass(frozen=True)
class Signed:
    """A signature that is right.

    Attributes:
        payload: what it says of the body: its SHA-256, or one of the words for others.
    """

    identity: Identity
    key: SigningKey
    payload: str


@dataclass(frozen=True)
class _Claim:
    """What a request says of its own signature."""

    credential: str
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    payload: str
    query: Pairs


def verify(request: S3Request, identities: Mapping[str, Identity], now_s: float) -> Signed:
    """Whose signature this is, if it is right.

    Args:
        identities: by access key.
        now_s: real time, seconds since the epoch.

    Raises:
        S3Error: what is wrong with it.
    """
    in_query = "X-Amz-Signature" in request.query
    claim = _from_query(request, now_s) if in_query else _from_header(request, now_s)
    access_key, *scope = claim.credential.rsplit("/", 4)
    if len(scope) != 4 or scope[2:] != ["s3", "aws4_request"] or scope[0] != claim.date[:8]:
        raise S3Error(
            "AuthorizationHeaderMalformed",
            "the credential is not ACCESS-KEY/date/region/s3/aws4_request of the request's day",
        )
    identity = identities.get(access_key)
    if identity is None:
        raise S3Error("InvalidAccessKeyId", "this access key is not known here")
    if "host" not in claim.signed_headers:
        raise S3Error("AccessDenied", "the Host header is not signed")
    key = _signing_key(identity.secret_key, scope, claim.date)
    right = (
        key.sign(ALGORITHM, claim.date, key.scope, sha256(text).hexdigest())
        for text in _canonical_requests(request, claim)
    )
    # all are compared, so the time taken says nothing about which one came close
    if not sum(hmac.compare_digest(one, claim.signature) for one in right):
        raise S3Error("SignatureDoesNotMatch", "the signature does not match the request")
    signing = SigningKey(key.key, key.scope, claim.date, claim.signature)
    return Signed(identity, signing, claim.payload)


def _from_header(request: S3Request, now_s: float) -> _Claim:
    match = _HEADER.fullmatch(request.header("authorization").strip())
    if match is None:
        raise S3Error(
            "AuthorizationHeaderMalformed",
            f"Authorization is not '{ALGORITHM} Credential=…, SignedHeaders=…, Signature=…'",
        )
    date = _date_of(request)
    off_s = now_s - _seconds(date)
    if abs(off_s) > MAX_SKEW_S:
        raise S3Error(
            "RequestTimeTooSkewed",
            f"the request's date is {abs(off_s):.0f} s off, and {MAX_SKEW_S} s are allowed",
        )
    payload = request.own("content-sha256")
    if not payload:
        raise S3Error("InvalidRequest", "the header x-amz-content-sha256 is missing")
    return _Claim(
        match["credential"],
        tuple(match["headers"].lower().split(";")),
        match["signature"],
        date,
        payload,
        request.pairs,
    )


def _from_query(request: S3Request, now_s: float) -> _Claim:
    query = request.query
    date, expires = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
    if query.get("X-Amz-Algorithm") != ALGORITHM or not _DATE.fullmatch(date):
        raise S3Error(
            "AuthorizationQueryParametersError",
            f"X-Amz-Algorithm must be {ALGORITHM}, and X-Amz-Date like 20260131T235959Z",
        )
    if not expires.isdecimal() or not 0 < int(expires) <= MAX_EXPIRES_S:
        raise S3Error(
            "AuthorizationQueryParametersError",
            f"X-Amz-Expires must be a number of seconds from 1 to {MAX_EXPIRES_S}",
        )
    age_s = now_s - _seconds(date)
    if age_s > int(expires) or age_s < -MAX_SKEW_S:
        raise S3Error("AccessDenied", "Request has expired")
    return _Claim(
        query.get("X-Amz-Credential", ""),
        tuple(query.get("X-Amz-SignedHeaders", "").lower().split(";")),
        query["X-Amz-Signature"],
        date,
        request.own("content-sha256") or UNSIGNED,
        [pair for pair in request.pairs if pair[0] != "X-Amz-Signature"],
    )


def _date_of(request: S3Request) -> str:
    """When the request was signed; OBS's client says so in the Date header."""
    date = request.own("date")
    if _DATE.fullmatch(date):
        return date
    try:
        return parsedate_to_datetime(date or request.header("date")).strftime(_LONG)
    except ValueError as error:
        raise S3Error("AccessDenied", "the request has no date: send x-amz-date") from error


def _seconds(date: str) -> float:
    try:
        return datetime.strptime(date, _LONG).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise S3Error("AccessDenied", "the request's date is no date") from error


def _signing_key(secret_key: str, scope: list[str], date: str) -> SigningKey:
    key = f"AWS4{secret_key}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), sha256).digest()
    return SigningKey(key, "/".join(scope), date)


def _canonical_requests(request: S3Request, claim: _Claim) -> Iterable[bytes]:
    """The acceptable forms of what is signed. OBS's client does not make one space of several in
    the values of headers, as the definition wants it."""
    path = quote(unquote_to_bytes(request.raw_path), safe="/~")
    query = sorted((_encoded(name), _encoded(value)) for name, value in claim.query)
    for values_of in (_collapsed, _stripped):
        lines = [f"{name}:{','.join(values_of(request, name))}" for name in claim.signed_headers]
        yield "\n".join(
            (
                request.method,
                path,
                "&".join(f"{name}={value}" for name, value in query),
                *lines,
                "",
                ";".join(claim.signed_headers),
                claim.payload,
            )
        ).encode("utf-8", "surrogateescape")


def _collapsed(request: S3Request, name: str) -> list[str]:
    return [re.sub(" +", " ", value) for value in _stripped(request, name)]


def _stripped(request: S3Request, name: str) -> list[str]:
    values = [value for sent, value in request.headers if sent == name]
    if not values:
        raise S3Error("AccessDenied", f"the signed header {name} did not arrive")
    return [_text(value.strip(" \t")) for value in values]


def _text(latin: str) -> str:
    """A header's text: its bytes are UTF-8 where a client sends more than ASCII."""
    return latin.encode("latin-1").decode("utf-8", "surrogateescape")


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="~")
