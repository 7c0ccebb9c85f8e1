"""From stored versions to what a backend runs and what the gateway routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backends.base import Address, Artifact, ImageArtifact, PackageArtifact
from simulator.addresses import parse_address
from simulator.facts.statuses import ServiceKind
from simulator.facts.statuses import ServiceStatus as S
from simulator.gateway.state import Api, Availability, Endpoint, ServiceRoute
from simulator.lifecycle.objects import Goal, InstanceState, Service
from simulator.specs import (
    artifact_document,
    artifact_of,
    availability,
    instance_spec,
    service_route,
)
from simulator.store.services import Stored
from simulator.store.tables import ServiceRow
from tests.support.builders import (
    PROJECT,
    a_service,
    a_service_row,
    a_version,
    a_version_row,
    an_instance,
)


@pytest.mark.parametrize(
    "address",
    [Address(host="127.0.0.1", port=8080), Address(path="/run/x.sock"), Address("[::1]", 1)],
)
def test_an_address_survives_being_written_as_a_word(address: Address) -> None:
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("text", ["", "host", "host:", "host:port", "host:-1", "host:1.5"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an instance address"):
        parse_address(text)


@pytest.mark.parametrize(
    "artifact", [PackageArtifact("/models/m1"), ImageArtifact("sha256:abc", port=9000)]
)
def test_an_artifact_survives_the_store(artifact: Artifact) -> None:
    assert artifact_of(artifact_document(artifact)) == artifact


def test_what_an_image_speaks_is_no_part_of_what_runs() -> None:
    artifact = ImageArtifact("sha256:abc", port=9000)
    assert artifact_of(artifact_document(artifact) | {"http2": True}) == artifact


def test_an_instance_is_told_exactly_what_to_run() -> None:
    version = a_version_row(envs={"A": "1"}, cpus=0.5, memory_mib=512)
    spec = instance_spec("inst", version, "svc-7")
    assert (spec.installation, spec.service_id, spec.version_id) == ("inst", "svc", "v1")
    assert spec.instance_id == "svc-7"
    assert spec.artifact == PackageArtifact("/models/m1")
    assert (spec.resources.cpus, spec.resources.memory_mib) == (0.5, 512)
    assert spec.envs == {"A": "1"}


@pytest.mark.parametrize(
    ("goal", "status", "expected"),
    [
        (Goal.RUNNING, S.RUNNING, Availability.SERVING),
        (Goal.RUNNING, S.CONCERNING, Availability.SERVING),
        (Goal.RUNNING, S.DEPLOYING, Availability.DEPLOYING),
        (Goal.RUNNING, S.FAILED, Availability.FAILED),
        (Goal.STOPPED, S.STOPPING, Availability.STOPPED),
        (Goal.STOPPED, S.STOPPED, Availability.STOPPED),
        (Goal.DELETED, S.DELETING, Availability.STOPPED),
    ],
)
def test_what_a_caller_is_told(goal: Goal, status: S, expected: Availability) -> None:
    assert availability(a_service(goal=goal, status=status)) is expected


def route_of(
    row: ServiceRow, service: Service, **apis: list[dict[str, Any]]
) -> ServiceRoute | None:
    versions = [a_version_row("svc", v, apis=apis.get(v, [])) for v in ("v1", "v2")]
    stored = Stored(row, versions, [], service)
    return service_route(stored, service, prefix="/p/", timeout_s=40, requests_per_s=7)


def route(service: Service, **apis: list[dict[str, Any]]) -> ServiceRoute:
    made = route_of(a_service_row(), service, **apis)
    assert made is not None
    return made


TWO = (a_version("v1", weight=70), a_version("v2", weight=30))


class TestRoute:
    def test_says_whose_it_is_and_what_holds_for_it(self) -> None:
        made = route(a_service(an_instance(), versions=TWO))
        assert (made.service_id, made.project_id, made.prefix) == ("svc", PROJECT, "/p/svc")
        assert (made.timeout_s, made.requests_per_s) == (40, 7)
        assert made.max_body_bytes == 12 * 1024 * 1024

    def test_a_batch_service_has_none(self) -> None:
        row = a_service_row(kind=ServiceKind.BATCH.value)
        assert route_of(row, a_service(an_instance(), versions=TWO)) is None

    def test_only_ready_instances_get_requests(self) -> None:
        others = sorted(set(InstanceState) - {InstanceState.READY})
        instances = [an_instance(n, state, address="h:1") for n, state in enumerate(others, 2)]
        made = route(a_service(an_instance(1), *instances, versions=TWO))
        assert made.versions[0].endpoints == (Endpoint("svc-1", "10.0.0.1", 8080),)

    def test_versions_have_their_weights_also_without_instances(self) -> None:
        made = route(a_service(an_instance(), versions=TWO))
        assert [(v.version_id, v.weight) for v in made.versions] == [("v1", 70), ("v2", 30)]
        assert made.versions[1].endpoints == ()

    def test_a_version_that_is_on_its_way_out_gets_no_new_requests(self) -> None:
        old = an_instance(9, InstanceState.DRAINING, version_id="v0", address="h:1")
        made = route(a_service(an_instance(), old, versions=TWO))
        assert [(v.version_id, v.weight) for v in made.versions] == [
            ("v0", 0),
            ("v1", 70),
            ("v2", 30),
        ]

    def test_a_unix_socket_is_an_endpoint_too(self) -> None:
        made = route(a_service(an_instance(address="unix:/run/x.sock"), versions=TWO))
        assert made.versions[0].endpoints == (Endpoint("svc-1", path="/run/x.sock"),)

    def test_a_version_whose_image_speaks_http2_says_so(self) -> None:
        versions = (TWO[0], replace(TWO[1], http2=True))
        made = route(a_service(an_instance(), versions=versions))
        assert {one.version_id: one.http2 for one in made.versions} == {"v1": False, "v2": True}

    def test_so_does_one_that_an_update_is_about_to_replace(self) -> None:
        old = a_version("v1", http2=True)
        new = a_version("v2", replaces="v1")
        made = route(a_service(an_instance(), versions=(new,), fallback=(old,)))
        assert {one.version_id: (one.weight, one.http2) for one in made.versions} == {
            "v1": (100, True)
        }

    def test_apis_are_those_of_all_versions(self) -> None:
        post, get = {"path": "/", "method": "POST"}, {"path": "/a", "method": "GET"}
        made = route(a_service(versions=TWO), v1=[post], v2=[get, post])
        assert made.apis == (Api("/", "POST"), Api("/a", "GET"))

    def test_a_version_that_declares_nothing_opens_every_path(self) -> None:
        assert route(a_service(versions=TWO), v1=[{"path": "/", "method": "POST"}]).apis == ()
