from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
import pytest
import uvloop

from backends.base import (
    Backend,
    ImageArtifact,
    InstancePhase,
    InstanceSpec,
    Observation,
    PackageArtifact,
    Resources,
)
from backends.conformance import NEIGHBOUR, BackendConformance, MakeSpec
from backends.errors import ArtifactUnsupported, NameConflict, StartFailed
from backends.process import ProcessBackend
from backends.process_log import LINE_LIMIT_BYTES, InstanceLog

REPOSITORY = Path(__file__).parents[2]
TIMEOUT_S = 15.0
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="macOS has no prlimit")

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], claim: str) -> T:
    deadline = time.monotonic() + TIMEOUT_S
    while not (answer := await look()):
        assert time.monotonic() < deadline, f"not within {TIMEOUT_S} s: {claim}"
        await asyncio.sleep(0.01)
    return answer


async def seen(backend: Backend, instance_id: str = "i-1") -> Observation:
    return {o.instance_id: o for o in await backend.observe()}[instance_id]


async def exited(backend: Backend, instance_id: str = "i-1") -> Observation:
    async def look() -> Observation | None:
        now = await seen(backend, instance_id)
        return now if now.phase is InstancePhase.EXITED else None

    result = await eventually(look, f"{instance_id} has exited")
    assert result is not None
    return result


async def order(backend: Backend, text: str, instance_id: str = "i-1") -> str:
    """Send one order to the stand-in server; waits until it listens."""
    address = (await seen(backend, instance_id)).address
    assert address is not None

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            return await asyncio.open_unix_connection(address.path)
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    connection = await eventually(connect, f"{instance_id} listens")
    assert connection is not None
    reader, writer = connection
    writer.write(text.encode() + b"\n")
    answer = await reader.read()
    writer.close()
    return answer.decode().rstrip("\n")


async def evaluate(backend: Backend, expression: str) -> object:
    return eval(await order(backend, f"eval {expression}"))


def pid_of(observation: Observation) -> int:
    return int(observation.ref.removeprefix("pid "))


def exists(path: str) -> bool:
    return os.path.lexists(path)


def bystander_process() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], start_new_session=True)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def log_texts(backend: Backend, instance_id: str = "i-1") -> list[str]:
    return [line.text for line in await backend.logs(instance_id, 1000)]


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def make_backend(run_dir: Path, standin_command: tuple[str, ...]) -> Callable[..., ProcessBackend]:
    def make(installation: str = "test", directory: Path = run_dir, **options: object) -> Backend:
        return ProcessBackend(installation, directory, command=standin_command, **options)

    return make


@pytest.fixture
async def backend(make_backend: Callable[..., ProcessBackend]) -> AsyncIterator[Backend]:
    made: Backend = make_backend(memory_period_s=0.05)
    yield made
    await made.close()
    await made.remove_everything()


@pytest.fixture
async def neighbour(
    make_backend: Callable[..., ProcessBackend], tmp_path: Path
) -> AsyncIterator[Backend]:
    made: Backend = make_backend(NEIGHBOUR, tmp_path / "neighbour")
    yield made
    await made.close()
    await made.remove_everything()


class TestProcessBackendConforms(BackendConformance):
    async def kill(self, backend: Backend, instance_id: str) -> None:
        os.kill(pid_of(await seen(backend, instance_id)), signal.SIGKILL)

    async def say(self, backend: Backend, instance_id: str, lines: Sequence[str]) -> None:
        await order(backend, f"say {list(lines)!r}", instance_id)

    async def unstartable(self, backend: Backend, make_spec: MakeSpec) -> InstanceSpec:
        return make_spec(envs={"NUL": "a\0b"})

    async def read_env(self, backend: Backend, instance_id: str, name: str) -> str | None:
        value = eval(await order(backend, f"env {name}", instance_id))
        assert value is None or isinstance(value, str)
        return value


