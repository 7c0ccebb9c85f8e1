"""HTTP as the suite needs it: one connection that is kept, and every byte as it came.

On `http.client`: thousands of small requests one after the other are sent, and there it costs the
client 0.2 ms each, 0.4 ms on httpcore and 0.8 ms on httpx.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlsplit

from simulator.clock import steady_s

ANSWER_S = 30.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class NothingThere(Exception):
    """Nobody takes connections at the address; the text says why."""


class Unanswered(Exception):
    """The request was sent and no answer came, or one that is not HTTP; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        headers: names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def document(self) -> Any:
        """The body's JSON value; None when it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def object(self) -> dict[str, Any]:
        """The body's JSON object; empty when it is none."""
        return self.document if isinstance(self.document, dict) else {}

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Sender(Protocol):
    """Sends requests to one endpoint."""

    @property
    def base(self) -> str:
        """The endpoint's address without a slash at the end."""

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """One request.

        Raises:
            NothingThere: it could not be sent.
            Unanswered: no answer came.
        """


class Connection:
    """One connection to an endpoint, opened when needed.

    Args:
        url: of the endpoint: `http://127.0.0.1:8780`, `https://modelarts.example.com/prefix`.

    Raises:
        ValueError: the URL is none of an HTTP endpoint.
    """

    def __init__(self, url: str, *, answer_s: float = ANSWER_S) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no address such as http://127.0.0.1:8780")
        self.base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        self._prefix = parts.path.rstrip("/")
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._wire: http.client.HTTPConnection = kind(parts.hostname, parts.port, timeout=answer_s)

    def close(self) -> None:
        self._wire.close()

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """One request. A kept connection that the other side has closed meanwhile is opened anew.

        Raises:
            NothingThere, Unanswered.
        """
        was_open = self._wire.sock is not None
        try:
            return self._exchange(method, path, headers, body)
        except (http.client.RemoteDisconnected, ConnectionError) as error:
            self._wire.close()
            if not was_open:
                raise Unanswered(f"the connection was closed: {error}") from error
        except TimeoutError as error:
            self._wire.close()
            raise Unanswered(f"no answer within {ANSWER_S:.0f} s") from error
        except (http.client.HTTPException, OSError) as error:
            self._wire.close()
            raise Unanswered(f"{type(error).__name__}: {error}") from error
        return self.send(method, path, headers, body)

    def _exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        if self._wire.sock is None:
            try:
                self._wire.connect()
            except OSError as error:
                self._wire.close()
                raise NothingThere(f"nothing answers at {self.base}: {error}") from error
        self._wire.request(method, self._prefix + path, body, dict(headers))
        answer = self._wire.getresponse()
        received = answer.read(MAX_ANSWER_BYTES + 1)
        if len(received) > MAX_ANSWER_BYTES:
            self._wire.close()  # the rest is not wanted
        elif answer.length:
            raise http.client.IncompleteRead(received, answer.length)
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, received)


class Paced:
    """Sends at most so many requests a second.

    Args:
        per_second: 0 for as fast as answers come.
    """

    def __init__(
        self,
        sender: Sender,
        per_second: float,
        *,
        now_s: Callable[[], float] = steady_s,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sender = sender
        self._gap_s = 1 / per_second if per_second else 0.0
        self._now_s, self._sleep = now_s, sleep
        self._next_s = 0.0

    @property
    def base(self) -> str:
        return self._sender.base

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """As the sender that it was made of; waits before."""
        if self._gap_s:
            wait_s = self._next_s - self._now_s()
            if wait_s > 0:
                self._sleep(wait_s)
            self._next_s = max(self._next_s, self._now_s()) + self._gap_s
        return self._sender.send(method, path, headers, body)


@contextlib.contextmanager
def connect(url: str, per_second: float = 0) -> Iterator[Sender]:
    """A sender for as long as the block lasts.

    Raises:
        ValueError: the URL is none of an HTTP endpoint.
    """
    with contextlib.closing(Connection(url)) as connection:
        yield Paced(connection, per_second) if per_second else connection


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own; other names count as elsewhere."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
