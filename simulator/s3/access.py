"""Who sends a request, and what the signature says of its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.iam.identity import Identity
from simulator.s3 import signature_v2, signature_v4
from simulator.s3.address import is_signed
from simulator.s3.errors import S3Error
from simulator.s3.request import S3Request

STREAMING = "STREAMING-"
"""How the words begin that stand for a body in parts."""
SIGNED_PARTS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_STREAMS = (SIGNED_PARTS, f"{SIGNED_PARTS}-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")


@dataclass(frozen=True)
class Caller:
    """A sender whose signature is right.

    Attributes:
        sha256: what the body's hash must be, hexadecimal; empty where the signature does not say.
        in_parts: the body has the coding `aws-chunked`.
        key: with which the parts are signed; None where they are not.
    """

    identity: Identity
    sha256: str = ""
    in_parts: bool = False
    key: signature_v4.SigningKey | None = None


def authenticate(request: S3Request, identities: Mapping[str, Identity], now_s: float) -> Caller:
    """The sender of a request.

    Raises:
        S3Error: there is no signature, or it is wrong.
    """
    authorization = request.header("authorization")
    if not is_signed(authorization, request.query):
        raise S3Error("AccessDenied", "the request is not signed")
    by_v4 = authorization.startswith(signature_v4.ALGORITHM) or "X-Amz-Signature" in request.query
    if not by_v4:
        identity = signature_v2.verify(request, identities, now_s)
        return Caller(identity, in_parts="aws-chunked" in request.header("content-encoding"))
    signed = signature_v4.verify(request, identities, now_s)
    payload = signed.payload
    if payload == signature_v4.UNSIGNED:
        return Caller(signed.identity)
    if payload.startswith(STREAMING):
        if payload not in _STREAMS:
            raise S3Error("NotImplemented", f"bodies signed as {payload} are not simulated")
        is_signed_too = payload.startswith(SIGNED_PARTS)
        return Caller(signed.identity, in_parts=True, key=signed.key if is_signed_too else None)
    if len(payload) != 64:
        raise S3Error("InvalidArgument", "x-amz-content-sha256 is no SHA-256")
    return Caller(signed.identity, sha256=payload.lower())
