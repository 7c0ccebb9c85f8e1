"""What can go wrong with buckets and objects.

ObjectStoreError
  NoSuchBucket     there is no bucket of this name
  NoSuchObject     there is no object of this key in the bucket
  BucketTaken      a bucket of this name exists already
  BucketNotEmpty   a bucket with objects cannot be deleted
  KeyUnusable      a key that this bucket cannot store
  KeyInTheWay      a folder where an object should go, or an object where a folder should
  Unsupported      this kind of bucket cannot do that
  StoreFailed      the disk, or the store on the other side, failed
"""

from __future__ import annotations

import errno

from simulator.errors import DrydockError


class ObjectStoreError(DrydockError):
    """Base; the message is a sentence for users and holds no signature."""


class NoSuchBucket(ObjectStoreError):
    """There is no bucket of this name, or the folder that a setting gives it is not there."""

    def __init__(self, bucket: str, why: str = "") -> None:
        self.bucket = bucket
        super().__init__(f"bucket {bucket} does not exist" + (f": {why}" if why else ""))


class NoSuchObject(ObjectStoreError):
    """There is no object of this key in the bucket."""

    def __init__(self, bucket: str, key: str) -> None:
        self.bucket = bucket
        self.key = key
        super().__init__(f"obs://{bucket}/{key} does not exist")


class BucketTaken(ObjectStoreError):
    """A bucket of this name exists already."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"bucket {bucket} exists already")


class BucketNotEmpty(ObjectStoreError):
    """A bucket with objects in it cannot be deleted."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"bucket {bucket} is not empty")


class KeyUnusable(ObjectStoreError):
    """A key that this bucket cannot store, or that leads through a symbolic link."""

    def __init__(self, bucket: str, key: str, why: str) -> None:
        super().__init__(f"obs://{bucket}/{key}: {why}")


class KeyInTheWay(KeyUnusable):
    """A folder where an object should go, or an object where a folder should: a file system cannot
    have both `a` and `a/b`."""


class Unsupported(ObjectStoreError):
    """This kind of bucket cannot do that."""


class StoreFailed(ObjectStoreError):
    """The disk, or the store on the other side, failed.

    Attributes:
        full: there is no room left.
    """

    def __init__(self, message: str, *, full: bool = False) -> None:
        self.full = full
        super().__init__(message)

    @classmethod
    def of(cls, bucket: str, error: Exception) -> StoreFailed:
        """The failure that a library's or the system's error means."""
        code = error.errno if isinstance(error, OSError) else None
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        text = text or type(error).__name__
        full = code in (errno.ENOSPC, errno.EDQUOT)
        return cls(f"bucket {bucket}: {text}", full=full)
