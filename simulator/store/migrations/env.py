"""Run by alembic: migrate the file that `Database` names."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from simulator.store import tables  # noqa: F401 (fills the metadata)

engine = create_engine(f"sqlite:///{context.config.attributes['path']}")
with engine.begin() as connection:
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
