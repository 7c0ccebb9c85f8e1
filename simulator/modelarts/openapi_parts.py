"""Pieces of what the OpenAPI document says of the ModelArts API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulator.errors import Refused
from simulator.iam.openapi import PROJECT_ID, PROJECT_TOKEN, caller_faults
from simulator.modelarts import examples, wire
from simulator.openapi import CLOUD, STORE_FAILED, TOO_LARGE, Answer, Fault, Operation
from simulator.rules.openapi import Schema, reference
from simulator.rules.rule import ErrorCode


def operation(
    answer: str | None,
    name: str,
    faults: Iterable[Fault],
    about: str = "",
    *,
    path: Mapping[str, Schema] | None = None,
    links: Mapping[str, Schema] | None = None,
    **more: Any,
) -> Operation:
    """What is said of an operation.

    Args:
        answer: the named schema of what it answers; None for nothing at all (204).
    """
    return Operation(
        answer=Answer(
            "Done.",
            reference(answer) if answer else None,
            status=200 if answer else 204,
            example=examples.answers()[name],
            links=links or {},
        ),
        faults=[*caller_faults(CLOUD, of_project=True), TOO_LARGE, *faults, STORE_FAILED],
        about=about,
        path={"project_id": PROJECT_ID, **(path or {})},
        security=PROJECT_TOKEN,
        **more,
    )


def fault(code: ErrorCode) -> Fault:
    """An error that a rule answers with."""
    return Fault(code.status, code.code, code.meaning, CLOUD)


def told(error: Refused, meaning: str) -> Fault:
    """An error of the simulator, as the cloud says it."""
    answer = wire.error_answer(error)
    return Fault(answer.status, answer.error_code, meaning, CLOUD)
