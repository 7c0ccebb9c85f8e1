"""Every API that the server speaks, as one OpenAPI document. Loaded only when that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulator.admin import openapi as admin
from simulator.gateway.state import Cause
from simulator.iam import openapi as iam
from simulator.modelarts import openapi as modelarts
from simulator.modelarts.wire import gateway_answers
from simulator.openapi import CLOUD, FOREIGN, Fault, document
from simulator.rules.openapi import Schema

_GATEWAY = (
    (Cause.HOST_NOT_ALLOWED, "the Host header names another machine"),
    (Cause.CONTROL_UNAVAILABLE, "the control server does not answer"),
)


def describe(
    plain: Mapping[str, Any], readings: Mapping[str, str], specifications: Sequence[str] = ()
) -> Schema:
    """The document.

    Args:
        plain: what FastAPI makes of the routes.
        readings: what is chosen where the clouds' documents disagree: some limits go with it.
        specifications: names of those that the settings add.
    """
    answers = gateway_answers()
    common = [FOREIGN]
    for cause, meaning in _GATEWAY:
        answer = answers[cause]
        common.append(Fault(answer.status, answer.error_code, meaning, CLOUD))
    surfaces = [modelarts.surface(readings, specifications), iam.surface(), admin.surface()]
    return document(plain, [replace(one, common=common) for one in surfaces])
