"""Where objects lie: a bucket is a folder under the data directory."""

from __future__ import annotations

from pathlib import Path

from simulator.objectpaths import BadObjectPath, ObjectPath


def local_path(objects: Path, path: ObjectPath) -> Path:
    """Where the object lies on disk.

    Raises:
        BadObjectPath: a symbolic link would lead out of the bucket.
    """
    try:
        bucket = (objects / path.bucket).resolve()
        target = (bucket / path.key).resolve()
    except (OSError, RuntimeError) as error:  # a name too long, a link to itself
        raise BadObjectPath(f"{path} cannot be looked up: {error}") from error
    if not target.is_relative_to(bucket):
        raise BadObjectPath(f"{path} leads out of its bucket")
    return target