class TestArtifacts:
    async def test_image_is_refused_with_a_hint(self, backend: Backend) -> None:
        with pytest.raises(ArtifactUnsupported) as caught:
            await backend.prepare(ImageArtifact("shop/ranker:3"), lambda _: None)
        assert "shop/ranker:3" in caught.value.message
        assert "Docker engine" in caught.value.hint

    async def test_start_of_an_image_is_refused(self, backend, make_spec) -> None:
        spec = make_spec()
        image = InstanceSpec(**{**vars(spec), "artifact": ImageArtifact("shop/ranker:3")})
        with pytest.raises(ArtifactUnsupported):
            await backend.start(image)
        assert await backend.observe() == []

    async def test_image_facts_are_refused(self, backend: Backend) -> None:
        with pytest.raises(ArtifactUnsupported):
            await backend.inspect_image("shop/ranker:3")

    async def test_missing_package_fails_the_start(self, backend, make_spec, tmp_path) -> None:
        with pytest.raises(StartFailed, match="not there"):
            await backend.start(make_spec(package=str(tmp_path / "nowhere")))

    async def test_instance_of_another_installation_is_refused(self, backend, make_spec) -> None:
        with pytest.raises(StartFailed, match="belongs to installation elsewhere"):
            await backend.start(make_spec(installation="elsewhere"))

    @pytest.mark.parametrize("instance_id", ["../up", "a/b", "", ".", "a" * 129, "a\0"])
    async def test_id_that_is_no_directory_name_is_refused(
        self, backend, make_spec, instance_id
    ) -> None:
        with pytest.raises(StartFailed):
            await backend.start(make_spec(instance_id))
        assert await backend.observe() == []

    async def test_missing_command_fails_the_start(self, run_dir, make_spec) -> None:
        backend = ProcessBackend("test", run_dir, command=("/no/such/program",))
        with pytest.raises(StartFailed, match="could not be started"):
            await backend.start(make_spec())
        assert list((run_dir / "instances").iterdir()) == []
        await backend.close()


class TestEnvironment:
    async def test_host_variables_do_not_reach_the_model(
        self, backend, make_spec, monkeypatch
    ) -> None:
        monkeypatch.setenv("CLOUD_SECRET", "hunter2")
        await backend.start(make_spec())
        names = await evaluate(backend, "sorted(os.environ)")
        assert "CLOUD_SECRET" not in names
        expected = {"PATH", "HOME", "LANG", "PYTHONPATH", "DRYDOCK_INSTANCE_ID"}
        assert expected <= set(names)

    async def test_reserved_variables_cannot_be_set_and_the_log_says_so(
        self, backend, make_spec
    ) -> None:
        envs = {"DRYDOCK_INSTANCE_ID": "forged", "DRYDOCK_NEW": "0", "MINE": "1"}
        await backend.start(make_spec(envs=envs))
        assert await order(backend, "env DRYDOCK_INSTANCE_ID") == "'i-1'"
        assert await order(backend, "env DRYDOCK_VERSION_ID") == "'v-1'"
        assert await order(backend, "env DRYDOCK_NEW") == "None"
        assert await order(backend, "env MINE") == "'1'"
        assert "DRYDOCK_INSTANCE_ID, DRYDOCK_NEW" in (await log_texts(backend))[0]

    async def test_users_pythonpath_comes_after_ours(self, backend, make_spec) -> None:
        await backend.start(make_spec(envs={"PYTHONPATH": "/models/lib"}))
        path = await evaluate(backend, "os.environ['PYTHONPATH']")
        assert path.split(":")[0] == str(REPOSITORY)
        assert path.split(":")[-1] == "/models/lib"

    async def test_working_directory_is_empty_private_and_home(
        self, backend, make_spec, run_dir
    ) -> None:
        await backend.start(make_spec())
        work, home, entries = await evaluate(
            backend, "(os.getcwd(), os.environ['HOME'], os.listdir('.'))"
        )
        assert work == home == str(run_dir / "instances" / "i-1" / "work")
        assert entries == []

    async def test_instance_without_gpus_sees_none(self, backend, make_spec, monkeypatch) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
        await backend.start(make_spec(envs={"CUDA_VISIBLE_DEVICES": "0"}))
        assert await order(backend, "env CUDA_VISIBLE_DEVICES") == "''"

    async def test_instance_with_gpus_sees_the_hosts(self, backend, make_spec, monkeypatch) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
        resources = Resources(cpus=1, memory_mib=256, gpus=1)
        await backend.start(make_spec(resources=resources))
        assert await order(backend, "env CUDA_VISIBLE_DEVICES") == "'0,1'"

    @pytest.mark.parametrize(("cpus", "threads"), [(0.25, "1"), (1.5, "2"), (4, "4")])
    async def test_threads_are_the_cpus_rounded_up(self, backend, make_spec, cpus, threads) -> None:
        await backend.start(make_spec(resources=Resources(cpus=cpus, memory_mib=256)))
        assert await evaluate(backend, "options['--threads']") == threads

    async def test_package_is_handed_over(self, backend, make_spec) -> None:
        spec = make_spec()
        await backend.start(spec)
        assert await evaluate(backend, "options['--package']") == spec.artifact.path


