"""Packages on Unix sockets against a real engine: no network, a folder each, nothing left."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from docker import APIClient

from backends import docker_sockets
from backends.base import (
    Address,
    ImageInfo,
    InstancePhase,
    InstanceSpec,
    PackageArtifact,
    Resources,
)
from backends.docker import DockerBackend
from backends.docker_client import EngineClient
from backends.docker_endpoint import Endpoint
from backends.docker_sockets import SocketFolders
from backends.docker_translate import container_name, network_name
from backends.errors import StartFailed
from tests.docker.conftest import SpecFactory

pytestmark = pytest.mark.docker

MNIST = Path(__file__).parents[2] / "fixtures" / "packages" / "mnist"


@pytest.fixture
def root() -> Iterator[Path]:
    """Where folders are made; tmp_path may be too long for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder, "i")


@contextlib.asynccontextmanager
async def opened(
    make_spec: SpecFactory, endpoint: Endpoint, base_image: str, root: Path
) -> AsyncIterator[DockerBackend]:
    backend = DockerBackend(
        make_spec.installation, base_image=base_image, endpoint=endpoint, sockets_dir=root
    )
    try:
        yield backend
    finally:
        await backend.close()


@pytest.fixture
async def backend(
    make_spec: SpecFactory,
    endpoint: Endpoint,
    base_image: str,
    root: Path,
    runtime_image: ImageInfo,
) -> AsyncIterator[DockerBackend]:
    """A backend that keeps sockets in `root`; of its installation nothing is left afterwards."""
    async with opened(make_spec, endpoint, base_image, root) as made:
        yield made
    async with opened(make_spec, endpoint, base_image, root) as broom:
        await broom.remove_everything()


@pytest.fixture
def package(make_spec: SpecFactory) -> InstanceSpec:
    return make_spec(artifact=PackageArtifact(str(MNIST)))


async def status_of(address: Address | None) -> int:
    """What the server at a socket answers when asked whether it is ready; waits until it does."""
    assert address is not None
    assert address.is_unix
    transport = httpx.AsyncHTTPTransport(uds=address.path)
    async with httpx.AsyncClient(transport=transport) as http, asyncio.timeout(30):
        while True:
            with contextlib.suppress(httpx.TransportError):
                return (await http.get("http://instance/v2/health/ready")).status_code
            await asyncio.sleep(0.02)


def folders(root: Path) -> set[str]:
    return {entry.name for entry in root.iterdir()} if root.exists() else set()


async def test_package_answers_on_a_socket_and_has_no_network(
    backend: DockerBackend, package: InstanceSpec, client: APIClient
) -> None:
    seen = await backend.start(package)
    assert await status_of(seen.address) == 200
    found = client.inspect_container(container_name(package.installation, "i-1"))
    assert list(found["NetworkSettings"]["Networks"]) == ["none"]
    assert found["Config"]["Labels"]["drydock.reach"] == "socket"
    assert {(m["Destination"], m["RW"]) for m in found["Mounts"]} == {
        ("/package", False),
        ("/run/drydock", True),
    }
    assert client.networks(names=[network_name(package.installation)]) == []
    lines = [line.text for line in await backend.logs("i-1", 50)]
    assert any("listening on /run/drydock/s" in line for line in lines)


async def test_only_the_owner_gets_to_the_sockets(
    backend: DockerBackend, package: InstanceSpec, root: Path
) -> None:
    await backend.start(package)
    assert root.stat().st_mode & 0o777 == 0o700


async def test_two_packages_do_not_see_each_others_sockets(
    backend: DockerBackend, make_spec: SpecFactory, root: Path
) -> None:
    artifact = PackageArtifact(str(MNIST))
    one = await backend.start(make_spec("i-1", artifact=artifact))
    two = await backend.start(make_spec("i-2", artifact=artifact))
    assert one.address != two.address
    assert len(folders(root)) == 2


