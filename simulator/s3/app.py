"""The endpoint: who asks, what for, and what is answered when it fails."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.responses import Response

from simulator.iam.identity import Identity
from simulator.objectpaths import BadObjectPath, check_bucket, check_key
from simulator.objects import ObjectStore
from simulator.s3 import buckets, multipart, objects
from simulator.s3.access import authenticate
from simulator.s3.body import Body, BodyEnded
from simulator.s3.call import Call, error_answer
from simulator.s3.errors import S3Error, translated
from simulator.s3.request import S3Request
from simulator.s3.signature_v2 import SUBRESOURCES
from simulator.s3.uploads import Uploads
from simulator.web import App, Receive, Scope, Send

logger = logging.getLogger(__name__)

Operation = Callable[[Call], Awaitable[Response]]

OBS_API = "3.0"
"""The version of its API that OBS tells clients which ask whether they may speak its dialect."""

SERVICE: Mapping[tuple[str, str], Operation] = {("GET", ""): buckets.list_buckets}
BUCKET: Mapping[tuple[str, str], Operation] = {
    ("GET", ""): buckets.list_objects,
    ("GET", "location"): buckets.location,
    ("GET", "uploads"): multipart.list_uploads,
    ("GET", "versioning"): buckets.versioning,
    ("HEAD", ""): buckets.head_bucket,
    ("PUT", ""): buckets.create_bucket,
    ("DELETE", ""): buckets.delete_bucket,
    ("POST", "delete"): buckets.delete_objects,
}
OBJECT: Mapping[tuple[str, str], Operation] = {
    ("GET", ""): objects.get_object,
    ("GET", "uploadId"): multipart.list_parts,
    ("HEAD", ""): objects.head_object,
    ("PUT", ""): objects.put_object,
    ("PUT", "copy"): objects.copy_object,
    ("PUT", "uploadId"): multipart.upload_part,
    ("PUT", "uploadId copy"): multipart.copy_part,
    ("POST", "uploads"): multipart.begin,
    ("POST", "uploadId"): multipart.complete,
    ("DELETE", ""): objects.delete_object,
    ("DELETE", "uploadId"): multipart.abort,
}
"""Operations by method and subresource; `copy` stands for the header that names a source."""


class Endpoint:
    """Answers the requests that are meant for it.

    Args:
        identities: who may ask.
        region: name of the one region.
        now_s: real time, seconds since the epoch.
    """

    def __init__(
        self,
        store: ObjectStore,
        identities: Sequence[Identity],
        region: str,
        now_s: Callable[[], float],
    ) -> None:
        self._store = store
        self._uploads = Uploads(store.uploads)
        self._identities = {identity.access_key: identity for identity in identities}
        self.region = region
        self._now_s = now_s

    async def answer(self, request: S3Request) -> Response:
        """The answer to a request; nothing is raised but cancellation."""
        try:
            return await self._answer(request)
        except BodyEnded:
            return Response(b"", 400)  # nobody reads it
        except Exception as error:
            told = translated(error)
            if told is None or told.code == "InternalError":
                logger.exception("%s %s failed", request.method, request.raw_path)
                text = "internal error of Drydock; its log has the details"
                told = told or S3Error("InternalError", text)
            await Body(request).drain()
            return error_answer(request, told)

    async def _answer(self, request: S3Request) -> Response:
        if request.method == "HEAD" and "apiversion" in request.query:
            return await self._api_version(request)
        now_s = self._now_s()
        caller = authenticate(request, self._identities, now_s)
        operation = operation_of(request)
        _check_names(request)
        call = Call(
            request, caller, self._store, self._uploads, self.region, int(now_s * 1_000_000_000)
        )
        return await operation(call)

    async def _api_version(self, request: S3Request) -> Response:
        """OBS's clients ask for it before all else, unsigned."""
        if request.bucket:
            self._store.bucket(request.bucket)
        return Response(b"", 200, request.answer_headers(api=OBS_API))


def operation_of(request: S3Request) -> Operation:
    """What a request wants.

    Raises:
        S3Error: nothing that is simulated, or nothing at all.
    """
    if request.query.get("versionId", "null") not in ("", "null"):
        raise S3Error("NotImplemented", "versions of objects are not simulated")
    if "partNumber" in request.query and "uploadId" not in request.query:
        raise S3Error("NotImplemented", "reading an object by its parts is not simulated")
    table = OBJECT if request.key else BUCKET if request.bucket else SERVICE
    known = {subresource.split(" ")[0] for _, subresource in table}
    asked = [name for name in request.query if name in known]
    others = [name for name in request.query if name not in known and _is_subresource(name)]
    if others:
        raise S3Error("NotImplemented", f"{request.method} ?{others[0]} is not simulated")
    words = [*asked[:1], *(["copy"] if request.own("copy-source") else [])]
    operation = table.get((request.method, " ".join(words)))
    if operation is None:
        raise S3Error("MethodNotAllowed", f"{request.method} is not allowed on this resource")
    return operation


def _is_subresource(name: str) -> bool:
    lower = name.lower()
    if lower.startswith("response-") or lower in ("versionid", "partnumber"):
        return False
    return lower in SUBRESOURCES


def _check_names(request: S3Request) -> None:
    if not request.bucket:
        return
    try:
        check_bucket(request.bucket)
    except BadObjectPath as error:
        raise S3Error("InvalidBucketName", str(error)) from error
    try:
        check_key(request.key)
    except BadObjectPath as error:
        raise S3Error("InvalidObjectName", str(error)) from error


class S3Requests:
    """Pure ASGI middleware: what is meant for the endpoint goes there, all else goes on."""

    def __init__(self, app: App, endpoint: Endpoint) -> None:
        self._app = app
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = (
            S3Request.of(scope, receive, self._endpoint.region) if scope["type"] == "http" else None
        )
        if request is None:
            await self._app(scope, receive, send)
            return
        answer = await self._endpoint.answer(request)
        await answer(scope, receive, send)
