"""Whether the paths of a batch service's request are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simulator.modelarts.schemas import ServiceConfig
from simulator.objectpaths import BadObjectPath, ObjectPath, parse_object_path
from simulator.objects import NoSuchBucket, NoSuchObject, ObjectStore

Look = Callable[[ObjectStore, ObjectPath], bool]


def missing_paths(store: ObjectStore, config: Iterable[ServiceConfig]) -> set[str]:
    """Those of the paths at which there is nothing, as they stand in the request. Of an output path
    only the bucket must be there: a folder comes with its first object. Blocking.

    Raises:
        ObjectStoreError: a bucket cannot be looked into.
    """
    missing = set()
    for version in config:
        if version.src_path and not _is_there(version.src_path, store, _has_something):
            missing.add(version.src_path)
        if version.dest_path and not _is_there(version.dest_path, store, _has_bucket):
            missing.add(version.dest_path)
    return missing


def _is_there(text: str, store: ObjectStore, look: Look) -> bool:
    try:
        return look(store, parse_object_path(text))
    except BadObjectPath:
        return True  # another rule's business
    except (NoSuchBucket, NoSuchObject):
        return False


def _has_bucket(store: ObjectStore, path: ObjectPath) -> bool:
    store.bucket(path.bucket)
    return True


def _has_something(store: ObjectStore, path: ObjectPath) -> bool:
    if store.exists(path):
        return True
    return next(iter(store.entries(path.as_folder())), None) is not None
