"""An object store in a folder of its own, and a bucket in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.objects import Bucket, ObjectStore
from simulator.objects.folder import FolderBucket


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(home: Path) -> Iterator[ObjectStore]:
    store = ObjectStore(home)
    yield store
    store.close()


@pytest.fixture
def bucket(store: ObjectStore) -> FolderBucket:
    store.create("data")
    found = store.bucket("data")
    assert isinstance(found, FolderBucket)
    return found


@pytest.fixture
def root(home: Path, bucket: FolderBucket) -> Path:
    """The bucket's folder."""
    return home / "data"


def put(bucket: Bucket, key: str, content: bytes = b"x") -> None:
    with bucket.writer(key) as writer:
        writer.write(content)


def put_half(bucket: Bucket, key: str, content: bytes) -> None:
    """Begin to put, and fail in the middle."""
    with bucket.writer(key) as writer:
        writer.write(content)
        raise ZeroDivisionError


def get(bucket: Bucket, key: str) -> bytes:
    _, file = bucket.open(key)
    with file:
        return file.read()


def keys(bucket: Bucket, prefix: str = "", **more: object) -> list[str]:
    return [info.key for info in bucket.entries(prefix, **more)]  # type: ignore[arg-type]
