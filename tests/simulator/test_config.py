"""Settings: flag before environment before file; where things lie."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from simulator.clock import ClockMode
from simulator.config import SOCKET_PATH_LIMIT_BYTES, BackendChoice, Paths, load_settings
from simulator.errors import ConfigError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of the test's own, named by the environment; no other setting is there."""
    import os

    for name in [name for name in os.environ if name.startswith("DRYDOCK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DRYDOCK_HOME", str(tmp_path))
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / "drydock.toml").write_text(text)


class TestPrecedence:
    def test_defaults_are_loopback_and_the_documented_limits(self) -> None:
        settings = load_settings()
        assert (settings.host, settings.port) == ("127.0.0.1", 8780)
        assert settings.backend is BackendChoice.AUTO
        assert settings.clock is ClockMode.REAL
        assert (settings.token_lifetime_s, settings.traffic_limit_per_s) == (86_400, 100)
        assert (settings.predict_timeout_s, settings.crash_limit) == (60.0, 3)

    def test_the_file_before_the_default(self, home: Path) -> None:
        write(home, 'port = 1111\nbackend = "process"')
        assert (load_settings().port, load_settings().backend) == (1111, BackendChoice.PROCESS)

    def test_the_environment_before_the_file(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(home, "port = 1111\nspeed = 5.0")
        monkeypatch.setenv("DRYDOCK_PORT", "2222")
        assert (load_settings().port, load_settings().speed) == (2222, 5.0)

    def test_the_flag_before_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DRYDOCK_PORT", "2222")
        assert load_settings(port=3333).port == 3333

    def test_a_flag_that_was_not_given_counts_as_absent(self) -> None:
        assert load_settings(port=None, backend=None).port == 8780

    def test_the_file_lies_in_the_home_that_the_flag_names(self, tmp_path: Path) -> None:
        other = tmp_path / "other"
        other.mkdir()
        write(other, "port = 4444")
        assert load_settings(home=other).port == 4444

    def test_the_home_is_the_platforms_place_for_user_data_unless_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DRYDOCK_HOME")
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        monkeypatch.setenv("HOME", str(tmp_path))
        assert load_settings().home.is_relative_to(tmp_path)
        assert load_settings().home.name == "drydock"

    def test_an_empty_variable_counts_as_absent(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DRYDOCK_HOME", "")
        monkeypatch.setenv("DRYDOCK_PORT", "")
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        monkeypatch.setenv("HOME", str(tmp_path))
        settings = load_settings()
        assert settings.home.is_relative_to(tmp_path)  # not the directory one happens to be in
        assert settings.port == 8780


class TestMistakes:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("port", 0),
            ("port", 65536),
            ("port", "http"),
            ("speed", 0),
            ("speed", 100_001),
            ("backend", "podman"),
            ("clock", "fast"),
            ("token_lifetime_s", 0),
            ("crash_limit", -1),
            ("traffic_limit_per_s", -1),
            ("predict_timeout_s", 0),
        ],
    )
    def test_a_value_that_is_not_allowed_is_named_with_what_to_do(
        self, name: str, value: object
    ) -> None:
        with pytest.raises(ConfigError, match=f"setting {name}: ") as caught:
            load_settings(**{name: value})
        assert repr(value) in caught.value.message
        assert f"DRYDOCK_{name.upper()}" in caught.value.hint

    def test_an_unknown_setting_in_the_file_is_named(self, home: Path) -> None:
        write(home, "prot = 1111")
        with pytest.raises(ConfigError, match="there is no setting prot") as caught:
            load_settings()
        assert "port" in caught.value.hint

    def test_a_file_that_is_no_toml_is_named(self, home: Path) -> None:
        write(home, "port: 1111")
        with pytest.raises(ConfigError, match=r"drydock\.toml cannot be read"):
            load_settings()

    def test_settings_cannot_be_changed_afterwards(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            load_settings().port = 1


class TestPaths:
    def test_everything_lies_in_the_home(self, home: Path) -> None:
        paths = load_settings().paths
        named = [paths.database, paths.lock, paths.admin_token, paths.signing_key, paths.log]
        named += [paths.models, paths.objects, paths.gateway, paths.instances]
        assert all(path.parent == home for path in named)
        assert len(set(named)) == len(named)

    def test_directories_are_made_for_the_user_alone(self, tmp_path: Path) -> None:
        paths = Paths(tmp_path / "h")
        paths.create()
        for directory in (paths.home, paths.models, paths.objects, paths.gateway, paths.run):
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        paths.create()  # once more is no error

    def test_a_short_home_holds_its_sockets(self) -> None:
        assert Paths(Path("/short")).control_socket == Path("/short/run/control.sock")

    def test_a_long_home_gets_a_short_place_for_its_sockets(self) -> None:
        long = Paths(Path("/" + "x" * 200))
        for socket in (long.control_socket, long.gateway_socket):
            assert len(str(socket)) <= SOCKET_PATH_LIMIT_BYTES
        assert long.run != Paths(Path("/" + "y" * 200)).run
        assert long.run == Paths(Path("/" + "x" * 200)).run

    def test_a_home_that_cannot_be_made_is_the_users_to_mend(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ConfigError, match="cannot make the data directory") as caught:
            Paths(tmp_path / "file" / "home").create()
        assert "DRYDOCK_HOME" in caught.value.hint


class TestSpecifications:
    def test_own_ones_come_from_tables_of_the_file(self, home: Path) -> None:
        write(
            home,
            """
            small_host = "refuse"
            [specifications."shop.gpu.large"]
            vcpus = 8
            memory_mb = 32768
            gpus = 2
            gpu_memory_gb = 24
            [system_overhead]
            memory_mb = 256
            [stub_npus]
            count = 4
            """,
        )
        settings = load_settings()
        spec = settings.specifications["shop.gpu.large"].named("shop.gpu.large")
        assert (spec.cpus, spec.memory_mb, spec.gpus, spec.category) == (8, 32768, 2, "GPU")
        assert spec.accelerator is not None
        assert spec.accelerator.memory_gb == 24
        assert (settings.system_overhead.size.memory_mb, settings.stub_npus.count) == (256, 4)

    @pytest.mark.parametrize(
        ("name", "table", "says"),
        [
            ("modelarts.vm.cpu.2u", "vcpus = 1\nmemory_mb = 1", "is documented"),
            ("custom", "vcpus = 1\nmemory_mb = 1", "is documented"),
            ("a b", "vcpus = 1\nmemory_mb = 1", "is no name"),
            ("a", "vcpus = 1\nmemory_mb = 1\ngpus = 1\nnpus = 1", "one kind"),
            ("a", "vcpus = 1\nmemory_mb = 1\ngpu_memory_gb = 8", "no gpus"),
            ("a", "vcpus = 0\nmemory_mb = 1", "greater than 0"),
            ("a", "vcpus = 1", "Field required"),
        ],
    )
    def test_one_without_sense_is_refused(
        self, home: Path, name: str, table: str, says: str
    ) -> None:
        write(home, f'[specifications."{name}"]\n{table}')
        with pytest.raises(ConfigError, match=says):
            load_settings()
