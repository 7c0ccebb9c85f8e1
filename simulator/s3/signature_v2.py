"""Signatures `AWS KEY:SIGNATURE` and `OBS KEY:SIGNATURE`, in a header or in the query.

Both are HMAC-SHA1 over the same lines; they differ in the prefix of the headers and in names.
Source: OBS API reference, Authentication; Amazon S3, Signing and Authenticating REST Requests (2).
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from hashlib import sha1
from urllib.parse import quote, unquote_to_bytes

from simulator.iam.identity import Identity
from simulator.s3.errors import S3Error
from simulator.s3.request import AWS, OBS, S3Request
from simulator.s3.signature_v4 import MAX_SKEW_S

_HEADER = re.compile(r"(?P<scheme>AWS|OBS) (?P<access_key>[^:\s]+):(?P<signature>[A-Za-z0-9+/=]+)")

_NAMES = """
    acl append backtosource cors customdomain delete deletebucket directcoldaccess encryption
    inventory length lifecycle location logging metadata modify name notification object-lock
    partnumber policy policystatus position publicaccessblock quota rename replication
    requestpayment response-cache-control response-content-disposition response-content-encoding
    response-content-language response-content-type response-expires restore retention
    storageclass storageinfo storagepolicy tagging torrent truncate uploadid uploads versionid
    versioning versions website x-image-process x-image-save-bucket x-image-save-object
"""
SUBRESOURCES = frozenset(_NAMES.split())
"""Query parameters that are signed, in lower case."""


def verify(request: S3Request, identities: Mapping[str, Identity], now_s: float) -> Identity:
    """Whose signature this is, if it is right. Arguments and errors: `signature_v4.verify`."""
    in_query = "Signature" in request.query
    prefix = OBS if request.is_obs else AWS
    if in_query:
        query = request.query
        access_key = query.get("AWSAccessKeyId") or query.get("AccessKeyId", "")
        signature, date = query["Signature"], _expiry(query.get("Expires", ""), now_s)
    else:
        match = _HEADER.fullmatch(request.header("authorization").strip())
        if match is None:
            raise S3Error("InvalidArgument", "Authorization is not 'AWS KEY:SIGNATURE'")
        access_key, signature = match["access_key"], match["signature"]
        date = _checked_date(request, prefix, now_s)
    identity = identities.get(access_key)
    if identity is None:
        raise S3Error("InvalidAccessKeyId", "this access key is not known here")
    right = (
        base64.b64encode(hmac.new(identity.secret_key.encode(), text, sha1).digest()).decode()
        for text in _strings_to_sign(request, prefix, date)
    )
    if not sum(hmac.compare_digest(one, signature) for one in right):
        raise S3Error("SignatureDoesNotMatch", "the signature does not match the request")
    return identity


def _expiry(expires: str, now_s: float) -> str:
    if not expires.isdecimal():
        raise S3Error("AccessDenied", "Expires must be seconds since 1970")
    if int(expires) < now_s:
        raise S3Error("AccessDenied", "Request has expired")
    return expires


def _checked_date(request: S3Request, prefix: str, now_s: float) -> str:
    """The line of the date: empty where a header of the dialect's own has it."""
    own = request.header(f"{prefix}date")
    date = own or request.header("date")
    try:
        off_s = now_s - parsedate_to_datetime(date).timestamp()
    except ValueError as error:
        raise S3Error("AccessDenied", "the request has no date: send Date") from error
    if abs(off_s) > MAX_SKEW_S:
        raise S3Error(
            "RequestTimeTooSkewed",
            f"the request's date is {abs(off_s):.0f} s off, and {MAX_SKEW_S} s are allowed",
        )
    return "" if own else date


def _strings_to_sign(request: S3Request, prefix: str, date: str) -> Iterator[bytes]:
    """The acceptable forms of what is signed; they differ in the resource."""
    own: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name.startswith(prefix):
            own.setdefault(name, []).append(value.strip())
    lines = [
        request.method,
        request.header("content-md5"),
        request.header("content-type"),
        date,
        *(f"{name}:{','.join(own[name])}" for name in sorted(own)),
    ]
    for resource in _resources(request):
        yield "\n".join([*lines, resource]).encode("latin-1", "replace")


def _resources(request: S3Request) -> Iterator[str]:
    """The bucket, the path as it is encoded, and the part of the query that counts. Of a bucket
    botocore signs the path with a final `/`, OBS's client the path that it sends."""
    path = quote(unquote_to_bytes(request.raw_path), safe="/~")
    place = f"/{request.bucket}{path}" if request.place.in_host else path
    signed = [
        f"{name}={value}" if value else name
        for name, value in sorted(request.pairs)
        if name.lower() in SUBRESOURCES or name.lower().startswith((AWS, OBS))
    ]
    query = f"?{'&'.join(signed)}" if signed else ""
    yield place + query
    if not request.key and not place.endswith("/"):
        yield f"{place}/{query}"
