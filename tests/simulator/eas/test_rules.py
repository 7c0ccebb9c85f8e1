"""Each rule of service.json from both sides: what it refuses, and what lies just beside that.

The generated counterpart is `test_breakers.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.common import SERVICE
from simulator.eas.vocabulary import OVERVIEW, REGIONS
from simulator.rules.catalogue import changed
from simulator.rules.judge import Report
from simulator.rules.rule import REMOVED, Level, Proof, Rule, Severity
from tests.support.eas import refused, told

SOUND = sorted(CATALOGUE.documents)


def of_example(rule: Rule) -> Report:
    assert rule.example is not None
    document, readings = CATALOGUE.example(rule), CATALOGUE.read(rule.example.readings)
    if rule.level is Level.ADMISSION:
        return CATALOGUE.admit(SERVICE, document, CATALOGUE.example_facts(rule), readings)
    return CATALOGUE.judge(SERVICE, document, readings)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_document_is_accepted_and_nothing_is_told_of_it(name: str) -> None:
    document = CATALOGUE.documents[name]
    for report in (
        CATALOGUE.judge(SERVICE, document, strict=True),
        CATALOGUE.admit(SERVICE, document, CATALOGUE.facts),
    ):
        assert report.violations == []
        assert report.warnings == []


@pytest.mark.parametrize("rule", CATALOGUE.rules, ids=lambda rule: rule.id)
def test_an_example_breaks_exactly_its_rule(rule: Rule) -> None:
    report = of_example(rule)
    if rule.severity is Severity.ERROR:
        assert {one.rule for one in report.violations} == {rule.id}
    else:
        assert report.violations == []
        assert {one.rule for one in report.warnings} == {rule.id}


def test_ids_are_given_once() -> None:
    assert len(CATALOGUE.by_id) == len(CATALOGUE.rules)


def test_every_option_of_every_reading_is_sound_for_some_document() -> None:
    for reading in CATALOGUE.readings:
        assert reading.default in reading.options
        for option in reading.options:
            chosen = CATALOGUE.read({reading.name: option})
            report = CATALOGUE.judge(SERVICE, CATALOGUE.documents["image"], chosen)
            assert report.violations == []


def test_every_reading_is_asked_by_a_rule() -> None:
    asked = {rule.reading for rule in CATALOGUE.rules}
    assert {reading.name for reading in CATALOGUE.readings} <= asked


def test_what_the_cloud_answers_is_inferred_and_says_so() -> None:
    for rule in CATALOGUE.rules:
        assert (rule.answer.status, rule.answer.code) == (400, "InvalidParameter")
        assert "inferred" in rule.answer.meaning


def test_the_overview_is_cited_as_documented_unless_more_follows_from_it() -> None:
    ports = CATALOGUE.by_id["EAS-SVC-100"]
    assert ports.source.document == OVERVIEW
    assert ports.proof is Proof.DOCUMENTED


LIMITS: list[tuple[str, str, str, list[Any], list[Any]]] = [
    ("EAS-SVC-050", "image", "/metadata/instance", [-1], [0, 1]),
    ("EAS-SVC-053", "image", "/metadata/cpu", [0, -0.5], [0.01, 1]),
    ("EAS-SVC-054", "image", "/metadata/memory", [0], [64]),
    ("EAS-SVC-055", "image", "/metadata/memory", [1, 63], [64, 1000]),
    ("EAS-SVC-060", "image", "/metadata/rdma", [-1, 2], [0, 1]),
    ("EAS-SVC-063", "image", "/metadata/shm_size", [0], [1]),
    ("EAS-SVC-064", "image", "/metadata/eas/termination_grace_period", [-1], [0, 30]),
    (
        "EAS-SVC-066",
        "image",
        "/metadata/rolling_strategy/max_surge",
        [-1, "101%", "%", True],
        [0, 1, "0%", "2%", "100%"],
    ),
    ("EAS-SVC-080", "image", "/metadata/rpc/keepalive", [0], [1, 600000]),
    ("EAS-SVC-083", "batching", "/metadata/rpc/max_batch_size", [0], [1]),
    ("EAS-SVC-084", "batching", "/metadata/rpc/max_batch_timeout", [-1], [0]),
    ("EAS-SVC-085", "image", "/metadata/rpc/max_queue_size", [0], [1]),
    ("EAS-SVC-086", "image", "/metadata/rpc/worker_threads", [0], [1]),
    ("EAS-SVC-087", "image", "/metadata/rpc/io_threads", [0], [1]),
    ("EAS-SVC-088", "image", "/metadata/rpc/rate_limit", [-1], [0, 1]),
    ("EAS-SVC-089", "image", "/metadata/rpc/enable_jemalloc", [-1, 2], [0, 1]),
    ("EAS-SVC-100", "image", "/containers/0/port", [8080, 9090], [8079, 8081, 9089, 9091]),
    ("EAS-SVC-101", "image", "/containers/0/port", [0, 65536], [1, 65535]),
    ("EAS-SVC-180", "gpu-slice", "/metadata/gpu", [-1], [0]),
    ("EAS-SVC-181", "gpu-slice", "/metadata/gpu_memory", [0], [1]),
    ("EAS-SVC-182", "gpu-slice", "/metadata/gpu_core_percentage", [0, 101], [1, 100]),
    ("EAS-SVC-183", "gpu-slice", "/metadata/gpu", [2], [0]),
    ("EAS-SVC-194", "spot", "/cloud/computing/instances/0/spot_price_limit", [0], [0.001, 1]),
    ("EAS-SVC-195", "spot", "/cloud/computing/instances/0/capacity", [-1, "x"], [0, 1, "20%"]),
    ("EAS-SVC-212", "full", "/networking/gateway_policy/rate_limit/limit", [0], [1]),
    ("EAS-SVC-214", "full", "/networking/gateway_policy/concurrency_limit/limit", [0], [1]),
    ("EAS-SVC-215", "full", "/networking/nlb/0/listener_port", [8080], [8079, 8081, 9090]),
    ("EAS-SVC-216", "full", "/networking/nlb/0/listener_port", [0, 65536], [1, 65535]),
    ("EAS-SVC-230", "full", "/storage/6/empty_dir/size_limit", [0], [0.5, 1]),
    ("EAS-SVC-240", "autoscaled", "/autoscaler/min", [-1], [0]),
    ("EAS-SVC-241", "autoscaled", "/autoscaler/max", [1001], [1000]),
    ("EAS-SVC-242", "full", "/autoscaler/min", [11], [2]),
    ("EAS-SVC-243", "full", "/autoscaler/min", [0], [1]),
    (
        "EAS-SVC-250",
        "autoscaled",
        "/autoscaler/behavior/onZero/scaleUpActivationReplicas",
        [0],
        [1],
    ),
    ("EAS-SVC-039", "image", "/unit/size", [0], [1]),
]
"""Rule, document, place, values that break only this rule, values beside them."""


@pytest.mark.parametrize(("rule", "base", "place", "wrong", "right"), LIMITS)
def test_both_sides_of_a_limit(
    rule: str, base: str, place: str, wrong: list[Any], right: list[Any]
) -> None:
    for value in wrong:
        assert told(base, {place: value}) == [rule]
    for value in right:
        assert told(base, {place: value}) == []


@pytest.mark.parametrize("check", ["startup_check", "liveness_check", "health_check"])
@pytest.mark.parametrize(
    ("field", "lowest"),
    [
        ("initial_delay_seconds", 0),
        ("period_seconds", 1),
        ("timeout_seconds", 1),
        ("success_threshold", 1),
        ("failure_threshold", 1),
    ],
)
def test_both_sides_of_a_probes_numbers(check: str, field: str, lowest: int) -> None:
    place = f"/containers/0/{check}"

    def with_(value: int) -> list[str]:
        return told("image", {place: {"tcp_socket": {"port": 8000}, field: value}})

    assert with_(lowest) == []
    (rule,) = with_(lowest - 1)
    assert CATALOGUE.by_id[rule].at == f"/containers/*/{check}/{field}"


def test_only_the_check_of_readiness_may_want_several_successes() -> None:
    probe = {"tcp_socket": {"port": 8000}, "success_threshold": 2}
    assert told("image", {"/containers/0/health_check": probe}) == []
    assert told("image", {"/containers/0/liveness_check": probe}) == ["EAS-SVC-138"]
    assert told("image", {"/containers/0/startup_check": probe}) == ["EAS-SVC-118"]


@pytest.mark.parametrize("method", [{}, {"http_get": {"port": 1}, "tcp_socket": {"port": 1}}])
def test_a_probe_asks_in_exactly_one_way(method: dict[str, Any]) -> None:
    changes = {"/containers/0/health_check": method}
    assert refused("image", changes) == [("EAS-SVC-150", "/containers/0/health_check")]


@pytest.mark.parametrize("region", REGIONS)
def test_the_regions_of_the_overview_are_known(region: str) -> None:
    assert told("image", {"/metadata/region": region}) == []


def test_there_are_fourteen_regions() -> None:
    assert len(REGIONS) == 14


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("", ["EAS-SVC-001"]),
        ("a-b", ["EAS-SVC-002"]),
        ("Ab_", ["EAS-SVC-002"]),
        ("abc\n", ["EAS-SVC-002"]),
        ("ab", ["EAS-SVC-006"]),
        ("abc", []),
        ("a" * 63, []),
        ("a" * 64, ["EAS-SVC-006"]),
        ("9_z", []),
    ],
)
def test_names(name: str, rules: list[str]) -> None:
    assert told("image", {"/metadata/name": name}) == rules


def test_a_name_in_the_older_form_counts() -> None:
    assert told("older-form", {}) == []
    assert refused("older-form", {"/name": REMOVED}) == [("EAS-SVC-001", "/metadata/name")]
    assert refused("older-form", {"/name": "a-b"}) == [("EAS-SVC-003", "/name")]


def test_the_length_of_a_name_is_refused_by_the_other_reading() -> None:
    assert told("image", {"/metadata/name": "ab"}, name_length="refused") == ["EAS-SVC-005"]


def test_the_slice_of_a_gpu() -> None:
    assert told("gpu-slice", {"/metadata/gpu": REMOVED}) == []
    assert told("gpu-slice", {"/metadata/gpu": 1}) == ["EAS-SVC-184", "EAS-SVC-184"]
    assert told("gpu-slice", {"/metadata/gpu_memory": REMOVED}) == ["EAS-SVC-185"]
    assert told("gpu-slice", {"/metadata/gpu_core_percentage": REMOVED}) == []


def test_the_range_of_the_autoscaler_by_both_readings() -> None:
    equal = {"/autoscaler/min": 10}
    assert refused("autoscaled", equal) == []
    assert refused("autoscaled", equal, autoscaler_range="api") == [
        ("EAS-SVC-242", "/autoscaler/max")
    ]
    assert refused("autoscaled", {}, autoscaler_range="api") == [("EAS-SVC-240", "/autoscaler/min")]
    assert refused("autoscaled", {"/autoscaler/max": 3000}, autoscaler_max="3000") == []


def test_readiness_check_is_told_unless_the_reading_takes_it() -> None:
    changes = {"/containers/0/readiness_check": {"tcp_socket": {"port": 8000}}}
    assert told("image", changes) == ["EAS-SVC-170"]
    assert told("image", changes, readiness_check="both") == []


@pytest.mark.parametrize("value", [{"sink": {"memory": 1}}, "anything", 5, [1]])
def test_what_is_not_verified_is_taken_with_any_value(value: Any) -> None:
    assert told("async", {"/queue": value}) == []
    place = "/autoscaler/behavior/onZero/interceptTraffic"
    assert told("autoscaled", {place: value}) == []


def test_a_field_of_no_document_is_told_and_refused_when_strict() -> None:
    document = changed(CATALOGUE.documents["image"], {"/metadata/instances": 1})
    assert [one.rule for one in CATALOGUE.judge(SERVICE, document).warnings] == ["EAS-UNKNOWN"]
    report = CATALOGUE.judge(SERVICE, document, strict=True)
    assert [one.path for one in report.violations] == ["/metadata/instances"]


REAL_WORLD: list[dict[str, Any]] = [
    {
        "metadata": {"name": "demo", "instance": 1, "cpu": 2, "memory": 4000},
        "cloud": {"computing": {"instances": [{"type": "ecs.c7a.large"}]}},
        "containers": [
            {
                "image": "team-registry.cn-beijing.cr.aliyuncs.com/team/app:latest",
                "port": 8000,
                "script": "python app.py",
            }
        ],
    },
    {
        "metadata": {"name": "qwen", "instance": 1, "workspace_id": "12345"},
        "cloud": {"computing": {"instance_type": "ml.gu7i.c16m60.1-gu30"}},
        "containers": [
            {
                "image": "eas-registry-vpc.cn-hangzhou.cr.aliyuncs.com/pai-eas/vllm:0.6",
                "port": 8000,
                "script": "vllm serve /mnt/model --port 8000",
            }
        ],
        "storage": [
            {
                "mount_path": "/mnt/model",
                "oss": {"path": "oss://models/qwen/", "readOnly": True},
                "properties": {"resource_type": "model"},
            },
            {"mount_path": "/dev/shm", "empty_dir": {"medium": "memory", "size_limit": 64}},
        ],
    },
    {
        "name": "mnist_saved_model",
        "model_path": "http://examples.example.com/mnist.tar.gz",
        "processor": "tensorflow_cpu_1.12",
        "generate_token": "true",
        "metadata": {"instance": 1, "cpu": 1},
    },
]
"""Descriptions as guides and users write them."""


@pytest.mark.parametrize("document", REAL_WORLD)
def test_what_people_write_is_accepted(document: dict[str, Any]) -> None:
    assert CATALOGUE.judge(SERVICE, document).violations == []
