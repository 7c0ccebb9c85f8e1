"""Objects appear whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from simulator.objects import BucketNotEmpty, ObjectStore, StoreFailed
from simulator.objects.folder import FolderBucket
from simulator.objects.paths import WORK_FOLDER
from tests.simulator.objects.conftest import get, keys, put, put_half

ROOT = Path(__file__).parents[3]


def left_over(root: Path) -> list[str]:
    work = root / WORK_FOLDER
    return sorted(path.name for path in work.iterdir()) if work.exists() else []


def test_nobody_sees_an_object_before_its_end(bucket: FolderBucket) -> None:
    put(bucket, "file", b"old")
    with bucket.writer("file") as writer:
        writer.write(b"new ")
        assert get(bucket, "file") == b"old"
        writer.write(b"content")
        assert keys(bucket) == ["file"]
    assert get(bucket, "file") == b"new content"
    assert (writer.info.key, writer.info.size_bytes) == ("file", 11)
    assert writer.info == bucket.stat("file")


def test_an_error_leaves_what_was_there(bucket: FolderBucket, root: Path) -> None:
    put(bucket, "file", b"old")
    with pytest.raises(ZeroDivisionError):
        put_half(bucket, "file", b"new")
    assert get(bucket, "file") == b"old"
    assert left_over(root) == []


def test_an_empty_object_is_one(bucket: FolderBucket) -> None:
    with bucket.writer("empty"):
        pass
    assert bucket.stat("empty").size_bytes == 0


def test_a_full_disk_is_told_and_changes_nothing(
    bucket: FolderBucket, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "file", b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(StoreFailed) as failed:
            put(bucket, "file", b"new")
    assert failed.value.full
    assert get(bucket, "file") == b"old"
    assert left_over(root) == []


def test_it_is_on_disk_before_it_has_its_name_and_so_is_the_name(
    bucket: FolderBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that a crash of the machine needs: content, name, folder."""
    put(bucket, "other")
    done: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def noted(*arguments: object, _name: str = name, _real: object = real, **more: object):
            done.append(_name)
            return _real(*arguments, **more)  # type: ignore[operator]

        monkeypatch.setattr(os, name, noted)
    put(bucket, "file")
    assert done == ["fsync", "replace", "fsync"]
    done.clear()
    bucket.append("file", 1, b"more")
    assert done == ["fsync"]


def test_many_writers_of_one_object_leave_one_of_theirs(bucket: FolderBucket, root: Path) -> None:
    contents = [bytes([letter]) * 300_000 for letter in b"abcdefgh"]

    def write(content: bytes) -> None:
        for _ in range(5):
            put(bucket, "dir/file", content)

    threads = [threading.Thread(target=write, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if bucket.delete("dir/other") is False and "dir/file" in keys(bucket):
            assert get(bucket, "dir/file") in contents
    assert get(bucket, "dir/file") in contents
    assert left_over(root) == []


def test_a_folder_that_goes_while_an_object_comes_is_made_again(bucket: FolderBucket) -> None:
    """Deleting the last object of a folder removes it; a writer may be about to use it."""
    stop = threading.Event()

    def delete() -> None:
        while not stop.is_set():
            put(bucket, "dir/other")
            bucket.delete("dir/other")

    thread = threading.Thread(target=delete)
    thread.start()
    try:
        for number in range(40):
            put(bucket, f"dir/{number}")
            assert bucket.delete(f"dir/{number}")
    finally:
        stop.set()
        thread.join()
    assert keys(bucket) == []


_WRITER = """
import sys
from pathlib import Path
from simulator.objects import ObjectStore
bucket = ObjectStore(Path(sys.argv[1])).bucket("data")
with bucket.writer("file") as writer:
    writer.write(b"new")
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_a_killed_writer_changes_nothing_and_what_it_left_is_swept(
    bucket: FolderBucket, store: ObjectStore, home: Path, root: Path
) -> None:
    put(bucket, "file", b"old")
    command = [sys.executable, "-c", _WRITER, str(home)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        assert len(left_over(root)) == 1
        assert store.sweep() == 0, "what is being written stays"
        process.send_signal(signal.SIGKILL)
    assert get(bucket, "file") == b"old"
    assert store.sweep() == 1
    assert left_over(root) == []
    assert keys(bucket) == ["file"]


def test_what_is_being_written_does_not_keep_a_bucket_but_fails(
    bucket: FolderBucket, store: ObjectStore, root: Path
) -> None:
    writer = bucket.writer("file")
    writer.__enter__()
    store.remove("data")
    assert not root.exists()
    with pytest.raises(Exception, match="data"):
        writer.__exit__(None, None, None)


def test_files_of_others_in_a_bucket_are_not_removed_with_it(
    store: ObjectStore, bucket: FolderBucket, root: Path
) -> None:
    (root / "dir").mkdir()
    (root / "dir" / "link").symlink_to("elsewhere")
    with pytest.raises(BucketNotEmpty):
        store.remove("data")
    assert (root / "dir" / "link").is_symlink()


def test_the_lock_of_a_writer_is_what_keeps_its_file(bucket: FolderBucket, root: Path) -> None:
    with bucket.writer("file") as writer:
        writer.write(b"x")
        (name,) = left_over(root)
        with (root / WORK_FOLDER / name).open("rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
