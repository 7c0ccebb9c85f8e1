"""Errors of S3 and OBS: codes, statuses, and what the object store's own errors become."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.objectpaths import BadObjectPath
from simulator.objects import (
    BucketNotEmpty,
    BucketTaken,
    KeyUnusable,
    NoSuchBucket,
    NoSuchObject,
    ObjectStoreError,
    StoreFailed,
    Unsupported,
)

STATUSES: Mapping[str, int] = {
    "AccessDenied": 403,
    "AuthorizationHeaderMalformed": 400,
    "AuthorizationQueryParametersError": 400,
    "BadDigest": 400,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "IncompleteBody": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidDigest": 400,
    "InvalidObjectName": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "MalformedXML": 400,
    "MetadataTooLarge": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "NotModified": 304,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
    "StorageFull": 507,
    "XAmzContentSHA256Mismatch": 400,
}
"""Code to HTTP status. `StorageFull` is ours: the cloud's disks are never full."""


class S3Error(Exception):
    """A refused request.

    Args:
        code: one of `STATUSES`.
        message: what is wrong; never a signature or a secret.
        headers: further headers of the answer.
    """

    def __init__(self, code: str, message: str, **headers: str) -> None:
        self.code = code
        self.message = message
        self.status = STATUSES[code]
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(f"{code}: {message}")


def translated(error: Exception) -> S3Error | None:
    """What an error of the object store is on the wire; None for one that is none of its own."""
    if isinstance(error, S3Error):
        return error
    if isinstance(error, StoreFailed):
        return S3Error("StorageFull" if error.full else "InternalError", str(error))
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return S3Error(code, str(error))
    return None


_CODES: Mapping[type[Exception], str] = {
    NoSuchBucket: "NoSuchBucket",
    NoSuchObject: "NoSuchKey",
    BucketTaken: "BucketAlreadyOwnedByYou",
    BucketNotEmpty: "BucketNotEmpty",
    KeyUnusable: "InvalidObjectName",
    BadObjectPath: "InvalidArgument",
    Unsupported: "NotImplemented",
    ObjectStoreError: "InternalError",
}
