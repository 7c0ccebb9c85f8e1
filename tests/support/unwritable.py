"""Stores whose disk takes nothing any more: SQLite itself refuses, with its own error codes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from simulator.store.queries import Store


@contextlib.contextmanager
def unwritable(store: Store) -> Iterator[None]:
    """Every write fails, as on a disk that was mounted read-only."""
    _pragma(store, "query_only = 1")
    try:
        yield
    finally:
        _pragma(store, "query_only = 0")


@contextlib.contextmanager
def full(store: Store) -> Iterator[None]:
    """The database cannot grow: whatever needs another page fails, as on a disk that is full."""
    _pragma(store, "max_page_count = 1")  # SQLite takes as many as there are
    try:
        yield
    finally:
        _pragma(store, "max_page_count = 1000000")


def _pragma(store: Store, words: str) -> None:
    """On the one connection that writes."""
    with store._database._lock, contextlib.closing(store._database._writer.raw_connection()) as one:
        one.driver_connection.execute(f"PRAGMA {words}")


def disk_full() -> sqlite3.OperationalError:
    """What SQLite raises when the disk is full."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error