class TestLimits:
    @LINUX_ONLY
    async def test_process_limits_are_set_and_cannot_be_raised(self, backend, make_spec) -> None:
        await backend.start(make_spec())
        core, files, data = await evaluate(
            backend,
            "[__import__('resource').getrlimit(k) for k in (4, 7, 2)]",  # CORE, NOFILE, DATA
        )
        assert core == (0, 0)
        assert files == (4096, 4096)
        assert data == ((256 + 512) << 20,) * 2

    @LINUX_ONLY
    async def test_gpu_instance_may_map_any_amount_of_memory(self, backend, make_spec) -> None:
        await backend.start(make_spec(resources=Resources(cpus=1, memory_mib=256, gpus=1)))
        soft, hard = await evaluate(backend, "__import__('resource').getrlimit(2)")
        assert (soft, hard) == resource.getrlimit(resource.RLIMIT_DATA)

    async def test_instance_over_its_memory_is_killed_as_out_of_memory(
        self, backend, make_spec
    ) -> None:
        await backend.start(make_spec(resources=Resources(cpus=1, memory_mib=64)))
        await order(backend, "exec held.append(b'x' * (100 << 20))")
        result = await exited(backend)
        assert result.oom_killed
        assert result.exit_code == 137

        async def explained() -> bool:
            return any("its limit is 64 MiB" in text for text in await log_texts(backend))

        await eventually(explained, "the log says why")

    async def test_memory_of_child_processes_counts(self, backend, make_spec) -> None:
        await backend.start(make_spec(resources=Resources(cpus=1, memory_mib=64)))
        hog = "x = b'x' * (100 << 20); import time; time.sleep(600)"
        await order(
            backend, f"exec import subprocess; subprocess.Popen([sys.executable, '-c', {hog!r}])"
        )
        assert (await exited(backend)).oom_killed

    async def test_restart_after_out_of_memory_forgets_it(self, backend, make_spec) -> None:
        spec = make_spec(resources=Resources(cpus=1, memory_mib=64))
        await backend.start(spec)
        await order(backend, "exec held.append(b'x' * (100 << 20))")
        await exited(backend)
        again = await backend.start(spec)
        assert not again.oom_killed
        assert again.exit_code is None

    @LINUX_ONLY
    async def test_runaway_allocation_fails_in_the_process(self, backend, make_spec) -> None:
        await backend.start(make_spec())
        await order(backend, "exec held.append(b'x' * (2 << 30))")
        result = await exited(backend)
        assert result.exit_code == 1
        assert not result.oom_killed
        assert "MemoryError" in (await log_texts(backend))[-1]


