"""The runtime image on a real engine: built once, found again, and fit for what it is for."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import platformdirs
import pytest
from docker import APIClient
from docker.errors import NotFound

from backends import docker_wheels
from backends.base import ImageInfo
from backends.docker_client import EngineClient
from backends.docker_endpoint import Endpoint
from backends.errors import ImageBuildFailed, ImageNotFound
from backends.images import RuntimeImages

pytestmark = pytest.mark.docker

CACHE = platformdirs.user_cache_path("drydock")


@pytest.fixture
async def engine(endpoint: Endpoint) -> AsyncIterator[EngineClient]:
    made = EngineClient(endpoint)
    yield made
    made.close()


@pytest.fixture
def base_alias(client: APIClient, base_image: str) -> Iterator[str]:
    """Another name of the base image, for this test alone."""
    name = f"drydock-test-base:{uuid.uuid4().hex}"
    repository, tag = name.split(":")
    client.tag(base_image, repository, tag)
    yield name
    with contextlib.suppress(NotFound):
        client.remove_image(name)


def run(client: APIClient, image: str, command: list[str]) -> str:
    """Output of a command in a container that may do as little as an instance may."""
    created = client.create_container_from_config(
        {
            "Image": image,
            "Entrypoint": command,
            "HostConfig": {"NetworkMode": "none", "CapDrop": ["ALL"], "ReadonlyRootfs": True},
        }
    )["Id"]
    try:
        client.start(created)
        status = client.wait(created)["StatusCode"]
        output = client.logs(created).decode()
        assert status == 0, output
        return str(output)
    finally:
        client.remove_container(created, force=True)


async def test_image_is_found_again_without_building(
    engine: EngineClient, base_image: str, runtime_image: ImageInfo, tmp_path: Path
) -> None:
    said: list[str] = []
    found = await RuntimeImages(engine, base_image, tmp_path).ensure(said.append)
    assert found == runtime_image
    assert said == []


async def test_image_runs_as_an_unprivileged_user_and_says_what_it_is(
    client: APIClient, runtime_image: ImageInfo
) -> None:
    assert runtime_image.user == "65532:65532"
    config = client.inspect_image(runtime_image.digest)["Config"]
    assert config["Labels"]["drydock.runtime"] == "1"
    assert config["Entrypoint"] == ["python3", "-m", "backends.runtime"]


async def test_every_library_of_the_runtime_can_be_imported(
    client: APIClient, runtime_image: ImageInfo
) -> None:
    modules = "onnxruntime, numpy, PIL, httptools, uvloop, orjson, python_multipart"
    program = f"import {modules}; print(onnxruntime.__version__)"
    version = run(client, runtime_image.digest, ["python3", "-c", program])
    assert f"onnxruntime=={version.split()[-1]}" in docker_wheels.host_pins()


async def test_modules_are_compiled(client: APIClient, runtime_image: ImageInfo) -> None:
    program = (
        "import importlib.util as u, json, os; "
        "print(json.dumps([os.path.exists(u.cache_from_source(u.find_spec(m).origin)) "
        "for m in ('numpy', 'onnxruntime', 'backends.runtime.serve')]))"
    )
    assert json.loads(run(client, runtime_image.digest, ["python3", "-c", program])) == [True] * 3


async def test_image_outlives_its_base(
    engine: EngineClient, client: APIClient, base_alias: str, runtime_image: ImageInfo
) -> None:
    said: list[str] = []
    built = await RuntimeImages(engine, base_alias, CACHE).ensure(said.append)
    try:
        assert said[-1].startswith("Built drydock-runtime:")
        client.remove_image(base_alias)
        said.clear()
        found = await RuntimeImages(engine, base_alias, CACHE).ensure(said.append)
        assert found.digest == built.digest
        assert said == []
    finally:
        client.remove_image(built.reference)


async def test_missing_base_is_not_found_and_says_how_to_choose_another(
    engine: EngineClient, tmp_path: Path
) -> None:
    with pytest.raises(ImageNotFound) as caught:
        await RuntimeImages(engine, "127.0.0.1:1/no/base:0", tmp_path).ensure(lambda _: None)
    assert "DRYDOCK_BASE_IMAGE" in caught.value.hint


async def test_base_without_python_is_refused(
    engine: EngineClient, client: APIClient, tmp_path: Path
) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    tag = uuid.uuid4().hex
    client.import_image_from_data(archive.getvalue(), repository="drydock-test-empty", tag=tag)
    name = f"drydock-test-empty:{tag}"
    try:
        with pytest.raises(ImageBuildFailed, match="does not run python3") as caught:
            await RuntimeImages(engine, name, tmp_path).ensure(lambda _: None)
        assert caught.value.evidence
        left = client.containers(all=True, filters={"ancestor": name})
        assert left == []
    finally:
        client.remove_image(name)


async def test_failed_build_shows_the_end_of_its_log(
    engine: EngineClient,
    base_alias: str,
    client: APIClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    broken = tmp_path / "runtime"
    broken.mkdir()
    (broken / "Dockerfile").write_text(
        "ARG BASE\nFROM ${BASE}\nRUN python3 -c 'print(\"almost\"); exit(3)'\n"
    )
    monkeypatch.setattr("backends.docker_context._RUNTIME_DIR", broken)
    with pytest.raises(ImageBuildFailed) as caught:
        await RuntimeImages(engine, base_alias, CACHE).ensure(lambda _: None)
    assert "almost" in caught.value.evidence
    assert "non-zero code: 3" in caught.value.evidence
    commands = [row["Command"] for row in client.containers(all=True)]
    assert not any("almost" in command for command in commands)
