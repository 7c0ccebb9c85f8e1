"""What a file cannot hold of its object: entity tag, content type, the user's own metadata.

One SQLite file beside the buckets. An entry is about one state of an object, which its size and
modification time tell: a file that was changed in another way has none. Losing entries loses no
object, so a crash may cost the last ones.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.objects.bucket import ObjectInfo
from simulator.objects.errors import StoreFailed

BUSY_S = 10.0
_TABLE = """
CREATE TABLE IF NOT EXISTS properties (
    bucket TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    etag TEXT NOT NULL, headers TEXT NOT NULL, metadata TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID
"""
_ANSWER = "SELECT key, size, modified, etag, headers, metadata FROM properties WHERE bucket = ?"
KEYS_AT_ONCE = 500


@dataclass(frozen=True)
class Properties:
    """What a client said of an object when it put it.

    Attributes:
        etag: hexadecimal, without quotes; for an object in parts with `-` and their number.
        headers: content type and the like, lower-case names.
        metadata: the user's own, by name without prefix.
    """

    etag: str
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


class PropertyFile:
    """The properties of all buckets of a data directory. Several processes may use it at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    def put(self, bucket: str, info: ObjectInfo, properties: Properties) -> None:
        """Note the properties of an object in the state that `info` tells."""
        row = (
            bucket,
            info.key,
            info.size_bytes,
            info.modified_ns,
            properties.etag,
            json.dumps(dict(properties.headers)),
            json.dumps(dict(properties.metadata)),
        )
        with self._database() as database:
            database.execute("INSERT OR REPLACE INTO properties VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def get(self, bucket: str, infos: Iterable[ObjectInfo]) -> dict[str, Properties]:
        """The properties of those objects that have any, by key."""
        wanted = {info.key: (info.size_bytes, info.modified_ns) for info in infos}
        keys, found = list(wanted), {}
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[start : start + KEYS_AT_ONCE]
            marks = ", ".join("?" * len(some))
            query = f"{_ANSWER} AND key IN ({marks})"
            with self._database() as database:
                rows = database.execute(query, [bucket, *some]).fetchall()
            for key, size, modified, etag, headers, metadata in rows:
                if wanted[key] == (size, modified):
                    found[key] = Properties(etag, json.loads(headers), json.loads(metadata))
        return found

    def note_bucket(self, bucket: str, made_ns: int) -> None:
        """Note when a bucket was made, nanoseconds since the epoch."""
        self.put(bucket, ObjectInfo("", 0, made_ns), Properties(""))

    def bucket_made_ns(self, bucket: str) -> int | None:
        """When a bucket was made, if that is known."""
        query = "SELECT modified FROM properties WHERE bucket = ? AND key = ''"
        with self._database() as database:
            row = database.execute(query, (bucket,)).fetchone()
        return row[0] if row else None

    def has(self, bucket: str, key: str) -> bool:
        """Whether there is an entry of this key, whatever the object's state."""
        query = "SELECT 1 FROM properties WHERE bucket = ? AND key = ?"
        with self._database() as database:
            return database.execute(query, (bucket, key)).fetchone() is not None

    def forget(self, bucket: str, key: str | None = None) -> None:
        """Remove the entry of an object, or all of a bucket."""
        query, values = "DELETE FROM properties WHERE bucket = ?", [bucket]
        if key is not None:
            query, values = f"{query} AND key = ?", [bucket, key]
        with self._database() as database:
            database.execute(query, values)

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """The database, for one transaction. Opened at the first use: most commands need none."""
        try:
            with self._lock, self._opened() as database:
                yield database
        except sqlite3.Error as error:
            full = "full" in str(error)
            raise StoreFailed(f"{self._path}: {error}", full=full) from error

    def _opened(self) -> sqlite3.Connection:
        if self._open is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = sqlite3.connect(self._path, timeout=BUSY_S, check_same_thread=False)
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute("PRAGMA synchronous = NORMAL")
            opened.execute(_TABLE)
            self._open = opened
        return self._open
