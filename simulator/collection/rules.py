"""What is collected of a service's requests. Pure; kept with the service's row.

That data collection exists, is off unless asked for and is not for WebSocket services is documented
(Deploying as a Real-Time Service, table 2); the rules are Drydock's own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

BUCKET = "drydock-collection"
"""Where exchanges go unless a service says otherwise."""
MIB = 1024 * 1024
BODY_BYTES = MIB
BUDGET_BYTES = 1024 * MIB
FAILED_FROM = 400


@dataclass(frozen=True)
class Collection:
    """The rules of one service.

    Attributes:
        enabled: requests are collected.
        share_percent: of the requests, 0.01 to 100, drawn by the gateway.
        only_failed: those whose answer has a status of 400 or above, and no others.
        content_types: of requests, in lower case, `*` for anything: `image/*`; none for all.
        max_body_bytes: what is kept of a request's body, and of an answer's; the rest is cut off.
        budget_bytes: that all files of the service may take together.
        destination: `obs://bucket/folder/`; the service's files are in a folder of its id there.
    """

    enabled: bool = False
    share_percent: float = 100.0
    only_failed: bool = False
    content_types: tuple[str, ...] = ()
    max_body_bytes: int = BODY_BYTES
    budget_bytes: int = BUDGET_BYTES
    destination: str = f"obs://{BUCKET}/"

    def wants(self, status: int, content_type: str) -> bool:
        """Whether an exchange that the gateway drew, while it was enabled, is kept.

        Args:
            status: of the answer.
            content_type: of the request, with its parameters; empty for none.
        """
        if self.only_failed and status < FAILED_FROM:
            return False
        kind = content_type.partition(";")[0].strip().lower()
        return not self.content_types or any(
            fnmatchcase(kind, pattern) for pattern in self.content_types
        )


OFF = Collection()
"""What holds unless asked for."""


def collection_of(kept: dict[str, Any]) -> Collection:
    """From what is kept; what is absent is as by default."""
    values = dict(kept)
    if "content_types" in values:
        values["content_types"] = tuple(values["content_types"])
    return Collection(**values)


def kept_collection(collection: Collection) -> dict[str, Any]:
    """What is kept of it: what is otherwise than by default."""
    default = asdict(OFF)
    found = {name: value for name, value in asdict(collection).items() if value != default[name]}
    if "content_types" in found:
        found["content_types"] = list(found["content_types"])
    return found