class TestEnd:
    async def test_exit_code_is_the_process_own(self, backend, make_spec) -> None:
        await backend.start(make_spec())
        await order(backend, "exec os._exit(3)")
        assert (await exited(backend)).exit_code == 3

    async def test_signal_becomes_128_plus_its_number(self, backend, make_spec) -> None:
        started = await backend.start(make_spec())
        await order(backend, "exec signal.signal(signal.SIGTERM, signal.SIG_DFL)")
        os.kill(pid_of(started), signal.SIGTERM)
        assert (await exited(backend)).exit_code == 143

    async def test_stop_lets_it_finish(self, backend, make_spec) -> None:
        await backend.start(make_spec())
        await order(backend, "say []")
        await backend.stop("i-1", grace_s=TIMEOUT_S)
        assert (await seen(backend)).exit_code == 0
        assert (await log_texts(backend))[-1] == "bye"

    async def test_process_that_ignores_sigterm_is_killed_after_the_grace(
        self, backend, make_spec
    ) -> None:
        await backend.start(make_spec(envs={"ON_TERM": "ignore"}))
        await order(backend, "say []")
        await backend.stop("i-1", grace_s=0.2)
        assert (await seen(backend)).exit_code == 137

    async def test_remove_cuts_a_stop_short(self, backend, make_spec) -> None:
        await backend.start(make_spec(envs={"ON_TERM": "ignore"}))
        await order(backend, "say []")
        stop = asyncio.create_task(backend.stop("i-1", grace_s=600))
        await asyncio.sleep(0)
        await backend.remove("i-1")
        await asyncio.wait_for(stop, TIMEOUT_S)
        assert await backend.observe() == []

    async def test_start_during_a_stop_waits_for_its_end(self, backend, make_spec) -> None:
        first = await backend.start(make_spec())
        await order(backend, "say []")
        stop = asyncio.create_task(backend.stop("i-1", grace_s=TIMEOUT_S))
        await asyncio.sleep(0)
        second = await backend.start(make_spec())
        await stop
        assert second.ref != first.ref
        assert (await seen(backend)).phase is InstancePhase.RUNNING

    async def test_children_of_an_instance_end_with_it(self, backend, make_spec) -> None:
        await backend.start(make_spec())
        await order(
            backend, "exec import subprocess; held.append(subprocess.Popen(['sleep', '600']))"
        )
        child = await evaluate(backend, "held[0].pid")
        await order(backend, "exec os._exit(0)")
        await exited(backend)
        assert not alive(child)

    async def test_process_outside_the_session_does_not_delay_the_end(
        self, backend, make_spec
    ) -> None:
        await backend.start(make_spec())
        await order(
            backend,
            "exec import subprocess; "
            "held.append(subprocess.Popen(['sleep', '600'], start_new_session=True))",
        )
        child = await evaluate(backend, "held[0].pid")
        try:
            await order(backend, "exec os._exit(0)")
            assert (await exited(backend)).exit_code == 0
        finally:
            os.kill(child, signal.SIGKILL)

    async def test_exit_before_the_first_look_is_seen(self, run_dir, make_spec) -> None:
        backend = ProcessBackend("test", run_dir, command=("/bin/sh", "-c", "echo no; exit 9"))
        await backend.start(make_spec())
        assert (await exited(backend)).exit_code == 9
        assert await log_texts(backend) == ["no"]
        await backend.remove_everything()
        await backend.close()

    async def test_end_is_seen_on_systems_without_pidfd(
        self, backend, make_spec, monkeypatch
    ) -> None:
        def refuse(_: int) -> int:
            raise OSError

        monkeypatch.setattr(os, "pidfd_open", refuse, raising=False)
        await backend.start(make_spec())
        await order(backend, "exec os._exit(3)")
        assert (await exited(backend)).exit_code == 3

    async def test_processes_are_forked_outside_the_event_loop(
        self, backend, make_spec, monkeypatch
    ) -> None:
        threads: list[int] = []
        original = subprocess.Popen

        def record(*args: object, **options: object) -> object:
            threads.append(threading.get_ident())
            return original(*args, **options)

        monkeypatch.setattr(subprocess, "Popen", record)
        await backend.start(make_spec())
        assert len(threads) == 1
        assert threads != [threading.get_ident()]

    async def test_closed_backend_has_ended_everything(self, make_backend, make_spec) -> None:
        backend = make_backend()
        pids = [
            pid_of(await backend.start(make_spec("i-1"))),
            pid_of(await backend.start(make_spec("i-2", envs={"ON_TERM": "ignore"}))),
        ]
        await order(backend, "say []", "i-2")
        await backend.close()
        assert [alive(pid) for pid in pids] == [False, False]
        await backend.remove_everything()

    async def test_closed_backend_ends_followers(self, make_backend, make_spec) -> None:
        backend = make_backend()
        await backend.start(make_spec())
        lines = backend.follow("i-1", 10)
        waiting = asyncio.create_task(anext(lines, None))
        await asyncio.sleep(0)
        await backend.close()
        last = await asyncio.wait_for(waiting, TIMEOUT_S)
        assert last is None or last.text == "bye"
        await backend.remove_everything()

    async def test_cancelled_start_leaves_nothing(self, backend, make_spec, run_dir) -> None:
        await backend.observe()
        for steps in range(12):
            start = asyncio.create_task(backend.start(make_spec()))
            for _ in range(steps):
                await asyncio.sleep(0)
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            if start.cancelled():
                assert await backend.observe() == []
            await backend.remove("i-1")
        assert list(run_dir.glob("instances/*")) == []

    async def test_starts_and_removals_leak_no_descriptors(self, backend, make_spec) -> None:
        async def cycle() -> None:
            await backend.start(make_spec())
            await backend.remove("i-1")

        await cycle()
        before = psutil.Process().num_fds()
        for _ in range(5):
            await cycle()
        assert psutil.Process().num_fds() <= before

    async def test_remove_everything_leaves_no_file(self, backend, make_spec, run_dir) -> None:
        await backend.start(make_spec())
        await order(backend, "exec os.mkdir('d'); open('d/f', 'w').close(); os.chmod('d', 0)")
        await backend.remove_everything()
        assert not run_dir.exists()


