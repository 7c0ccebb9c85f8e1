"""What EAS answers: `{RequestId, HostId, Code, Message}` with an HTTP status.

No public page lists the codes of refused service descriptions.
"""

from __future__ import annotations

from simulator.rules.rule import ErrorCode

INVALID_PARAMETER = ErrorCode(
    400,
    "InvalidParameter",
    "a parameter is invalid; status and code are inferred: no public page lists those of a refused "
    "service description",
)
