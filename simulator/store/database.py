"""Opening the SQLite file: pragmas, migrations, and the one writer.

One connection does all writes and checkpoints, under one lock; all others are read-only. A write
transaction begins with BEGIN IMMEDIATE, so that it never has to be upgraded and never deadlocks.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from simulator.errors import ConfigError, StateCorrupt, StateTooNew
from simulator.store.trouble import Condition, store_trouble

HEAD = "0006"
"""The newest migration; a test holds it equal to alembic's."""

MIGRATIONS = Path(__file__).parent / "migrations"
BACKUPS_KEPT = 3
ROOM_BYTES = 64 * 1024
"""How much must fit in before the store counts as writable again."""
_FILL = text(f"INSERT INTO meta (key, value) VALUES ('room', hex(zeroblob({ROOM_BYTES // 2})))")
_CLEAR = text("DELETE FROM meta WHERE key = 'room'")


class Database:
    """The store's file. Thread-safe.

    Args:
        path: the SQLite file; made when absent.

    Attributes:
        condition: whether it can be written.

    Raises:
        StateCorrupt: the file is damaged; it is left as it is.
        StateTooNew: a newer Drydock wrote it.
        ConfigError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.condition = Condition()
        self._lock = threading.Lock()
        try:
            self._check_and_migrate()
        except sqlite3.DatabaseError as error:
            raise _translated(path, error) from error
        except DBAPIError as error:  # from a migration
            if not isinstance(error.orig, sqlite3.DatabaseError):
                raise
            raise _translated(path, error.orig) from error
        self._writer = self._engine(read_only=False)
        self._reader = self._engine(read_only=True)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One write transaction: committed when the block ends, rolled back when it raises."""
        try:
            with (
                self._lock,
                Session(self._writer, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session
        except (sqlite3.DatabaseError, DBAPIError) as error:
            self.condition.note(error)
            raise

    def try_writing(self) -> bool:
        """Whether the store can be written now; notes it, also when it can again.

        As much is written and taken away again as a change of the state may need, and must be free
        besides, for the files beside the database: where there is no room, small changes in place
        may succeed all the same, and so may those that SQLite's log has room for already.
        """
        try:
            for statement in (_CLEAR, _FILL, _CLEAR):
                with self.write() as session:
                    session.connection().execute(statement)
            if shutil.disk_usage(self.path.parent).free < ROOM_BYTES:
                self.condition.note(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
                return False
        except (sqlite3.DatabaseError, DBAPIError, OSError) as error:
            if store_trouble(error) is None:
                raise
            return False
        self.condition.clear()
        return True

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and cannot write."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        self._reader.dispose()
        with self._lock:
            self._writer.dispose()

    def _engine(self, *, read_only: bool) -> Engine:
        options: dict[str, Any] = {} if read_only else {"poolclass": StaticPool}
        engine = create_engine(
            f"sqlite:///{self.path}",
            connect_args={"check_same_thread": False},
            json_deserializer=orjson.loads,  # a page of 1,000 services has 10,000 documents
            **options,
        )

        @event.listens_for(engine, "connect")
        def on_connect(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None  # transactions are begun below, not by the driver
            set_pragmas(connection, read_only=read_only)

        @event.listens_for(engine, "begin")
        def on_begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

        return engine

    def _check_and_migrate(self) -> None:
        is_new = not self.path.exists()
        with closing(sqlite3.connect(self.path)) as connection:
            self.path.chmod(0o600)
            if not is_new:
                verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if verdict != "ok":
                    raise sqlite3.DatabaseError(verdict)
            current = _revision(connection)
        if current == HEAD:
            return
        if current is not None and current > HEAD:
            raise StateTooNew(
                f"{self.path} is at schema {current}; this Drydock knows {HEAD}",
                hint="run the newer Drydock, or set DRYDOCK_HOME to another directory",
            )
        if current is not None:
            self._back_up(current)
        self._upgrade()

    def _back_up(self, revision: str) -> None:
        target = self.path.with_suffix(f".{revision}.backup")
        with (
            closing(sqlite3.connect(self.path)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
        backups = sorted(self.path.parent.glob(f"{self.path.stem}.*.backup"))
        for old in backups[:-BACKUPS_KEPT]:
            old.unlink()

    def _upgrade(self) -> None:
        # Imported here: most starts find the schema up to date, and alembic takes 100 ms to import.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["path"] = self.path
        command.upgrade(config, "head")


def set_pragmas(connection: sqlite3.Connection, *, read_only: bool) -> None:
    """Set what every connection needs, and read it back.

    Raises:
        sqlite3.DatabaseError: SQLite did not take a setting.
    """
    wanted: dict[str, Any] = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "mmap_size": 0,
        "trusted_schema": 0,
    }
    if read_only:
        wanted |= {"query_only": 1, "wal_autocheckpoint": 0}
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}")
        row = connection.execute(f"PRAGMA {name}").fetchone()
        if row is not None and row[0] != value:
            raise sqlite3.DatabaseError(f"PRAGMA {name} is {row[0]!r}, wanted {value!r}")


def _revision(connection: sqlite3.Connection) -> str | None:
    known = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    ).fetchone()
    if not known:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _translated(path: Path, error: sqlite3.DatabaseError) -> ConfigError:
    if isinstance(error, sqlite3.OperationalError):
        return ConfigError(f"{path} cannot be opened: {error}", hint="is it writable?")
    backups = sorted(path.parent.glob(f"{path.stem}.*.backup"))
    newest = f"restore the newest backup, {backups[-1]}" if backups else "there is no backup"
    return StateCorrupt(
        f"{path} is damaged: {error}",
        hint=f"{newest}; or move the file away to begin with empty state",
    )
