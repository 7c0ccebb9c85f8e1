"""A store that cannot be written says why and since when, keeps what it has, and finds out when it
can be written again. SQLite itself refuses here, as it does on a disk that is full or read-only."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from simulator.errors import NameTaken
from simulator.store.queries import Store
from simulator.store.trouble import Cause, Condition, store_trouble
from tests.support.builders import CREATED, a_service_row, a_version_row
from tests.support.unwritable import full, unwritable

LARGE = {"description": "x" * 100_000}
"""More than fits into what is left of the pages that there are."""


def add(store: Store, name: str = "svc") -> None:
    row = a_service_row(name, document=LARGE)
    store.add_service(row, [a_version_row(name)], CREATED)


def error_with(code: int, words: str = "words") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


class TestAFullDisk:
    def test_nothing_is_written_in_part(self, store: Store, service_id: str) -> None:
        before = store.service(service_id)
        with full(store), pytest.raises(OperationalError, match="full"):
            add(store, "large")
        assert store.service_ids() == [service_id]
        assert store.service(service_id).service == before.service
        assert len(store.events(service_id)) == 1

    def test_is_told_with_the_reason(self, store: Store) -> None:
        assert store.trouble is None
        with full(store), pytest.raises(OperationalError):
            add(store)
        assert store.trouble is not None
        assert store.trouble.cause is Cause.FULL
        assert store.trouble.message == "the disk of the data directory is full"

    def test_everything_can_still_be_read(self, store: Store, service_id: str) -> None:
        with full(store):
            with pytest.raises(OperationalError):
                add(store, "large")
            assert [one.row.service_id for one in store.services()] == [service_id]

    def test_the_store_finds_out_when_there_is_room_again(self, store: Store) -> None:
        with full(store):
            with pytest.raises(OperationalError):
                add(store)
            assert not store.try_writing()
            assert store.trouble is not None
        assert store.try_writing()
        assert store.trouble is None
        add(store)
        assert store.service_ids() == ["svc"]

    def test_a_change_that_needs_no_room_does_not_count_as_room(self, store: Store) -> None:
        store.remember("a", "1")
        with full(store):
            with pytest.raises(OperationalError):
                add(store)
            store.remember("a", "2")
            assert store.trouble is not None
            assert not store.try_writing()
        assert store.remembered("a") == "2"

    def test_finding_out_leaves_nothing_behind(self, store: Store, path: Path) -> None:
        for _ in range(3):
            assert store.try_writing()
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM meta").fetchone() == (0,)
        connection.close()

    def test_there_must_be_room_beside_the_database_too(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = shutil.disk_usage("/")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4096))
        store.note_trouble(OSError(errno.ENOSPC, "No space left on device"))
        assert not store.try_writing()
        assert store.trouble is not None
        assert store.trouble.cause is Cause.FULL
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
        assert store.try_writing()
        assert store.trouble is None

    def test_is_told_since_its_first_failure(self, store: Store) -> None:
        with full(store):
            with pytest.raises(OperationalError):
                add(store)
            first = store.trouble
            with unwritable(store), pytest.raises(OperationalError):
                add(store)
            last = store.trouble
        assert first is not None
        assert last is not None
        assert (first.cause, last.cause) == (Cause.FULL, Cause.READ_ONLY)
        assert first.since_ms == last.since_ms


class TestADiskThatCannotBeWritten:
    def test_is_told_with_sqlites_own_words(self, store: Store) -> None:
        with unwritable(store):
            with pytest.raises(DBAPIError):
                add(store)
            assert not store.try_writing()
        assert store.trouble is not None
        assert store.trouble.message == (
            "the data directory cannot be written to: attempt to write a readonly database"
        )

    def test_another_program_that_holds_the_database_is_told(
        self, store: Store, path: Path
    ) -> None:
        with store._database.write() as session:
            session.connection().exec_driver_sql("PRAGMA busy_timeout = 1")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):
            add(store)
        assert store.trouble is not None
        assert store.trouble.cause is Cause.LOCKED
        other.execute("ROLLBACK")
        other.close()
        assert store.try_writing()


class TestWhatIsTrouble:
    @pytest.mark.parametrize(
        ("code", "cause"),
        [
            (sqlite3.SQLITE_FULL, Cause.FULL),
            (sqlite3.SQLITE_IOERR_SHMSIZE, Cause.FULL),
            (sqlite3.SQLITE_IOERR_WRITE, Cause.FAILED),
            (sqlite3.SQLITE_IOERR, Cause.FAILED),
            (sqlite3.SQLITE_CANTOPEN, Cause.FAILED),
            (sqlite3.SQLITE_READONLY_DBMOVED, Cause.READ_ONLY),
            (sqlite3.SQLITE_BUSY_SNAPSHOT, Cause.LOCKED),
            (sqlite3.SQLITE_CORRUPT, Cause.DAMAGED),
            (sqlite3.SQLITE_NOTADB, Cause.DAMAGED),
        ],
    )
    def test_is_told_by_sqlites_code(self, code: int, cause: Cause) -> None:
        error = error_with(code)
        wrapped = OperationalError("INSERT", {}, error)
        for one in (error, wrapped):
            trouble = store_trouble(one)
            assert trouble is not None
            assert trouble.cause is cause
            assert trouble.detail == "words"
            assert trouble.hint

    @pytest.mark.parametrize(
        ("number", "cause"),
        [
            (errno.ENOSPC, Cause.FULL),
            (errno.EDQUOT, Cause.FULL),
            (errno.EROFS, Cause.READ_ONLY),
            (errno.EIO, Cause.FAILED),
        ],
    )
    def test_is_told_of_files_beside_the_database_too(
        self, store: Store, number: int, cause: Cause
    ) -> None:
        store.note_trouble(OSError(number, "words"))
        assert store.trouble is not None
        assert store.trouble.cause is cause

    def test_a_name_that_is_taken_is_none(self, store: Store, service_id: str) -> None:
        name = store.service(service_id).row.name
        with pytest.raises(NameTaken):
            store.add_service(a_service_row("other", name=name), [], CREATED)
        assert store.trouble is None

    @pytest.mark.parametrize(
        "error",
        [
            error_with(sqlite3.SQLITE_ERROR, "no such table: nothing"),
            sqlite3.ProgrammingError("Cannot operate on a closed database."),
            FileNotFoundError(errno.ENOENT, "no such file"),
            ValueError("something else"),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_a_mistake_of_ours_is_none(self, error: Exception) -> None:
        assert store_trouble(error) is None
        condition = Condition()
        condition.note(error)
        assert condition.trouble is None


def test_a_try_that_fails_for_another_reason_is_not_taken_for_trouble(store: Store) -> None:
    with store._database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE meta RENAME TO elsewhere")
    with pytest.raises(OperationalError, match="no such table"):
        store.try_writing()
