"""From an accepted request to what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.errors import (
    ModelMissing,
    ModelNotPublished,
    NotSimulated,
    PoolMissing,
    Refused,
    SpecificationUnavailable,
)
from simulator.modelarts.schemas import CreateService
from simulator.modelarts.services import (
    build_service,
    check_admission,
    check_simulated,
    pool_of,
    specification_of,
)
from simulator.modelarts.shape import read_shape
from tests.support.builders import NOW, PROJECT, a_model_row
from tests.support.requests import changed, documented

ONE = documented("realtime")
TWO = documented("realtime-two-versions")
MODEL_ID = ONE["config"][0]["model_id"]


def request_of(body: dict[str, Any]) -> CreateService:
    return read_shape(CreateService, body, "")


class TestSimulated:
    def test_a_plain_real_time_service_is(self) -> None:
        check_simulated(request_of(ONE))

    @pytest.mark.parametrize(
        ("body", "operation"),
        [
            (documented("batch-csv"), "deploying batch services"),
            (documented("batch-file"), "deploying batch services"),
            (documented("edge"), "deploying edge services"),
            (documented("realtime-auto-stop"), "stopping a service by schedule"),
            (
                {**ONE, "additional_properties": {"websocket_upgrade": True}},
                "deploying WebSocket services",
            ),
        ],
    )
    def test_what_is_not_is_named(self, body: dict[str, Any], operation: str) -> None:
        with pytest.raises(NotSimulated, match=f"{operation} is not simulated"):
            check_simulated(request_of(body))


class TestAdmission:
    def refusal(self, body: dict[str, Any], **models: str) -> Refused:
        rows = {name: a_model_row(name, status=status) for name, status in models.items()}
        with pytest.raises(Refused) as caught:
            check_admission(request_of(body), rows)
        return caught.value

    def test_a_published_model_is_admitted(self) -> None:
        check_admission(request_of(ONE), {MODEL_ID: a_model_row(MODEL_ID)})

    def test_a_model_that_does_not_exist_is_named(self) -> None:
        refusal = self.refusal(ONE)
        assert isinstance(refusal, ModelMissing)
        assert MODEL_ID in str(refusal)

    @pytest.mark.parametrize("status", ["publishing", "failed"])
    def test_a_model_that_is_not_published_is_refused(self, status: str) -> None:
        rows = {MODEL_ID: a_model_row(MODEL_ID, status=status)}
        with pytest.raises(ModelNotPublished, match=f"is {status}"):
            check_admission(request_of(ONE), rows)

    def test_every_version_is_checked(self) -> None:
        refusal = self.refusal(TWO, **{"xxxmodel-idxxx": "published"})
        assert isinstance(refusal, ModelMissing)
        assert refusal.key == "xxxxxx"

    def test_a_pool_that_does_not_exist_is_named(self) -> None:
        body = {**ONE, "pool_name": "pool-1"}
        with pytest.raises(PoolMissing, match="pool-1"):
            check_admission(request_of(body), {MODEL_ID: a_model_row(MODEL_ID)})

    @pytest.mark.parametrize("name", ["modelarts.vm.gpu.p4", "modelarts.vm.ai1.a310"])
    def test_accelerators_that_are_not_there_are_refused(self, name: str) -> None:
        body = changed(ONE, "/config/0/specification", name)
        with pytest.raises(SpecificationUnavailable, match=f"{name} is not available"):
            check_admission(request_of(body), {MODEL_ID: a_model_row(MODEL_ID)})


class TestPool:
    @pytest.mark.parametrize(
        ("service", "version", "pool"),
        [
            ({}, {}, ""),
            ({"cluster_id": "sc"}, {}, "sc"),
            ({"cluster_id": "sc", "pool_name": "sp"}, {}, "sp"),
            ({"pool_name": "sp"}, {"cluster_id": "vc"}, "vc"),
            ({"pool_name": "sp"}, {"cluster_id": "vc", "pool_name": "vp"}, "vp"),
        ],
    )
    def test_the_versions_goes_before_the_services_and_the_new_kind_before_the_old(
        self, service: dict[str, str], version: dict[str, str], pool: str
    ) -> None:
        body = {**ONE, **service, "config": [{**ONE["config"][0], **version}]}
        request = request_of(body)
        assert pool_of(request, request.config[0]) == pool


class TestSpecification:
    def test_is_what_the_documents_say(self) -> None:
        spec = specification_of(request_of(ONE).config[0])
        assert (spec.cpus, spec.memory_mb, spec.category) == (2, 8192, "CPU")

    def test_custom_needs_a_dedicated_pool(self) -> None:
        with pytest.raises(SpecificationUnavailable, match="dedicated resource pool"):
            specification_of(request_of(documented("edge")).config[0])


class TestBuilding:
    def build(self, body: dict[str, Any]) -> Any:
        models = {
            config["model_id"]: a_model_row(
                config["model_id"],
                health={"path": "/health"},
                apis=[{"path": "/", "method": "GET"}],
            )
            for config in body["config"]
        }
        return build_service(
            request_of(body),
            body,
            project_id=PROJECT,
            user_id="u1",
            domain_id="d1",
            models=models,
            now=NOW,
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

    def test_timeouts_have_the_documented_defaults(self) -> None:
        _, (version,) = self.build(ONE)
        assert (version.deploy_timeout_ms, version.grace_s) == (1_200_000, 240)

    def test_timeouts_are_taken_as_sent(self) -> None:
        body = changed(ONE, "/config/0/deploy_timeout_in_seconds", 180)
        extra = {"termination_grace_period_seconds": 30}
        _, (version,) = self.build(changed(body, "/config/0/additional_properties", extra))
        assert (version.deploy_timeout_ms, version.grace_s) == (180_000, 30)
