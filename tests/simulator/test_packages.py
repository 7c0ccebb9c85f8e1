"""Model packages on disk."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from simulator import packages
from simulator.errors import SourceUnusable
from simulator.packages import check_runnable, copy_package, package_root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package with one model file of 5 bytes and a config.json of 2."""
    model = tmp_path / "package" / "model"
    (model / "parts").mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "net.onnx").write_bytes(b"12345")
    (model / "parts" / "labels.txt").write_text("abc")
    return tmp_path / "package"


class TestFinding:
    def test_the_package_or_its_model_directory_may_be_named(self, root: Path) -> None:
        assert package_root(root, "src") == root
        assert package_root(root / "model", "src") == root

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("nowhere", "it does not exist"),
            ("empty", "it has no model/config.json"),
            ("empty/" + "x" * 300, "it does not exist"),
        ],
    )
    def test_what_is_no_package_is_told_from_what_is_not_there(
        self, tmp_path: Path, name: str, why: str
    ) -> None:
        (tmp_path / "empty").mkdir()
        with pytest.raises(SourceUnusable, match=why) as caught:
            package_root(tmp_path / name, "obs://b/k")
        assert caught.value.source == "obs://b/k"

    def test_the_runtime_needs_an_onnx_file(self, root: Path) -> None:
        check_runnable(root, "src")
        (root / "model" / "net.onnx").unlink()
        with pytest.raises(SourceUnusable, match=r"no \.onnx file") as caught:
            check_runnable(root, "src")
        assert "export the model to ONNX" in caught.value.hint


class TestCopying:
    def test_the_copy_is_whole_and_its_size_told(self, root: Path, tmp_path: Path) -> None:
        target = tmp_path / "copy"
        assert copy_package(root, target) == 10
        files = {str(p.relative_to(target)) for p in target.rglob("*") if p.is_file()}
        assert files == {"model/config.json", "model/net.onnx", "model/parts/labels.txt"}
        assert (target / "model" / "net.onnx").read_bytes() == b"12345"

    def test_another_user_can_read_it(self, root: Path, tmp_path: Path) -> None:
        (root / "model" / "net.onnx").chmod(0o600)
        (root / "model" / "parts").chmod(0o700)
        copy_package(root, tmp_path / "copy")
        mode = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "copy").rglob("*")}
        assert mode["net.onnx"] == 0o644
        assert mode["parts"] == mode["model"] == 0o755

    def test_a_later_change_of_the_source_changes_nothing(self, root: Path, tmp_path: Path) -> None:
        copy_package(root, tmp_path / "copy")
        (root / "model" / "net.onnx").write_bytes(b"other")
        assert (tmp_path / "copy" / "model" / "net.onnx").read_bytes() == b"12345"

    def test_a_copy_that_fails_leaves_nothing(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(packages, "_make_readable", full)
        with pytest.raises(OSError, match="No space left"):
            copy_package(root, tmp_path / "copy")
        assert [one.name for one in tmp_path.iterdir()] == ["package"]

    def test_what_an_interrupted_copy_left_is_replaced(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "copy.part").mkdir()
        (tmp_path / "copy.part" / "rest").write_text("x")
        (tmp_path / "copy").mkdir()
        copy_package(root, tmp_path / "copy")
        assert [p.name for p in (tmp_path / "copy").iterdir()] == ["model"]
        assert not (tmp_path / "copy.part").exists()

    def refused(self, root: Path, tmp_path: Path, why: str) -> None:
        with pytest.raises(SourceUnusable, match=why):
            copy_package(root, tmp_path / "copy")
        assert not (tmp_path / "copy").exists()

    def test_links_are_refused(self, root: Path, tmp_path: Path) -> None:
        (root / "model" / "secrets").symlink_to("/etc/passwd")
        self.refused(root, tmp_path, "symbolic links are not allowed")

    def test_links_to_directories_are_refused(self, root: Path, tmp_path: Path) -> None:
        (root / "model" / "parts" / "etc").symlink_to("/etc")
        self.refused(root, tmp_path, "symbolic links are not allowed")

    def test_a_model_directory_that_is_a_link_is_refused(self, root: Path, tmp_path: Path) -> None:
        (root / "model").rename(tmp_path / "elsewhere")
        (root / "model").symlink_to(tmp_path / "elsewhere")
        self.refused(root, tmp_path, "symbolic links are not allowed")

    def test_pipes_and_the_like_are_refused(self, root: Path, tmp_path: Path) -> None:
        os.mkfifo(root / "model" / "pipe")
        self.refused(root, tmp_path, "only regular files are allowed")

    def test_too_much_is_refused(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(packages, "MODEL_MAX_BYTES", 10)
        copy_package(root, tmp_path / "fits")
        monkeypatch.setattr(packages, "MODEL_MAX_BYTES", 9)
        self.refused(root, tmp_path, "it has 10 bytes")
