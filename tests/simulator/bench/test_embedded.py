"""A private server in this process: what it is, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from simulator.bench import embedded
from simulator.bench.drydock import Drydock, running
from simulator.bench.embedded import EmbeddedServer
from simulator.bench.options import Options, OptionsError
from simulator.errors import ConfigError
from tests.simulator.bench.conftest import Held, listens
from tests.simulator.bench.support import deploy, status

PACKAGES = Path(__file__).parents[3] / "fixtures" / "packages"
DIGIT = Path(__file__).parents[3] / "fixtures/data/mnist/images/0001_2.png"


def port_of(drydock: Drydock) -> int:
    port = urlsplit(drydock.endpoint).port
    assert port is not None
    return port


class TestALife:
    def test_it_answers_as_soon_as_it_is_there_and_not_any_more_afterwards(
        self, nothing_left: Held
    ) -> None:
        with running() as drydock:
            assert httpx.get(f"{drydock.endpoint}/_drydock/health").json()["status"] == "ok"
            port = port_of(drydock)
        assert not listens(port)

    def test_two_live_side_by_side_and_know_nothing_of_each_other(self, nothing_left: Held) -> None:
        with running() as one, running() as other, one.client() as client:
            deploy(client, one.add_model())
            assert one.endpoint != other.endpoint
            assert (len(one.services()), other.services()) == (1, [])
            other_way = httpx.get(
                f"{other.endpoint}/v1/{other.project_id}/services",
                headers={"X-Auth-Token": one.token},
            )
            assert other_way.status_code == 401

    def test_nothing_is_left_when_the_block_fails(self, nothing_left: Held) -> None:
        def fail() -> None:
            with running() as drydock, drydock.client() as client:
                deploy(client, drydock.add_model(), instances=3)
                raise KeyError("the test's own")

        with pytest.raises(KeyError, match="the test's own"):
            fail()

    def test_open_connections_do_not_hold_up_the_end(self, nothing_left: Held) -> None:
        with running() as drydock:
            client = drydock.client()
            client.get("/services")
        with pytest.raises(httpx.ConnectError):
            client.get("/services")
        client.close()

    def test_a_client_may_shut_it_down(self, nothing_left: Held) -> None:
        server = EmbeddedServer()
        server.start()
        drydock = Drydock(server)
        headers = {"X-Drydock-Token": server.system.admin_token}
        httpx.post(f"{drydock.endpoint}/_drydock/shutdown", headers=headers)
        drydock.close()
        with pytest.raises(RuntimeError, match="the server has ended"):
            drydock.settle()

    def test_environment_and_working_directory_have_no_say(
        self, monkeypatch: pytest.MonkeyPatch, nothing_left: Held
    ) -> None:
        monkeypatch.setenv("DRYDOCK_REGION", "elsewhere")
        monkeypatch.setenv("DRYDOCK_PORT", "not a number")
        with running() as drydock:
            assert drydock.region == "local"

    def test_a_data_directory_with_a_long_path_does_too(
        self, monkeypatch: pytest.MonkeyPatch, nothing_left: Held, short_tmp: Path
    ) -> None:
        long = short_tmp / ("long" * 25)
        long.mkdir()

        def below_it(prefix: str) -> str:
            path = long / prefix
            path.mkdir()
            return str(path)

        with monkeypatch.context() as changed:
            changed.setattr(tempfile, "mkdtemp", below_it)
            with running() as drydock, drydock.client() as client:
                service_id = deploy(client, drydock.add_model())
                drydock.settle()
                assert status(client, service_id) == "running"
        long.rmdir()


class TestAStartThatFails:
    def test_says_why_and_leaves_nothing(
        self, monkeypatch: pytest.MonkeyPatch, nothing_left: Held
    ) -> None:
        async def fail(*_: object, **__: object) -> None:
            raise ConfigError("no engine answers")

        monkeypatch.setattr(embedded, "_simulated", fail)
        with pytest.raises(ConfigError, match="no engine answers"), running():
            pass

    def test_that_takes_too_long_is_given_up(
        self, monkeypatch: pytest.MonkeyPatch, nothing_left: Held
    ) -> None:
        async def hang(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(embedded, "_simulated", hang)
        monkeypatch.setattr(embedded, "START_LIMIT_S", 0.1)
        with pytest.raises(TimeoutError), running():
            pass


class TestWithoutAGateway:
    def test_inference_addresses_say_that_it_is_off(self) -> None:
        with running() as drydock, drydock.client() as client:
            service_id = deploy(client, drydock.add_model())
            drydock.settle()
            address = client.get(f"/services/{service_id}").json()["access_address"]
            answers = [client.request(method, address) for method in ("GET", "POST", "PUT")]
            answers.append(client.post(f"{address}/some/path", json={}))
        assert address == f"{drydock.endpoint}/v1/infers/{service_id}"
        assert {answer.status_code for answer in answers} == {501}
        assert {answer.json()["error_code"] for answer in answers} == {"Drydock.NotSimulated"}
        assert "the gateway is off" in answers[0].json()["error_msg"]

    def test_the_state_says_so_too(self) -> None:
        with running() as drydock:
            state = drydock._admin("GET", "/state")
        assert (state["gateway"]["status"], state["gateway"]["pid"]) == ("off", None)

    def test_no_other_process_runs(self) -> None:
        before = psutil.Process().children()
        with running():
            assert psutil.Process().children() == before


@pytest.mark.envoy
class TestWithAGateway:
    def test_envoy_is_the_listening_address_and_ends_with_the_server(
        self, nothing_left: Held
    ) -> None:
        with running(gateway=True) as drydock, drydock.client() as client:
            port = port_of(drydock)
            assert client.get("/services").status_code == 200
            state = drydock._admin("GET", "/state")
            envoy = psutil.Process(state["gateway"]["pid"])
            heard_at = {one.laddr.port for one in envoy.net_connections() if one.status == "LISTEN"}
        assert heard_at == {port}
        assert state["gateway"]["status"] == "running"
        assert not envoy.is_running()
        assert not listens(port)

    def test_a_simulated_instance_says_that_no_model_runs(self) -> None:
        with running(gateway=True) as drydock, drydock.client() as client:
            service_id = deploy(client, drydock.add_model())
            drydock.settle()
            address = client.get(f"/services/{service_id}").json()["access_address"]
            big = client.post(address, content=b"x" * 3_000_000)
            answers = [big, client.get(address), client.get(f"{address}/health")]
        assert {answer.status_code for answer in answers} == {501}
        assert {answer.headers["x-drydock-simulated"] for answer in answers} == {"fake"}
        assert {answer.json()["error_code"] for answer in answers} == {"Drydock.Simulated"}

    def test_two_at_once_have_ports_of_their_own(self, nothing_left: Held) -> None:
        with running(gateway=True) as one, running(gateway=True) as other:
            assert one.endpoint != other.endpoint
            for drydock in (one, other):
                with drydock.client() as client:
                    assert client.get("/services").status_code == 200

    @pytest.mark.slow
    def test_on_the_process_backend_a_real_model_answers(self, nothing_left: Held) -> None:
        with running(gateway=True, backend="process") as drydock, drydock.client() as client:
            service_id = deploy(client, drydock.publish_model(PACKAGES / "mnist"))
            drydock.settle()
            assert status(client, service_id) == "running"
            address = client.get(f"/services/{service_id}").json()["access_address"]
            answer = client.post(address, files={"images": DIGIT.read_bytes()})
        assert answer.json()["predicted_label"] == "2"
        assert "x-drydock-simulated" not in answer.headers


class TestOptions:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"backend": "podman"}, "backend is one of 'fake', 'process', 'docker'; got 'podman'"),
            ({"backend": "auto"}, "backend is one of 'fake', 'process', 'docker'; got 'auto'"),
            ({"backend": ["fake"]}, "backend is one of 'fake', 'process', 'docker'"),
            ({"gateway": "yes"}, "gateway is True or False; got 'yes'"),
            ({"crash_limits": 1}, "no option 'crash_limits'; there are backend, gateway, and"),
            ({"port": 80}, "there is no option 'port'"),
            ({"home": "/tmp"}, "there is no option 'home'"),
            ({"crash_limit": -1}, "setting crash_limit: .* greater than or equal to 0 .*-1"),
            ({"clock": "lunar"}, "setting clock: .*'real', 'scaled' or 'manual'"),
        ],
    )
    def test_what_is_not_allowed_is_refused_with_what_is(
        self, given: dict[str, object], words: str
    ) -> None:
        with pytest.raises(OptionsError, match=words):
            Options.of(given)

    def test_settings_reach_the_server(self) -> None:
        with running(region="moon", user_name="me", clock="real") as drydock:
            assert (drydock.region, drydock.user_name) == ("moon", "me")
            before = drydock.now_ms()
            assert abs(before - time.time() * 1000) < 60_000
            with pytest.raises(ValueError, match="only a manual clock can be moved"):
                drydock.advance(1)


def test_temporary_files_lie_where_the_system_keeps_them(short_tmp: Path) -> None:
    assert tempfile.gettempdir() == str(short_tmp)
    with running():
        (home,) = short_tmp.glob("drydock-*")
        assert (home.stat().st_mode & 0o777) == 0o700
