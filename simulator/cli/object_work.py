"""What the commands on objects do; loaded when one of them runs."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.object_copying import Bar, Plan, Tally, carry_out, copy_one
from simulator.cli.object_sides import LocalSide, ObjectSide, Side, is_object, object_path
from simulator.cli.output import Output
from simulator.cli.session import Session
from simulator.objectpaths import BadObjectPath, ObjectPath
from simulator.objects import NoSuchBucket, ObjectInfo, ObjectStore, ObjectStoreError

STDIO = "-"
BLOCK_BYTES = 1024 * 1024


@contextlib.contextmanager
def opened(session: Session) -> Iterator[ObjectStore]:
    """The store of the data directory; what goes wrong in it becomes a failure of the command."""
    store = ObjectStore(session.paths.objects, session.settings().buckets)
    try:
        yield store
    except NoSuchBucket as error:
        raise Failure(str(error), hint=f"`drydock objects mb {error.bucket}` makes it") from error
    except (ObjectStoreError, BadObjectPath) as error:
        raise Failure(str(error)) from error
    finally:
        store.close()


def bucket_name(text: str) -> str:
    """The bucket that an argument names.

    Raises:
        UsageFailure: it names an object.
    """
    path = object_path(text)
    if path.key:
        raise UsageFailure(f"{path} is no bucket", hint=f"write {path.bucket}")
    return path.bucket


def listed(store: ObjectStore, text: str, recursive: bool) -> Iterator[ObjectInfo]:
    """The objects in a folder, or the one object of this name."""
    path = object_path(text)
    if not path.is_folder:
        if store.exists(path):
            return iter([store.stat(path)])
        store.stat(path.as_folder())  # refuses what is neither
    return store.entries(path.as_folder(), recursive=recursive)


def copy_folder(
    store: ObjectStore,
    output: Output,
    source: str,
    target: str,
    *,
    compares: bool = False,
    deletes: bool = False,
) -> Tally:
    """Copy all that is in a folder. Arguments: `Plan`.

    Raises:
        UsageFailure: the source is no folder, or the target lies in it.
    """
    if not (is_object(source) or is_object(target)):
        raise UsageFailure("neither of the two is an object", hint="write obs://bucket/folder/")
    if is_object(source) and is_object(target):
        inner, outer = object_path(target).as_folder(), object_path(source).as_folder()
        if inner.bucket == outer.bucket and inner.key.startswith(outer.key):
            raise UsageFailure(f"{inner} lies in {outer}")
    source_side = _side(store, source, must_be=True)
    return carry_out(Plan(source_side, _side(store, target), compares, deletes), output)


def copy(store: ObjectStore, output: Output, source: str, target: str) -> Tally:
    """Copy one object or file.

    Raises:
        UsageFailure: one of the two is none.
    """
    if not (is_object(source) or is_object(target)):
        raise UsageFailure("neither of the two is an object", hint="write obs://bucket/key")
    if target == STDIO:
        raise UsageFailure("`drydock objects cat` writes an object to stdout")
    if source == STDIO:
        return Tally(1, _from_stdin(store, _target_object(target, "")))
    side, name, own, size = _single(store, source)
    if is_object(target):
        path = _target_object(target, own)
        plan = Plan(side, ObjectSide(store.bucket(path.bucket), ""))
        new_name = path.key
    else:
        place = Path(target).expanduser()
        if target.endswith("/") or place.is_dir():
            place /= own
        plan, new_name = Plan(side, LocalSide(place.parent)), place.name
    with Bar(output, size, 1) as bar:
        return Tally(1, copy_one(plan, name, bar, new_name))


def remove_all(store: ObjectStore, output: Output, folder: ObjectPath) -> int:
    """Remove all objects in a folder; returns how many."""
    bucket, deleted = store.bucket(folder.bucket), 0
    with output.working("removing") as working:
        for info in bucket.entries(folder.key):
            deleted += bucket.delete(info.key)
            working.show(f"removing, {deleted} done")
    return deleted


def write_out(store: ObjectStore, path: ObjectPath) -> None:
    """Write an object's content to stdout."""
    _, file = store.open(path)
    with file:
        shutil.copyfileobj(file, sys.stdout.buffer, BLOCK_BYTES)
    sys.stdout.buffer.flush()


def _side(store: ObjectStore, place: str, *, must_be: bool = False) -> Side:
    if place == STDIO:
        raise UsageFailure("- is for single objects")
    if not is_object(place):
        folder = Path(place).expanduser()
        if must_be and not folder.is_dir():
            raise UsageFailure(f"{place} is no folder")
        return LocalSide(folder)
    path = object_path(place).as_folder()
    bucket = store.bucket(path.bucket)
    if must_be and path.key:
        bucket.stat(path.key)
    return ObjectSide(bucket, path.key)


def _single(store: ObjectStore, source: str) -> tuple[Side, str, str, int]:
    """A side, the name of the one object or file there, its last part, and its size in bytes."""
    if not is_object(source):
        file = Path(source).expanduser()
        if not file.is_file():
            raise UsageFailure(f"{source} is no file", hint="-r copies folders")
        return LocalSide(file.parent), file.name, file.name, file.stat().st_size
    path = object_path(source)
    if path.is_folder:
        raise UsageFailure(f"{path} is a folder", hint="-r copies all that is in it")
    side = ObjectSide(store.bucket(path.bucket), "")
    return side, path.key, path.name, store.stat(path).size_bytes


def _target_object(target: str, name: str) -> ObjectPath:
    path = object_path(target)
    if not path.is_folder:
        return path
    if not name:
        raise UsageFailure(f"{path} is a folder; name an object")
    return path.below(name)


def _from_stdin(store: ObjectStore, path: ObjectPath) -> int:
    size = 0
    with store.writer(path) as writer:
        while data := sys.stdin.buffer.read(BLOCK_BYTES):
            writer.write(data)
            size += len(data)
    return size
