"""What the engine is told about an instance and what its answers mean, without an engine."""

from __future__ import annotations

from typing import Any

import pytest

from backends.base import (
    Address,
    ImageArtifact,
    InstancePhase,
    InstanceSpec,
    PackageArtifact,
    Resources,
)
from backends.docker_client import EngineFacts
from backends.docker_translate import (
    NetworkUse,
    SocketUse,
    address_of,
    container_config,
    container_name,
    hint_for,
    instance_env,
    network_name,
    observation_of,
    parse_time_ns,
    phase_of,
    row_of,
    status_key,
)

FACTS = EngineFacts(4, 8 << 30, "amd64", "Docker", behind_wall=False)
ROUTED = NetworkUse("network-id", publish=False)
PUBLISHED = NetworkUse("network-id", publish=True)
ON_SOCKET = SocketUse("/data/run/i/0123")


def spec_of(
    artifact: PackageArtifact | ImageArtifact,
    *,
    instance_id: str = "i-1",
    envs: dict[str, str] | None = None,
    cpus: float = 1.5,
) -> InstanceSpec:
    return InstanceSpec(
        "inst", "s", "v", instance_id, artifact, Resources(cpus, 512), dict(envs or {})
    )


PACKAGE = spec_of(PackageArtifact("/data/p"), envs={"A": "1"})
IMAGE = spec_of(ImageArtifact("shop/ranker:3", 9000), envs={"A": "1"})


def test_names_are_derived_and_valid() -> None:
    assert container_name("0123456789abcdef", "svc.v1-2") == "dd-0123456789ab-svc.v1-2"
    assert network_name("0123") == "dd-0123"


@pytest.mark.parametrize("instance_id", ["", "-x", "a b", "ä", "x" * 500, "../etc"])
def test_any_instance_id_gives_a_name_the_engine_takes(instance_id: str) -> None:
    name = container_name("inst", instance_id)
    assert len(name) <= 128
    assert name.isascii()
    assert all(c.isalnum() or c in "_.-" for c in name)
    assert name != container_name("inst", instance_id + "y")


def test_image_gets_only_the_listed_variables() -> None:
    assert instance_env(IMAGE) == {"A": "1"}


def test_package_gets_threads_for_its_cores_rounded_up() -> None:
    assert instance_env(PACKAGE)["DRYDOCK_THREADS"] == "2"
    assert instance_env(spec_of(PackageArtifact("/p"), cpus=0.1))["DRYDOCK_THREADS"] == "1"


def test_package_cannot_set_the_runtimes_own_variables() -> None:
    envs = {"DRYDOCK_PORT": "1", "DRYDOCK_UDS": "/x", "PYTHONPATH": "/evil", "OMP_NUM_THREADS": "7"}
    env = instance_env(spec_of(PackageArtifact("/p"), envs=envs))
    assert env["DRYDOCK_PORT"] == "8080"
    assert "DRYDOCK_UDS" not in env
    assert "PYTHONPATH" not in env
    assert env["OMP_NUM_THREADS"] == "7"


def test_routed_instance_publishes_nothing() -> None:
    config = container_config(IMAGE, "sha256:1", ROUTED, FACTS)
    assert "PortBindings" not in config["HostConfig"]
    assert config["Labels"]["drydock.reach"] == "container"


