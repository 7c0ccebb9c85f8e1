"""Fetching the runtime's wheels: which command is run for which Python, and that it runs once."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from backends import docker_context, docker_wheels
from backends.docker_wheels import Target, fetch_site, host_pins, platform_tags
from backends.errors import ImageBuildFailed
from backends.images import read_target

DEBIAN_12 = Target("3.11", "x86_64", 36)


class Installer:
    """Takes the place of `subprocess.run`: installs one file, or fails with the given words."""

    def __init__(self, *failures: str) -> None:
        self.commands: list[list[str]] = []
        self.failures = list(failures)

    def __call__(self, command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.commands.append(list(command))
        if self.failures:
            return subprocess.CompletedProcess(command, 1, "", self.failures.pop(0))
        site = Path(command[command.index("--target") + 1])
        (site / "bin").mkdir(parents=True)
        (site / "numpy.py").touch()
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    made = Installer()
    monkeypatch.setattr(subprocess, "run", made)
    return made


def without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pip" else found(name)
    )


def test_every_requirement_is_pinned_to_this_hosts_version() -> None:
    assert [pin.split("==")[0] for pin in host_pins()] == list(docker_wheels.REQUIREMENTS)


def test_second_fetch_needs_no_network(installer: Installer, tmp_path: Path) -> None:
    said: list[str] = []
    first = fetch_site(DEBIAN_12, tmp_path, said.append)
    assert (first / "numpy.py").exists()
    assert not (first / "bin").exists()
    assert fetch_site(DEBIAN_12, tmp_path, said.append) == first
    assert len(installer.commands) == 1
    assert len(said) == 1


def test_each_target_has_its_own_wheels(installer: Installer, tmp_path: Path) -> None:
    others = [Target("3.12", "x86_64", 36), Target("3.11", "aarch64", 36)]
    sites = {fetch_site(target, tmp_path, lambda _: None) for target in (DEBIAN_12, *others)}
    assert len(sites) == 3


def test_pip_is_asked_for_the_targets_wheels_only(installer: Installer, tmp_path: Path) -> None:
    fetch_site(DEBIAN_12, tmp_path, lambda _: None)
    (command,) = installer.commands
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[command.index("--python-version") + 1] == "3.11"
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert set(host_pins()) <= set(command)


def test_without_pip_uv_is_asked(
    installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pip(monkeypatch)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "uv").touch()
    fetch_site(DEBIAN_12, tmp_path, lambda _: None)
    (command,) = installer.commands
    assert command[:3] == [str(tmp_path / "uv"), "pip", "install"]
    assert command[command.index("--python-platform") + 1] == "x86_64-manylinux_2_36"


def test_versions_that_do_not_exist_for_the_target_are_replaced(
    installer: Installer, tmp_path: Path
) -> None:
    installer.failures = ["ERROR: No matching distribution found for numpy==9"]
    said: list[str] = []
    fetch_site(DEBIAN_12, tmp_path, said.append)
    assert set(docker_wheels.REQUIREMENTS) <= set(installer.commands[1])
    assert "taking the newest" in said[-1]


def test_failed_fetch_shows_the_installers_words_and_leaves_nothing(
    installer: Installer, tmp_path: Path
) -> None:
    installer.failures = ["Temporary failure in name resolution"]
    with pytest.raises(ImageBuildFailed) as caught:
        fetch_site(DEBIAN_12, tmp_path, lambda _: None)
    assert "name resolution" in caught.value.evidence
    assert caught.value.hint
    assert list((tmp_path / "wheels").iterdir()) == []


def test_platforms_reach_from_the_c_library_down_to_the_oldest() -> None:
    tags = platform_tags(Target("3.11", "x86_64", 28))
    assert tags[0] == "manylinux_2_28_x86_64"
    assert "manylinux_2_5_x86_64" in tags
    assert "manylinux2014_x86_64" in tags
    assert not any("2_29" in tag for tag in tags)
    assert "manylinux_2_16_aarch64" not in platform_tags(Target("3.11", "aarch64", 28))


def test_target_is_read_from_the_bases_own_words() -> None:
    assert read_target('[[3, 11], "x86_64", ["glibc", "2.36"]]', "b") == DEBIAN_12


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("exec failed", "does not run python3"),
        ("[]", "does not run python3"),
        ('[[3, 9], "x86_64", ["glibc", "2.31"]]', "too old"),
        ('[[3, 12], "x86_64", ["", ""]]', "glibc"),
    ],
)
def test_unfit_base_is_refused_with_the_reason(words: str, part: str) -> None:
    with pytest.raises(ImageBuildFailed, match=part) as caught:
        read_target(words, "some-base")
    assert "DRYDOCK_BASE_IMAGE" in caught.value.hint


def test_build_context_is_readable_for_everyone_and_owned_by_nobody(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "pkg" / "__pycache__").mkdir(parents=True)
    (site / "pkg" / "__pycache__" / "x.pyc").touch()
    (site / "pkg" / "x.py").touch()
    (site / "pkg" / "x.py").chmod(0o600)
    (site / "pkg").chmod(0o700)
    context = io.BytesIO()
    docker_context.write_context(context, site)
    context.seek(0)
    with tarfile.open(fileobj=context) as tar:
        members = {member.name: member for member in tar.getmembers()}
    assert members["site/pkg"].mode == 0o755
    assert members["site/pkg/x.py"].mode == 0o644
    assert {"Dockerfile", "backends/__init__.py", "backends/runtime/__main__.py"} <= set(members)
    assert {(member.uid, member.uname) for member in members.values()} == {(0, "")}
    assert not any("__pycache__" in name for name in members)


def test_changed_runtime_changes_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_context, "_RUNTIME_DIR", tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM x")
    (tmp_path / "app.py").write_text("1")
    before = docker_context.source_hash("base")
    assert docker_context.source_hash("base") == before
    assert docker_context.source_hash("other") != before
    (tmp_path / "app.py").write_text("2")
    assert docker_context.source_hash("base") != before
