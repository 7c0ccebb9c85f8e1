"""How a request can end, and what an answer that is an error says."""

from __future__ import annotations

import json
import re
from enum import StrEnum

READ_BYTES = 2048
"""So much of an error's body is looked at."""
_CODE = re.compile(r"[\w.-]{1,40}")
_MESSAGE_CHARS = 200


class Ending(StrEnum):
    """How a request ended."""

    OK = "ok"
    """An answer with a status of 2xx."""
    REFUSED = "refused"
    """An answer with another status."""
    LOST = "lost"
    """No answer: the connection could not be made, or broke."""
    TIMEOUT = "timeout"
    """No answer in time."""

    @property
    def is_answer(self) -> bool:
        return self in (Ending.OK, Ending.REFUSED)

    @property
    def has_latency(self) -> bool:
        """Whether it counts among the latencies: what was given up has waited at least so long, and
        leaving it out would make them look better than they were."""
        return self in (Ending.OK, Ending.TIMEOUT)


def ending_of(status: int) -> Ending:
    return Ending.OK if 200 <= status < 300 else Ending.REFUSED


def label_of(status: int, body: bytes) -> tuple[str, str]:
    """What an error is counted under, such as `429 ModelArts.4206`, and its message.

    The code is looked for under the names that the clouds and model servers use: `error_code`,
    `code`, `erno`.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return str(status), ""
    code = str(said.get("error_code") or said.get("code") or said.get("erno") or "")
    message = str(said.get("error_msg") or said.get("message") or said.get("msg") or "")
    label = f"{status} {code}" if _CODE.fullmatch(code) else str(status)
    return label, message[:_MESSAGE_CHARS]
