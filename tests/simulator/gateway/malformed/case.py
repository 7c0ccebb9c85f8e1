"""One malformed or hostile exchange, as data: what is sent, and what may come of it.

Requests are templates of bytes with three marks, so that the same case plays at several places:

`<path>`      a path that is served, another one for each case, by which arrivals are told apart;
`<auth>`      the header lines that open that path, each with its line end;
`<smuggled>`  a whole request that would be served if the gateway took it for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

SMUGGLED = "/smuggled"
"""End of the path of a request that must never arrive."""


class Act(Enum):
    """What a client does beside sending bytes."""

    HALF_CLOSE = "half close"
    """It sends no more, and reads on."""
    ABORT = "abort"
    """It goes away without reading an answer."""
    AWAIT_INTERIM = "await interim"
    """It waits for `100 Continue`, or for any other answer."""


Step = bytes | Act


@dataclass(frozen=True)
class Place:
    """Where a case is played.

    Attributes:
        path: served, and not used by another case.
        headers: what opens the path, as name and value.
    """

    path: str
    headers: tuple[tuple[str, str], ...] = ()

    def fill(self, template: bytes) -> bytes:
        """The bytes of a template."""
        auth = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        smuggled = (
            b"POST <path>/smuggled HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 0\r\n\r\n"
        )
        filled = template.replace(b"<smuggled>", smuggled)
        return filled.replace(b"<path>", self.path.encode()).replace(b"<auth>", auth.encode())


@dataclass(frozen=True)
class Wanted:
    """What may come of a case.

    Attributes:
        statuses: one of them is the last answer's; empty when none is wanted.
        arrives: ends of the paths of the requests that the instance gets, in order; None for any
            number of sound ones.
        silence: whether the end of the connection will do in place of an answer.
        ends: whether the gateway must end the connection.
        body: what the instance gets as the body of its last request, where that matters.
        absent: header fields that its last request must not have.
    """

    statuses: tuple[int, ...] = ()
    arrives: tuple[str, ...] | None = ()
    silence: bool = False
    ends: bool = False
    body: bytes | None = None
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A case. `steps` makes what the client does at a place."""

    name: str
    wanted: Wanted
    steps: Callable[[Place], Sequence[Step]]
    http2: bool = False


def refused(*statuses: int) -> Wanted:
    """Answered by the gateway with one of these, and the connection is at an end."""
    return Wanted(statuses, ends=True)


def answered(*statuses: int) -> Wanted:
    """Answered by the gateway with one of these; the connection may stay in use."""
    return Wanted(statuses)


def dropped(*statuses: int) -> Wanted:
    """The connection ends; an answer before its end may be one of these."""
    return Wanted(statuses, silence=True, ends=True)


def rejected(*statuses: int) -> Wanted:
    """A stream of HTTP/2 that is refused: answered with one of these, or 400, 403 or 405, or
    reset (0), or ended with its connection."""
    return Wanted((0, 400, 403, 405, *statuses), silence=True)


def passed(*arrives: str, body: bytes | None = None, absent: tuple[str, ...] = ()) -> Wanted:
    """Harmless, or made so: the instance answers 200; without arguments one request arrives."""
    return Wanted((200,), arrives or ("",), body=body, absent=absent)


def raw(name: str, wanted: Wanted, *steps: Step) -> Case:
    """A case of HTTP/1 whose steps are templates."""

    def fill(place: Place) -> list[Step]:
        return [place.fill(step) if isinstance(step, bytes) else step for step in steps]

    return Case(name, wanted, fill)
