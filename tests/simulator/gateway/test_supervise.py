"""The supervised Envoy, as a whole."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from simulator.access_log import AccessLog, aside
from simulator.errors import ConfigError
from simulator.gateway import configuration_files, supervise
from simulator.gateway.errors import GatewayPortInUse, GatewayStartFailed, GatewayUpdateRejected
from simulator.gateway.listener import HIDDEN_PATH
from simulator.gateway.state import Cause, Endpoint, ServiceRoute, VersionRoute
from simulator.gateway.status import Phase
from simulator.gateway.supervise import Gateway
from tests.simulator.gateway.conftest import (
    World,
    assert_answers,
    free_port,
    start_world,
    stop_world,
)
from tests.simulator.gateway.support import (
    Request,
    a_service,
    a_state,
    a_version,
    say,
    with_services,
)

pytestmark = pytest.mark.envoy

BAD = VersionRoute("bad", 50, (Endpoint("i", path="/" + "x" * 200),))
"""Envoy refuses it: the path is too long for a socket."""


@asynccontextmanager
async def traffic(world: World, workers: int = 4) -> AsyncIterator[list[int]]:
    """Requests to `digits` without a pause; yields the list of statuses, which grows."""
    seen: list[int] = []
    headers = {"X-Auth-Token": world.issuer.token()}
    ended = False

    async def worker() -> None:
        while not ended:
            response = await world.client.post("/v1/infers/digits", headers=headers, content=b"x")
            seen.append(response.status_code)

    tasks = [asyncio.create_task(worker()) for _ in range(workers)]
    try:
        yield seen
    finally:
        ended = True
        await asyncio.gather(*tasks)


async def wait_until_served(world: World, within_s: float) -> float:
    """Seconds until a request to `digits` is answered 200."""
    began = time.monotonic()
    while time.monotonic() - began < within_s:
        with suppress(httpx.TransportError):
            if (await world.call("/v1/infers/digits")).status_code == 200:
                return time.monotonic() - began
        await asyncio.sleep(0.01)
    raise AssertionError(f"not back within {within_s} s: {world.gateway.status()}")


async def test_started_gateway_serves_at_once(own_world: World) -> None:
    assert (await own_world.call("/")).status_code == 200
    status = own_world.gateway.status()
    assert (status.phase, status.error, status.restarts) == (Phase.RUNNING, "", 0)
    assert status.address == f"127.0.0.1:{own_world.state.port}"
    assert psutil.Process(status.pid).name() == "envoy"


async def test_files_and_sockets_are_ours_alone(own_world: World) -> None:
    mode = (own_world.directory / "admin.sock").stat().st_mode
    assert mode & 0o777 == 0o600
    assert (own_world.directory / "gateway").stat().st_mode & 0o077 == 0


async def test_updates_under_traffic_fail_no_request(own_world: World) -> None:
    one, two = await own_world.an_instance("one"), await own_world.an_instance("two", tcp=True)
    old = a_service(versions=(a_version(one, version_id="v1"),))
    new = a_service(versions=(a_version(two, version_id="v2"),))
    both = a_service(versions=(a_version(one, two, version_id="v1"),))
    await own_world.serve(old)
    async with traffic(own_world) as seen:
        for _ in range(7):
            for service in (new, both, old):
                before = len(seen)
                await own_world.serve(service)
                while len(seen) < before + 20:
                    await asyncio.sleep(0.01)
    assert set(seen) == {200}
    assert one.requests
    assert two.requests


async def test_update_holds_from_the_moment_it_is_applied(own_world: World) -> None:
    one = await own_world.an_instance("one")
    for _ in range(10):
        await own_world.serve(a_service(versions=(a_version(one),)))
        assert (await own_world.call("/v1/infers/digits")).status_code == 200
        await own_world.serve()
        assert_answers(await own_world.call("/v1/infers/digits"), Cause.SERVICE_MISSING)


@pytest.mark.slow
async def test_hundreds_of_versions_are_served(own_world: World) -> None:
    one = await own_world.an_instance("one")
    services = [
        a_service(f"s{number}", versions=(a_version(one), a_version(version_id="v2", weight=0)))
        for number in range(200)
    ]
    await own_world.serve(*services)
    assert (await own_world.call("/v1/infers/s199")).status_code == 200
    assert len(await own_world.gateway.admin.traffic()) == 400
    assert own_world.gateway.status().restarts == 0


async def upload_across(world: World, *services: ServiceRoute) -> bytes:
    """Status line of a request whose body follows once these services are applied."""
    token = world.issuer.token().encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", world.state.port)
    writer.write(b"POST /v1/infers/digits HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: " + token)
    writer.write(b"\r\nContent-Length: 1\r\n\r\n")
    while await world.gateway.admin.active_requests() == 0:
        await asyncio.sleep(0.01)
    await world.serve(*services)
    writer.write(b"x")
    line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return line


async def test_upload_outlives_the_replacement_of_its_version(own_world: World) -> None:
    one, two = await own_world.an_instance("one"), await own_world.an_instance("two")
    await own_world.serve(a_service(versions=(a_version(one),)))
    new = a_service(versions=(a_version(two, version_id="v2"),))
    assert await upload_across(own_world, new) == b"HTTP/1.1 200 OK\r\n"
    assert await upload_across(own_world) == b"HTTP/1.1 200 OK\r\n"
    assert (len(one.requests), len(two.requests)) == (1, 1)


async def test_removed_version_is_forgotten_in_the_end(directory: Path) -> None:
    world = await start_world(directory, linger_s=0.5)
    try:
        one = await world.an_instance("one")
        await world.serve(a_service(versions=(a_version(one), a_version(one, version_id="v2"))))
        await world.serve(a_service(versions=(a_version(one),)))
        assert [each.version_id for each in await world.gateway.admin.traffic()] == ["v1", "v2"]
        deadline = time.monotonic() + 10
        while len(seen := await world.gateway.admin.traffic()) > 1:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert [each.version_id for each in seen] == ["v1"]
        assert world.gateway.status().error == ""
    finally:
        await stop_world(world)


async def test_version_that_comes_back_in_time_stays(directory: Path) -> None:
    world = await start_world(directory, linger_s=0.3)
    try:
        one = await world.an_instance("one")
        for _ in range(3):
            await world.serve(a_service(versions=(a_version(one),)))
            await world.serve()
        await world.serve(a_service(versions=(a_version(one),)))
        await asyncio.sleep(0.6)  # past the moment at which it would have been removed
        assert (await world.call("/v1/infers/digits")).status_code == 200
    finally:
        await stop_world(world)


async def test_stream_outlives_changes_of_its_version(own_world: World) -> None:
    changed = asyncio.Event()

    async def stream(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nfirst\n\r\n")
        await writer.drain()
        await changed.wait()
        writer.write(b"7\r\nsecond\n\r\n0\r\n\r\n")
        await writer.drain()

    one, two = await own_world.an_instance("one", script=stream), await own_world.an_instance("two")
    await own_world.serve(a_service(versions=(a_version(one),)))
    headers = {"X-Auth-Token": own_world.issuer.token()}
    async with own_world.client.stream("POST", "/v1/infers/digits", headers=headers) as response:
        lines = response.aiter_lines()
        assert await anext(lines) == "first"
        await own_world.serve(a_service(versions=(a_version(one, two),)))
        await own_world.serve(a_service(versions=(a_version(two),)))
        await own_world.serve()
        changed.set()
        assert await anext(lines) == "second"


async def test_services_leave_the_listener_and_its_connections_alone(own_world: World) -> None:
    one = await own_world.an_instance("one")
    reader, writer = await asyncio.open_connection("127.0.0.1", own_world.state.port)
    for services in ((a_service(versions=(a_version(one),)),), ()):
        await own_world.serve(*services)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert b"connection: close" not in head
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


async def test_refused_update_is_told_and_undone(own_world: World) -> None:
    one = await own_world.an_instance("one")
    await own_world.serve(a_service(versions=(a_version(one),)))
    files = {path: path.read_bytes() for path in (own_world.directory / "xds").iterdir()}
    bad = with_services(own_world.state, a_service(versions=(a_version(one), BAD)))
    with pytest.raises(GatewayUpdateRejected) as caught:
        await own_world.gateway.apply(bad)
    assert "path" in caught.value.words
    assert caught.value.words in own_world.gateway.status().error
    assert own_world.gateway.status().phase is Phase.RUNNING
    assert files == {path: path.read_bytes() for path in (own_world.directory / "xds").iterdir()}
    assert (await own_world.call("/v1/infers/digits")).status_code == 200
    await own_world.serve()
    assert own_world.gateway.status().error == ""
    assert_answers(await own_world.call("/v1/infers/digits"), Cause.SERVICE_MISSING)


async def test_update_that_could_not_be_written_is_told_and_made_when_asked_for_again(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await own_world.an_instance("one")
    monkeypatch.setattr(configuration_files, "write_atomically", no_room)
    with pytest.raises(OSError, match="No space left"):
        await own_world.serve(a_service(versions=(a_version(one),)))
    told = own_world.gateway.status()
    assert (told.phase, told.error) == (
        Phase.RUNNING,
        "its configuration could not be written: No space left on device",
    )
    monkeypatch.undo()
    await own_world.serve(a_service(versions=(a_version(one),)))
    assert own_world.gateway.status().error == ""
    assert (await own_world.call("/v1/infers/digits")).status_code == 200


async def test_envoy_that_ends_on_a_full_disk_is_back_when_there_is_room(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await own_world.an_instance("one")
    await own_world.serve(a_service(versions=(a_version(one),)))
    monkeypatch.setattr(supervise, "write_process_file", no_room)
    pid = own_world.gateway.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while own_world.gateway.status().restarts < 2:
            await asyncio.sleep(0.01)
    # it is told until there is room, not only for a moment between two starts
    assert "No space left" in own_world.gateway.status().error
    monkeypatch.undo()
    await wait_until_served(own_world, 20)
    while own_world.gateway.status().phase is not Phase.RUNNING:
        await asyncio.sleep(0.01)


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_what_only_a_new_start_can_change_is_refused(own_world: World) -> None:
    for changes in ({"port": 1}, {"control_socket": "/x"}, {"max_connections": 5}):
        with pytest.raises(ValueError, match="new start"):
            await own_world.gateway.apply(replace(own_world.state, **changes))


async def test_killed_envoy_is_back_within_a_second(own_world: World) -> None:
    one = await own_world.an_instance("one")
    await own_world.serve(a_service(versions=(a_version(one),)))
    for number in (1, 2):
        pid = own_world.gateway.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
        assert await wait_until_served(own_world, 5) < 1
        while own_world.gateway.status().phase is not Phase.RUNNING:
            await asyncio.sleep(0.01)
        assert own_world.gateway.status().restarts == number
        assert own_world.gateway.status().error == ""


async def test_update_while_envoy_is_away_holds_once_it_is_back(own_world: World) -> None:
    one = await own_world.an_instance("one")
    pid = own_world.gateway.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await own_world.gateway.apply(
        with_services(own_world.state, a_service(versions=(a_version(one),)))
    )
    await wait_until_served(own_world, 5)


async def test_access_log_names_the_request_and_no_secret(directory: Path) -> None:
    log = directory / "access.log"
    world = await start_world(directory, access_log_path=str(log))
    try:
        one = await world.an_instance("one")
        await world.serve(a_service(versions=(a_version(one),)))
        response = await world.call("/v1/infers/digits?secret=query")
        await world.call("/v1/infers/digits", token=None)
    finally:
        await stop_world(world)
    first, second = [json.loads(line) for line in log.read_text().splitlines()]
    assert first["request_id"] == response.headers["x-request-id"]
    assert (first["version"], first["status"], first["route"]) == ("digits.v1", 200, "digits")
    assert (first["path"], first["instance"]) == ("/", "one")
    assert second["reason"] == "jwt_authn_access_denied{Jwt_is_missing}"
    assert "secret" not in log.read_text()
    assert "eyJ" not in log.read_text()  # how every token begins


async def test_access_log_does_not_name_paths_that_hold_a_secret(directory: Path) -> None:
    log = directory / "access.log"
    world = await start_world(
        directory, access_log_path=str(log), secret_paths="/v1/[^/]+/codes/.*"
    )
    try:
        for path in ("/v1/p/codes/hush?a=1", "/v1/p/codes", "/v1/p/other/codes/told"):
            assert (await world.call(path)).status_code == 200
    finally:
        await stop_world(world)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted(entry["path"] for entry in entries) == [
        HIDDEN_PATH,
        "/v1/p/codes",
        "/v1/p/other/codes/told",
    ]
    assert len({frozenset(entry) for entry in entries}) == 1
    assert "hush" not in log.read_text()


async def test_access_log_goes_on_in_another_file_when_its_own_was_put_aside(
    directory: Path,
) -> None:
    log = directory / "access.log"
    world = await start_world(directory, access_log_path=str(log))
    try:
        keeper = AccessLog(log, world.gateway, max_bytes=100)
        one = await world.an_instance("one")
        await world.serve(a_service(versions=(a_version(one),)))
        await world.call("/v1/infers/digits/first")
        while not log.read_bytes():  # Envoy writes when half a second has passed
            await asyncio.sleep(0.05)
        await keeper.look()
        while not log.exists():
            await asyncio.sleep(0.01)
        await world.call("/v1/infers/digits/second")
    finally:
        await stop_world(world)
    paths = [json.loads(file.read_text())["path"] for file in (aside(log), log)]
    assert paths == ["/first", "/second"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
async def test_access_log_on_a_full_disk_stops_no_request(directory: Path) -> None:
    world = await start_world(directory, access_log_path="/dev/full")
    try:
        one = await world.an_instance("one")
        await world.serve(a_service(versions=(a_version(one),)))
        for _ in range(3):
            assert (await world.call("/v1/infers/digits")).status_code == 200
            await asyncio.sleep(supervise.ACCESS_LOG_FLUSH_S * 1.2)
        assert world.gateway.status().restarts == 0
    finally:
        await stop_world(world)


async def test_port_in_use_is_told_before_anything_is_changed(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        gateway = Gateway(directory / "gateway")
        with pytest.raises(GatewayPortInUse) as caught:
            await gateway.start(a_state(str(directory), port=port))
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", port)
    assert str(port) in caught.value.hint
    assert not (directory / "xds").exists()
    assert gateway.status().phase is Phase.STOPPED


async def test_two_gateways_cannot_share_a_port(own_world: World, directory: Path) -> None:
    second = Gateway(directory / "second")
    state = a_state(str(directory / "second"), port=own_world.state.port)
    with pytest.raises(GatewayPortInUse):
        await second.start(state)


async def test_second_gateway_on_the_machine_does_not_disturb_the_first(
    own_world: World, directory: Path
) -> None:
    (directory / "other").mkdir()
    other = await start_world(directory / "other")
    try:
        assert (await other.call("/")).status_code == 200
        assert (await own_world.call("/")).status_code == 200
    finally:
        await stop_world(other)
    assert (await own_world.call("/")).status_code == 200
    assert own_world.gateway.status().restarts == 0


async def test_open_request_ends_before_envoy_is_stopped(own_world: World) -> None:
    arrived, finish = asyncio.Event(), asyncio.Event()

    async def hold(request: Request, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await finish.wait()
        await say(writer, 200, b"done")

    one = await own_world.an_instance("one", script=hold)
    await own_world.serve(a_service(versions=(a_version(one),)))
    request = asyncio.create_task(own_world.call("/v1/infers/digits"))
    await arrived.wait()
    stopping = asyncio.create_task(own_world.gateway.stop(drain_s=10))
    while await is_open(own_world.state.port):
        await asyncio.sleep(0.01)
    finish.set()
    assert (await request).content == b"done"
    await stopping
    assert own_world.gateway.status().phase is Phase.STOPPED


async def is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_stop_waits_no_longer_than_told_and_may_be_repeated(own_world: World) -> None:
    arrived = asyncio.Event()

    async def hold(request: Request, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.Event().wait()

    one = await own_world.an_instance("one", script=hold)
    await own_world.serve(a_service(versions=(a_version(one),)))
    request = asyncio.create_task(own_world.call("/v1/infers/digits"))
    await arrived.wait()
    pid = own_world.gateway.status().pid
    assert pid is not None
    began = time.monotonic()
    await own_world.gateway.stop(drain_s=0.2)
    assert time.monotonic() - began < 3
    assert not psutil.pid_exists(pid)
    await own_world.gateway.stop()
    with pytest.raises(httpx.TransportError):
        await request


async def test_stopped_gateway_can_be_started_again(own_world: World) -> None:
    await own_world.gateway.stop()
    await own_world.gateway.start(own_world.state)
    assert (await own_world.call("/")).status_code == 200


async def test_envoy_that_ends_at_its_start_shows_its_last_words(directory: Path) -> None:
    program = directory / "envoy"
    program.write_text("#!/bin/sh\necho first; echo last words >&2; exit 7\n")
    program.chmod(0o700)
    gateway = Gateway(directory / "gateway", envoy=str(program))
    with pytest.raises(GatewayStartFailed, match="exit code 7: last words") as caught:
        await gateway.start(a_state(str(directory), port=free_port()))
    assert caught.value.log_tail == ("first", "last words")
    assert gateway.status().phase is Phase.STOPPED


async def test_configuration_refused_at_the_start_leaves_no_process(directory: Path) -> None:
    gateway = Gateway(directory / "gateway")
    state = a_state(str(directory), port=free_port(), jwks="not keys")
    with pytest.raises(GatewayUpdateRejected, match="jwks"):
        await gateway.start(state)
    assert gateway.status().phase is Phase.STOPPED
    assert gateway.status().pid is None


async def test_socket_path_too_long_for_a_socket_is_told(directory: Path) -> None:
    gateway = Gateway(directory / "gateway")
    state = a_state(str(directory), port=free_port(), admin_socket="/tmp/" + "x" * 100)
    with pytest.raises(ConfigError, match="105 bytes"):
        await gateway.start(state)


SERVER = """
import asyncio, sys
from pathlib import Path
from simulator.gateway.supervise import Gateway
from tests.simulator.gateway.support import a_state
async def main():
    directory, port = sys.argv[1], int(sys.argv[2])
    gateway = Gateway(Path(directory) / "gateway")
    await gateway.start(a_state(directory, port=port))
    print(gateway.status().pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def a_server(directory: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVER, str(directory), str(port)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )


async def test_envoy_ends_with_a_killed_server_and_the_next_one_takes_over(
    directory: Path,
) -> None:
    port = free_port()
    with a_server(directory, port) as server:
        assert server.stdout is not None
        envoy = psutil.Process(int(server.stdout.readline()))
        server.kill()
    _, alive = psutil.wait_procs([envoy], timeout=10)
    assert not alive
    gateway = Gateway(directory / "gateway")
    await gateway.start(a_state(str(directory), port=port))
    await gateway.stop()


async def test_gateway_of_another_living_server_is_left_alone(directory: Path) -> None:
    port = free_port()
    with a_server(directory, port) as server:
        try:
            assert server.stdout is not None
            envoy = psutil.Process(int(server.stdout.readline()))
            gateway = Gateway(directory / "gateway")
            with pytest.raises(ConfigError, match=f"process {server.pid}"):
                await gateway.start(a_state(str(directory), port=free_port()))
            assert envoy.is_running()
        finally:
            server.kill()
