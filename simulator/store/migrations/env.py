"""Run by alembic: migrate the file that `Database` names."""

from __future__ import annotations

import sqlite3
from typing import Any

from alembic import context
from sqlalchemy import create_engine, event
from sqlmodel import SQLModel

from simulator.store import app_tables, tables  # noqa: F401 (they fill the metadata)

engine = create_engine(f"sqlite:///{context.config.attributes['path']}")


@event.listens_for(engine, "connect")
def on_connect(connection: sqlite3.Connection, _record: object) -> None:
    """SQLite's driver would commit each table by itself; a migration is done whole or not."""
    connection.isolation_level = None


@event.listens_for(engine, "begin")
def on_begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.begin() as connection:
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
