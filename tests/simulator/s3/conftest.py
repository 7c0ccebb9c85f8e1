"""The endpoint over a store in a folder, called through ASGI; requests are signed by botocore."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from botocore.auth import HmacV1Auth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from simulator.iam.identity import Identity, default_identity
from simulator.objects import ObjectStore
from simulator.s3.app import Endpoint, S3Requests
from simulator.web import Receive, Scope, Send

REGION = "local"
ADDRESS = "http://127.0.0.1:8780"
IDENTITY: Identity = default_identity()


@dataclass
class Answer:
    """What came back, with the document that it may be."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def code(self) -> str:
        return self.text("Code")

    def text(self, path: str) -> str:
        return (self.found(path) or [""])[0]

    def found(self, path: str) -> list[str]:
        """The texts of all elements of this path, namespaces left out."""
        root = ElementTree.fromstring(self.content)
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return [element.text or "" for element in root.findall(path)]


@dataclass
class Rig:
    """A client of the endpoint."""

    store: ObjectStore
    endpoint: Endpoint
    others: list[str] = field(default_factory=list)
    """Paths of requests that were not the endpoint's."""

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        signer: str = "v4",
        address: str = ADDRESS,
        secret_key: str = IDENTITY.secret_key,
        access_key: str = IDENTITY.access_key,
    ) -> AWSRequest:
        """A signed request; `signer` is v4, v4-query, v2, or empty for none."""
        request = AWSRequest(method, address + path, dict(headers or {}), body)
        # signed as it will be sent
        request.headers["Host"] = address.split("//")[1]
        credentials = Credentials(access_key, secret_key)
        if signer == "v4":
            request.context["payload_signing_enabled"] = True
            S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
        elif signer == "v4-query":
            S3SigV4QueryAuth(credentials, "s3", REGION, expires=600).add_auth(request)
        elif signer == "v2":
            HmacV1Auth(credentials).add_auth(request)
        return request

    def send(self, request: AWSRequest, body: bytes | AsyncIterator[bytes] | None = None) -> Answer:
        """Send it, possibly with another body than the signed one."""
        return asyncio.run(self.asend(request, body))

    async def asend(
        self, request: AWSRequest, body: bytes | AsyncIterator[bytes] | None = None
    ) -> Answer:
        transport = httpx.ASGITransport(S3Requests(self._other, self.endpoint))  # type: ignore[arg-type]
        headers = [
            (k, v if isinstance(v, bytes) else v.encode()) for k, v in request.headers.items()
        ]
        content = request.data or b"" if body is None else body
        async with httpx.AsyncClient(transport=transport) as client:
            sent = client.build_request(
                request.method, request.url, headers=headers, content=content
            )
            found = await client.send(sent)
            return Answer(found.status_code, found.headers, found.content)

    def call(self, method: str, path: str, body: bytes = b"", **more: Any) -> Answer:
        """A signed request that must not fail with a fault of the server."""
        headers = {k.replace("_", "-"): v for k, v in (more.pop("headers", {})).items()}
        answer = self.send(self.request(method, path, body, headers, **more))
        assert answer.status not in (500, 502), answer.content
        return answer

    def ok(self, method: str, path: str, body: bytes = b"", **more: Any) -> Answer:
        """As `call`, and it must succeed."""
        answer = self.call(method, path, body, **more)
        assert answer.status < 300, (answer.status, answer.content)
        return answer

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.others.append(scope["path"])
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def now_s() -> list[float]:
    """What the endpoint takes the time to be; empty for the real one."""
    return []


@pytest.fixture
def rig(tmp_path: Path, now_s: list[float]) -> Iterator[Rig]:
    import time

    store = ObjectStore(tmp_path / "objects")

    def clock() -> float:
        return now_s[0] if now_s else time.time()

    yield Rig(store, Endpoint(store, [IDENTITY], REGION, clock))
    store.close()


@pytest.fixture
def data(rig: Rig) -> str:
    """A bucket."""
    rig.store.create("data")
    return "data"
