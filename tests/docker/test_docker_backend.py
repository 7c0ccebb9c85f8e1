"""The Docker backend against a real engine: the common promises, then Docker's own."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tarfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker import APIClient

from backends import docker_network
from backends.base import (
    Address,
    Backend,
    ImageArtifact,
    ImageInfo,
    InstancePhase,
    InstanceSpec,
    PackageArtifact,
    Resources,
)
from backends.conformance import BackendConformance, MakeSpec
from backends.docker import DockerBackend
from backends.docker_client import EngineClient
from backends.docker_endpoint import Endpoint
from backends.docker_translate import container_name, network_name
from backends.errors import (
    EngineUnavailable,
    ImageNotFound,
    NameConflict,
    StartFailed,
)
from tests.docker.conftest import Relay, SpecFactory, build_image, cleaned_up, order

pytestmark = pytest.mark.docker

FIXTURES = Path(__file__).parents[2] / "fixtures"
PACKAGES = FIXTURES / "packages"
DIGITS = FIXTURES / "data" / "mnist" / "images"


def name_of(spec: InstanceSpec) -> str:
    return container_name(spec.installation, spec.instance_id)


async def address_of(backend: Backend, instance_id: str = "i-1") -> Address:
    seen = {o.instance_id: o for o in await backend.observe()}
    address = seen[instance_id].address
    assert address is not None
    return address


class TestConformance(BackendConformance):
    """Every promise of the interface."""

    @pytest.fixture(autouse=True)
    def _engine(self, client: APIClient, nobody_image: str) -> None:
        self.client = client
        self.nobody_image = nobody_image

    async def kill(self, backend: Backend, instance_id: str) -> None:
        seen = {o.instance_id: o for o in await backend.observe()}
        await asyncio.to_thread(self.client.kill, seen[instance_id].ref)

    async def say(self, backend: Backend, instance_id: str, lines: Sequence[str]) -> None:
        assert await order(await address_of(backend, instance_id), f"say {list(lines)!r}") == "ok"

    async def read_env(self, backend: Backend, instance_id: str, name: str) -> str | None:
        address = await address_of(backend, instance_id)
        value: str | None = eval(await order(address, f"eval os.environ.get({name!r})"))
        return value

    async def unstartable(self, backend: Backend, make_spec: MakeSpec) -> InstanceSpec:
        assert isinstance(make_spec, SpecFactory)
        return make_spec(artifact=ImageArtifact(self.nobody_image))


# Ownership


async def test_container_carries_its_labels(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    spec = make_spec()
    await backend.start(spec)
    container = client.inspect_container(name_of(spec))
    inherited = client.inspect_image(container["Image"])["Config"]["Labels"] or {}
    labels = container["Config"]["Labels"]
    assert {key: labels[key] for key in labels if key not in inherited} == {
        "drydock.installation": spec.installation,
        "drydock.service": "s-1",
        "drydock.version": "v-1",
        "drydock.instance": "i-1",
        "drydock.spec-hash": spec.spec_hash,
        "drydock.port": "8080",
        "drydock.reach": "container",
        "drydock.schema": "1",
    }


async def test_network_carries_the_installation_and_keeps_instances_apart(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    await backend.start(make_spec())
    network = client.inspect_network(network_name(make_spec.installation))
    assert network["Labels"]["drydock.installation"] == make_spec.installation
    assert network["Options"]["com.docker.network.bridge.enable_icc"] == "false"


async def test_foreign_container_with_our_name_is_left_alone(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    spec = make_spec()
    config = {"Image": make_spec.image, "HostConfig": {"NetworkMode": "none"}}
    foreign = client.create_container_from_config(config, name_of(spec))["Id"]
    try:
        with pytest.raises(NameConflict) as caught:
            await backend.start(spec)
        assert caught.value.hint
        await backend.stop("i-1", 1)
        await backend.remove("i-1")
        await backend.remove_everything()
        assert client.inspect_container(foreign)["State"]["Status"] == "created"
    finally:
        client.remove_container(foreign, force=True)


async def test_foreign_network_with_our_name_is_left_alone(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    foreign = client.create_network(network_name(make_spec.installation))["Id"]
    try:
        with pytest.raises(NameConflict):
            await backend.start(make_spec())
        assert await backend.observe() == []
        await backend.remove_everything()
        assert client.inspect_network(foreign)["Id"] == foreign
    finally:
        client.remove_network(foreign)


async def test_second_backend_of_the_installation_adopts_what_runs(
    backend: DockerBackend, make_spec: SpecFactory, endpoint: Endpoint, base_image: str
) -> None:
    first = await backend.start(make_spec())
    await backend.close()
    async with cleaned_up(make_spec.installation, endpoint, base_image) as successor:
        assert await successor.observe() == [first]
        assert (await successor.start(make_spec())).ref == first.ref


async def test_starts_from_two_servers_make_one_container(
    backend: DockerBackend, make_spec: SpecFactory, endpoint: Endpoint, base_image: str
) -> None:
    async with cleaned_up(make_spec.installation, endpoint, base_image) as rival:
        assert await asyncio.gather(backend.observe(), rival.observe()) == [[], []]
        started = await asyncio.gather(*(b.start(make_spec()) for b in (backend, rival)))
        assert started[0].ref == started[1].ref
        assert len(await backend.observe()) == 1


# What a container may do: one assertion an item

Inspection = dict[str, Any]

COMMON_PROFILE: dict[str, tuple[Callable[[Inspection], Any], Any]] = {
    "init": (lambda i: i["HostConfig"]["Init"], True),
    "no capabilities": (lambda i: i["HostConfig"]["CapDrop"], ["ALL"]),
    "no new privileges": (lambda i: i["HostConfig"]["SecurityOpt"], ["no-new-privileges"]),
    "not privileged": (lambda i: i["HostConfig"]["Privileged"], False),
    "memory": (lambda i: i["HostConfig"]["Memory"], 256 << 20),
    "no swap on top": (lambda i: i["HostConfig"]["MemorySwap"], 256 << 20),
    "cpus": (lambda i: i["HostConfig"]["NanoCpus"], 500_000_000),
    "pids": (lambda i: i["HostConfig"]["PidsLimit"], 256),
    "open files": (lambda i: _ulimits(i)["nofile"], 4096),
    "no core files": (lambda i: _ulimits(i)["core"], 0),
    "log driver": (lambda i: i["HostConfig"]["LogConfig"]["Type"], "json-file"),
    "log size": (lambda i: i["HostConfig"]["LogConfig"]["Config"]["max-size"], "10m"),
    "log files": (lambda i: i["HostConfig"]["LogConfig"]["Config"]["max-file"], "3"),
    "engine does not restart it": (lambda i: i["HostConfig"]["RestartPolicy"]["Name"], "no"),
    "no published port": (lambda i: i["HostConfig"]["PortBindings"] or {}, {}),
    "no devices": (lambda i: i["HostConfig"]["Devices"] or [], []),
    "own process ids": (lambda i: i["HostConfig"]["PidMode"], ""),
    "hostname": (lambda i: i["Config"]["Hostname"], "i-1"),
}

PACKAGE_PROFILE = COMMON_PROFILE | {
    "user": (lambda i: i["Config"]["User"], "65532:65532"),
    "read-only root": (lambda i: i["HostConfig"]["ReadonlyRootfs"], True),
    "scratch": (lambda i: "noexec" in i["HostConfig"]["Tmpfs"]["/tmp"], True),
    "package mount": (
        lambda i: [(m["Type"], m["Destination"], m["RW"]) for m in i["Mounts"]],
        [("bind", "/package", False)],
    ),
    "threads": (lambda i: "DRYDOCK_THREADS=1" in i["Config"]["Env"], True),
    "instance id": (lambda i: "DRYDOCK_INSTANCE_ID=i-1" in i["Config"]["Env"], True),
    "version id": (lambda i: "DRYDOCK_VERSION_ID=v-1" in i["Config"]["Env"], True),
    "the user's variable": (lambda i: "GREETING=hello" in i["Config"]["Env"], True),
}

IMAGE_PROFILE = COMMON_PROFILE | {
    "own command": (
        lambda i: i["Config"]["Cmd"],
        ["python3", "-I", "-S", "/standin.py"],
    ),
    "image by id": (lambda i: i["Config"]["Image"].startswith("sha256:"), True),
    "the user's variable": (lambda i: "GREETING=hello" in i["Config"]["Env"], True),
    "no variable of ours": (lambda i: [e for e in i["Config"]["Env"] if "DRYDOCK" in e], []),
}


def _ulimits(inspection: Inspection) -> dict[str, int]:
    return {limit["Name"]: limit["Hard"] for limit in inspection["HostConfig"]["Ulimits"]}


def assert_profile(
    inspection: Inspection, profile: dict[str, tuple[Callable[[Inspection], Any], Any]]
) -> None:
    found = {item: read(inspection) for item, (read, _) in profile.items()}
    assert found == {item: wanted for item, (_, wanted) in profile.items()}


HALF_A_CORE = Resources(cpus=0.5, memory_mib=256)


async def test_image_container_has_the_hardened_profile(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    spec = make_spec(resources=HALF_A_CORE, envs={"GREETING": "hello"})
    await backend.start(spec)
    assert_profile(client.inspect_container(name_of(spec)), IMAGE_PROFILE)


async def test_package_container_has_the_hardened_profile(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient, runtime_image: ImageInfo
) -> None:
    package = PackageArtifact(str(PACKAGES / "mnist"))
    spec = make_spec(artifact=package, resources=HALF_A_CORE, envs={"GREETING": "hello"})
    await backend.start(spec)
    assert_profile(client.inspect_container(name_of(spec)), PACKAGE_PROFILE)


async def test_limits_are_capped_to_the_machine(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    machine = client.info()
    spec = make_spec(resources=Resources(cpus=100_000, memory_mib=1 << 30))
    await backend.start(spec)
    limits = client.inspect_container(name_of(spec))["HostConfig"]
    assert limits["NanoCpus"] == machine["NCPU"] * 1_000_000_000
    assert limits["Memory"] == machine["MemTotal"]


async def test_memory_over_the_limit_is_an_oom_kill(
    backend: DockerBackend, make_spec: SpecFactory
) -> None:
    await backend.start(make_spec(resources=Resources(cpus=1, memory_mib=32)))
    eat = asyncio.create_task(
        order(await address_of(backend), "exec held.append(b'x' * (512 << 20))")
    )
    try:
        seen = await TestConformance().exited(backend, "i-1")
    finally:
        eat.cancel()
    assert (seen.exit_code, seen.oom_killed) == (137, True)


# Stopping


async def test_ignored_sigterm_ends_in_a_kill_after_the_grace(
    backend: DockerBackend, make_spec: SpecFactory
) -> None:
    await backend.start(make_spec())
    address = await address_of(backend)
    await order(address, "exec signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await backend.stop("i-1", grace_s=1)
    assert 1.0 <= loop.time() - begun < 8.0
    assert (await backend.observe())[0].exit_code == 137


async def test_sigterm_is_heard_at_once(backend: DockerBackend, make_spec: SpecFactory) -> None:
    await backend.start(make_spec())
    await order(await address_of(backend), "eval 1")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await backend.stop("i-1", grace_s=30)
    assert loop.time() - begun < 5.0
    assert (await backend.observe())[0].exit_code == 0


async def test_removal_already_in_progress_is_waited_for(
    backend: DockerBackend, make_spec: SpecFactory
) -> None:
    await backend.start(make_spec())
    await asyncio.gather(*(backend.remove("i-1") for _ in range(4)))
    assert await backend.observe() == []


# Drift: what somebody else did to a container


async def test_paused_container_is_resumed_by_start(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    first = await backend.start(make_spec())
    client.pause(first.ref)
    assert (await backend.observe())[0].phase is InstancePhase.RUNNING
    again = await backend.start(make_spec())
    assert again.ref == first.ref
    assert await order(again.address, "eval 1 + 1") == "2"


async def test_renamed_container_is_still_the_instance(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    first = await backend.start(make_spec())
    client.rename(first.ref, f"renamed-{first.ref}")
    assert (await backend.start(make_spec())).ref == first.ref
    await backend.remove("i-1")
    assert await backend.observe() == []


async def test_container_off_its_network_is_replaced(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    first = await backend.start(make_spec())
    client.disconnect_container_from_network(first.ref, network_name(make_spec.installation))
    assert (await backend.observe())[0].address is None
    again = await backend.start(make_spec())
    assert again.ref != first.ref
    assert await order(again.address, "eval 1 + 1") == "2"


async def test_removed_network_is_made_again_for_an_exited_instance(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    await backend.start(make_spec())
    await backend.stop("i-1", 0)
    client.remove_network(network_name(make_spec.installation))
    again = await backend.start(make_spec())
    assert await order(again.address, "eval 1 + 1") == "2"


async def test_restart_by_hand_is_seen_as_a_new_run(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    first = await backend.start(make_spec())
    assert await backend.observe() == [first]
    async with aclosing(backend.changes()) as hints:  # type: ignore[type-var]
        assert await anext(hints) == ""
        await asyncio.to_thread(client.restart, first.ref, 0)
        async with asyncio.timeout(15):
            async for _ in hints:
                seen = (await backend.observe())[0]
                if seen.phase is InstancePhase.RUNNING and seen != first:
                    break
    assert seen.started_at_ms is not None
    assert first.started_at_ms is not None
    assert seen.started_at_ms > first.started_at_ms


# Failed starts


async def test_unknown_image_is_not_found(backend: DockerBackend, make_spec: SpecFactory) -> None:
    missing = ImageArtifact("127.0.0.1:1/nobody/nothing:0")
    with pytest.raises(ImageNotFound):
        await backend.start(make_spec(artifact=missing))
    with pytest.raises(ImageNotFound):
        await backend.inspect_image(missing.reference)
    with pytest.raises(ImageNotFound) as caught:
        await backend.prepare(missing, lambda _: None)
    assert "registry cannot be reached" in caught.value.message
    assert caught.value.hint


async def test_image_for_another_processor_fails_with_a_hint(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient
) -> None:
    machine = client.version()["Arch"]
    other = "arm64" if machine == "amd64" else "amd64"
    reference = f"drydock-test-foreign:{other}"
    client.load_image(_archive(reference, other))
    assert (await backend.inspect_image(reference)).architecture == other
    with pytest.raises(StartFailed) as caught:
        await backend.start(make_spec(artifact=ImageArtifact(reference)))
    assert f"another processor than the engine's {machine}" in caught.value.message
    assert f"--platform linux/{machine}" in caught.value.hint
    assert await backend.observe() == []


def _archive(reference: str, architecture: str) -> bytes:
    """A `docker save` archive of one image whose only program no processor can run."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        program = b"\x7fELF" + bytes(100)
        member = tarfile.TarInfo("program")
        member.size, member.mode = len(program), 0o755
        tar.addfile(member, io.BytesIO(program))
    diff_id = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/program"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
        "history": [],
    }
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, data in (
            ("config.json", json.dumps(config).encode()),
            ("manifest.json", json.dumps(manifest).encode()),
            ("layer.tar", layer.getvalue()),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return archive.getvalue()


async def test_unreadable_package_is_refused_with_the_command_that_helps(
    backend: DockerBackend, make_spec: SpecFactory, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    secret = package / "model.onnx"
    secret.write_bytes(b"")
    package.chmod(0o755)
    secret.chmod(0o600)
    with pytest.raises(StartFailed) as caught:
        await backend.start(make_spec(artifact=PackageArtifact(str(package))))
    assert str(secret) in caught.value.message
    assert caught.value.hint.startswith("`chmod")


async def test_missing_package_is_refused(
    backend: DockerBackend, make_spec: SpecFactory, tmp_path: Path
) -> None:
    with pytest.raises(StartFailed, match="not a directory"):
        await backend.start(make_spec(artifact=PackageArtifact(str(tmp_path / "none"))))


# Reaching an instance


async def test_package_predicts_real_digits_over_the_container_address(
    backend: DockerBackend, make_spec: SpecFactory, runtime_image: ImageInfo
) -> None:
    spec = make_spec(artifact=PackageArtifact(str(PACKAGES / "mnist")), resources=HALF_A_CORE)
    await backend.prepare(spec.artifact, lambda _: None)
    started = await backend.start(spec)
    digits = sorted(DIGITS.glob("*.png"))[:20]
    async with httpx.AsyncClient(base_url=f"http://{started.address}", trust_env=False) as http:
        assert (await _first_answer(http, "/v2/health/ready")).status_code == 200
        answers = [await http.post("/", files={"images": digit.read_bytes()}) for digit in digits]
    assert {answer.headers["x-drydock-instance"] for answer in answers} == {"i-1"}
    wanted = [digit.stem[-1] for digit in digits]
    found = [answer.json()["predicted_label"] for answer in answers]
    right = sum(one == other for one, other in zip(found, wanted, strict=True))
    assert right >= 18


async def _first_answer(http: httpx.AsyncClient, path: str) -> httpx.Response:
    async with asyncio.timeout(20):
        while True:
            try:
                return await http.get(path)
            except httpx.TransportError:
                await asyncio.sleep(0.02)


async def test_without_a_route_the_port_is_published_on_loopback(
    backend: DockerBackend,
    make_spec: SpecFactory,
    client: APIClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(docker_network, "_is_own_address", lambda host: False)
    first = await backend.start(make_spec())
    assert first.address is not None
    assert first.address.host == "127.0.0.1"
    assert await order(first.address, "eval 1 + 1") == "2"
    ports = client.inspect_container(first.ref)["NetworkSettings"]["Ports"]["8080/tcp"]
    assert ports == [{"HostIp": "127.0.0.1", "HostPort": str(first.address.port)}]
    await backend.stop("i-1", 0)
    again = await backend.start(make_spec())
    assert again == (await backend.observe())[0]
    assert await order(again.address, "eval 1 + 1") == "2"


# Logs


async def test_long_line_is_joined_and_a_longer_one_cut(
    backend: DockerBackend, make_spec: SpecFactory
) -> None:
    await backend.start(make_spec())
    address = await address_of(backend)
    await order(address, "exec print('a' * 40000, 'b' * 100000, 'end', sep='\\n', flush=True)")
    await TestConformance().logged(backend, "i-1", "end")
    joined, cut, end = await backend.logs("i-1", 3)
    assert joined.text == "a" * 40_000
    assert len(cut.text) == 64 * 1024
    assert cut.text.endswith("b [line cut]")
    assert end.text == "end"
    assert [line.text for line in await backend.logs("i-1", 2)] == [cut.text, "end"]


async def test_both_streams_are_in_the_log_with_their_times(
    backend: DockerBackend, make_spec: SpecFactory
) -> None:
    started = await backend.start(make_spec())
    address = await address_of(backend)
    await order(address, "exec print('complaint', file=sys.stderr, flush=True)")
    await TestConformance().logged(backend, "i-1", "complaint")
    (line,) = await backend.logs("i-1", 1)
    assert line.at_ms is not None
    assert started.started_at_ms is not None
    assert started.started_at_ms <= line.at_ms


async def test_follow_goes_on_through_a_restart(
    backend: DockerBackend, make_spec: SpecFactory
) -> None:
    await backend.start(make_spec())
    await order(await address_of(backend), "say ['first run']")
    async with aclosing(backend.follow("i-1", 10)) as lines, asyncio.timeout(20):  # type: ignore[type-var]
        assert (await anext(lines)).text == "first run"
        await backend.stop("i-1", 0)
        await backend.start(make_spec())
        await order(await address_of(backend), "say ['second run']")
        assert (await anext(lines)).text == "second run"


async def test_closed_streams_leave_no_thread(
    backend: DockerBackend, make_spec: SpecFactory
) -> None:
    await backend.start(make_spec())
    await order(await address_of(backend), "say ['x']")
    before = _stream_threads()
    async with aclosing(backend.follow("i-1", 1)) as lines:  # type: ignore[type-var]
        await anext(lines)
        waiting = asyncio.ensure_future(anext(lines))
        async with aclosing(backend.changes()) as hints:  # type: ignore[type-var]
            await anext(hints)
            assert _stream_threads() == before + Counter({"docker-log": 1, "docker-events": 1})
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert _stream_threads() == before


async def test_close_ends_waiting_readers(backend: DockerBackend, make_spec: SpecFactory) -> None:
    await backend.start(make_spec())
    hints = backend.changes()
    assert await anext(hints) == ""
    waiting = asyncio.ensure_future(anext(hints))
    await asyncio.sleep(0)
    await backend.close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 10)


def _stream_threads() -> Counter[str]:
    names = (thread.name for thread in threading.enumerate())
    return Counter(name for name in names if name in ("docker-log", "docker-events"))


# The engine comes and goes


async def test_cut_engine_is_unavailable_and_everything_recovers(
    make_spec: SpecFactory, relay: Relay, base_image: str
) -> None:
    async with cleaned_up(make_spec.installation, relay.endpoint, base_image) as backend:
        first = await backend.start(make_spec())
        await relay.cut()
        for call in (
            backend.observe(),
            backend.start(make_spec()),
            backend.stop("i-1", 1),
            backend.remove("i-1"),
            backend.logs("i-1", 1),
            backend.inspect_image(make_spec.image),
            backend.prepare(ImageArtifact(make_spec.image), lambda _: None),
            backend.remove_everything(),
        ):
            with pytest.raises(EngineUnavailable) as caught:
                await call
            assert caught.value.hint
        assert not (await backend.info()).available
        await relay.mend()
        assert (await backend.info()).available
        assert [seen.ref for seen in await backend.observe()] == [first.ref]
        assert (await backend.start(make_spec())).ref == first.ref


async def test_hanging_engine_is_unavailable_within_the_deadline(
    make_spec: SpecFactory, relay: Relay, base_image: str
) -> None:
    backend = DockerBackend(
        make_spec.installation, base_image=base_image, endpoint=relay.endpoint, timeout_s=0.5
    )
    assert await backend.observe() == []
    relay.hang()
    with pytest.raises(EngineUnavailable, match="in time"):
        async with asyncio.timeout(5):
            await backend.observe()
    await relay.mend()
    assert await backend.observe() == []
    await backend.close()


async def test_changes_hint_after_a_break_and_go_on(
    make_spec: SpecFactory, relay: Relay, base_image: str
) -> None:
    async with (
        cleaned_up(make_spec.installation, relay.endpoint, base_image) as backend,
        aclosing(backend.changes()) as hints,  # type: ignore[type-var]
        asyncio.timeout(30),
    ):
        assert await anext(hints) == ""
        await relay.cut()
        assert await anext(hints) == ""  # something is wrong: look, and find no engine
        await relay.mend()
        assert await anext(hints) == ""  # connected again
        await backend.start(make_spec())
        assert await anext(hints) == "i-1"


async def test_follow_survives_a_break_without_losing_or_repeating_a_line(
    backend: DockerBackend, make_spec: SpecFactory, relay: Relay, base_image: str
) -> None:
    await backend.start(make_spec())
    address = await address_of(backend)
    await order(address, "say ['one', 'two']")
    async with (
        cleaned_up(make_spec.installation, relay.endpoint, base_image) as reader,
        aclosing(reader.follow("i-1", 10)) as lines,  # type: ignore[type-var]
        asyncio.timeout(30),
    ):
        assert [(await anext(lines)).text for _ in range(2)] == ["one", "two"]
        await order(address, "say ['three']")
        assert (await anext(lines)).text == "three"
        await relay.cut()
        await order(address, "say ['four', 'five']")
        await relay.mend()
        assert [(await anext(lines)).text for _ in range(2)] == ["four", "five"]


async def test_observing_again_asks_the_engine_once(
    backend: DockerBackend, make_spec: SpecFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backend.start(make_spec("i-1"))
    await backend.start(make_spec("i-2"))
    await backend.stop("i-2", 0)
    before = await backend.observe()
    asked: list[str] = []
    call = EngineClient.call

    async def counted(self: EngineClient, what: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(what)
        return await call(self, what, *args, **kwargs)

    monkeypatch.setattr(EngineClient, "call", counted)
    assert await backend.observe() == before
    assert asked == ["listing containers"]


async def test_image_whose_program_is_missing_exits_and_says_so(
    backend: DockerBackend, make_spec: SpecFactory, client: APIClient, base_image: str
) -> None:
    files = {"Dockerfile": 'ARG BASE\nFROM ${BASE}\nCMD ["/no/such/program"]\n'}
    reference = await asyncio.to_thread(build_image, client, files, base_image)
    spec = make_spec(artifact=ImageArtifact(reference))
    try:
        await backend.start(spec)
    except StartFailed as failure:  # it had exited before the start was over
        error: StartFailed | None = failure
    else:
        error = None
    if error is not None:
        assert "not in it" in error.hint
        assert await backend.observe() == []
    else:
        seen = await TestConformance().exited(backend, "i-1")
        assert seen.exit_code == 127
        assert "No such file" in (await backend.logs("i-1", 1))[0].text
