"""A small cloud without a network: answers by the rules, or wrongly where a test says so."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from simulator.bench.conform.connection import Answer
from simulator.errors import InvalidRequest, Violation
from simulator.modelarts.error_codes import INVALID_ARGUMENT, PARAMETER_ERROR
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.facts import Facts, ModelFacts
from simulator.rules.catalogue import Catalogue
from simulator.strict_json import parse_object

PROJECT, TOKEN = "a" * 32, "a-token"
ROOT = f"/v1/{PROJECT}"

Json = dict[str, Any]
Spoil = Callable[[str, str, Answer], Answer]


class Cloud:
    """A sender that is a whole endpoint.

    Args:
        catalogue: the rules that it follows.
        names_rules: whether it has Drydock's extension.
        spoil: changes what is answered to a method and a path.

    Attributes:
        asked: all requests: method, path below the project, body.
        services: those that exist: id to request.
        created: how many ever were.
    """

    base = "http://cloud.test"

    def __init__(
        self,
        catalogue: Catalogue = CATALOGUE,
        *,
        names_rules: bool = True,
        spoil: Spoil = lambda method, path, answer: answer,
    ) -> None:
        self._catalogue = catalogue
        self._names_rules = names_rules
        self._spoil = spoil
        self.asked: list[tuple[str, str, bytes | None]] = []
        self.models = {"the-model": ModelFacts()}
        self.services: dict[str, Json] = {}
        self.created = 0

    @property
    def bodies(self) -> list[bytes]:
        """What was posted and put."""
        return [body for _, _, body in self.asked if body is not None]

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        below = path.removeprefix(ROOT)
        self.asked.append((method, below, body))
        answer = self._answer(method, below, headers, body)
        return self._spoil(method, below, answer)

    def _answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        if headers.get("X-Auth-Token") != TOKEN:
            return error(401, "ModelArts.0203", "the token is invalid")
        family, _, rest = path.partition("?")[0].strip("/").partition("/")
        if body is not None:
            try:
                document = parse_object(body)
            except InvalidRequest as refused:
                return error(PARAMETER_ERROR.status, PARAMETER_ERROR.code, str(refused))
            return self._write(method, family, rest, document)
        if rest == "specifications":
            return ok({"specifications": []})
        if not rest:
            listed = [{"service_name": one["service_name"]} for one in self.services.values()]
            return ok({"services": listed, "models": []})
        return self._one(method, family, rest)

    def _one(self, method: str, family: str, key: str) -> Answer:
        if family == "models" and key in self.models:
            return ok({"model_id": key, "model_status": "published", "model_type": "Custom"})
        if key not in self.services:
            return error(404, "ModelArts.3502", "there is no such service")
        if method == "DELETE":
            del self.services[key]
            return ok({})
        return ok({"service_id": key, "status": "running"})

    def _write(self, method: str, family: str, rest: str, document: Json) -> Answer:
        names = frozenset(one["service_name"] for one in self.services.values())
        facts = Facts(models=self.models, names=names)
        if method == "PUT":
            if rest not in self.services:
                return error(404, "ModelArts.3502", "there is no such service")
            changed = Facts(models=self.models, status="running", request=self.services[rest])
            return self._refusal("update-service", document, changed, changed) or ok({})
        subject = "create-service" if family == "services" else "create-model"
        refused = self._refusal(subject, document, None, facts)
        if refused is not None:
            return refused
        if family == "models":
            return error(400, "ModelArts.3017", "there is nothing at source_location")
        made = str(uuid.uuid4())
        self.services[made] = document
        self.created += 1
        return ok({"service_id": made})

    def _refusal(
        self, subject: str, document: Json, early: Facts | None, late: Facts
    ) -> Answer | None:
        violations = self._catalogue.judge(subject, document, facts=early).violations
        if not violations and subject != "create-model":
            violations = self._catalogue.admit(subject, document, late).violations
        return self._told(violations) if violations else None

    def _told(self, violations: list[Violation]) -> Answer:
        rule = self._catalogue.by_id.get(violations[0].rule)
        code = rule.answer if rule else INVALID_ARGUMENT
        more = {"violations": [vars(one) for one in violations]} if self._names_rules else {}
        return error(code.status, code.code, violations[0].message, **more)


def ok(body: Json) -> Answer:
    return answered(200, body)


def error(status: int, code: str, message: str, **more: Any) -> Answer:
    return answered(status, {"error_code": code, "error_msg": message} | more)


def answered(status: int, body: Json, **headers: str) -> Answer:
    """A JSON answer as it should be."""
    named = {"content-type": "application/json", "x-request-id": "1"}
    return Answer(status, named | headers, json.dumps(body).encode())
