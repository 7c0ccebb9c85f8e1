"""The pytest plugin, as other projects meet it: whole runs of pytest on small test files."""

from __future__ import annotations

import pytest

import simulator.server  # noqa: F401
from tests.simulator.bench.conftest import Held

# The server is imported above because a run of pytest inside this one forgets the modules that it
# was the first to import, and SQLAlchemy's compiled ones cannot be imported twice.

pytest_plugins = ["pytester"]

DEPLOY = """
def deploy(client, model_id, name="prod"):
    version = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u"}
    body = {"infer_type": "real-time", "service_name": name,
            "config": [version | {"instance_count": 1}]}
    return client.post("/services", json=body)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with tests and no configuration but strict markers."""
    # the snapshot plugin takes this run's temporary directory for its own
    without = "-p no:cacheprovider -p no:textual-snapshot -p no:asyncio"
    pytester.makeini(f"[pytest]\naddopts = --strict-markers {without}\n")
    return pytester


def run(project: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    project.makepyfile(DEPLOY + tests)
    return project.runpytest_inprocess(*arguments)


def test_the_fixtures_need_nothing_but_their_names(
    project: pytest.Pytester, nothing_left: Held
) -> None:
    done = run(
        project,
        """
        def test_a(drydock, drydock_client, modelarts_token):
            assert drydock_client.headers["X-Auth-Token"] == modelarts_token == drydock.token
            assert deploy(drydock_client, drydock.add_model()).status_code == 200
            drydock.settle()
            assert [service["status"] for service in drydock.services()] == ["running"]
            assert drydock.backend == "fake" and not drydock.gateway
        """.replace("\n        ", "\n"),
    )
    done.assert_outcomes(passed=1)


def test_each_test_has_a_server_of_its_own(project: pytest.Pytester, nothing_left: Held) -> None:
    done = run(
        project,
        """
import pytest

@pytest.mark.parametrize("time", [1, 2, 3])
def test_a(drydock, drydock_client, time):
    assert drydock.services() == []
    assert deploy(drydock_client, drydock.add_model("the-only-one")).status_code == 200
""",
    )
    done.assert_outcomes(passed=3)


def test_a_test_that_fails_leaves_nothing(project: pytest.Pytester, nothing_left: Held) -> None:
    done = run(
        project,
        """
def test_fails(drydock, drydock_client):
    deploy(drydock_client, drydock.add_model())
    assert drydock.services() == "nothing"

def test_raises(drydock, modelarts_token):
    raise SystemError
""",
    )
    done.assert_outcomes(failed=2)


def test_a_project_in_which_no_test_asks_for_it_starts_nothing(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import sys

        def test_a():
            assert "simulator.bench.plugin" in sys.modules
            ours = [n for n in sys.modules if n.partition(".")[0] in ("simulator", "backends")]
            assert ours == ["simulator", "simulator.bench", "simulator.bench.plugin"]
        """
    )
    project.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=1)


def test_tests_run_side_by_side(project: pytest.Pytester) -> None:
    project.makepyfile(
        DEPLOY
        + """
import pytest

@pytest.mark.parametrize("time", range(4))
def test_a(drydock, drydock_client, time):
    assert deploy(drydock_client, drydock.add_model()).status_code == 200
"""
    )
    project.runpytest_subprocess("-n", "2").assert_outcomes(passed=4)


class TestMarker:
    def test_is_explained_by_pytest(self, project: pytest.Pytester) -> None:
        done = project.runpytest_inprocess("--markers")
        done.stdout.fnmatch_lines(["@pytest.mark.drydock(backend='fake', gateway=False, *"])

    def test_settings_reach_the_server_and_the_closest_marker_wins(
        self, project: pytest.Pytester
    ) -> None:
        done = run(
            project,
            """
import pytest

@pytest.mark.drydock(region="outer", user_name="me")
class TestAll:
    @pytest.mark.drydock(region="inner")
    def test_a(self, drydock):
        assert (drydock.region, drydock.user_name) == ("inner", "me")

    def test_b(self, drydock):
        assert drydock.region == "outer"
""",
        )
        done.assert_outcomes(passed=2)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ("backend='podman'", "*backend is one of 'fake', 'process', 'docker'; got 'podman'"),
            ("gateway=1", "*gateway is True or False; got 1"),
            ("gatway=True", "*no option 'gatway'; there are backend, gateway, and the settings *"),
            ("'process'", "*takes named arguments only, such as backend='process'; got 'process'"),
            ("crash_limit='many'", "*setting crash_limit: *(got 'many')"),
        ],
    )
    def test_a_wrong_argument_is_an_error_that_names_what_is_allowed(
        self, project: pytest.Pytester, nothing_left: Held, arguments: str, words: str
    ) -> None:
        done = run(
            project,
            f"""
import pytest

@pytest.mark.drydock({arguments})
def test_a(drydock):
    pass
""",
        )
        done.assert_outcomes(errors=1)
        done.stdout.fnmatch_lines([f"@pytest.mark.drydock{words}"])
        done.stdout.no_fnmatch_line("*Traceback*")

    @pytest.mark.envoy
    def test_gateway_puts_envoy_in_front(
        self, project: pytest.Pytester, nothing_left: Held
    ) -> None:
        done = run(
            project,
            """
import pytest

def call(drydock, client):
    service_id = deploy(client, drydock.add_model()).json()["service_id"]
    drydock.settle()
    return client.post(client.get(f"/services/{service_id}").json()["access_address"])

@pytest.mark.drydock(gateway=True)
def test_with(drydock, drydock_client):
    assert call(drydock, drydock_client).json()["error_code"] == "Drydock.Simulated"

def test_without(drydock, drydock_client):
    answer = call(drydock, drydock_client)
    assert answer.status_code == 501
    assert "gateway is off" in answer.json()["error_msg"]
""",
        )
        done.assert_outcomes(passed=2)

    def test_docker_without_an_engine_says_so(
        self, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, nothing_left: Held
    ) -> None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        done = run(
            project,
            """
import pytest

@pytest.mark.drydock(backend="docker")
def test_a(drydock):
    pass
""",
        )
        done.assert_outcomes(errors=1)
        done.stdout.fnmatch_lines(["Drydock cannot start: no Docker engine answers: *"])
