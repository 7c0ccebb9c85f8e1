"""Where models, images and mounted files may come from: what is refused, and what lies beside."""

from __future__ import annotations

import pytest

from simulator.eas.rules.containers import registry_of
from simulator.rules.rule import REMOVED
from tests.support.eas import judged, refused, told


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ("oss://bucket/model.pmml", []),
        ("https://example.com/m.tar.gz?x=1", []),
        ("http://example.com/m.ZIP", []),
        ("http://example.com/m.pmml", ["EAS-SVC-031"]),
        ("./m.pmml", ["EAS-SVC-030"]),
        ("/mnt/model", ["EAS-SVC-030"]),
    ],
)
def test_where_a_model_may_be(value: str, rules: list[str]) -> None:
    assert told("built-in-processor", {"/model_path": value}) == rules


def test_a_model_may_be_where_storage_is_mounted() -> None:
    nas = {"mount_path": "/mnt/nas/", "nfs": {"server": "nas.example.com", "path": "/"}}
    changes = {"/model_path": "/mnt/nas/model", "/storage": [nas]}
    assert told("built-in-processor", changes) == []
    assert told("built-in-processor", {"/model_path": REMOVED, "/storage": [nas]}) == []
    other = changes | {"/model_path": "/mnt/nas2/model"}
    assert told("built-in-processor", other) == ["EAS-SVC-030"]


def test_a_custom_processor_may_do_without_a_model_unless_the_reading_says_otherwise() -> None:
    without = {"/model_path": REMOVED}
    assert told("custom-processor", without) == []
    assert told("custom-processor", without, processor_model="all") == ["EAS-SVC-010"]


@pytest.mark.parametrize("kind", ["ScalableJob", "LLMGatewayService", "OfflineTask", "Proxima"])
def test_other_kinds_of_services_bring_what_they_run(kind: str) -> None:
    assert told("image", {"/containers": REMOVED, "/metadata/type": kind}) == []


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("python", "docker.io"),
        ("python:3.11", "docker.io"),
        ("library/python:3.11", "docker.io"),
        ("quay.io/team/model:1", "quay.io"),
        ("localhost:5000/model", "localhost"),
        ("registry-vpc.cn-shanghai.aliyuncs.com/a/b:c", "registry-vpc.cn-shanghai.aliyuncs.com"),
    ],
)
def test_the_registry_of_an_image(image: str, host: str) -> None:
    assert registry_of(image) == host


@pytest.mark.parametrize(
    ("image", "is_told"),
    [
        ("registry-vpc.cn-shanghai.aliyuncs.com/a/b:c", False),
        ("team-registry.cn-shanghai.cr.aliyuncs.com/a/b:c", False),
        ("images.company.example/a/b:c", False),  # may be a domain of one's own for ACR
        ("swr.cn-north-4.myhuaweicloud.com/a/b:c", True),
        ("eu.gcr.io/a/b", True),
        ("nginx", True),
    ],
)
def test_only_images_of_certainly_other_registries_are_told(image: str, is_told: bool) -> None:
    assert told("image", {"/containers/0/image": image}) == (["EAS-SVC-104"] if is_told else [])


@pytest.mark.parametrize(
    ("script", "is_told"),
    [
        ("python app.py --port 8080", True),
        ("serve --bind 0.0.0.0:9090", True),
        ("PORT=8080 ./run.sh", True),
        ("python app.py --port 80800", False),
        ("python app.py --port 8000 --proxy http://cache:8080", False),
    ],
)
def test_a_command_that_listens_on_the_engines_ports_is_told(script: str, is_told: bool) -> None:
    assert told("image", {"/containers/0/script": script}) == (["EAS-SVC-105"] if is_told else [])


@pytest.mark.parametrize(
    ("one", "two", "overlap"),
    [
        ("/a", "/a", True),
        ("/a", "/a/", True),
        ("/a", "/a/b", True),
        ("/a/b", "/a", True),
        ("/a", "//a/./b", True),
        ("/a", "/ab", False),
        ("/a/b", "/a/c", False),
    ],
)
def test_mount_paths_that_overlap(one: str, two: str, overlap: bool) -> None:
    storage = [{"mount_path": path, "code": {"id": "c"}} for path in (one, two)]
    wanted = [("EAS-SVC-221", "/storage/1/mount_path")] if overlap else []
    assert refused("image", {"/storage": storage}) == wanted


def test_an_entry_of_storage_that_is_mistyped_is_told_as_that_only() -> None:
    storage = [{"mount_path": "/a", "nfs": "nas.example.com:/"}]
    assert refused("image", {"/storage": storage}) == [("EAS-TYPE-5004", "/storage/0/nfs")]


@pytest.mark.parametrize(
    ("endpoint", "region", "rules"),
    [
        ("oss-cn-shanghai-internal.aliyuncs.com", "cn-shanghai", []),
        ("https://oss-cn-shanghai.aliyuncs.com", "cn-shanghai", []),
        ("bucket.oss-cn-shanghai.aliyuncs.com", "cn-shanghai", []),
        ("oss-ap-southeast-1-internal.aliyuncs.com", "ap-southeast-1", []),
        ("oss-cn-beijing.aliyuncs.com", "cn-shanghai", ["EAS-SVC-225"]),
        ("oss-cn-beijing.aliyuncs.com", None, []),
        ("minio.example.com", "cn-shanghai", []),
    ],
)
def test_object_storage_is_of_the_services_own_region(
    endpoint: str, region: str | None, rules: list[str]
) -> None:
    entry = {"mount_path": "/a", "oss": {"path": "oss://b/m/", "endpoint": endpoint}}
    assert told("image", {"/storage": [entry], "/metadata/region": region}) == rules


@pytest.mark.parametrize(
    ("endpoint", "reading", "is_told"),
    [
        ("oss-cn-shanghai-internal.aliyuncs.com", "either", False),
        ("oss-cn-beijing.aliyuncs.com", "either", False),
        ("oss-cn-shanghai-internal.aliyuncs.com", "own-internal", False),
        ("oss-cn-beijing.aliyuncs.com", "own-internal", True),
        ("oss-cn-shanghai-internal.aliyuncs.com", "other-public", True),
        ("oss-cn-beijing.aliyuncs.com", "other-public", False),
        ("storage.example.com", "either", True),
    ],
)
def test_the_readings_of_oss_endpoint(endpoint: str, reading: str, is_told: bool) -> None:
    found = told("full-processor", {"/oss_endpoint": endpoint}, oss_endpoint=reading)
    assert found == (["EAS-SVC-034"] if is_told else [])


def test_a_login_is_not_repeated() -> None:
    report = judged("full", {"/dockerAuth": "user:hunter2"})
    assert "hunter2" not in report.violations[0].message
