"""All cases."""

from __future__ import annotations

from tests.simulator.gateway.malformed import (
    connections,
    fields,
    framing,
    http2_frames,
    http2_requests,
    request_lines,
    targets,
)
from tests.simulator.gateway.malformed.case import Case

CASES: list[Case] = [
    *request_lines.CASES,
    *targets.CASES,
    *fields.CASES,
    *framing.CASES,
    *connections.CASES,
    *http2_requests.CASES,
    *http2_frames.CASES,
]
