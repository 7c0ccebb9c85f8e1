"""From domain results and errors to ModelArts' JSON."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import simulator
from simulator import errors
from simulator.errors import InvalidRequest, Refused, Violation
from simulator.gateway.state import Cause
from simulator.modelarts import wire
from simulator.store.listing import listed
from simulator.store.records import instance_values, service_of
from simulator.store.services import Stored
from simulator.store.tables import EventRow, InstanceRow
from tests.support.builders import NOW, a_model_row, a_service_row, a_version_row, an_instance
from tests.support.requests import documented

TWO = documented("realtime-two-versions")

SAMPLES: list[tuple[Refused, int, str]] = [
    (errors.NotFound("service", "s1"), 404, "ModelArts.3502"),
    (errors.NotFound("model", "m1"), 404, "ModelArts.3001"),
    (errors.NameTaken("service", "mnist"), 409, "ModelArts.3503"),
    (errors.NameTaken("model", "mnist 0.0.1"), 409, "ModelArts.3002"),
    (errors.StatusForbids("service", "s1", "running", "be started"), 400, "ModelArts.3519"),
    (errors.QuotaExceeded("real-time-services", 20, 20, 1), 400, "ModelArts.3520"),
    (errors.QuotaExceeded("batch-services", 1000, 1000, 1), 400, "ModelArts.3520"),
    (errors.QuotaExceeded("public-instances", 100, 99, 2), 400, "ModelArts.3522"),
    (errors.InUse("model", "m1", ["mnist"]), 500, "ModelArts.3009"),
    (errors.InUse("app", "a1", ["mnist"]), 403, "ModelArts.0108"),
    (errors.NotFound("app", "a1"), 404, "ModelArts.3923"),
    (errors.NotFound("service API", "i1"), 404, "ModelArts.3935"),
    (errors.NameTaken("app", "shop"), 409, "ModelArts.3929"),
    (errors.QuotaExceeded("apps", 5, 5, 1), 400, "ModelArts.0118"),
    (errors.BelongsElsewhere("service API", "i1", "service x"), 403, "ModelArts.3936"),
    (errors.AccessRefused("app", "why"), 401, "APIG.0303"),
    (errors.AccessRefused("app key", "why"), 400, "ModelArts.4905"),
    (errors.AccessRefused("grant", "why"), 400, "ModelArts.4902"),
    (errors.SourceUnusable("/b/k", "why", hint="do this"), 400, "ModelArts.3017"),
    (errors.UnknownOperation("GET", "/v1/p/nothing"), 404, "APIG.0101"),
    (errors.NotSimulated("deploying edge services"), 501, "Drydock.NotSimulated"),
    (InvalidRequest([Violation("MA-SVC-014", "/x", "m", "s")]), 400, "ModelArts.0101"),
]


def refusals(of: type[Refused] = Refused) -> set[type[Refused]]:
    """Every subclass, at any depth."""
    direct = set(of.__subclasses__())
    return direct.union(*(refusals(one) for one in direct))


class TestErrors:
    @pytest.mark.parametrize(("error", "status", "code"), SAMPLES)
    def test_each_has_its_status_and_code(self, error: Refused, status: int, code: str) -> None:
        answer = wire.error_answer(error)
        assert (answer.status, answer.error_code) == (status, code)
        assert answer.body()["error_code"] == code
        assert answer.error_msg

    def test_every_refusal_there_is_has_a_wire_form(self) -> None:
        assert {type(error) for error, _, _ in SAMPLES} == refusals()

    def test_every_kind_that_is_named_anywhere_has_a_wire_form(self) -> None:
        named = set()
        for path in Path(simulator.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                if node.func.id in ("NotFound", "NameTaken") and node.args:
                    assert isinstance(node.args[0], ast.Constant), path
                    named.add((node.func.id, node.args[0].value))
        assert named
        for kind, word in named:
            assert wire.error_answer(getattr(errors, kind)(word, "x")).status in (404, 409)

    def test_a_refusal_without_a_wire_form_is_our_mistake(self) -> None:
        with pytest.raises(TypeError, match="no wire form for Refused"):
            wire.error_answer(Refused())

    def test_what_is_not_simulated_is_named(self) -> None:
        answer = wire.error_answer(errors.NotSimulated("changing a service's property"))
        assert (answer.status, answer.error_msg) == (
            501,
            "changing a service's property is not simulated",
        )

    def test_a_hint_follows_the_message_as_the_clouds_form_has_no_field_for_it(self) -> None:
        error = errors.SourceUnusable("/b/k", "it is empty", hint="put a model there")
        answer = wire.error_answer(error)
        assert answer.hint == "put a model there"
        assert answer.body()["error_msg"] == (
            "cannot import a model from /b/k: it is empty; put a model there"
        )

    @pytest.mark.parametrize(
        ("rule", "status", "code"),
        [
            ("BadJson", 400, "ModelArts.0104"),
            ("MA-SVC-015", 400, "ModelArts.3516"),
            ("MA-CFG-001", 400, "ModelArts.3015"),
            ("MA-TYPE-0307", 400, "ModelArts.0101"),
            ("MA-ADM-001", 404, "ModelArts.3507"),
            ("MA-ADM-002", 400, "ModelArts.3515"),
            ("MA-ADM-008", 400, "ModelArts.3547"),
            ("MA-ADM-012", 400, "ModelArts.3976"),
            ("Type", 400, "ModelArts.0101"),
        ],
    )
    def test_the_first_broken_rule_gives_the_code_and_all_are_listed(
        self, rule: str, status: int, code: str
    ) -> None:
        broken = [Violation(rule, "/a", "first", "src"), Violation("R2", "/b", "second", "src")]
        answer = wire.error_answer(InvalidRequest(broken))
        body = answer.body()
        assert (answer.status, body["error_code"]) == (status, code)
        assert body["error_msg"] == f"first. [{rule}, src]"
        assert body["violations"] == [
            {"rule": rule, "path": "/a", "message": "first", "source": "src"},
            {"rule": "R2", "path": "/b", "message": "second", "source": "src"},
        ]

    @pytest.mark.parametrize(
        ("error", "rule", "path"),
        [
            (errors.NameTaken("service", "mnist"), "MA-ADM-013", "/service_name"),
            (errors.QuotaExceeded("batch-services", 9, 9, 1), "MA-ADM-014", "/infer_type"),
            (errors.QuotaExceeded("public-instances", 9, 9, 1), "InstanceQuota", "/config"),
            (
                errors.StatusForbids("service", "s", "running", "be started"),
                "MA-UPD-008",
                "/status",
            ),
        ],
    )
    def test_what_the_store_guards_names_its_rule_too(
        self, error: Refused, rule: str, path: str
    ) -> None:
        answer = wire.error_answer(error)
        assert [(v["rule"], v["path"]) for v in answer.violations] == [(rule, path)]
        assert f"[{rule}, " in answer.error_msg

    def test_without_violations_the_body_is_exactly_the_documented_one(self) -> None:
        body = wire.error_answer(errors.NotFound("service", "s1")).body()
        assert body == {"error_code": "ModelArts.3502", "error_msg": "service s1 does not exist"}

    def test_the_gateway_has_words_for_every_cause(self) -> None:
        answers = wire.gateway_answers()
        assert set(answers) == set(Cause)
        assert all(400 <= answer.status < 600 and answer.error_code for answer in answers.values())


def stored_service(ready: tuple[bool, ...] = (True, True), **changes: Any) -> Stored:
    """The documented two-version example as the store returns it."""
    row = a_service_row(
        name="mnist",
        document={"request": TWO, "owner": "u1", "tenant": "d1"},
        **{"status": "running"} | changes,
    )
    versions = [a_version_row("svc", f"v{n}", weight=w) for n, w in ((1, 70), (2, 30))]
    instances = [
        InstanceRow(service_id="svc", **instance_values(an_instance(n, version_id=f"v{n}")))
        for n, is_ready in enumerate(ready, 1)
        if is_ready
    ]
    return Stored(row, versions, instances, service_of(row, versions, instances))


class TestService:
    def test_a_listed_service_has_the_documented_fields(self) -> None:
        item = wire.service_item(listed(stored_service()), wire.Calls(total=9, failed=2))
        assert item["service_id"] == "svc"
        assert item["service_name"] == "mnist"
        assert item["infer_type"] == "real-time"
        assert item["status"] == "running"
        assert (item["invocation_times"], item["failed_times"]) == (9, 2)
        assert (item["tenant"], item["project"], item["owner"]) == ("d1", "a" * 32, "u1")
        assert item["workspace_id"] == "0"
        assert "config" not in item

    def test_details_have_the_versions_and_the_address_that_works(self) -> None:
        detail = wire.service_detail(stored_service(), wire.Calls(), "http://127.0.0.1:8780")
        assert detail["access_address"] == "http://127.0.0.1:8780/v1/infers/svc"
        first, second = detail["config"]
        assert (first["weight"], second["weight"]) == (70, 30)
        assert first["model_name"] == "model-m1"
        assert first["envs"] == {}
        assert "error_msg" not in detail

    @pytest.mark.parametrize(
        ("endpoint", "address"),
        [
            ("http://127.0.0.1:8780", "ws://127.0.0.1:8780/v1/infers/svc"),
            ("https://drydock.example", "wss://drydock.example/v1/infers/svc"),
        ],
    )
    def test_the_address_of_a_websocket_service_has_its_scheme(
        self, endpoint: str, address: str
    ) -> None:
        stored = stored_service(routing={"websocket": True})
        assert wire.service_detail(stored, wire.Calls(), endpoint)["access_address"] == address

    @pytest.mark.parametrize(
        ("ready", "statuses"),
        [
            ((True, True), ["ready", "ready"]),
            ((True, False), ["ready", "notReady"]),
            ((False, False), ["notReady", "notReady"]),
        ],
    )
    def test_each_version_has_its_own_status(
        self, ready: tuple[bool, ...], statuses: list[str]
    ) -> None:
        detail = wire.service_detail(stored_service(ready), wire.Calls(), "")
        assert [config["status"] for config in detail["config"]] == statuses

    def test_a_version_with_some_ready_instances_is_concerning(self) -> None:
        stored = stored_service()
        stored.versions[0].instances = 2
        detail = wire.service_detail(stored, wire.Calls(), "")
        assert detail["config"][0]["status"] == "concerning"

    @pytest.mark.parametrize(
        ("status", "ready", "percent"),
        [
            ("deploying", (False, False), 0),
            ("deploying", (True, False), 50),
            ("deploying", (True, True), 100),
            ("running", (False, False), 100),
            ("stopped", (False, False), 100),
        ],
    )
    def test_progress_is_that_of_the_deployment(
        self, status: str, ready: tuple[bool, ...], percent: int
    ) -> None:
        service = listed(stored_service(ready, status=status))
        assert wire.progress_percent(service) == percent

    def test_a_failed_service_says_why_with_the_end_of_the_log(self) -> None:
        failed = stored_service(
            status="failed", reason="InstanceExited", message="it ended", evidence="x" * 9000
        )
        detail = wire.service_detail(failed, wire.Calls(), "")
        first, _, evidence = detail["error_msg"].partition("\nThe instance's log ends with:\n")
        assert first == "InstanceExited: it ended"
        assert evidence == "x" * 2000

    def test_everything_is_json(self) -> None:
        json.dumps(wire.service_detail(stored_service(), wire.Calls(), ""))


class TestModel:
    def test_a_listed_model_has_the_documented_fields(self) -> None:
        item = wire.model_item(a_model_row(size_bytes=7))
        assert (item["model_id"], item["model_status"], item["model_size"]) == (
            "m1",
            "published",
            7,
        )
        assert item["create_at"] == NOW

    def test_apis_and_config_of_the_details_are_json_in_strings(self) -> None:
        config = {"model_type": "Custom", "apis": [{"url": "/"}], "metrics": {"f1": 1}}
        row = a_model_row(document={"owner": "u", "tenant": "d", "config": config})
        detail = wire.model_detail(row)
        assert json.loads(detail["config"]) == config
        assert json.loads(detail["apis"]) == [{"url": "/"}]
        assert json.loads(detail["model_metrics"]) == {"f1": 1}

    def test_an_image_names_its_address(self) -> None:
        assert wire.model_detail(a_model_row(type="Image", source="team/m:1"))["image_address"] == (
            "team/m:1"
        )
        assert wire.model_detail(a_model_row())["image_address"] == ""


def test_events_are_told_in_the_documented_words() -> None:
    row = EventRow(service_id="svc", at=NOW, kind="abnormal", text="it broke")
    assert wire.event_item(row) == {
        "event_type": "abnormal",
        "event_info": "it broke",
        "occur_time": NOW,
    }
