"""From an accepted request to what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.config import Settings
from simulator.errors import ConfigError, InvalidRequest, NotSimulated
from simulator.facts.specifications import SPECIFICATIONS
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.common import CREATE
from simulator.modelarts.ruling import Ruling
from simulator.modelarts.schemas import CreateService
from simulator.modelarts.services import build_service, check_simulated, specification_of
from simulator.offering import Offer
from simulator.rules.shape import build
from simulator.specsettings import SpecificationSettings
from simulator.store.tables import ModelRow
from tests.support.builders import NOW, PROJECT, a_model_row
from tests.support.requests import changed, documented

ONE = documented("realtime")
TWO = documented("realtime-two-versions")
MODEL_ID = ONE["config"][0]["model_id"]


def request_of(body: dict[str, Any], **readings: str) -> CreateService:
    report = CATALOGUE.judge(CREATE, body, CATALOGUE.read(readings))
    assert report.violations == []
    return build(CreateService, report.clean)


class TestSimulated:
    def test_a_plain_real_time_service_is(self) -> None:
        check_simulated(request_of(ONE))

    @pytest.mark.parametrize("name", ["batch-csv", "batch-file"])
    def test_a_batch_service_is(self, name: str) -> None:
        check_simulated(request_of(documented(name)))

    @pytest.mark.parametrize(
        ("body", "operation"),
        [
            (documented("edge"), "edge services"),
            (
                changed(
                    ONE,
                    "/config/0/additional_properties",
                    {"persistent_volumes": [{"mount_path": "/data"}]},
                ),
                "mounting persistent volumes",
            ),
        ],
    )
    def test_what_is_not_is_named(self, body: dict[str, Any], operation: str) -> None:
        with pytest.raises(NotSimulated, match=f"{operation} (is|are) not simulated"):
            check_simulated(request_of(body))


class TestAdmission:
    """The rules themselves are tested with the catalogue; here is what they are told of models."""

    def refusals(self, body: dict[str, Any], *rows: ModelRow, **settings: Any) -> list[str]:
        ruling = Ruling(Settings(**settings))
        facts = ruling.facts({row.model_id: row for row in rows})
        try:
            ruling.admit(CREATE, body, facts)
        except InvalidRequest as error:
            return [violation.rule for violation in error.violations]
        return []

    def test_a_published_model_is_admitted(self) -> None:
        assert self.refusals(ONE, a_model_row(MODEL_ID)) == []

    def test_a_model_that_does_not_exist_is_refused(self) -> None:
        assert self.refusals(ONE) == ["MA-ADM-001"]

    @pytest.mark.parametrize("status", ["publishing", "failed"])
    def test_a_model_that_is_not_published_is_refused(self, status: str) -> None:
        assert self.refusals(ONE, a_model_row(MODEL_ID, status=status)) == ["MA-ADM-002"]

    def test_every_version_is_checked(self) -> None:
        assert self.refusals(TWO, a_model_row("xxxmodel-idxxx")) == ["MA-ADM-001"]

    @pytest.mark.parametrize(
        ("kinds", "refused"),
        [(["batch"], ["MA-ADM-003"]), (["realtime"], []), (["real-time"], []), (None, [])],
    )
    def test_a_model_is_for_the_kinds_that_it_was_created_with(
        self, kinds: list[str] | None, refused: list[str]
    ) -> None:
        document = {"owner": "u", "tenant": "d", "config": {}, "install_type": kinds}
        assert self.refusals(ONE, a_model_row(MODEL_ID, document=document)) == refused

    def test_a_pool_that_does_not_exist_is_refused(self) -> None:
        assert self.refusals({**ONE, "pool_name": "p"}, a_model_row(MODEL_ID)) == ["MA-ADM-008"]

    @pytest.mark.parametrize("name", ["modelarts.vm.gpu.p4", "modelarts.vm.ai1.a310"])
    def test_what_the_host_does_not_have_is_refused_with_the_reason(self, name: str) -> None:
        body = changed(ONE, "/config/0/specification", name)
        ruling, row = Ruling(Settings()), a_model_row(MODEL_ID)
        offers = [Offer(name, SPECIFICATIONS[name], reason="the GPU is lost")]
        with pytest.raises(InvalidRequest) as refused:
            ruling.admit(CREATE, body, ruling.facts({MODEL_ID: row}, offers=offers))
        (violation,) = refused.value.violations
        assert (violation.rule, "the GPU is lost" in violation.message) == ("MA-ADM-012", True)

    def test_what_the_host_has_less_is_told_as_a_warning(self) -> None:
        name, ruling, row = "modelarts.vm.cpu.2u", Ruling(Settings()), a_model_row(MODEL_ID)
        body = changed(ONE, "/config/0/specification", name)
        offers = [Offer(name, SPECIFICATIONS[name], warning="capped: this host has 1 vCPU")]
        warnings = ruling.admit(CREATE, body, ruling.facts({MODEL_ID: row}, offers=offers))
        assert ["capped: this host has 1 vCPU" in one.message for one in warnings] == [True]

    def test_own_specifications_are_known_by_their_names_only(self) -> None:
        own = {"shop.large": SpecificationSettings(vcpus=4, memory_mb=9000)}
        body = changed(ONE, "/config/0/specification", "shop.large")
        accepted = Ruling(Settings(specifications=own)).accept(CREATE, CreateService, body)
        assert accepted.request.config[0].specification == "shop.large"
        with pytest.raises(InvalidRequest, match="specification"):
            Ruling(Settings()).accept(CREATE, CreateService, body)
        wrong, ruling = (
            changed(body, "/config/0/specification", "x"),
            Ruling(Settings(specifications=own)),
        )
        with pytest.raises(InvalidRequest, match=r"shop\.large"):
            ruling.accept(CREATE, CreateService, wrong)

    def test_listed_workspaces_are_the_only_ones(self) -> None:
        body = {**ONE, "workspace_id": "mine"}
        model = a_model_row(MODEL_ID)
        assert self.refusals(body, model) == []
        assert self.refusals(body, model, workspaces=["mine"]) == []
        assert self.refusals(body, model, workspaces=["theirs"]) == ["MA-ADM-015"]
        assert self.refusals(ONE, model, workspaces=[]) == []

    def test_listed_networks_are_the_only_ones_and_must_let_the_service_port_in(self) -> None:
        body = {**ONE, "vpc_id": "v", "subnet_network_id": "s", "security_group_id": "g"}
        model = a_model_row(MODEL_ID)

        def networks(subnet: str, **rule: Any) -> dict[str, Any]:
            return {"vpcs": {"v": [subnet]}, "security_groups": {"g": [rule]}}

        assert self.refusals(body, model) == []
        assert self.refusals(body, model, networks=networks("s")) == []
        assert self.refusals(body, model, networks=networks("t")) == ["MA-ADM-017"]
        closed = networks("s", first_port=22, last_port=22)
        assert self.refusals(body, model, networks=closed) == ["MA-ADM-020"]
        assert self.refusals(body, model, networks=networks("s", source="10.0.0.0/8")) == [
            "MA-ADM-020"
        ]


class TestAcceptance:
    def test_a_reading_that_there_is_not_stops_the_server_from_starting(self) -> None:
        with pytest.raises(ConfigError, match="deploy-timeout is one of seconds, minutes"):
            Ruling(Settings(readings={"deploy-timeout": "hours"}))

    def test_a_chosen_reading_is_used(self) -> None:
        body = changed(ONE, "/config/0/deploy_timeout_in_seconds", 20)
        with pytest.raises(InvalidRequest):
            Ruling(Settings()).accept(CREATE, CreateService, body)
        minutes = Ruling(Settings(readings={"deploy-timeout": "minutes"}))
        assert minutes.accept(CREATE, CreateService, body).warnings == ()

    def test_nulls_are_not_kept_and_unknown_fields_are_kept_and_told(self) -> None:
        body = {**ONE, "vpc_id": None, "of_tomorrow": {"a": None, "b": 1}}
        accepted = Ruling(Settings()).accept(CREATE, CreateService, body)
        assert accepted.body == {**ONE, "of_tomorrow": {"b": 1}}
        assert [warning.path for warning in accepted.warnings] == ["/of_tomorrow"]

    def test_unknown_fields_are_refused_when_strict(self) -> None:
        with pytest.raises(InvalidRequest, match="of_tomorrow"):
            Ruling(Settings(strict=True)).accept(CREATE, CreateService, {**ONE, "of_tomorrow": 1})


class TestSpecification:
    def test_is_what_the_documents_say(self) -> None:
        spec = specification_of(request_of(ONE).config[0])
        assert (spec.cpus, spec.memory_mb, spec.category) == (2, 8192, "CPU")

    def test_the_misprint_means_the_same(self) -> None:
        body = changed(ONE, "/config/0/specification", "modelsarts.vm.ai1.a310")
        assert specification_of(request_of(body).config[0]).name == "modelarts.vm.ai1.a310"

    def test_custom_takes_its_sizes_from_custom_spec_rounded(self) -> None:
        body = changed(documented("edge"), "/config/0/custom_spec/cpu", 1.505)
        spec = specification_of(request_of(body).config[0])
        assert (spec.cpus, spec.memory_mb, spec.gpus, spec.npus) == (1.51, 7500, 0, 0)


class TestBuilding:
    def build(self, body: dict[str, Any], **more: Any) -> Any:
        models = {
            config["model_id"]: a_model_row(
                config["model_id"],
                health={"path": "/health"},
                apis=[{"path": "/", "method": "GET"}],
            )
            for config in body["config"]
        }
        return build_service(
            more.pop("request", None) or request_of(body),
            body,
            project_id=PROJECT,
            user_id="u1",
            domain_id="d1",
            models=models,
            now=NOW,
            **more,
        )

    def test_a_service_is_wanted_running_and_deploys(self) -> None:
        row, _ = self.build(ONE)
        assert (row.goal, row.status, row.kind) == ("running", "deploying", "real-time")
        assert (row.name, row.project_id, row.created_at) == ("mnist", PROJECT, NOW)
        assert row.document == {"request": ONE, "owner": "u1", "tenant": "d1"}

    def test_two_of_the_same_request_are_two_services(self) -> None:
        assert self.build(ONE)[0].service_id != self.build(ONE)[0].service_id

    def test_versions_carry_what_was_asked_for_and_what_the_model_is(self) -> None:
        row, versions = self.build(TWO)
        assert [(v.version_id, v.position, v.weight) for v in versions] == [
            ("v1", 0, 70),
            ("v2", 1, 30),
        ]
        assert versions[0].envs == {"model_name": "mxnet-model-1", "load_epoch": "0"}
        assert versions[1].envs == {}
        assert {v.service_id for v in versions} == {row.service_id}
        assert (versions[0].cpus, versions[0].memory_mib) == (2, 8192)
        assert versions[0].health == {"path": "/health"}
        assert versions[0].apis == [{"path": "/", "method": "GET"}]

    def test_a_timeout_in_minutes_by_the_other_reading_is_that_many_minutes(self) -> None:
        body = changed(ONE, "/config/0/deploy_timeout_in_seconds", 3)
        request = request_of(body, **{"deploy-timeout": "minutes"})
        _, (version,) = self.build(body, request=request, timeout_unit_s=60)
        assert version.deploy_timeout_ms == 180_000

    def test_a_traffic_limit_of_the_console_is_kept_for_the_gateway(self) -> None:
        row, _ = self.build({**ONE, "x-drydock": {"traffic_limit": 7}})
        assert row.routing == {"requests_per_s": 7}

    def test_a_websocket_service_is_routed_as_one(self) -> None:
        extra = {"smn_notification": {}, "websocket_upgrade": True}
        row, _ = self.build({**ONE, "additional_properties": extra})
        assert row.routing == {"websocket": True}
        row, _ = self.build({**ONE, "additional_properties": extra | {"websocket_upgrade": False}})
        assert row.routing == {}

    def test_timeouts_have_the_documented_defaults(self) -> None:
        _, (version,) = self.build(ONE)
        assert (version.deploy_timeout_ms, version.grace_s) == (1_200_000, 240)

    def test_timeouts_are_taken_as_sent(self) -> None:
        body = changed(ONE, "/config/0/deploy_timeout_in_seconds", 180)
        extra = {"termination_grace_period_seconds": 30}
        _, (version,) = self.build(changed(body, "/config/0/additional_properties", extra))
        assert (version.deploy_timeout_ms, version.grace_s) == (180_000, 30)
