"""A store of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.store.queries import Store
from tests.support.builders import CREATED, a_service_row, a_version_row
from tests.support.fresh_store import make_database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(make_database(path))
    yield opened
    opened.close()


@pytest.fixture
def service_id(store: Store) -> str:
    """A stored service with one version."""
    store.add_service(a_service_row(), [a_version_row()], CREATED)
    return "svc"