def test_published_port_is_on_loopback_and_chosen_by_the_engine() -> None:
    config = container_config(IMAGE, "sha256:1", PUBLISHED, FACTS)
    bindings = config["HostConfig"]["PortBindings"]
    assert bindings == {"9000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}


def test_instance_on_a_socket_has_no_network_and_no_port() -> None:
    config = container_config(PACKAGE, "sha256:1", ON_SOCKET, FACTS)
    assert config["HostConfig"]["NetworkMode"] == "none"
    assert not {"ExposedPorts", "NetworkingConfig"} & config.keys()
    assert "DRYDOCK_UDS=/run/drydock/s" in config["Env"]
    assert not [name for name in config["Env"] if name.startswith("DRYDOCK_PORT")]
    assert config["HostConfig"]["Mounts"][1:] == [
        {
            "Type": "bind",
            "Source": "/data/run/i/0123",
            "Target": "/run/drydock",
            "ReadOnly": False,
        }
    ]


def test_foreign_image_keeps_its_user_and_a_writable_root() -> None:
    config = container_config(IMAGE, "sha256:1", ROUTED, FACTS)
    assert "User" not in config
    assert "ReadonlyRootfs" not in config["HostConfig"]
    assert "Mounts" not in config["HostConfig"]


def test_limits_do_not_exceed_the_machine() -> None:
    small = EngineFacts(1, 256 << 20, "amd64", "Docker", behind_wall=False)
    host = container_config(PACKAGE, "sha256:1", ROUTED, small)["HostConfig"]
    assert host["NanoCpus"] == 1_000_000_000
    assert host["Memory"] == host["MemorySwap"] == 256 << 20


def row(state: str = "running", **more: Any) -> dict[str, Any]:
    labels = {
        "drydock.instance": "i-1",
        "drydock.service": "s",
        "drydock.version": "v",
        "drydock.spec-hash": "h",
        "drydock.port": "9000",
        "drydock.reach": "container",
    }
    networks = {"dd-inst": {"IPAddress": "172.20.0.2"}}
    base = {
        "Id": "0123456789abcdef",
        "State": state,
        "Labels": labels,
        "NetworkSettings": {"Networks": networks},
    }
    return base | more


def test_address_is_the_containers_own() -> None:
    assert address_of(row(), "dd-inst") == Address("172.20.0.2", 9000)


def test_instance_on_a_socket_is_reached_at_this_hosts_path_of_it() -> None:
    config = container_config(PACKAGE, "sha256:1", ON_SOCKET, FACTS)
    mounts = [{"Source": "/data/run/i/0123", "Destination": "/run/drydock"}]
    found = {"Id": "1", "State": "running", "Labels": config["Labels"], "Mounts": mounts}
    assert address_of(found, "dd-inst") == Address(path="/data/run/i/0123/s")
    assert address_of(found | {"Mounts": []}, "dd-inst") is None
    assert address_of(found | {"State": "exited"}, "dd-inst") is None


@pytest.mark.parametrize("state", ["created", "exited", "dead", "removing"])
def test_only_running_containers_have_an_address(state: str) -> None:
    assert address_of(row(state), "dd-inst") is None


def test_container_off_our_network_has_no_address() -> None:
    assert address_of(row(), "dd-other") is None


def test_published_instance_is_reached_through_the_host_port_only() -> None:
    labels = row()["Labels"] | {"drydock.reach": "host-port"}
    ports = [{"PrivatePort": 9000, "PublicPort": 49153, "IP": "127.0.0.1"}]
    assert address_of(row(Labels=labels, Ports=ports), "dd-inst") == Address("127.0.0.1", 49153)
    assert address_of(row(Labels=labels), "dd-inst") is None


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("created", InstancePhase.CREATED),
        ("running", InstancePhase.RUNNING),
        ("paused", InstancePhase.RUNNING),
        ("restarting", InstancePhase.RUNNING),
        ("exited", InstancePhase.EXITED),
        ("stopped", InstancePhase.EXITED),
        ("dead", InstancePhase.EXITED),
        ("removing", InstancePhase.EXITED),
    ],
)
def test_every_state_word_has_a_phase(word: str, phase: InstancePhase) -> None:
    assert phase_of(word) is phase


def test_exit_is_told_with_its_code_and_reason() -> None:
    state = {"ExitCode": 137, "OOMKilled": True, "StartedAt": "2025-01-01T00:00:00.5Z"}
    seen = observation_of(row("exited"), state, None)
    assert (seen.exit_code, seen.oom_killed) == (137, True)
    assert seen.started_at_ms == 1_735_689_600_500
    assert seen.ref == "0123456789ab"


def test_running_instance_has_no_exit_code() -> None:
    # the engine keeps the flag of an earlier run
    seen = observation_of(row(), {"ExitCode": 0, "OOMKilled": True}, None)
    assert seen.exit_code is None
    assert not seen.oom_killed


def test_inspection_reads_like_a_list_row() -> None:
    inspection = {
        "Id": "0123456789abcdef",
        "State": {"Status": "running"},
        "Config": {"Labels": row()["Labels"]},
        "NetworkSettings": {
            "Networks": {"dd-inst": {"IPAddress": "172.20.0.2"}},
            "Ports": {
                "9000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}],
                "1/tcp": None,
            },
        },
    }
    converted = row_of(inspection)
    assert address_of(converted, "dd-inst") == Address("172.20.0.2", 9000)
    assert converted["Ports"] == [{"PrivatePort": 9000, "PublicPort": 49153}]


def test_never_started_container_has_no_start() -> None:
    state = {"StartedAt": "0001-01-01T00:00:00Z"}
    assert observation_of(row("created"), state, None).started_at_ms is None


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:01.000000001Z", 1_000_000_001),
        ("1970-01-01T01:00:01.5+01:00", 1_500_000_000),
    ],
)
def test_instants_keep_their_nanoseconds(text: str, nanoseconds: int) -> None:
    assert parse_time_ns(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "yesterday", "1970-01-01", "1970-01-01T00:00:01"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="instant"):
        parse_time_ns(text)


def test_age_of_a_container_is_not_part_of_its_state() -> None:
    older = status_key(row(Status="Exited (1) 2 hours ago"))
    assert older == status_key(row(Status="Exited (1) 3 hours ago"))
    assert older != status_key(row(Status="Exited (2) 2 hours ago"))
    assert status_key(row(Status="Up 1 second")) == status_key(row(Status="Up 2 seconds"))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("standard_init_linux.go: exec user process caused: exec format error", "linux/amd64"),
        ('exec: "serve": executable file not found in $PATH', "CMD"),
        ("[FATAL tini (7)] exec /app failed: No such file or directory", "CMD"),
        ("[FATAL tini (7)] exec /app failed: Permission denied", "may not execute"),
        ("invalid mount config: bind source path does not exist: /x", "File sharing"),
        ("could not find an available, non-overlapping IPv4 address pool", "docker network ls"),
        ("write /x: no space left on device", "docker system df"),
        ("Minimum memory limit allowed is 6MB", "more memory"),
    ],
)
def test_known_words_have_a_hint(words: str, part: str) -> None:
    assert part in hint_for(words, "amd64")


def test_unknown_words_have_none() -> None:
    assert hint_for("something else", "amd64") == ""
