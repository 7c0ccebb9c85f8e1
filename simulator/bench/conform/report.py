"""What a run has found, as data; `document` is the same for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.bench.conform.connection import Answer
from simulator.bench.conform.options import Saved

SHOWN_CHARS = 4000
"""Of a body that is no JSON, or a long one, this much is kept."""
TOKEN_VARIABLE = "DRYDOCK_TOKEN"


class Result(StrEnum):
    """What came out for a rule or a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Counterexample:
    """A request that was not answered as the documents say.

    Attributes:
        body: as it was sent; None where there was none.
        saved: the case, for a replay file; None where it cannot be replayed.
        answer: None when there was none.
        complaints: what is wrong with the answer, one sentence each.
    """

    method: str
    url: str
    body: bytes | None
    answer: Answer | None
    expected: str
    complaints: tuple[str, ...]
    saved: Saved | None = None

    @property
    def size(self) -> tuple[int, bytes]:
        """Smaller is better: to choose among several."""
        return len(self.body or b""), self.body or b""

    @property
    def request(self) -> Any:
        """The body's JSON value, or its text."""
        return _value(self.body) if self.body is not None else None

    @property
    def curl(self) -> str:
        """A command that sends it again; the token is left out."""
        parts = ["curl", "-i", "-X", self.method, shlex.quote(self.url)]
        parts += ["-H", f'"X-Auth-Token: ${TOKEN_VARIABLE}"']
        if self.body is not None:
            text = self.request
            if not isinstance(text, str):  # plain ASCII survives every terminal
                text = json.dumps(text)
            parts += ["-H", "'Content-Type: application/json'", "--data-binary", shlex.quote(text)]
        return " ".join(parts)

    @property
    def answered(self) -> str:
        """Status and code of the answer."""
        if self.answer is None:
            return "no answer"
        code = self.answer.object.get("error_code")
        return f"{self.answer.status} {code}" if isinstance(code, str) else str(self.answer.status)

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "method": self.method,
            "url": self.url,
            "request": self.request,
            "curl": self.curl,
            "expected": self.expected,
            "answer": _answer_document(self.answer),
            "complaints": list(self.complaints),
        }


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """What came out for one rule, or for one of the suite's own checks.

    Attributes:
        sent: requests that were judged.
        note: why it is not shown, or what else there is to say.
        mended: a replayed case that failed before is answered rightly now.
    """

    id: str
    statement: str
    source: str
    result: Result
    sent: int = 0
    seconds: float = 0.0
    note: str = ""
    counterexample: Counterexample | None = None
    mended: bool = False

    @property
    def group(self) -> str:
        """`MA-SVC` of `MA-SVC-014`; checks of the suite's own are `protocol`."""
        return self.id.rpartition("-")[0] if self.id.startswith("MA-") else "protocol"

    def document(self) -> dict[str, Any]:
        """For programs."""
        shown: dict[str, Any] = {
            "id": self.id,
            "statement": self.statement,
            "source": self.source,
            "result": self.result.value,
            "sent": self.sent,
            "seconds": round(self.seconds, 3),
        }
        if self.note:
            shown["note"] = self.note
        if self.mended:
            shown["mended"] = True
        if self.counterexample is not None:
            shown["counterexample"] = self.counterexample.document()
        return shown


@dataclass(frozen=True, kw_only=True)
class ConformReport:
    """A whole run.

    Attributes:
        extension: whether the endpoint names the broken rules (`violations`, as Drydock does).
        stopped: why the run ended before it was through; empty when it did not.
        lost: it ended because nobody answered any more.
        left: what was created and could not be deleted.
        kept: replayed cases that could not be sent this time.
    """

    endpoint: str
    seed: int
    created: bool
    extension: bool
    requests: int
    seconds: float
    results: tuple[RuleResult, ...]
    stopped: str = ""
    lost: bool = False
    left: tuple[str, ...] = ()
    kept: tuple[Saved, ...] = field(default=())

    def having(self, result: Result) -> tuple[RuleResult, ...]:
        """The rules and checks with one result."""
        return tuple(one for one in self.results if one.result is result)

    @property
    def failed(self) -> tuple[RuleResult, ...]:
        return self.having(Result.FAILED)

    @property
    def passed(self) -> tuple[RuleResult, ...]:
        return self.having(Result.PASSED)

    @property
    def not_shown(self) -> tuple[RuleResult, ...]:
        return self.having(Result.NOT_SHOWN)

    @property
    def mended(self) -> tuple[RuleResult, ...]:
        return tuple(one for one in self.results if one.mended)

    @property
    def to_replay(self) -> tuple[Saved, ...]:
        """What a replay file should hold after this run."""
        found = (one.counterexample for one in self.failed)
        saved = [one.saved for one in found if one is not None and one.saved is not None]
        return (*saved, *(one for one in self.kept if one not in saved))

    def groups(self) -> Iterable[tuple[str, list[RuleResult]]]:
        """Rules by group: groups with findings first, and within each what failed first."""
        order = {Result.FAILED: 0, Result.PASSED: 1, Result.NOT_SHOWN: 2}
        by_name: dict[str, list[RuleResult]] = {}
        for one in self.results:
            by_name.setdefault(one.group, []).append(one)
        for group in by_name.values():
            group.sort(key=lambda one: order[one.result])
        return sorted(by_name.items(), key=lambda item: item[1][0].result is not Result.FAILED)

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "endpoint": self.endpoint,
            "seed": self.seed,
            "mode": "create" if self.created else "dry-run",
            "names_rules": self.extension,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "passed": len(self.passed),
            "failed": len(self.failed),
            "not_shown": len(self.not_shown),
            "stopped": self.stopped,
            "left": list(self.left),
            "rules": [one.document() for one in self.results],
        }


def _answer_document(answer: Answer | None) -> Mapping[str, Any] | None:
    if answer is None:
        return None
    told = {
        name: answer.headers[name]
        for name in ("content-type", "x-request-id")
        if name in answer.headers
    }
    return {"status": answer.status, "headers": told, "body": _value(answer.body)}


def _value(body: bytes) -> Any:
    """JSON where it is some, else text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")[:SHOWN_CHARS]
