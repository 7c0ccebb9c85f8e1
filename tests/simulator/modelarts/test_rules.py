"""Each rule from both sides: what it refuses, and what lies just beside that and is accepted.

The generated counterpart, thousands of requests a rule, is in `tests/simulator/bench`.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from simulator.facts.specifications import SPECIFICATIONS
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.facts import Facts
from simulator.modelarts.rules.model import CREATE_MODEL
from simulator.modelarts.rules.readings import OF_RESULTS
from simulator.modelarts.rules.version import MISPRINTED, rounded
from simulator.rules.rule import Severity
from tests.support.requests import DOCUMENTED, changed, documented

ONE = documented("realtime")
TWO = documented("realtime-two-versions")
BATCH = documented("batch-file")
EDGE = documented("edge")
MODEL = {
    "model_name": "mnist",
    "model_version": "0.0.1",
    "model_type": "TensorFlow",
    "source_location": "/bucket/mnist/",
}


def refused(body: dict[str, Any], **readings: str) -> list[tuple[str, str]]:
    chosen = CATALOGUE.read({name.replace("_", "-"): option for name, option in readings.items()})
    report = CATALOGUE.judge(CREATE, body, chosen)
    return [(violation.rule, violation.path) for violation in report.violations]


def warned(body: dict[str, Any]) -> list[tuple[str, str]]:
    report = CATALOGUE.judge(CREATE, body)
    assert report.violations == []
    return [(warning.rule, warning.path) for warning in report.warnings]


def message(body: dict[str, Any]) -> str:
    (violation,) = CATALOGUE.judge(CREATE, body).violations
    return violation.message


def model_refused(body: dict[str, Any]) -> list[tuple[str, str]]:
    report = CATALOGUE.judge(CREATE_MODEL, body)
    return [(violation.rule, violation.path) for violation in report.violations]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_documents_own_examples_are_accepted(name: str) -> None:
    assert refused(documented(name)) == []
    assert warned(documented(name)) == []


def test_there_are_seven_documented_examples() -> None:
    assert len(DOCUMENTED) == 7


@pytest.mark.parametrize(
    ("example", "file"),
    [
        ("real-time", "realtime"),
        ("two-versions", "realtime-two-versions"),
        ("dedicated-custom", "realtime-dedicated-custom"),
        ("auto-stop", "realtime-auto-stop"),
        ("batch-file", "batch-file"),
        ("batch-csv", "batch-csv"),
        ("edge", "edge"),
    ],
)
def test_the_rules_own_examples_start_from_the_documents(example: str, file: str) -> None:
    assert CATALOGUE.documents[example] == documented(file)


def two_of(body: dict[str, Any]) -> dict[str, Any]:
    """The request with its only version twice, of different models."""
    (version,) = body["config"]
    return changed(body, "/config", [version, {**version, "model_id": "another"}])


def timeout(seconds: int) -> dict[str, Any]:
    return changed(ONE, "/config/0/deploy_timeout_in_seconds", seconds)


def grace(seconds: int) -> dict[str, Any]:
    extra = {"termination_grace_period_seconds": seconds}
    return changed(ONE, "/config/0/additional_properties", extra)


def envs(name: str, value: str = "v") -> dict[str, Any]:
    return changed(ONE, "/config/0/envs", {name: value})


GRACE = "/config/0/additional_properties/termination_grace_period_seconds"
TIMEOUT = "/config/0/deploy_timeout_in_seconds"
SERVICE_RULES = [
    ("MA-SVC-001", "/infer_type", changed(ONE, "/infer_type", "realtime")),
    ("MA-SVC-001", "/infer_type", changed(ONE, "/infer_type", "Real-Time")),
    ("MA-SVC-001", "/infer_type", changed(ONE, "/infer_type", "")),
    ("MA-SVC-002", "/service_name", changed(ONE, "/service_name", "")),
    ("MA-SVC-002", "/service_name", changed(ONE, "/service_name", "a" * 65)),
    ("MA-SVC-003", "/service_name", changed(ONE, "/service_name", "a b")),
    ("MA-SVC-003", "/service_name", changed(ONE, "/service_name", "a.b")),
    ("MA-SVC-003", "/service_name", changed(ONE, "/service_name", "mnist\n")),
    ("MA-SVC-004", "/description", changed(ONE, "/description", "x" * 101)),
    *[("MA-SVC-005", "/description", changed(ONE, "/description", c)) for c in "!<>+&\"'"],
    ("MA-SVC-006", "/config", changed(ONE, "/config", [])),
    ("MA-SVC-007", "/config", two_of(BATCH)),
    ("MA-SVC-007", "/config", two_of(EDGE)),
    ("MA-SVC-012", "/config/0/weight", changed(ONE, "/config/0/weight", ...)),
    ("MA-SVC-014", "/config/0/weight", changed(ONE, "/config/0/weight", 99)),
    ("MA-SVC-014", "/config/1/weight", changed(TWO, "/config/1/weight", 31)),
    ("MA-SVC-014", "/config/1/weight", changed(TWO, "/config/1/weight", "29")),
    ("MA-SVC-015", "/config/1/model_id", changed(TWO, "/config/1/model_id", "xxxmodel-idxxx")),
    ("MA-SVC-030", "/config/0/instance_count", changed(ONE, "/config/0/instance_count", 0)),
    ("MA-SVC-030", "/config/0/instance_count", changed(ONE, "/config/0/instance_count", -1)),
    ("MA-SVC-031", "/config/0/instance_count", changed(ONE, "/config/0/instance_count", 6)),
    ("MA-SVC-032", "/config/0/specification", changed(ONE, "/config/0/specification", "big")),
    ("MA-SVC-032", "/config/1/specification", changed(TWO, "/config/1/specification", "")),
    ("MA-SVC-034", "/config/0/custom_spec", changed(EDGE, "/config/0/custom_spec", ...)),
    ("MA-SVC-044", TIMEOUT, timeout(179)),
    ("MA-SVC-044", TIMEOUT, timeout(7201)),
    ("MA-SVC-063", GRACE, grace(29)),
    ("MA-SVC-063", GRACE, grace(301)),
    ("MA-SVC-063", GRACE, grace(-1)),
    ("MA-SVC-045", "/config/0/envs/", envs("")),
    ("MA-SVC-045", "/config/0/envs/A=B", envs("A=B")),
    ("MA-SVC-045", "/config/0/envs/1A", envs("1A")),
    ("MA-SVC-045", "/config/0/envs/A", envs("A", "x\x00y")),
    ("MA-SVC-017", "/security_group_id", {**ONE, "vpc_id": "v", "subnet_network_id": "s"}),
    ("MA-SVC-016", "/subnet_network_id", {**ONE, "vpc_id": "v", "security_group_id": "s"}),
]  # fmt: skip
"""Rule, place, and a request that breaks that rule and no other."""

ACCEPTED_BESIDE = [
    grace(30),
    grace(300),
    envs("model_name", ""),
    envs("_A.b-1", "any text: = \n é"),
    changed(ONE, "/service_name", "a"),
    changed(ONE, "/service_name", "a" * 64),
    changed(ONE, "/service_name", "A-z_09"),
    changed(ONE, "/service_name", "服务"),
    changed(ONE, "/description", "x" * 100),
    changed(ONE, "/description", "a (new) model, 50%; version #2?"),
    changed(ONE, "/config/0/weight", "100"),
    changed(TWO, "/config/0/weight", 0) | {"config": [
        {**TWO["config"][0], "weight": 0}, {**TWO["config"][1], "weight": 100},
    ]},
    changed(ONE, "/config/0/instance_count", 1),
    changed(ONE, "/config/0/instance_count", 5),
    timeout(180),
    timeout(7200),
    {**ONE, "vpc_id": "v", "subnet_network_id": "s", "security_group_id": "g"},
    {**ONE, "subnet_network_id": "s"},
    {**ONE, "vpc_id": ""},
    {**ONE, "a_field_of_tomorrow": {"kept": True}},
    *[changed(ONE, "/config/0/specification", name) for name in SPECIFICATIONS],
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "body"), SERVICE_RULES)
def test_a_request_that_breaks_one_rule_is_refused_with_it_and_its_place(
    rule: str, path: str, body: dict[str, Any]
) -> None:
    assert refused(body) == [(rule, path)]


@pytest.mark.parametrize("body", ACCEPTED_BESIDE)
def test_what_lies_just_beside_is_accepted(body: dict[str, Any]) -> None:
    assert refused(body) == []


@pytest.mark.parametrize("weight", [-1, 101, "-1", "101"])
def test_a_weight_outside_of_0_to_100_breaks_its_own_rule_and_the_sums(weight: object) -> None:
    assert refused(changed(ONE, "/config/0/weight", weight)) == [
        ("MA-SVC-013", "/config/0/weight"),
        ("MA-SVC-014", "/config/0/weight"),
    ]


def test_weights_mean_nothing_to_other_kinds_of_services() -> None:
    assert refused(changed(BATCH, "/config/0/weight", 7)) == []


def test_everything_that_is_wrong_is_told_at_once() -> None:
    body = changed(changed(TWO, "/service_name", "no good"), "/config/1/instance_count", 9)
    body = changed(body, "/config/0/specification", "big")
    assert set(refused(body)) == {
        ("MA-SVC-003", "/service_name"),
        ("MA-SVC-032", "/config/0/specification"),
        ("MA-SVC-031", "/config/1/instance_count"),
    }


def test_each_violation_says_what_was_received_what_is_allowed_and_who_says_so() -> None:
    (violation,) = CATALOGUE.judge(CREATE, changed(ONE, "/config/0/instance_count", 6)).violations
    assert violation.message == (
        "config[0].instance_count: is at most 5; got 6; more is granted by a service ticket"
    )
    assert violation.source == "Deploying Services, table 5, instance_count"


def test_weights_that_do_not_add_up_are_shown_as_a_sum_with_the_rule_and_its_source() -> None:
    (violation,) = CATALOGUE.judge(CREATE, changed(TWO, "/config/1/weight", "31")).violations
    assert violation.told == (
        "config[1].weight: the weights of a real-time service must add up to 100; "
        "these add up to 101 (70 + 31). [MA-SVC-014, Deploying Services, table 5, weight]"
    )


@pytest.mark.parametrize("seconds", [3, 20, 120, 179])
def test_a_timeout_that_may_be_meant_in_minutes_is_refused_naming_both_readings(
    seconds: int,
) -> None:
    text = message(timeout(seconds))
    assert "180 to 7200 seconds" in text
    assert "3 to 120 minutes" in text
    if seconds <= 120:
        assert f"send {seconds * 60}" in text
    assert "deploy-timeout=minutes" in text or seconds > 120


@pytest.mark.parametrize(
    ("body", "suggestion"),
    [
        (changed(ONE, "/infer_type", "realtime"), "did you mean real-time?"),
        (changed(ONE, "/config/0/specification", "modelarts.vm.cpu2u"), "modelarts.vm.cpu.2u?"),
        (changed(BATCH, "/config/0/mapping_type", "CSV"), "did you mean csv?"),
    ],
)
def test_for_a_misspelt_value_the_nearest_is_suggested(
    body: dict[str, Any], suggestion: str
) -> None:
    assert suggestion in message(body)


def test_a_misspelt_field_is_told_with_the_nearest_and_refused_when_strict() -> None:
    body = {**ONE, "descripton": "x"}
    assert warned(body) == [("MA-UNKNOWN", "/descripton")]
    (violation,) = CATALOGUE.judge(CREATE, body, strict=True).violations
    assert "did you mean description?" in violation.message


def test_long_names_are_not_repeated_in_full() -> None:
    report = CATALOGUE.judge(CREATE, {**ONE, "service_name": "x y" * 9999})
    assert all(len(violation.message) < 250 for violation in report.violations)


class TestReadings:
    """Where the documents disagree, each reading does what it says."""

    @pytest.mark.parametrize(
        ("body", "reading", "rule"),
        [
            (timeout(20), {"deploy_timeout": "seconds"}, "MA-SVC-044"),
            (timeout(1200), {"deploy_timeout": "minutes"}, "MA-SVC-044"),
            (timeout(121), {"deploy_timeout": "minutes"}, "MA-SVC-044"),
            (timeout(2), {"deploy_timeout": "minutes"}, "MA-SVC-044"),
            (
                changed(ONE, "/config/0/instance_count", 129),
                {"instance_count": "128"},
                "MA-SVC-031",
            ),
            (
                changed(ONE, "/description", "a=b"),
                {"description_characters": "api-definition"},
                "MA-SVC-005",
            ),
            (EDGE, {"edge": "refused"}, "MA-SVC-001"),
            (BATCH, {"batch_pool": "public-only"}, "MA-SVC-026"),
            (EDGE, {"custom_pool": "always"}, "MA-SVC-035"),
            (BATCH, {"src_type": "mandatory"}, "MA-BAT-008"),
            (grace(-1), {"grace_period": "any"}, "MA-SVC-063"),
        ],
    )
    def test_what_a_reading_refuses(
        self, body: dict[str, Any], reading: dict[str, str], rule: str
    ) -> None:
        assert {found for found, _ in refused(body, **reading)} == {rule}

    @pytest.mark.parametrize(
        ("body", "reading"),
        [
            (timeout(3), {"deploy_timeout": "minutes"}),
            (timeout(120), {"deploy_timeout": "minutes"}),
            (changed(ONE, "/config/0/instance_count", 128), {"instance_count": "128"}),
            (changed(ONE, "/description", "a=b"), {}),
            (changed(ONE, "/description", "a+b"), {"description_characters": "api-definition"}),
            (grace(0), {"grace_period": "any"}),
            (grace(301), {"grace_period": "any"}),
        ],
    )
    def test_what_a_reading_accepts(self, body: dict[str, Any], reading: dict[str, str]) -> None:
        assert refused(body, **reading) == []

    def test_every_reading_has_its_default_among_its_options_and_a_rule_or_use(self) -> None:
        used = {rule.reading for rule in CATALOGUE.rules}
        for reading in CATALOGUE.readings:
            assert reading.default in reading.options
            assert len(reading.options) >= 2
            assert (reading.name in used) != (reading.name in OF_RESULTS)


def test_the_misprinted_specification_is_taken_with_a_warning() -> None:
    body = changed(ONE, "/config/0/specification", MISPRINTED)
    assert ("MA-SVC-033", "/config/0/specification") in warned(body)


@pytest.mark.parametrize(
    ("sent", "taken"), [(1.5, 1.5), (0.014, 0.01), (0.015, 0.02), (1.005, 1.01), (2, 2.0)]
)
def test_the_third_decimal_is_rounded_off_halves_up(sent: float, taken: float) -> None:
    assert rounded(sent) == taken


def test_null_counts_as_absent() -> None:
    body = {**ONE, "vpc_id": None, "schedule": None, "service_name": None}
    assert refused(body) == [("MA-MUST-0307", "/service_name")]


def test_what_is_missing_is_told_once_and_not_what_follows_from_it() -> None:
    body = changed(documented("realtime-dedicated-custom"), "/config/0/custom_spec", "big")
    assert refused(body) == [("MA-TYPE-0501", "/config/0/custom_spec")]


MODEL_RULES = [
    ("MA-MOD-002", "/model_name", {**MODEL, "model_name": "no good"}),
    ("MA-MOD-001", "/model_name", {**MODEL, "model_name": "a" * 65}),
    ("MA-MOD-001", "/model_name", {**MODEL, "model_name": ""}),
    *[
        ("MA-MOD-003", "/model_version", {**MODEL, "model_version": version})
        for version in ("1.0", "1.0.0.0", "01.0.0", "100.0.0", "1.0.x", "", "1.0.0\n", "-1.0.0")
    ],
    ("MA-MOD-004", "/model_type", {**MODEL, "model_type": "tensorflow"}),
    ("MA-MOD-005", "/source_location", {k: v for k, v in MODEL.items() if k != "source_location"}),
    ("MA-MOD-005", "/source_location", {**MODEL, "source_location": ""}),
    ("MA-SVC-004", "/description", {**MODEL, "description": "x" * 101}),
    ("MA-SVC-005", "/description", {**MODEL, "description": "a<b"}),
]
MODEL_ACCEPTED_BESIDE = [
    MODEL,
    {**MODEL, "model_name": "a" * 64},
    {**MODEL, "model_version": "0.0.0"},
    {**MODEL, "model_version": "99.99.99"},
    {**MODEL, "model_type": "Template", "source_location": None, "template": {"id": "t"}},
    {**MODEL, "source_copy": True},
    {**MODEL, "source_copy": "true"},
]


@pytest.mark.parametrize(("rule", "path", "body"), MODEL_RULES)
def test_a_model_that_breaks_one_rule_is_refused_with_it(
    rule: str, path: str, body: dict[str, Any]
) -> None:
    assert model_refused(body) == [(rule, path)]


@pytest.mark.parametrize("body", MODEL_ACCEPTED_BESIDE)
def test_a_model_just_beside_is_accepted(body: dict[str, Any]) -> None:
    assert model_refused(body) == []


def test_an_updated_description_follows_the_same_rules() -> None:
    assert CATALOGUE.judge(CHANGE, {"description": "fine"}).violations == []
    report = CATALOGUE.judge(CHANGE, {"description": "<" + "x" * 100})
    assert [violation.rule for violation in report.violations] == ["MA-SVC-004", "MA-SVC-005"]


@pytest.mark.parametrize("rule", CATALOGUE.rules, ids=lambda rule: rule.id)
def test_every_rule_is_complete_and_its_example_breaks_it_and_no_other(rule: Any) -> None:
    assert rule.statement.endswith(".")
    assert rule.source.document
    assert rule.answer.meaning
    assert rule.example is not None
    document = CATALOGUE.example(rule)
    readings = CATALOGUE.read(rule.example.readings)
    subject = next(
        name for name in rule.subjects if rule.example.base in CATALOGUE.subject(name).examples
    )
    early = CATALOGUE.judge(subject, document, readings)
    late = CATALOGUE.admit(subject, document, CATALOGUE.example_facts(rule), readings)
    is_early = rule.level in ("request", "runtime")
    report, other = (early, late) if is_early else (late, early)
    told = report.violations if rule.severity is Severity.ERROR else report.warnings
    assert {one.rule for one in told} == {rule.id}
    if rule.severity is Severity.WARNING:
        assert report.violations == []
    if not is_early:
        assert other.violations == []


def test_no_id_is_given_twice() -> None:
    assert len(CATALOGUE.by_id) == len(CATALOGUE.rules)


@pytest.mark.parametrize("subject", CATALOGUE.subjects, ids=lambda subject: subject.name)
def test_the_sound_documents_are_sound(subject: Any) -> None:
    for name in subject.examples:
        document = CATALOGUE.documents[name]
        for report in (
            CATALOGUE.judge(subject.name, document),
            CATALOGUE.admit(subject.name, document, CATALOGUE.facts),
        ):
            assert (report.violations, report.warnings) == ([], [])


def test_checking_is_deterministic_and_leaves_the_request_alone() -> None:
    body = changed(TWO, "/config/1/model_id", "xxxmodel-idxxx")
    before = copy.deepcopy(body)
    assert refused(body) == refused(body)
    assert body == before


def test_the_order_of_keys_does_not_matter() -> None:
    body = changed(changed(TWO, "/service_name", "no good"), "/config/1/weight", 99)
    backwards = {key: body[key] for key in reversed(body)}
    assert refused(backwards) == refused(body)


class TestUpdates:
    """Held against the service that they change."""

    def refused(self, body: dict[str, Any], **facts: Any) -> list[str]:
        report = CATALOGUE.admit(CHANGE, body, Facts(**{"status": "running"} | facts))
        return [violation.rule for violation in report.violations]

    @pytest.mark.parametrize("value", ["vpc-2", ""])
    def test_a_network_stays_what_it_is(self, value: str) -> None:
        before = {"vpc_id": "vpc-1"}
        assert self.refused({"vpc_id": value}, request=before) == ["MA-UPD-003"]
        assert self.refused({"vpc_id": "vpc-1"}, request=before) == []

    def test_websocket_cannot_be_switched_off_or_on(self) -> None:
        on = {"additional_properties": {"smn_notification": {}, "websocket_upgrade": True}}
        off = {"additional_properties": {"smn_notification": {}, "websocket_upgrade": False}}
        assert self.refused(off, request=on) == ["MA-UPD-006"]
        assert self.refused(on, request=off) == ["MA-UPD-006"]
        assert self.refused(on, request=on) == []
        assert self.refused(off, request={}) == []

    def test_an_update_of_a_batch_service_is_held_against_the_rules_of_batch_services(self) -> None:
        body = {"config": [BATCH["config"][0]]}
        facts = Facts(kind="batch", status="stopped")
        assert CATALOGUE.judge(CHANGE, body, facts=facts).violations == []
        as_real_time = CATALOGUE.judge(CHANGE, body, facts=Facts(status="stopped"))
        assert [violation.rule for violation in as_real_time.violations] == ["MA-SVC-012"]


def test_log_volumes_of_an_update_need_the_services_pool() -> None:
    volume = {"host_path": "/var/log/x", "mount_path": "/logs"}
    version = {**ONE["config"][0], "additional_properties": {"log_volume": [volume]}}
    body = {"config": [version]}
    public = CATALOGUE.judge(CHANGE, body, facts=Facts(status="running"))
    assert [violation.rule for violation in public.violations] == ["MA-SVC-060"]
    dedicated = CATALOGUE.judge(CHANGE, body, facts=Facts(status="running", pool="pool-1"))
    assert dedicated.violations == []
    assert CATALOGUE.judge(CHANGE, body).violations == []  # nobody knows
