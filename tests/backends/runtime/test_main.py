"""The process as a backend starts it: `python3 -m backends.runtime`."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ROOT / "fixtures" / "packages"
IRIS = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


class Server:
    """A child process; its log is read until "listening on" before it is used."""

    def __init__(self, *args: str, env: dict[str, str] | None = None, **options) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backends.runtime", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **(env or {})},
            **options,
        )
        self.log = ""

    def wait_until_logged(self, pattern: str) -> re.Match[str]:
        for line in self.process.stdout:
            self.log += line
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"ended without {pattern!r}: {self.log}{self.process.stderr.read()}")

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, self.log + out, err


@pytest.fixture
def start():
    servers: list[Server] = []

    def build(*args, **options) -> Server:
        servers.append(Server(*args, **options))
        return servers[-1]

    yield build
    for server in servers:
        server.process.kill()
        server.process.wait()
        server.process.stdout.close()
        server.process.stderr.close()


@pytest.fixture
def uds(tmp_path_factory):
    return str(tmp_path_factory.mktemp("s") / "i.sock")


def client(uds: str) -> httpx.Client:
    return httpx.Client(transport=httpx.HTTPTransport(uds=uds), base_url="http://instance")


def test_it_serves_a_package_on_a_unix_socket_until_sigterm(start, uds):
    env = {"DRYDOCK_INSTANCE_ID": "i-1", "DRYDOCK_VERSION_ID": "v-1"}
    server = start("--package", str(PACKAGES / "iris"), "--uds", uds, env=env)
    server.wait_until_logged("listening on ")
    assert stat.S_IMODE(Path(uds).stat().st_mode) == 0o666
    with client(uds) as http:
        assert http.get("/health").json() == {"status": "ok"}
        reply = http.post("/", json={"data": {"req_data": [IRIS, IRIS]}})
        labels = [row["predictresult"] for row in reply.json()["data"]["resp_data"]]
        assert labels == ["setosa", "setosa"]
        assert reply.headers["x-drydock-instance"] == "i-1"
        assert reply.headers["x-drydock-version"] == "v-1"
        server.process.send_signal(signal.SIGTERM)
        code, log, err = server.end()  # while our idle connection is still open
    assert (code, err) == (0, "")
    assert "SIGTERM" in log
    assert "stopped" in log
    assert not Path(uds).exists()


def test_it_tells_a_digit_in_a_picture(start, uds):
    server = start("--package", str(PACKAGES / "mnist"), "--uds", uds)
    server.wait_until_logged("listening on ")
    images = sorted((ROOT / "fixtures" / "data" / "mnist" / "images").glob("*.png"))[:10]
    right = 0
    with client(uds) as http:
        for image in images:
            answer = http.post("/", files={"images": image.read_bytes()}).json()
            assert answer["scores"][0][0] == answer["predicted_label"]
            right += answer["predicted_label"] == image.stem.split("_")[1]
    assert right >= 9


def test_it_listens_on_a_tcp_port_given_in_the_environment(start):
    env = {
        "DRYDOCK_PACKAGE": str(PACKAGES / "iris"),
        "DRYDOCK_HOST": "127.0.0.1",
        "DRYDOCK_PORT": "0",
    }
    server = start(env=env)
    found = server.wait_until_logged(r"listening on (127\.0\.0\.1:\d+)")
    assert httpx.get(f"http://{found[1]}/v2/health/ready").json() == {"ready": True}


def test_its_log_says_what_it_loads_and_where_it_computes(start, uds):
    server = start("--package", str(PACKAGES / "iris"), "--uds", uds, "--threads", "1")
    server.wait_until_logged("listening on " + re.escape(uds))
    for text in (
        "iris.onnx",
        "computing on CPU (CPUExecutionProvider), 1 thread(s)",
        "input 'features' float32 (batch, 4)",
        "output 'probabilities' float32 (batch, 3)",
        "computing in the event loop",
        "rows that come together are one call: it is faster and gives the same bits",
        "serving POST / (application/json)",
    ):
        assert text in server.log


def test_each_of_many_clients_gets_its_own_answer(start, uds):
    """Requests that come together are computed together; the answers are those of each alone."""
    server = start("--package", str(PACKAGES / "iris"), "--uds", uds)
    server.wait_until_logged("listening on ")
    rows = [
        IRIS | {"petal_length": length / 10, "petal_width": length / 30} for length in range(70)
    ]

    def ask(http: httpx.Client, row: dict[str, float]) -> bytes:
        return http.post("/", json={"data": {"req_data": [row]}}).raise_for_status().content

    with client(uds) as http:
        alone = [ask(http, row) for row in rows]
        assert len(set(alone)) > 30
        with ThreadPoolExecutor(16) as pool:
            for _ in range(3):
                assert list(pool.map(lambda row: ask(http, row), rows)) == alone


def test_a_long_call_is_made_in_a_worker_thread(start, package, uds):
    server = start("--package", str(package({}, "slow")), "--uds", uds, "--threads", "1")
    server.wait_until_logged("listening on ")
    assert "computing in a worker thread" in server.log
    assert "each request is a call of its own" in server.log
    with client(uds) as http:
        reply = http.post("/", json={"x": [[1]]})
    assert reply.json()["data"]["first"] == [[700.0 * 700.0]]


def test_a_running_request_is_finished_after_sigterm(start, uds):
    server = start("--package", str(PACKAGES / "iris"), "--uds", uds)
    server.wait_until_logged("listening on ")
    head = (
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(uds)
        connection.sendall(head + b"{")
        # answered after the request above has begun: the server reads both in order
        with client(uds) as http:
            http.get("/health")
        server.process.send_signal(signal.SIGTERM)
        server.wait_until_logged(r"finishing 1 running request\(s\)")
        with pytest.raises(ConnectionError), socket.socket(socket.AF_UNIX) as other:  # noqa: PT012
            other.connect(uds)
            other.sendall(b"x")
            if other.recv(1) == b"":
                raise ConnectionResetError
        connection.sendall(b"}")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    assert server.end()[0] == 0


def test_an_idle_server_stops_at_once(start, uds):
    server = start("--package", str(PACKAGES / "iris"), "--uds", uds)
    server.wait_until_logged("listening on ")
    begin = time.perf_counter()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(10)
    assert time.perf_counter() - begin < 1.0  # 0.1 s on an idle machine


def test_an_idle_server_uses_no_cpu(start, uds):
    """Its main thread is woken at most three times in a second without requests."""
    server = start("--package", str(PACKAGES / "iris"), "--uds", uds)
    server.wait_until_logged("listening on ")
    fields = Path(f"/proc/{server.process.pid}/status")
    if not fields.exists():
        pytest.skip("needs /proc")
    with client(uds) as http:
        http.get("/health")

    def wakeups() -> int:
        return int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", fields.read_text())[1])

    before = wakeups()
    with pytest.raises(subprocess.TimeoutExpired):
        server.process.wait(1.0)
    assert wakeups() - before <= 3


def test_it_ends_with_its_parent(start, uds):
    reader, writer = os.pipe()
    server = start(
        "--package",
        str(PACKAGES / "iris"),
        "--uds",
        uds,
        env={"DRYDOCK_PARENT_FD": str(reader)},
        pass_fds=[reader],
    )
    os.close(reader)
    server.wait_until_logged("listening on ")
    os.close(writer)
    code, log, _ = server.end()
    assert code == 3
    assert "the parent process is gone" in log


def test_a_socket_left_by_a_dead_server_is_replaced(start, uds):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(uds)
    start("--package", str(PACKAGES / "iris"), "--uds", uds).wait_until_logged("listening on ")


def test_the_socket_of_a_living_server_is_left_alone(start, uds):
    start("--package", str(PACKAGES / "iris"), "--uds", uds).wait_until_logged("listening on ")
    code, _, err = start("--package", str(PACKAGES / "iris"), "--uds", uds).end()
    assert code == 1
    assert err.startswith(f"cannot listen: {uds}: Address already in use.")
    with client(uds) as http:
        assert http.get("/health").status_code == 200


def test_a_start_problem_is_one_line_on_stderr(start, package, uds, tmp_path):
    row = {"type": "object", "properties": {"a": {"type": "number"}}}
    misfit = {"apis": [{"request": {"data": {"type": "array", "items": [row]}}}]}
    damaged = package({}, directory="damaged")
    (damaged / "model" / "mean4.onnx").write_bytes(b"not a model")
    file = tmp_path / "file"
    file.touch()
    cases = {
        ("--package", str(tmp_path / "none"), "--uds", uds): "there is no such file",
        ("--package", str(damaged), "--uds", uds): "mean4.onnx: ONNX Runtime",
        ("--package", str(package(misfit)), "--uds", uds): "(a) do not fit the model's input 'x'",
        ("--package", str(PACKAGES / "iris"), "--uds", str(file)): "Address already in use",
        ("--package", str(PACKAGES / "iris"), "--uds", "x" * 108): "longer than 107 bytes",
        ("--package", str(PACKAGES / "iris"), "--host", "192.0.2.1"): "192.0.2.1:8080",
        ("--port", "none"): "--port",
    }
    running = [(start(*args), text) for args, text in cases.items()]
    for server, text in running:
        code, _, err = server.end()
        assert code == 1
        assert text in err
        assert err.count("\n") == 1
        assert "Traceback" not in err
    assert file.exists()
