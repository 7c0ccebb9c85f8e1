"""The object store on the command line; there is no server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from simulator.cli import object_copying
from simulator.cli.object_copying import Bar
from simulator.cli.object_sides import LocalSide, object_path
from simulator.cli.output import Output
from tests.simulator.cli.conftest import Json, Run


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Folder of the buckets."""
    return tmp_path / "home" / "objects"


@pytest.fixture
def data(run: Run, objects: Path) -> Path:
    """The folder of a bucket."""
    assert run("objects", "mb", "data").exit_code == 0
    return objects / "data"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with files."""
    root = tmp_path / "tree"
    for name in ("a.txt", "sub/b.txt", "sub/deep/c.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def done(run: Run, *arguments: str, stdin: str | None = None) -> Json:
    result = run("--json", "objects", *arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    found: Json = json.loads(result.stdout)
    return found


def files(root: Path) -> dict[str, str]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): path.read_text()
        for path in found
        if ".drydock-uploads" not in path.parts
    }


class TestBuckets:
    @pytest.mark.parametrize("name", ["data", "obs://data", "s3://data/", "//data/", "/data"])
    def test_one_is_made_under_any_of_its_names(self, run: Run, objects: Path, name: str) -> None:
        assert done(run, "mb", name) == {"bucket": "data"}
        assert (objects / "data").is_dir()
        assert done(run, "ls") == ["data"]
        assert done(run, "rb", name) == {"bucket": "data"}
        assert done(run, "ls") == []

    @pytest.mark.parametrize(
        ("arguments", "status", "text"),
        [
            (("mb", "data"), 1, "bucket data exists already"),
            (("mb", "UPPER"), 2, "'UPPER' is no bucket name"),
            (("mb", "obs://data/key"), 2, "is no bucket"),
            (("rb", "nope"), 1, "bucket nope does not exist"),
            (("rb", "full"), 1, "bucket full is not empty"),
            (("ls", "nope"), 1, "`drydock objects mb nope` makes it"),
            (("ls", "obs://data/nope"), 1, "obs://data/nope/ does not exist"),
            (("ls", "ftp://data"), 2, "is no object path"),
            (("cat", "obs://data/nope"), 1, "obs://data/nope does not exist"),
            (("rm", "obs://data/nope"), 1, "obs://data/nope does not exist"),
            (("rm", "obs://full"), 2, "-r removes all that is in it"),
            (("cp", "a", "b"), 2, "neither of the two is an object"),
            (("sync", "a", "b"), 2, "neither of the two is an object"),
            (("cp", "/nope/file", "obs://data/"), 2, "/nope/file is no file"),
            (("cp", "-r", "/nope", "obs://data/"), 2, "/nope is no folder"),
            (("cp", "-r", "obs://data/nope", "here"), 1, "obs://data/nope/ does not exist"),
            (("cp", "obs://full/", "here"), 2, "-r copies all that is in it"),
            (("cp", "-r", "obs://full", "obs://full/copy"), 2, "lies in obs://full/"),
            (("sync", "obs://full/a", "s3://full/a/"), 2, "lies in obs://full/a/"),
            (("cp", "-", "obs://data/"), 2, "name an object"),
            (("cp", "-r", "-", "obs://data/"), 2, "- is for single objects"),
            (("cp", "obs://full/k", "-"), 2, "objects cat"),
            (("cp", "obs://full/k", "obs://data/../x"), 2, "has a . or .. part"),
            (("cp", "obs://full/k", "obs://data/a//b"), 1, "with an empty part"),
        ],
    )
    def test_what_does_not_work_is_told(
        self, run: Run, data: Path, objects: Path, arguments: list[str], status: int, text: str
    ) -> None:
        (objects / "full").mkdir()
        (objects / "full" / "k").touch()
        result = run("objects", *arguments)
        assert (result.exit_code, text in result.stderr) == (status, True), result.stderr
        assert "Traceback" not in result.output


class TestList:
    def test_a_level_or_all_that_is_below(self, run: Run, data: Path) -> None:
        for name in ("a", "dir/b", "dir/sub/c"):
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).write_text("12345")
        assert [one["key"] for one in done(run, "ls", "data")] == ["a", "dir/"]
        assert [one["is_prefix"] for one in done(run, "ls", "obs://data")] == [False, True]
        assert [one["key"] for one in done(run, "ls", "-r", "//data")] == [
            "a",
            "dir/b",
            "dir/sub/c",
        ]
        for path in ("obs://data/dir", "obs://data/dir/"):
            assert [one["key"] for one in done(run, "ls", path)] == ["dir/b", "dir/sub/"]
        (one,) = done(run, "ls", "obs://data/dir/b")
        assert (one["key"], one["size_bytes"]) == ("dir/b", 5)
        assert one["modified_at_ms"] == (data / "dir" / "b").stat().st_mtime_ns // 1_000_000

    def test_for_people_a_line_each_with_time_and_size(self, run: Run, data: Path) -> None:
        (data / "a").write_text("12345")
        (data / "dir").mkdir()
        (data / "dir" / "b").touch()
        first, second = run("objects", "ls", "data").stdout.splitlines()
        assert first.split()[2:] == ["5", "a"]
        assert second.split() == ["dir/"]
        assert run("objects", "ls").stdout == "obs://data/\n"


class TestCopy:
    def test_a_file_goes_there_and_comes_back(
        self, run: Run, data: Path, tree: Path, tmp_path: Path
    ) -> None:
        source = str(tree / "a.txt")
        assert done(run, "cp", source, "obs://data/x/y")["copied"] == 1
        assert done(run, "cp", source, "obs://data/x/")["bytes"] == 5
        done(run, "cp", source, "s3://data")
        assert files(data) == {"x/y": "a.txt", "x/a.txt": "a.txt", "a.txt": "a.txt"}
        done(run, "cp", "obs://data/x/y", str(tmp_path / "new" / "file"))
        done(run, "cp", "obs://data/x/y", str(tmp_path))
        done(run, "cp", "obs://data/x/y", f"{tmp_path}/other/")
        for name in ("new/file", "y", "other/y"):
            assert (tmp_path / name).read_text() == "a.txt"

    def test_an_object_is_copied_to_another_one(self, run: Run, data: Path) -> None:
        (data / "a").write_text("x")
        done(run, "cp", "obs://data/a", "obs://data/b/c")
        assert files(data) == {"a": "x", "b/c": "x"}

    def test_stdin_becomes_an_object_and_an_object_stdout(self, run: Run, data: Path) -> None:
        assert done(run, "cp", "-", "obs://data/k", stdin="from stdin")["bytes"] == 10
        assert run("objects", "cat", "obs://data/k").stdout == "from stdin"

    def test_whole_folders_are_copied(
        self, run: Run, data: Path, tree: Path, tmp_path: Path
    ) -> None:
        (tree / "empty").mkdir()
        result = done(run, "cp", "-r", str(tree), "obs://data/t")
        assert (result["copied"], result["bytes"]) == (4, 28)
        assert files(data / "t") == files(tree)
        assert (data / "t" / "empty").is_dir()
        done(run, "cp", "-r", "obs://data/t", str(tmp_path / "back"))
        assert files(tmp_path / "back") == files(tree)
        assert (tmp_path / "back" / "empty").is_dir()
        done(run, "cp", "-r", "obs://data/t/sub", "obs://data/u/")
        assert files(data / "u") == files(tree / "sub")

    def test_an_absolute_path_is_a_file_of_this_machine(
        self, run: Run, data: Path, tmp_path: Path
    ) -> None:
        (data / "k").write_text("x")
        done(run, "cp", "obs://data/k", str(tmp_path / "data"))
        assert (tmp_path / "data").read_text() == "x"

    def test_a_link_to_a_file_is_copied_as_a_file_and_one_to_a_folder_not(
        self, run: Run, data: Path, tree: Path
    ) -> None:
        (tree / "link").symlink_to("a.txt")
        (tree / "loop").symlink_to(".")
        (tree / "broken").symlink_to("nowhere")
        done(run, "cp", "-r", str(tree), "obs://data/")
        assert files(data)["link"] == "a.txt"
        assert len(files(data)) == 4

    def test_a_name_that_no_object_can_have_is_told(self, run: Run, data: Path, tree: Path) -> None:
        (tree / "back\\slash").touch()
        result = run("objects", "cp", "-r", str(tree), "obs://data/")
        assert result.exit_code == 1
        assert "no object can have this name" in result.stderr

    def test_a_copy_that_fails_leaves_the_target_as_it_was(
        self, run: Run, data: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (data / "k").write_text("old")
        monkeypatch.setattr(Bar, "advance", lambda *_: 1 / 0)
        assert run("objects", "cp", str(tree / "a.txt"), "obs://data/k").exit_code == 1
        assert files(data) == {"k": "old"}
        target = tree / "target"
        assert run("objects", "cp", "obs://data/k", str(target)).exit_code == 1
        assert sorted(path.name for path in tree.iterdir()) == ["a.txt", "sub"]


class TestSync:
    def test_only_what_differs_is_copied(self, run: Run, data: Path, tree: Path) -> None:
        def sync() -> tuple[int, int, int]:
            found = done(run, "sync", str(tree), "obs://data/t")
            return found["copied"], found["unchanged"], found["deleted"]

        assert sync() == (3, 0, 0)
        assert sync() == (0, 3, 0)
        (tree / "a.txt").write_text("longer than before")
        (tree / "new").touch()
        assert sync() == (2, 2, 0)
        later = (data / "t" / "new").stat().st_mtime + 10
        import os

        os.utime(tree / "sub" / "b.txt", (later, later))
        assert sync()[0] == 1
        assert files(data / "t") == files(tree)

    def test_what_is_in_the_target_only_stays_unless_asked_for(
        self, run: Run, data: Path, tree: Path
    ) -> None:
        (data / "old").mkdir()
        (data / "old" / "x").touch()
        (data / "a-b").touch()
        (data / "zzz").touch()
        assert done(run, "sync", str(tree), "obs://data")["deleted"] == 0
        assert set(files(data)) > set(files(tree))
        assert done(run, "sync", "--delete", str(tree), "obs://data")["deleted"] == 3
        assert files(data) == files(tree)

    def test_it_goes_the_other_way_too(
        self, run: Run, data: Path, tree: Path, tmp_path: Path
    ) -> None:
        done(run, "sync", str(tree), "obs://data/")
        back = tmp_path / "back"
        (back / "gone").mkdir(parents=True)
        (back / "gone" / "x").touch()
        done(run, "sync", "--delete", "obs://data/", str(back))
        assert files(back) == files(tree)
        assert not (back / "gone").exists()
        assert done(run, "sync", "obs://data/", str(back))["copied"] == 0
        done(run, "sync", "obs://data/sub", "obs://data/copy/")
        assert files(data / "copy") == files(tree / "sub")


class TestRemove:
    def test_one_object_goes(self, run: Run, data: Path) -> None:
        (data / "dir").mkdir()
        (data / "dir" / "a").touch()
        assert done(run, "rm", "obs://data/dir/a") == {"deleted": 1}
        assert list(data.iterdir()) == []

    def test_a_folder_goes_with_all_in_it_but_not_unasked(self, run: Run, data: Path) -> None:
        for name in ("dir/a", "dir/sub/b", "dir-2/c"):
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).touch()
        refused = run("objects", "rm", "-r", "obs://data/dir")
        assert (refused.exit_code, "--yes" in refused.stderr) == (2, True)
        assert len(files(data)) == 3
        result = run("objects", "rm", "-r", "obs://data/dir", "--yes")
        assert result.stdout == "2 removed\n"
        assert list(files(data)) == ["dir-2/c"]
        assert done(run, "rm", "-r", "data", "--yes") == {"deleted": 1}
        assert list(data.iterdir()) == []


class TestSettings:
    def test_a_bucket_that_a_setting_maps_is_used_there(
        self, run: Run, tmp_path: Path, tree: Path
    ) -> None:
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "drydock.toml").write_text(f'[buckets]\nmine = "{tree}"\n')
        assert done(run, "ls") == ["mine"]
        assert run("objects", "cat", "obs://mine/a.txt").stdout == "a.txt"

    def test_a_host_that_is_not_allowed_stops_every_command(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "drydock.toml").write_text('[buckets]\nfar = "s3://bucket"\n')
        result = run("objects", "ls")
        assert result.exit_code == 1
        assert "would talk to s3://" in result.stderr


class TestProgress:
    @pytest.fixture
    def output(self, monkeypatch: pytest.MonkeyPatch) -> Output:
        output = Output()
        output._consoles[True] = Console(force_terminal=True, width=100, record=True, quiet=False)
        return output

    def test_what_is_quick_shows_none(self, output: Output) -> None:
        with Bar(output, 100, 1) as bar:
            bar.advance(50)
            assert bar._progress is None

    def test_what_takes_longer_shows_bytes_objects_and_names(
        self, output: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(object_copying, "PATIENCE_S", 0.0)
        with Bar(output, 2_000_000, 4) as bar:
            bar.advance(1_000_000)
            bar.done("dir/\x1b[31mred.txt")
            assert bar._progress is not None
            (task,) = bar._progress.tasks
            assert (task.completed, task.total) == (1_000_000, 2_000_000)
            assert task.fields["count"] == "1 of 4"
            assert "\x1b" not in task.description

    def test_programs_get_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(object_copying, "PATIENCE_S", 0.0)
        with Bar(Output(as_json=True), 100, 1) as bar:
            bar.advance(50)
            assert bar._progress is None


def test_local_files_are_in_the_order_of_keys(tmp_path: Path) -> None:
    for name in ("a/x", "a-b", "a0"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [info.key for info in LocalSide(tmp_path).entries()] == ["a-b", "a/x", "a0"]


def test_a_name_without_a_slash_is_a_bucket() -> None:
    assert str(object_path("data")) == "obs://data/"
