"""What is tried at every endpoint besides the rules: strict JSON, tokens, services that are not."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.bench.conform.connection import Answer, Unanswered
from simulator.bench.conform.judging import form_of_error, status_and_code
from simulator.bench.conform.report import Counterexample
from simulator.bench.conform.target import Target
from simulator.rules.rule import ErrorCode

RFC = "RFC 8259"
SERVICE_MISSING = ErrorCode(404, "ModelArts.3502", "the service does not exist")

MALFORMED = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"{'service_name': 'a'}",
    b'{"service_name": "a",}',
    b'{"service_name": NaN}',
    b'{"service_name": "\n"}',
    b'{"service_name": "\xff"}',
    b'\xef\xbb\xbf{"service_name": "a"}',
    b'{"service_name": "\\ud800"}',
    b'{"service_name": "a", "service_name": "b"}',
    b'{"priority": 1e999}',
    b'{"priority": 123456789012345678901234567890}',
    b"[" * 20_000,
    b'{"config": ' * 5_000,
)
"""Bodies that no reader of JSON should let through, or that one can stumble over. None would be
a valid request if it were read all the same."""


@dataclass(frozen=True)
class Check:
    """One check of the suite's own."""

    id: str
    statement: str
    source: str
    run: Callable[[Target], Iterator[Counterexample | None]]


def _malformed_json(target: Target) -> Iterator[Counterexample | None]:
    for path in ("/services", "/models"):
        for body in MALFORMED:
            yield _try(target, "POST", path, body, expected="a refusal (4xx)")


def _no_token(target: Target) -> Iterator[Counterexample | None]:
    unauthenticated = (ErrorCode(401, "", "not authenticated"),)
    for token in ("", "no-token-at-all"):
        for method, path, body in (
            ("GET", "/services", None),
            ("POST", "/services", b"{}"),
            ("DELETE", f"/services/{uuid.uuid4()}", None),
        ):
            yield _try(target, method, path, body, allowed=unauthenticated, token=token)


def _unknown_service(target: Target) -> Iterator[Counterexample | None]:
    for method, body in (("GET", None), ("PUT", b'{"description": ""}'), ("DELETE", None)):
        path = f"/services/{uuid.uuid4()}"
        yield _try(target, method, path, body, allowed=(SERVICE_MISSING,))


CHECKS = (
    Check(
        "malformed-json",
        "A body that is no strict JSON object is refused with 4xx.",
        RFC,
        _malformed_json,
    ),
    Check(
        "no-token",
        "Without a valid token, every request is answered 401.",
        "Error Codes, 401",
        _no_token,
    ),
    Check(
        "unknown-service",
        f"A service that does not exist is answered 404 {SERVICE_MISSING.code}.",
        "Error Codes, ModelArts.3502",
        _unknown_service,
    ),
)


def _try(
    target: Target,
    method: str,
    path: str,
    body: bytes | None,
    *,
    expected: str = "",
    allowed: tuple[ErrorCode, ...] = (),
    token: str | None = None,
) -> Counterexample | None:
    """Send one request; without `allowed`, any 4xx is right."""
    words = expected or " or ".join(f"{one.status} {one.code}".strip() for one in allowed)
    answer: Answer | None = None
    try:
        with target.cleaning():
            answer = target.ask(method, path, body, token=token)
        found = status_and_code(answer, allowed) if allowed else _is_refusal(answer)
        found += form_of_error(answer)
    except Unanswered as error:
        found = [f"no answer: {error}"]
    if not found:
        return None
    return Counterexample(method, target.url(path), body, answer, words, tuple(found))


def _is_refusal(answer: Answer) -> list[str]:
    if 400 <= answer.status < 500:
        return []
    return [f"the status is {answer.status}, not one of 4xx"]