class TestAccelerator:
    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("computing on NVIDIA H200", "NVIDIA H200"),
            ("2025-01-02T03:04:05.678Z computing on CPU, 2 threads", "CPU"),
            ("I am computing on a train", "CPU"),
        ],
    )
    async def test_accelerator_is_what_the_runtime_says(
        self, backend, make_spec, line, words
    ) -> None:
        await backend.start(make_spec())
        await order(backend, f"say {[line, 'next']!r}")

        async def logged() -> bool:
            return "next" in await log_texts(backend)

        await eventually(logged, "the line has been read")
        assert (await seen(backend)).accelerator == words


class TestRecovery:
    @pytest.fixture
    def killed_server(
        self, run_dir, standin_command, make_spec
    ) -> Iterator[Callable[[dict[str, str]], int]]:
        """Start an instance from another process, kill that; returns the instance's pid."""
        left: list[int] = []

        def run(envs: dict[str, str]) -> int:
            code = (
                "import asyncio, sys\n"
                "from pathlib import Path\n"
                "from backends.base import InstanceSpec, PackageArtifact, Resources\n"
                "from backends.process import ProcessBackend\n"
                "async def main():\n"
                f"    backend = ProcessBackend('test', Path({str(run_dir)!r}), "
                f"command={standin_command!r})\n"
                f"    spec = InstanceSpec('test', 's-1', 'v-1', 'i-1', "
                f"PackageArtifact({str(make_spec.package)!r}), Resources(1, 256), {envs!r})\n"
                "    print((await backend.start(spec)).ref, flush=True)\n"
                "    await asyncio.sleep(600)\n"
                "asyncio.run(main())\n"
            )
            server = subprocess.Popen(
                [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
            )
            assert server.stdout is not None
            pid = int(server.stdout.readline().removeprefix("pid "))
            left.append(pid)
            server.kill()
            server.wait()
            server.stdout.close()
            return pid

        yield run
        for pid in left:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)

    async def test_instances_end_when_the_server_is_killed(self, killed_server) -> None:
        pid = killed_server({})

        async def ended() -> bool:
            return not alive(pid)

        await eventually(ended, "the instance has seen its server go")

    async def test_leftovers_of_a_killed_server_are_ended_and_removed(
        self, killed_server, backend, run_dir
    ) -> None:
        pid = killed_server({"ON_PARENT_EXIT": "ignore"})
        assert alive(pid)
        assert await backend.observe() == []
        assert not alive(pid)
        assert list(run_dir.glob("instances/*")) == []

    async def test_leftovers_are_removed_by_remove_everything(
        self, killed_server, backend, run_dir
    ) -> None:
        pid = killed_server({"ON_PARENT_EXIT": "ignore"})
        await backend.remove_everything()
        assert not alive(pid)
        assert not run_dir.exists()

    async def test_start_under_the_id_of_a_leftover_works(
        self, killed_server, backend, make_spec
    ) -> None:
        pid = killed_server({"ON_PARENT_EXIT": "ignore"})
        started = await backend.start(make_spec())
        assert not alive(pid)
        assert pid_of(started) != pid
        assert await order(backend, "say []") == "ok"  # its socket is not in the way

    def write_record(self, run_dir: Path, **values: object) -> Path:
        directory = run_dir / "instances" / "i-old"
        directory.mkdir(parents=True)
        record = {"installation": "test", "instance_id": "i-old", "pid": None, "started_at": None}
        (directory / "instance.json").write_text(json.dumps(record | values))
        return directory

    async def test_reused_pid_is_never_killed(self, backend, run_dir) -> None:
        with bystander_process() as bystander:
            started_at = psutil.Process(bystander.pid).create_time()
            directory = self.write_record(run_dir, pid=bystander.pid, started_at=started_at - 60)
            assert await backend.observe() == []
            assert not directory.exists()
            assert bystander.poll() is None
            bystander.kill()

    async def test_other_installations_files_and_processes_are_left_alone(
        self, backend, run_dir, make_spec
    ) -> None:
        with bystander_process() as bystander:
            directory = self.write_record(
                run_dir,
                installation="elsewhere",
                pid=bystander.pid,
                started_at=psutil.Process(bystander.pid).create_time(),
            )
            assert await backend.observe() == []
            with pytest.raises(NameConflict):
                await backend.start(make_spec("i-old"))
            assert await backend.observe() == []
            await backend.remove_everything()
            assert (directory / "instance.json").exists()
            assert bystander.poll() is None
            bystander.kill()

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', "null"])
    async def test_damaged_record_is_removed(self, backend, run_dir, content) -> None:
        directory = self.write_record(run_dir)
        (directory / "instance.json").write_text(content)
        assert await backend.observe() == []
        assert not directory.exists()


