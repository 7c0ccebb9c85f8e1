"""The SQLite file: settings, migrations, damage."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from simulator.errors import ConfigError, StateCorrupt, StateTooNew
from simulator.store import database, tables
from simulator.store.database import HEAD, MIGRATIONS, Database
from simulator.store.queries import Store

NEXT = f"{int(HEAD) + 1:04d}"
NEXT_MIGRATION = f"""
import sqlalchemy as sa
from alembic import command, op

revision = "{NEXT}"
down_revision = "{HEAD}"


def upgrade() -> None:
    op.add_column("meta", sa.Column("note", sa.String(), nullable=True))
"""


def pragma(opened: Database, name: str, *, writing: bool) -> object:
    with opened.write() if writing else opened.read() as session:
        return session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()


def columns(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def table_names(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row[0] for row in rows}


def set_revision(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


@pytest.fixture
def newer_drydock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this Drydock had one migration more."""
    migrations = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / f"{NEXT}_note.py").write_text(NEXT_MIGRATION)
    monkeypatch.setattr(database, "MIGRATIONS", migrations)
    monkeypatch.setattr(database, "HEAD", NEXT)


class TestSchema:
    def test_migrations_lead_to_exactly_the_tables(self, path: Path) -> None:
        Database(path).close()
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, tables.SQLModel.metadata) == []
        engine.dispose()
        assert table_names(path) == {*SQLModel.metadata.tables, "alembic_version"}

    def test_head_is_alembics_and_each_migration_has_one_before(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        scripts = ScriptDirectory.from_config(config)
        assert scripts.get_heads() == [HEAD]
        revisions = [script.revision for script in scripts.walk_revisions()]
        assert revisions == sorted(revisions, reverse=True)  # they are compared as text

    def test_a_store_that_is_up_to_date_is_opened_without_alembic(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Database(path).close()
        monkeypatch.setattr(Database, "_upgrade", lambda self: pytest.fail("migrated again"))
        Database(path).close()

    def test_the_file_is_the_users_alone(self, path: Path) -> None:
        Database(path).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_migration_that_is_cut_off_leaves_nothing_behind(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # as when the server is killed within its very first start
        made = op.create_table

        def fails_at_event(name: str, *columns: object) -> object:
            if name == "event":
                raise KeyboardInterrupt
            return made(name, *columns)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(op, "create_table", fails_at_event)
            with pytest.raises(KeyboardInterrupt):
                Database(path)
        Database(path).close()  # the next start finds a file it can go on with
        assert "event" in table_names(path)


class TestMigration:
    @pytest.mark.usefixtures("newer_drydock")
    def test_an_older_store_is_backed_up_and_then_migrated(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(database, "HEAD", HEAD)
            patch.setattr(database, "MIGRATIONS", MIGRATIONS)
            old = Store(path)
            installation = old.installation_id()
            old.close()
        opened = Store(path)
        assert opened.installation_id() == installation
        opened.close()
        backup = path.with_name(f"state.{HEAD}.backup")
        assert "note" in columns(path, "meta")
        assert "note" not in columns(backup, "meta")
        with closing(sqlite3.connect(backup)) as connection:
            assert connection.execute("SELECT value FROM meta").fetchall() == [(installation,)]

    def test_services_of_the_first_tables_are_still_there(self, path: Path) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["path"] = path
        command.upgrade(config, "0001")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "INSERT INTO service (service_id, project_id, name, kind, goal, status, reason, "
                "message, evidence, revision, created_at, published_at, transition_at, "
                "deploy_started_at, next_ordinal, document) VALUES ('s', 'p', 'n', 'real-time', "
                "'running', 'running', '', '', '', 1, 1, 1, 1, 1, 2, '{\"owner\": \"u1\"}')"
            )
            connection.execute(
                "INSERT INTO version VALUES ('s', 'v1', 0, 'm', 'model', '1.0.0', 100, 1, "
                "'modelarts.vm.cpu.2u', 2, 8192, 0, 0, 1200000, 240, '{}', '{}', '[]', '{}')"
            )
        opened = Store(path)
        stored = opened.service("s")
        opened.close()
        assert stored.row.owner == "u1"
        assert [version.version_id for version in stored.service.versions] == ["v1"]
        assert (stored.service.fallback, stored.service.next_version) == ((), 100)

    def test_workspaces_are_read_from_the_documents_of_before(self, path: Path) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["path"] = path
        command.upgrade(config, "0002")
        documents = {"a": '{"request": {"workspace_id": "w"}}', "b": '{"request": {}}'}
        with closing(sqlite3.connect(path)) as connection, connection:
            for name, document in documents.items():
                connection.execute(
                    "INSERT INTO service (service_id, project_id, name, kind, goal, status, "
                    "reason, message, evidence, revision, created_at, published_at, "
                    "transition_at, deploy_started_at, next_ordinal, document) VALUES (?, 'p', ?, "
                    "'real-time', 'running', 'running', '', '', '', 1, 1, 1, 1, 1, 2, ?)",
                    (name, name, document),
                )
            connection.execute(
                "INSERT INTO model (model_id, project_id, name, version, type, status, message, "
                "source, size_bytes, created_at, artifact, apis, health, document) VALUES ('m', "
                "'p', 'n', '0.0.1', 'Custom', 'published', '', '', 0, 1, '{}', '[]', '{}', ?)",
                ('{"workspace_id": "v"}',),
            )
        opened = Store(path)
        found = {row.row.service_id: row.row.workspace_id for row in opened.services()}
        model = opened.model("p", "m")
        opened.close()
        assert (found, model.workspace_id) == ({"a": "w", "b": "0"}, "v")

    def test_a_new_store_needs_no_backup(self, path: Path) -> None:
        Database(path).close()
        assert list(path.parent.glob("*.backup")) == []

    @pytest.mark.usefixtures("newer_drydock")
    def test_three_backups_are_kept(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(database, "HEAD", HEAD)
            patch.setattr(database, "MIGRATIONS", MIGRATIONS)
            Database(path).close()
        for revision in ("0000a", "0000b", "0000c"):
            path.with_name(f"state.{revision}.backup").write_bytes(b"")
        Database(path).close()
        assert sorted(backup.name for backup in path.parent.glob("*.backup")) == [
            "state.0000b.backup",
            "state.0000c.backup",
            f"state.{HEAD}.backup",
        ]

    def test_a_newer_store_is_refused_and_left_alone(self, path: Path) -> None:
        Database(path).close()
        set_revision(path, "9999")
        before = path.read_bytes()
        with pytest.raises(StateTooNew, match=r"schema 9999; this Drydock knows") as refused:
            Database(path)
        assert refused.value.hint
        assert path.read_bytes() == before


class TestConnections:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 5000),
            ("trusted_schema", 0),
        ],
    )
    @pytest.mark.parametrize("writing", [True, False])
    def test_have_these_settings(self, path: Path, name: str, value: object, writing: bool) -> None:
        opened = Database(path)
        assert pragma(opened, name, writing=writing) == value
        opened.close()

    def test_reading_ones_cannot_write(self, path: Path) -> None:
        opened = Database(path)
        assert pragma(opened, "query_only", writing=False) == 1
        assert pragma(opened, "query_only", writing=True) == 0
        with opened.read() as session, pytest.raises(OperationalError, match="readonly"):
            session.connection().exec_driver_sql("DELETE FROM meta")
        opened.close()

    def test_a_write_that_raises_is_rolled_back(self, path: Path) -> None:
        opened = Database(path)

        def write_and_fail() -> None:
            with opened.write() as session:
                session.add(tables.Meta(key="k", value="v"))
                session.flush()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            write_and_fail()
        with opened.read() as session:
            assert session.get(tables.Meta, "k") is None
        opened.close()

    def test_a_reader_sees_one_state_while_others_write(self, path: Path) -> None:
        opened = Database(path)
        with opened.read() as reading:
            assert reading.get(tables.Meta, "k") is None
            with opened.write() as writing:
                writing.add(tables.Meta(key="k", value="v"))
            reading.expire_all()
            assert reading.get(tables.Meta, "k") is None
        with opened.read() as reading:
            assert reading.get(tables.Meta, "k") is not None
        opened.close()

    def test_a_path_with_strange_characters_works(self, tmp_path: Path) -> None:
        directory = tmp_path / "50% of ähm, it's? #1"
        directory.mkdir()
        Database(directory / "state.db").close()
        assert (directory / "state.db").is_file()


class TestDamage:
    def damage(self, path: Path) -> bytes:
        """A page in the middle of a real database overwritten; returns the file as it then is."""
        opened = Store(path)
        for number in range(300):
            opened.remember(f"key-{number}", "x" * 500)
        opened.close()
        content = bytearray(path.read_bytes())
        content[4096 * 12 : 4096 * 14] = b"\xff" * 8192
        path.write_bytes(content)
        return bytes(content)

    def test_is_said_and_the_file_left_as_it_is(self, path: Path) -> None:
        content = self.damage(path)
        with pytest.raises(StateCorrupt, match=r"state\.db is damaged") as refused:
            Database(path)
        assert "there is no backup" in refused.value.hint
        assert path.read_bytes() == content

    def test_the_newest_backup_is_named(self, path: Path) -> None:
        self.damage(path)
        path.with_name("state.0001.backup").write_bytes(b"")
        path.with_name("state.0002.backup").write_bytes(b"")
        with pytest.raises(StateCorrupt) as refused:
            Database(path)
        assert "state.0002.backup" in refused.value.hint

    def test_a_file_of_another_kind_is_left_as_it_is(self, path: Path) -> None:
        path.write_bytes(b"this is not a database" * 100)
        with pytest.raises(StateCorrupt):
            Database(path)
        assert path.read_bytes() == b"this is not a database" * 100

    def test_a_database_of_another_program_is_left_as_it_is(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE meta (somebody TEXT)")
        before = path.read_bytes()
        with pytest.raises(ConfigError):
            Database(path)
        assert path.read_bytes() == before

    def test_a_place_that_cannot_be_opened_is_the_users_to_mend(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be opened") as refused:
            Database(tmp_path / "missing" / "state.db")
        assert not isinstance(refused.value, StateCorrupt)