async def test_image_is_on_the_network_with_no_folder(
    backend: DockerBackend, make_spec: SpecFactory, root: Path
) -> None:
    seen = await backend.start(make_spec())
    assert seen.address is not None
    assert not seen.address.is_unix
    assert folders(root) == set()


async def test_removal_takes_the_folder(
    backend: DockerBackend, package: InstanceSpec, root: Path
) -> None:
    seen = await backend.start(package)
    await status_of(seen.address)
    assert len(folders(root)) == 1
    await backend.remove("i-1")
    assert folders(root) == set()


async def test_failed_start_leaves_no_folder(
    backend: DockerBackend, make_spec: SpecFactory, root: Path
) -> None:
    too_little = Resources(cpus=1, memory_mib=1)
    with pytest.raises(StartFailed):
        await backend.start(make_spec(artifact=PackageArtifact(str(MNIST)), resources=too_little))
    assert folders(root) == set()


async def test_killed_instance_starts_again_on_its_socket(
    backend: DockerBackend, package: InstanceSpec, client: APIClient
) -> None:
    first = await backend.start(package)
    await status_of(first.address)
    client.kill(first.ref)  # its socket stays behind
    client.wait(first.ref)
    again = await backend.start(package)
    assert (again.ref, again.address) == (first.ref, first.address)
    assert await status_of(again.address) == 200


async def test_exited_instance_whose_folder_has_gone_starts_again(
    backend: DockerBackend, package: InstanceSpec, root: Path
) -> None:
    await backend.start(package)
    await backend.stop("i-1", 5)
    (folder,) = root.iterdir()
    folder.rmdir()
    again = await backend.start(package)
    assert again.phase is InstancePhase.RUNNING
    assert await status_of(again.address) == 200


async def test_the_next_server_finds_the_socket_and_removes_dead_folders(
    backend: DockerBackend,
    package: InstanceSpec,
    endpoint: Endpoint,
    base_image: str,
    make_spec: SpecFactory,
    root: Path,
) -> None:
    first = await backend.start(package)
    await backend.close()
    (root / "0123456789ab").mkdir()
    async with opened(make_spec, endpoint, base_image, root) as other:
        (seen,) = await other.observe()
        assert seen.address is not None
        assert seen.address == first.address
        assert (await other.start(package)).ref == first.ref
        assert await status_of(seen.address) == 200
        assert folders(root) == {Path(seen.address.path).parent.name}


async def test_where_sockets_do_not_carry_the_package_is_on_the_network(
    backend: DockerBackend,
    package: InstanceSpec,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(docker_sockets, "_LISTEN", "raise SystemExit")
    with caplog.at_level(logging.WARNING, "backends.docker_sockets"):
        seen = await backend.start(package)
    assert seen.address is not None
    assert seen.address.host
    assert "TCP is used" in caplog.text
    assert folders(root) == set()


async def test_check_leaves_nothing(
    endpoint: Endpoint, client: APIClient, runtime_image: ImageInfo, root: Path
) -> None:
    engine = EngineClient(endpoint)
    try:
        assert await SocketFolders(root, engine).carry(runtime_image.digest)
    finally:
        engine.close()
    assert folders(root) == set()
    await gone(client, root)


async def test_container_of_a_killed_check_goes_with_the_next_one(
    endpoint: Endpoint, client: APIClient, runtime_image: ImageInfo, root: Path
) -> None:
    client.create_container(
        runtime_image.digest, ["true"], labels={"drydock.runtime-probe": str(root)}
    )
    engine = EngineClient(endpoint)
    try:
        assert await SocketFolders(root, engine).carry(runtime_image.digest)
    finally:
        engine.close()
    await gone(client, root)


async def gone(client: APIClient, root: Path) -> None:
    """Wait until no check's container of the folders in `root` is left."""
    async with asyncio.timeout(20):
        while client.containers(
            all=True, filters={"label": f"drydock.runtime-probe={root.absolute()}"}
        ):
            await asyncio.sleep(0.05)