class TestSockets:
    async def test_deep_run_directory_gets_a_short_private_socket_directory(
        self, make_backend, make_spec, tmp_path
    ) -> None:
        backend = make_backend(directory=tmp_path / ("deep" * 30))
        started = await backend.start(make_spec())
        path = Path(started.address.path)
        assert len(os.fsencode(path)) <= 100
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert await order(backend, "say []") == "ok"
        await backend.remove_everything()
        assert not path.parent.exists()
        await backend.close()

    async def test_socket_directory_of_others_is_refused(self, backend, make_spec, run_dir) -> None:
        (run_dir / "s").mkdir(parents=True)
        (run_dir / "s").chmod(0o755)
        with pytest.raises(StartFailed, match="only this user"):
            await backend.start(make_spec())
        assert await backend.observe() == []

    async def test_socket_is_gone_after_the_end(self, backend, make_spec) -> None:
        started = await backend.start(make_spec())
        await order(backend, "exec os._exit(0)")
        await exited(backend)
        assert not exists(started.address.path)


class TestOutput:
    async def test_restart_goes_on_in_the_same_log(self, backend, make_spec) -> None:
        await backend.start(make_spec())
        await order(backend, "exec print('first', flush=True); os._exit(0)")
        await exited(backend)
        await backend.start(make_spec())
        await order(backend, "exec print('second', flush=True); os._exit(0)")
        await exited(backend)
        assert await log_texts(backend) == ["first", "second"]

    async def test_last_words_without_line_end_are_kept(self, backend, make_spec) -> None:
        await backend.start(make_spec())
        await order(backend, "exec os.write(2, b'done\\nalmost'); os._exit(0)")
        await exited(backend)
        assert await log_texts(backend) == ["done", "almost"]

    async def test_lines_carry_the_instant_they_were_read_at(self, backend, make_spec) -> None:
        before_ms = time.time_ns() // 1_000_000
        await backend.start(make_spec())
        await order(backend, "say ['x']")

        async def logged() -> bool:
            return bool(await backend.logs("i-1", 1))

        await eventually(logged, "x is logged")
        (line,) = await backend.logs("i-1", 1)
        assert before_ms <= line.at_ms <= time.time_ns() // 1_000_000

    async def test_flood_of_output_is_bounded_on_disk(self, backend, make_spec, run_dir) -> None:
        await backend.start(make_spec())
        await order(
            backend,
            "exec [os.write(1, (b'%07d ' % n) * 8000 + b'\\n') for n in range(300)]; os._exit(0)",
        )
        await exited(backend)
        files = list((run_dir / "instances" / "i-1").glob("output.log*"))
        assert len(files) == 2
        assert sum(file.stat().st_size for file in files) <= 10 << 20
        assert (await backend.logs("i-1", 1))[0].text.startswith("0000299 ")


