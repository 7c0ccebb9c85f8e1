"""Where requests go and what is in them, down to the bytes of HTTP/1.1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import SplitResult, urlsplit

MAX_BODIES_BYTES = 64 * 1024 * 1024
"""All bodies together; they are kept in memory twice."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN_HEADERS = ("host", "content-length", "content-type", "transfer-encoding", "connection")
_HTTP_PORT, _HTTPS_PORT = 80, 443


class TargetError(ValueError):
    """No request can be made of it; the text says why."""


@dataclass(frozen=True)
class Body:
    """One request body.

    Attributes:
        content_type: empty for none.
        name: for people: a file's name.
    """

    content: bytes = b""
    content_type: str = ""
    name: str = ""


@dataclass(frozen=True)
class Part:
    """A field of a multipart form; with a filename it is a file."""

    name: str
    content: bytes
    content_type: str = ""
    filename: str = ""


@dataclass(frozen=True)
class Target:
    """What is called.

    Attributes:
        url: `http` or `https`, with path and query as they are sent.
        headers: sent with every request, in this order.
        bodies: sent in turn.

    Raises:
        TargetError: no request can be made of it.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    bodies: Sequence[Body] = (Body(),)

    def __post_init__(self) -> None:
        parts = self._parts
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TargetError(f"{self.url} is no address such as http://127.0.0.1:8780/path")
        if parts.username is not None:
            raise TargetError("the address must hold no user name and no password")
        if not self.url.isascii() or re.search(r"[\x00-\x20\x7f]", self.url):
            raise TargetError(f"{self.url!r} holds characters that must be percent-encoded")
        if not _TOKEN.fullmatch(self.method) or self.method in ("HEAD", "CONNECT"):
            raise TargetError(f"requests cannot be sent with the method {self.method}")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or name.lower() in _OWN_HEADERS:
                raise TargetError(f"a header {name} cannot be given")
            if re.search(r"[\r\n\0]", value) or not value.isascii():
                raise TargetError(f"the value of the header {name} is not allowed")
        if not self.bodies:
            raise TargetError("there is no body to send")
        if sum(len(body.content) for body in self.bodies) > MAX_BODIES_BYTES:
            raise TargetError(f"the bodies are more than {MAX_BODIES_BYTES >> 20} MiB together")

    @property
    def _parts(self) -> SplitResult:
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError as error:
            raise TargetError(f"{self.url} is no address: {error}") from error
        return parts

    @property
    def secure(self) -> bool:
        return self._parts.scheme == "https"

    @property
    def host(self) -> str:
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        return self._parts.port or (_HTTPS_PORT if self.secure else _HTTP_PORT)

    def requests(self) -> list[bytes]:
        """One complete request for each body."""
        return [b"".join(self._request(body)) for body in self.bodies]

    def _request(self, body: Body) -> Iterator[bytes]:
        parts = self._parts
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{self.method} {path} HTTP/1.1", f"host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if body.content_type:
            lines.append(f"content-type: {body.content_type}")
        if body.content or self.method not in ("GET", "DELETE"):
            lines.append(f"content-length: {len(body.content)}")
        yield ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
        yield body.content

    @property
    def digest(self) -> str:
        """Of what all requests say, apart from headers: method, path and bodies. Two tests with
        the same digest sent the same."""
        whole = sha256(f"{self.method} {self._parts.path}?{self._parts.query}".encode())
        for body in self.bodies:
            whole.update(sha256(body.content_type.encode()).digest())
            whole.update(sha256(body.content).digest())
        return whole.hexdigest()


def multipart(parts: Sequence[Part], name: str = "") -> Body:
    """A form with files (RFC 7578). The boundary follows from the content, so that the same form
    is the same bytes."""
    digest = sha256()
    for part in parts:
        digest.update(sha256(part.content).digest())
    boundary = f"drydock-{digest.hexdigest()[:32]}"
    while any(boundary.encode() in part.content for part in parts):
        boundary += "-"
    content = b""
    for part in parts:
        named = f'; filename="{_quoted(part.filename)}"' if part.filename else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"{named}'
        if part.content_type:
            head += f"\r\nContent-Type: {part.content_type}"
        content += f"{head}\r\n\r\n".encode() + part.content + b"\r\n"
    content += f"--{boundary}--\r\n".encode()
    return Body(content, f"multipart/form-data; boundary={boundary}", name)


def _quoted(text: str) -> str:
    """As browsers send names and file names (HTML standard, multipart form data)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
