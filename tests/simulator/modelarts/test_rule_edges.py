"""What lies at the edges of single rules: the other kinds of services, readings, places, words.

Each line is a sound document with changes, and all that is told of it. The rules' own examples are
in docs/rules.md; the generated cases are in `tests/simulator/bench`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.config_parts import CONFIG_FILE
from simulator.modelarts.rules.facts import Facts, InboundRule, ModelFacts, Networks, PoolFacts
from simulator.modelarts.rules.model import CREATE_MODEL, CreateModel
from simulator.modelarts.rules.version import MISPRINTED, rounded
from simulator.rules.catalogue import changed
from simulator.rules.judge import Report
from simulator.rules.rule import REMOVED
from simulator.rules.shape import build

Told = list[tuple[str, str]]
VERSION = "/config/0"
RULE = f"{VERSION}/mapping_rule"
EXTRA = f"{VERSION}/additional_properties"


def judged(base: str, changes: dict[str, Any], subject: str = CREATE, **readings: str) -> Report:
    chosen = {name.replace("_", "-"): option for name, option in readings.items()}
    document = changed(CATALOGUE.documents[base], changes)
    return CATALOGUE.judge(subject, document, CATALOGUE.read(chosen))


def admitted(base: str, changes: dict[str, Any], **facts: Any) -> Report:
    document = changed(CATALOGUE.documents[base], changes)
    return CATALOGUE.admit(CREATE, document, replace(CATALOGUE.facts, **facts))


def refused(report: Report) -> Told:
    return [(one.rule, one.path) for one in report.violations]


def warned(report: Report) -> Told:
    assert report.violations == []
    return [(one.rule, one.path) for one in report.warnings]


def one_model(model: str, **attributes: Any) -> dict[str, Any]:
    return {"models": {**CATALOGUE.facts.models, model: ModelFacts(**attributes)}}


ONE, BATCH = "xxxmodel-idxxx", "598b913a-af3e-41ba-a1b5-bf065320f1e2"

MEANT = "; if you mean {} minutes, send {}, or choose the other reading, deploy-timeout=minutes"
NEITHER = "; the other reading, 3 to 120 minutes, does not have it either"


class TestReadings:
    @pytest.mark.parametrize("character", "!<>=&\"'")
    def test_characters_of_descriptions_by_the_api_definition(self, character: str) -> None:
        report = judged(
            "real-time",
            {"/description": f"a{character}b"},
            description_characters="api-definition",
        )
        assert refused(report) == [("MA-SVC-005", "/description")]

    def test_without_edge_the_other_two_kinds_are_left(self) -> None:
        assert refused(judged("batch-file", {}, edge="refused")) == []
        assert refused(judged("real-time", {}, edge="refused")) == []

    def test_the_printed_name_alone_or_the_corrected_one_alone(self) -> None:
        place = f"{VERSION}/specification"
        for name, reading, is_fine in (
            (MISPRINTED, "as-printed", True),
            (MISPRINTED, "corrected", False),
            ("modelarts.vm.ai1.a310", "corrected", True),
            ("modelarts.vm.ai1.a310", "as-printed", False),
            ("modelarts.vm.cpu.2u", "as-printed", True),
        ):
            changes = {place: name, "/cluster_id": "pool-a"}
            report = judged("real-time", changes, specification_name=reading)
            assert refused(report) == ([] if is_fine else [("MA-SVC-032", place)])
            assert report.warnings == []

    @pytest.mark.parametrize(
        ("reading", "is_listed"), [("both", False), ("corrected", False), ("as-printed", True)]
    )
    def test_the_misprint_is_listed_only_where_it_is_the_name(
        self, reading: str, is_listed: bool
    ) -> None:
        changes = {f"{VERSION}/specification": "nothing like it"}
        (violation,) = judged("real-time", changes, specification_name=reading).violations
        assert (MISPRINTED in violation.message) is is_listed

    @pytest.mark.parametrize(
        ("seconds", "hint"),
        [
            (2, ""),
            (3, MEANT.format(3, 180)),
            (120, MEANT.format(120, 7200)),
            (121, NEITHER),
            (179, NEITHER),
            (7201, ""),
        ],
    )
    def test_a_timeout_is_told_with_what_else_it_could_mean(self, seconds: int, hint: str) -> None:
        field = "deploy_timeout_in_seconds"
        (violation,) = judged("real-time", {f"{VERSION}/{field}": seconds}).violations
        told = f"is 180 to 7200 seconds (3 to 120 minutes); got {seconds}{hint}"
        assert violation.message == f"config[0].{field}: {told}"

    def test_by_the_reading_in_minutes_it_says_so(self) -> None:
        changes = {f"{VERSION}/deploy_timeout_in_seconds": 2}
        (violation,) = judged("real-time", changes, deploy_timeout="minutes").violations
        told = "is 3 to 120, in minutes by the reading deploy-timeout=minutes; got 2"
        assert violation.message.endswith(told)

    @pytest.mark.parametrize(
        ("reading", "value", "told"),
        [
            ("zero-allowed", -1, "is at least 0; got -1"),
            ("above-zero", -1, "is greater than 0; got -1"),
            ("above-zero", 0, "is greater than 0; got 0"),
        ],
    )
    def test_max_unavailable_says_which_reading_it_goes_by(
        self, reading: str, value: int, told: str
    ) -> None:
        changes = {f"{EXTRA}/max_unavailable": value}
        (violation,) = judged("real-time", changes, max_unavailable=reading).violations
        assert violation.message.endswith(told)

    @pytest.mark.parametrize(
        ("reading", "told"),
        [("64", "has 64 characters; got 65"), ("up-to-64", "has 1 to 64 characters; got 65")],
    )
    def test_log_ids_say_so_too(self, reading: str, told: str) -> None:
        place = "/additional_properties/log_report_channels/0/configuration/log_group_id"
        (violation,) = judged("notified", {place: "g" * 65}, log_id_length=reading).violations
        assert violation.message.endswith(told)

    def test_notifications_may_be_left_out_where_they_are_optional(self) -> None:
        gone = {"/additional_properties/smn_notification": REMOVED}
        assert refused(judged("notified", gone, smn_notification="optional")) == []

    def test_a_source_type_is_mandatory_for_batch_services_only_by_the_other_reading(self) -> None:
        assert refused(judged("manifest-file", {}, src_type="mandatory")) == []
        assert refused(judged("real-time", {}, src_type="mandatory")) == []
        assert refused(judged("batch-file", {}, src_type="mandatory")) == [
            ("MA-BAT-008", f"{VERSION}/src_type")
        ]

    @pytest.mark.parametrize(
        ("base", "changes", "place"),
        [
            ("batch-csv", {}, None),
            ("batch-csv", {"/cluster_id": "pool-a"}, "/cluster_id"),
            ("batch-csv", {"/pool_name": "pool-1"}, "/pool_name"),
            ("batch-csv", {f"{VERSION}/cluster_id": "pool-a"}, f"{VERSION}/cluster_id"),
            ("batch-csv", {f"{VERSION}/pool_name": "pool-1"}, f"{VERSION}/pool_name"),
            ("dedicated-custom", {}, None),
        ],
    )
    def test_a_batch_service_in_a_pool_is_told_where_the_pool_is_named(
        self, base: str, changes: dict[str, Any], place: str | None
    ) -> None:
        report = judged(base, changes, batch_pool="public-only")
        assert refused(report) == ([("MA-SVC-026", place)] if place else [])

    def test_without_any_version_only_that_is_told(self) -> None:
        report = judged("batch-csv", {"/config": REMOVED}, batch_pool="public-only")
        assert [(rule[:7], path) for rule, path in refused(report)] == [("MA-MUST", "/config")]


IDLE = ("src_path", "src_type", "dest_path", "req_uri", "mapping_type", "mapping_rule")
SENT = {
    "src_path": "/bucket/in/", "src_type": "ManifestFile", "dest_path": "/bucket/out/",
    "req_uri": "/", "mapping_type": "file", "mapping_rule": {"type": "object"}, "weight": 100,
    "nodes": ["node-1"],
}  # fmt: skip


class TestKinds:
    @pytest.mark.parametrize(
        ("base", "field"),
        [
            *[("real-time", name) for name in (*IDLE, "nodes")],
            ("batch-csv", "weight"),
            ("batch-csv", "nodes"),
            *[("edge", name) for name in (*IDLE, "weight")],
        ],
    )
    def test_a_field_of_another_kind_is_told_to_be_idle(self, base: str, field: str) -> None:
        place = f"{VERSION}/{field}"
        told = warned_only(judged(base, {place: SENT[field]}))
        assert ("MA-SVC-050", place) in told

    def test_and_not_where_it_is_blank(self) -> None:
        assert warned(judged("real-time", {f"{VERSION}/nodes": []})) == []

    def test_only_a_real_time_service_is_told_that_the_public_pool_has_no_npu(self) -> None:
        changes = {f"{VERSION}/specification": "modelarts.vm.ai1.a310"}
        assert warned(judged("real-time", changes)) == [("MA-SVC-051", f"{VERSION}/specification")]
        assert warned(judged("batch-csv", changes)) == []

    def test_versions_tell_the_kind_of_an_update_by_any_weight_among_them(self) -> None:
        weighed = {"/config/0/nodes": [], "/config/1/nodes": [], "/config/1/weight": REMOVED}
        report = judged("update-weights", weighed, CHANGE)
        assert refused(report) == [("MA-SVC-012", "/config/1/weight")]
        none = weighed | {"/config/0/weight": REMOVED}
        assert {name for name, _ in refused(judged("update-weights", none, CHANGE))} == {
            "MA-SVC-007",
            "MA-SVC-049",
        }

    def test_multi_pool_load_balancing_needs_two_instances_at_least(self) -> None:
        report = judged("multi-pool", {f"{VERSION}/instance_count": 0})
        place = f"{VERSION}/instance_count"
        assert refused(report) == [("MA-SVC-030", place), ("MA-SVC-048", place)]

    def test_two_kinds_of_pools_beside_each_other_are_told_where_they_stand(self) -> None:
        changes = {"/config/1/cluster_id": "pool-a", "/config/1/pool_name": "pool-1"}
        assert warned(judged("two-versions", changes)) == [("MA-SVC-021", "/config/1/cluster_id")]


def warned_only(report: Report) -> Told:
    return [(one.rule, one.path) for one in report.warnings]


class TestBatch:
    def test_parameters_of_a_mapping_rule_are_found_at_every_depth(self) -> None:
        deep = {
            "type": "object",
            "properties": {
                "a": {
                    "type": "array",
                    "items": [
                        {"type": "number"},
                        {"type": "object", "properties": {"b": {"type": "string", "index": -2}}},
                    ],
                },
                "c": {"type": "array", "items": {"type": "boolean", "index": "1"}},
                "d": {"type": "integer", "index": 0},
                "f": {"type": "array", "item": {"type": "number"}},
                "e": {"type": "integer"},
            },
        }
        assert warned(judged("batch-csv", {RULE: deep})) == [
            ("MA-BAT-012", f"{RULE}/properties/a/items/0/index"),
            ("MA-BAT-012", f"{RULE}/properties/a/items/1/properties/b/index"),
            ("MA-BAT-012", f"{RULE}/properties/c/items/index"),
            ("MA-BAT-012", f"{RULE}/properties/e/index"),
            ("MA-BAT-012", f"{RULE}/properties/f/item/index"),
        ]

    @pytest.mark.parametrize(
        ("source", "rules"),
        [
            ("obs://test/data/1.jpg", []),
            ("/test/1.jpg", []),
            ("https://test.obs.xxx.com/1.jpg?Signature=a/", []),
            ("obs://test", ["MA-BAT-022"]),
            ("obs://test/", ["MA-BAT-022"]),
            ("obs://test/data/", ["MA-BAT-022"]),
            ("https://test.obs.xxx.com/data%2F?Signature=a", ["MA-BAT-022"]),
            ("obs://t/data/", ["MA-BAT-021"]),
        ],
    )
    def test_which_sources_are_files(self, source: str, rules: list[str]) -> None:
        report = judged("manifest", {"/lines/0/source": source}, "manifest")
        assert [rule for rule, _ in refused(report)] == rules

    @pytest.mark.parametrize(
        ("name", "is_refused"),
        [
            ("rows.txt", True),
            ("rows.v2.txt", True),
            ("rows.csv", False),
            ("all.manifest", False),
            ("rows", False),
            ("v1.2", False),
            ("", False),
        ],
    )
    def test_which_paths_are_files_that_are_no_csv(self, name: str, is_refused: bool) -> None:
        place = f"{VERSION}/src_path"
        report = judged("batch-csv", {place: f"/bucket/in/{name}"})
        assert refused(report) == ([("MA-BAT-013", place)] if is_refused else [])

    def test_a_source_type_of_another_type_is_told_and_not_what_it_would_mean(self) -> None:
        changes = {f"{VERSION}/src_type": 5, f"{VERSION}/src_path": "obs://bucket/all.manifest"}
        report = judged("batch-file", changes)
        assert [path for _, path in refused(report)] == [f"{VERSION}/src_type"]
        assert report.warnings == []

    @pytest.mark.parametrize(
        ("field", "rule"), [("src_path", 1), ("dest_path", 2), ("req_uri", 3), ("mapping_type", 4)]
    )
    def test_blank_counts_as_absent_and_only_that_is_told(self, field: str, rule: int) -> None:
        report = judged("batch-file", {f"{VERSION}/{field}": ""})
        assert refused(report) == [(f"MA-BAT-{rule:03}", f"{VERSION}/{field}")]

    @pytest.mark.parametrize(
        ("name", "mapping", "rules"),
        [
            *[(f"big{suffix}", "file", ["MA-BAT-030"]) for suffix in (
                ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".GIF",
            )],
            ("big.txt", "file", []),
            ("big.png", "csv", ["MA-BAT-032"]),
        ],
    )  # fmt: skip
    def test_which_inputs_are_images(self, name: str, mapping: str, rules: list[str]) -> None:
        changes = {"/name": name, "/mapping_type": mapping, "/size_bytes": 11_000_000}
        report = judged("batch-input", changes, "batch-input")
        assert [rule for rule, _ in refused(report)] == rules


class TestModels:
    @pytest.mark.parametrize("character", "&!'\\\"<>=")
    def test_characters_that_an_algorithm_must_not_have(self, character: str) -> None:
        place = "/model_algorithm"
        for base, subject, rule in (
            ("model", CREATE_MODEL, "MA-MOD-009"),
            ("config-json", CONFIG_FILE, "MA-CFG-002"),
        ):
            report = judged(base, {place: f"a{character}b"}, subject)
            assert refused(report) == [(rule, place)]

    def test_what_is_not_sent_has_the_documented_default(self) -> None:
        model = build(CreateModel, CATALOGUE.documents["model"])
        assert (model.description, model.workspace_id) == ("", "0")

    @pytest.mark.parametrize("url", ["/a b", "/a?b", "/a#b", "/é", "/a\tb", "a"])
    def test_urls_are_plain_paths(self, url: str) -> None:
        base = "config-json-image"
        assert refused(judged(base, {"/apis/0/url": url}, CONFIG_FILE)) == [
            ("MA-CFG-003", "/apis/0/url")
        ]
        assert refused(judged(base, {"/health/url": url}, CONFIG_FILE)) == [
            ("MA-CFG-021", "/health/url")
        ]

    @pytest.mark.parametrize("protocol", ["ws", "wss", "WS"])
    def test_health_is_asked_by_http_only(self, protocol: str) -> None:
        report = judged("config-json-image", {"/health/protocol": protocol}, CONFIG_FILE)
        assert refused(report) == [("MA-CFG-028", "/health/protocol")]

    def test_a_content_type_may_have_parameters_and_blanks(self) -> None:
        side = {"Content-type": " application/json ; charset=utf-8", "data": {}}
        assert warned(judged("config-json", {"/apis/0/request": side}, CONFIG_FILE)) == []

    @pytest.mark.parametrize("packages", [5, "numpy", [5, "numpy", None], {}])
    def test_packages_that_are_none_have_no_restraint(self, packages: object) -> None:
        changes = {"/dependencies": [{"installer": "pip", "packages": packages}]}
        assert refused(judged("config-json", changes, CONFIG_FILE)) == []

    @pytest.mark.parametrize("path", ["/", "//", "/var/run", "/var/run/"])
    def test_system_directories(self, path: str) -> None:
        volumes = {f"{EXTRA}/persistent_volumes": [{"mount_path": path}]}
        place = f"{EXTRA}/persistent_volumes/0/mount_path"
        assert warned(judged("real-time", volumes)) == [("MA-SVC-064", place)]
        volumes = {f"{EXTRA}/persistent_volumes": [{"mount_path": f"{path}/data"}]}
        assert warned(judged("real-time", volumes)) == []


class TestAdmission:
    def test_what_only_batch_services_need_is_asked_of_no_others(self) -> None:
        batch = {f"{VERSION}/req_uri": "/no", f"{VERSION}/mapping_type": "file"}
        batch |= {f"{VERSION}/src_path": "/gone/in/"}
        facts = one_model(ONE, apis={"/": {}}) | {"missing_paths": frozenset({"/gone/in/"})}
        assert refused(admitted("auto-stop", batch, **facts)) == []
        two = one_model(ONE, apis={"/": {"a": "file", "b": "file"}})
        batch[f"{VERSION}/req_uri"] = "/"
        assert refused(admitted("auto-stop", batch, **two)) == []

    def test_one_api_with_an_input_is_enough(self) -> None:
        facts = one_model(BATCH, apis={"/": {"x": "file"}, "/ping": {}})
        assert refused(admitted("batch-file", {}, **facts)) == []

    def test_a_version_without_a_model_or_an_api_is_held_against_neither(self) -> None:
        gone = {f"{VERSION}/model_id": REMOVED, f"{VERSION}/req_uri": REMOVED}
        assert refused(admitted("batch-csv", gone)) == []
        assert refused(admitted("batch-csv", {f"{VERSION}/req_uri": REMOVED})) == []

    def test_paths_where_nothing_is_are_told_one_by_one(self) -> None:
        changes = {f"{VERSION}/src_path": "/gone/in/", f"{VERSION}/dest_path": "/gone/out/"}
        facts = {"missing_paths": frozenset({"/gone/in/", "/gone/out/"})}
        assert refused(admitted("batch-file", changes, **facts)) == [
            ("MA-ADM-022", f"{VERSION}/dest_path"),
            ("MA-ADM-022", f"{VERSION}/src_path"),
        ]

    @pytest.mark.parametrize(
        ("base", "changes", "is_refused"),
        [
            ("real-time", {}, True),
            ("edge", {}, False),
            ("batch-csv", {}, False),
            ("two-versions", {"/config/0/cluster_id": "pool-a"}, True),
            (
                "two-versions",
                {"/config/0/cluster_id": "pool-a", "/config/1/cluster_id": "pool-b"},
                False,
            ),
            ("two-versions", {"/cluster_id": "pool-a"}, False),
        ],
    )
    def test_the_quota_is_for_real_time_services_outside_of_dedicated_pools(
        self, base: str, changes: dict[str, Any], is_refused: bool
    ) -> None:
        report = admitted(base, changes, real_time_services=20)
        assert [rule for rule, _ in refused(report)] == (["MA-ADM-014"] if is_refused else [])

    @pytest.mark.parametrize(
        ("model", "why"),
        [
            ({"type": "PyTorch", "websocket": True}, "is of type PyTorch"),
            ({"type": "Image"}, "declares no API with the protocol ws or wss"),
        ],
    )
    def test_why_a_model_is_none_for_websocket(self, model: dict[str, Any], why: str) -> None:
        (violation,) = admitted(
            "websocket", {}, **one_model("speaks-websocket", **model)
        ).violations
        assert violation.message.endswith(f"this one {why}")

    @pytest.mark.parametrize(
        ("sent", "before", "is_refused"),
        [
            ({}, {"websocket_upgrade": True}, True),
            ({"smn_notification": {}}, {"websocket_upgrade": True}, True),
            ({"smn_notification": {}}, {}, False),
            ({}, {}, False),
        ],
    )
    def test_an_update_that_does_not_speak_of_websocket_leaves_the_service_one(
        self, sent: dict[str, Any], before: dict[str, Any], is_refused: bool
    ) -> None:
        body = {"config": [{"model_id": "m"}], **({"additional_properties": sent} if sent else {})}
        facts = Facts(
            status="running",
            request={"additional_properties": before},
            models={"m": ModelFacts(type="Image")},
        )
        report = CATALOGUE.admit(CHANGE, body, facts)
        assert ("MA-ADM-007" in [rule for rule, _ in refused(report)]) is is_refused

    def test_the_pool_of_a_version_goes_before_that_of_the_service(self) -> None:
        changes = {"/cluster_id": "no-such-pool", f"{VERSION}/cluster_id": "pool-a"}
        assert refused(admitted("real-time", changes)) == []
        changes = {"/cluster_id": "pool-a", "/config/1/pool_name": "no-such-pool"}
        assert refused(admitted("two-versions", changes)) == [("MA-ADM-008", "/config/1/pool_name")]

    def test_pools_with_other_nodes_are_named_in_order(self) -> None:
        nodes = {name: PoolFacts(node=f"node-{number}") for number, name in enumerate("hgfedcba")}
        for first in "abc":
            report = admitted("multi-pool", {"/cluster_id": f"{first},h"}, pools=nodes)
            (violation,) = report.violations
            assert violation.message.endswith(f"node-0 and node-{'hgfedcba'.index(first)}")

    def test_what_the_settings_do_not_list_is_told_to_be_unchecked(self) -> None:
        network = {"/vpc_id": "v", "/subnet_network_id": "s", "/security_group_id": "g"}
        changes = network | {"/workspace_id": "mine"}
        networks = Networks(
            subnets={"v": frozenset({"s"})}, security_groups={"g": (InboundRule(),)}
        )
        assert warned(admitted("real-time", changes)) == [
            ("MA-ADM-016", "/workspace_id"),
            ("MA-ADM-018", "/vpc_id"),
        ]
        listed = {"workspaces": frozenset({"mine"}), "networks": networks}
        assert warned(admitted("real-time", changes, **listed)) == []

    def test_a_network_that_there_is_not_is_told_at_its_name(self) -> None:
        network = {"/vpc_id": "v", "/subnet_network_id": "s", "/security_group_id": "g"}
        networks = Networks(security_groups={"g": (InboundRule(),)})
        told = refused(admitted("real-time", network, networks=networks))
        assert told == [("MA-ADM-017", "/vpc_id")]

    def test_a_security_group_without_a_network_is_not_looked_at(self) -> None:
        changes = {"/vpc_id": "", "/security_group_id": "closed"}
        closed = InboundRule(first_port=1, last_port=1)
        networks = Networks(security_groups={"closed": (closed,)})
        assert refused(admitted("real-time", changes, networks=networks)) == []

    def test_a_world_of_which_nothing_is_said(self) -> None:
        world = Facts()
        assert (world.kind, world.pool, world.status, world.request) == ("real-time", "", "", {})
        assert (world.real_time_services, world.batch_services) == (0, 0)
        assert world.quotas == {"real-time-services": 20, "batch-services": 1000}
        assert (world.workspaces, world.networks) == (None, None)
        everything = InboundRule()
        assert (everything.first_port, everything.last_port) == (1, 65535)
        assert (everything.protocol, everything.source) == ("tcp", "0.0.0.0/0")
        assert ModelFacts() == ModelFacts(
            status="published", type="TensorFlow", kinds=("real-time", "batch", "edge"), apis={},
            websocket=False,
        )  # fmt: skip
        assert PoolFacts().node == "modelarts.vm.cpu.2u"


class TestUpdates:
    def test_a_status_beside_other_fields_names_them_in_order(self) -> None:
        changes = {"/status": "stopped"}
        (warning,) = judged("update-full", changes, CHANGE).warnings
        names = sorted(CATALOGUE.documents["update-full"])
        assert warning.message.endswith(f"not applied: {', '.join(names)}")

    def test_what_is_not_applied_is_not_refused_for_the_services_status(self) -> None:
        document = changed(CATALOGUE.documents["update-weights"], {"/status": "stopped"})
        facts = replace(CATALOGUE.facts, status="stopping")
        told = refused(CATALOGUE.admit(CHANGE, document, facts))
        assert told == [("MA-UPD-008", "/status")]


def test_a_single_weight_is_not_shown_as_a_sum() -> None:
    (violation,) = judged("real-time", {f"{VERSION}/weight": 99}).violations
    assert violation.message.endswith("must add up to 100; these add up to 99")


@pytest.mark.parametrize("number", [1e16, 1e22, 1e30, 1e308, 2**62])
def test_what_is_too_large_for_decimals_has_no_third_one(number: float) -> None:
    assert rounded(number) == number


def test_a_service_is_called_by_its_kind() -> None:
    for base, words in (("edge", "an edge service"), ("batch-csv", "a batch service")):
        schedule = [{"type": "stop", "time_unit": "HOURS", "duration": 1}]
        (violation,) = judged(base, {"/schedule": schedule}).violations
        assert words in violation.message


class TestVariables:
    def test_only_the_variables_that_cannot_be_given_are_told(self) -> None:
        envs = {"MODE": "fast", "1ST": "x", "A": "x\x00y", "B": ""}
        assert refused(judged("real-time", {f"{VERSION}/envs": envs})) == [
            ("MA-SVC-045", f"{VERSION}/envs/1ST"),
            ("MA-SVC-045", f"{VERSION}/envs/A"),
        ]

    def test_only_those_that_look_like_secrets_and_have_a_value_are_told(self) -> None:
        envs = {"MODE": "fast", "DB_PASSWORD": "hunter2", "API_KEY": "", "EMPTY": ""}
        assert warned(judged("real-time", {f"{VERSION}/envs": envs})) == [
            ("MA-SVC-046", f"{VERSION}/envs/DB_PASSWORD")
        ]
