"""What every operation has at hand, and how answers are made."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from simulator.objects import Bucket, ObjectStore
from simulator.s3 import xml
from simulator.s3.access import Caller
from simulator.s3.errors import S3Error
from simulator.s3.request import S3Request
from simulator.s3.threads import in_thread
from simulator.s3.uploads import Uploads

XML_TYPE = "application/xml"
DOCUMENT_MAX_BYTES = 4 * 1024 * 1024
"""Largest document of a request: 1,000 keys, or 10,000 parts."""


@dataclass(frozen=True)
class Call:
    """One request of a known sender.

    Attributes:
        now_ns: real time, nanoseconds since the epoch.
    """

    request: S3Request
    caller: Caller
    store: ObjectStore
    uploads: Uploads
    region: str
    now_ns: int

    async def bucket(self) -> Bucket:
        """The bucket that the request names.

        Raises:
            NoSuchBucket
        """
        return await in_thread(self.store.bucket, self.request.bucket)

    @property
    def owner(self) -> xml.Content:
        """The one user, as the elements of `Owner`."""
        identity = self.caller.identity
        owner: list[tuple[str, str | xml.Content]] = [("ID", identity.domain_id)]
        if not self.request.is_obs:
            owner.append(("DisplayName", identity.user_name))
        return owner

    def document(self, root: str, content: xml.Content | str, status: int = 200) -> Response:
        """An answer that is an XML document of the client's dialect."""
        namespace = xml.OBS_NAMESPACE if self.request.is_obs else xml.AWS_NAMESPACE
        return Response(
            xml.document(root, content, namespace=namespace),
            status,
            self.request.answer_headers(),
            XML_TYPE,
        )

    def empty(self, status: int = 200, **headers: str) -> Response:
        """An answer without content. Names of headers: `_` for `-`."""
        plain = {name.replace("_", "-"): value for name, value in headers.items()}
        return Response(b"", status, self.request.answer_headers() | plain)


def error_answer(request: S3Request, error: S3Error) -> Response:
    """A refusal, as these clients read it; HEAD and 304 have no content."""
    headers = request.answer_headers() | error.headers
    if request.method == "HEAD" or error.status == 304:
        return Response(b"", error.status, headers)
    content = [
        ("Code", error.code),
        ("Message", error.message),
        ("Resource", f"/{request.bucket}/{request.key}".rstrip("/") or "/"),
        ("RequestId", request.request_id),
        ("HostId", request.request_id),
    ]
    return Response(xml.document("Error", content), error.status, headers, XML_TYPE)