class TestInstanceLog:
    LIMIT = 4 * LINE_LIMIT_BYTES

    @pytest.fixture
    def log(self, tmp_path: Path) -> InstanceLog:
        return InstanceLog("i-1", tmp_path, self.LIMIT, now_ms=lambda: 1_700_000_000_000)

    def texts(self, log: InstanceLog, count: int = 10**6) -> list[str]:
        return [line.text for line in log.tail(count)[0]]

    def test_lines_may_come_in_any_pieces(self, log) -> None:
        for piece in (b"on", b"e\r\ntw", b"o\n\n", b"three"):
            log.append(piece)
        assert self.texts(log) == ["one", "two", ""]
        log.end_line()
        assert self.texts(log) == ["one", "two", "", "three"]
        assert log.tail(1)[0][0].at_ms == 1_700_000_000_000

    def test_bytes_that_are_no_text_are_replaced(self, log) -> None:
        log.append(b"\xff\x1b[2Jok\n")
        assert self.texts(log) == ["\ufffd\x1b[2Jok"]

    def test_endless_line_is_cut_with_a_mark(self, log) -> None:
        for _ in range(5):
            log.append(b"x" * LINE_LIMIT_BYTES)
        log.append(b"tail\nnext\n")
        first, second = self.texts(log)
        assert first.startswith("xxx")
        assert first.endswith("[line cut]")
        assert len(first.encode()) <= LINE_LIMIT_BYTES
        assert second == "next"

    def test_tail_reaches_into_the_file_before(self, log, tmp_path) -> None:
        lines = [f"{n:05d}" + "." * 95 for n in range(3000)]
        for line in lines:
            log.append(line.encode() + b"\n")
        kept = self.texts(log)
        assert kept == lines[-len(kept) :]
        assert len(kept) > 1200
        assert self.texts(log, 1500) == lines[-1500:]
        assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= self.LIMIT

    def test_reader_crosses_the_change_of_files_without_loss(self, log) -> None:
        position, got = 0, []
        lines = [f"{n:05d}" + "." * 995 for n in range(400)]
        for line in lines:
            log.append(line.encode() + b"\n")
            found, position = log.read(position)
            got += [line.text for line in found]
        assert got == lines

    def test_slow_reader_is_told_how_much_it_missed(self, log) -> None:
        lines = [f"{n:05d}" + "." * 994 for n in range(1000)]  # 1,014 bytes each in the file
        for line in lines:
            log.append(line.encode() + b"\n")
        (mark, *rest), position = log.read(0)
        while found := log.read(position)[0]:
            rest += found
            position = log.read(position)[1]
        missing = int(mark.text.split()[1])
        assert missing == (1000 - len(rest)) * 1014
        assert [line.text for line in rest] == lines[-len(rest) :]

    def test_output_that_cannot_be_written_is_counted(self, tmp_path) -> None:
        directory = tmp_path / "later"
        log = InstanceLog("i-1", directory)
        log.append(b"lost\n")
        directory.mkdir()
        log.append(b"kept\n")
        mark, kept = self.texts(log)
        assert "could not be written" in mark
        assert kept == "kept"

    def test_tampered_file_is_still_read(self, log, tmp_path) -> None:
        (tmp_path / "output.log").write_text("no stamp\n")
        assert self.texts(log) == ["no stamp"]
        assert log.tail(1)[0][0].at_ms is None


class TestRealRuntime:
    async def test_model_package_is_served_within_its_limits(self, run_dir) -> None:
        backend: Backend = ProcessBackend("test", run_dir)
        package = PackageArtifact(str(REPOSITORY / "fixtures" / "packages" / "iris"))
        spec = InstanceSpec("test", "s-1", "v-1", "i-1", package, Resources(1, 512))
        try:
            address = (await backend.start(spec)).address
            assert address is not None
            transport = httpx.AsyncHTTPTransport(uds=address.path)
            async with httpx.AsyncClient(transport=transport, base_url="http://i-1") as client:

                async def healthy() -> bool:
                    assert (await seen(backend)).phase is InstancePhase.RUNNING, await log_texts(
                        backend
                    )
                    try:
                        return (await client.get("/health")).status_code == 200
                    except httpx.ConnectError:
                        return False

                await eventually(healthy, "the model answers")
            assert (await seen(backend)).accelerator.startswith("CPU")
            await backend.stop("i-1", grace_s=TIMEOUT_S)
            assert (await seen(backend)).exit_code == 0
        finally:
            await backend.close()
            await backend.remove_everything()


def test_works_on_uvloop(make_backend, make_spec) -> None:
    async def life() -> None:
        backend = make_backend()
        await backend.start(make_spec())
        assert await order(backend, "say ['hello']") == "ok"
        await backend.stop("i-1", grace_s=TIMEOUT_S)
        assert (await seen(backend)).exit_code == 0
        assert await log_texts(backend) == ["hello", "bye"]
        await backend.close()
        await backend.remove_everything()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(life())
