"""The object store: buckets of objects, as everything in Drydock reads and writes them.

A bucket is a folder under the data directory unless a setting maps it elsewhere (`mapping.py`), and
an object is a plain file in it. All calls block: make them from threads.
"""

from simulator.objects.bucket import Bucket, ObjectInfo, Writer
from simulator.objects.errors import (
    BucketNotEmpty,
    BucketTaken,
    KeyInTheWay,
    KeyUnusable,
    NoSuchBucket,
    NoSuchObject,
    ObjectStoreError,
    StoreFailed,
    Unsupported,
)
from simulator.objects.store import ObjectStore

__all__ = [
    "Bucket",
    "BucketNotEmpty",
    "BucketTaken",
    "KeyInTheWay",
    "KeyUnusable",
    "NoSuchBucket",
    "NoSuchObject",
    "ObjectInfo",
    "ObjectStore",
    "ObjectStoreError",
    "StoreFailed",
    "Unsupported",
    "Writer",
]
