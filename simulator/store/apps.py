"""Apps with their codes and secrets: each read and write is one transaction.

Who owns an app sees and changes it; to other users of the project it does not exist. Names are the
project's, so that they can be taken by an app that is not seen.

Source: App Authentication Management (an app is changed by its owner only, and deleted only when no
API is granted to it; a user has a limited number of them).
"""

from __future__ import annotations

import secrets
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from simulator.errors import InUse, NameTaken, NotFound
from simulator.store.app_tables import AppCodeRow, AppGrantRow, AppRow, ServiceApiRow
from simulator.store.database import Database
from simulator.store.quotas import check_app_quota
from simulator.store.tables import ServiceRow

KEY_BYTES = 16
CODE_BYTES = 32


@dataclass(frozen=True)
class App:
    """An app.

    Attributes:
        codes: the oldest first.
        apis: how many APIs are granted to it.
    """

    row: AppRow
    codes: tuple[str, ...]
    apis: int


class Apps:
    """Every read and write of apps, by name. Thread-safe and blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, project_id: str, owner: str) -> list[App]:
        """A user's apps, the oldest first."""
        query = (
            select(AppRow)
            .where(AppRow.project_id == project_id, AppRow.owner == owner)
            .order_by(col(AppRow.created_at), col(AppRow.app_id))
        )
        with self._database.read() as session:
            return apps_of(session, [*session.exec(query)])

    def one(self, project_id: str, owner: str, app_id: str) -> App:
        """Raises `NotFound`."""
        with self._database.read() as session:
            return _whole(session, app_row(session, project_id, owner, app_id))

    def is_taken(self, project_id: str, name: str) -> bool:
        """Whether the project has an app of this name, whoever owns it."""
        with self._database.read() as session:
            return _is_taken(session, project_id, name)

    def add(self, project_id: str, owner: str, name: str, remark: str, now: int) -> App:
        """Make an app, with a key and a secret and without codes.

        Raises:
            NameTaken: the project has an app of this name.
            QuotaExceeded: the user has as many as allowed.
        """
        with self._database.write() as session:
            if _is_taken(session, project_id, name):
                raise NameTaken("app", name)
            check_app_quota(session, project_id, owner)
            row = AppRow(
                app_id=uuid.uuid4().hex,
                project_id=project_id,
                owner=owner,
                name=name,
                remark=remark,
                key=secrets.token_hex(KEY_BYTES),
                secret=secrets.token_hex(KEY_BYTES),
                created_at=now,
                updated_at=now,
            )
            session.add(row)
            return App(row, (), 0)

    def delete(self, project_id: str, owner: str, app_id: str) -> None:
        """Delete an app with its codes.

        Raises:
            NotFound: the user has no such app.
            InUse: it may call services; names them.
        """
        with self._database.write() as session:
            row = app_row(session, project_id, owner, app_id)
            called = _services_of(session, app_id)
            if called:
                raise InUse("app", app_id, called)
            session.delete(row)

    def add_code(self, project_id: str, owner: str, app_id: str, now: int) -> App:
        """Give an app another code. Raises `NotFound`."""
        with self._database.write() as session:
            row = app_row(session, project_id, owner, app_id)
            session.add(AppCodeRow(app_id=app_id, code=secrets.token_hex(CODE_BYTES)))
            return _changed(session, row, now)

    def reset_code(self, project_id: str, owner: str, app_id: str, code: str, now: int) -> App:
        """Put a new code in the place of one. Raises `NotFound`, also for the code."""
        with self._database.write() as session:
            row = app_row(session, project_id, owner, app_id)
            _code_row(session, app_id, code).code = secrets.token_hex(CODE_BYTES)
            return _changed(session, row, now)

    def remove_code(self, project_id: str, owner: str, app_id: str, code: str, now: int) -> App:
        """Take a code away. Raises `NotFound`, also for the code."""
        with self._database.write() as session:
            row = app_row(session, project_id, owner, app_id)
            session.delete(_code_row(session, app_id, code))
            return _changed(session, row, now)

    def reset_secret(self, project_id: str, owner: str, app_id: str, now: int) -> App:
        """Give an app another secret; its key stays. Raises `NotFound`."""
        with self._database.write() as session:
            row = app_row(session, project_id, owner, app_id)
            row.secret = secrets.token_hex(KEY_BYTES)
            return _changed(session, row, now)

    def by_code(self, code: str) -> AppRow | None:
        """The app of any project that has this code."""
        with self._database.read() as session:
            query = select(AppRow).join(AppCodeRow).where(AppCodeRow.code == code)
            return session.exec(query).first()

    def by_key(self, key: str) -> AppRow | None:
        """The app of any project that has this key."""
        with self._database.read() as session:
            return session.exec(select(AppRow).where(AppRow.key == key)).first()


def app_row(session: Session, project_id: str, owner: str, app_id: str) -> AppRow:
    """Raises `NotFound`."""
    row = session.get(AppRow, app_id)
    if row is None or (row.project_id, row.owner) != (project_id, owner):
        raise NotFound("app", app_id)
    return row


def apps_of(session: Session, rows: Sequence[AppRow]) -> list[App]:
    """These apps with their codes and the number of their APIs, in the same order."""
    ids = [row.app_id for row in rows]
    codes: dict[str, list[str]] = defaultdict(list)
    of_these = col(AppCodeRow.app_id).in_(ids)
    for code in session.exec(select(AppCodeRow).where(of_these).order_by(col(AppCodeRow.code_id))):
        codes[code.app_id].append(code.code)
    counted = (
        select(AppGrantRow.app_id, func.count())
        .where(col(AppGrantRow.app_id).in_(ids))
        .group_by(col(AppGrantRow.app_id))
    )
    apis = dict(session.exec(counted).all())
    return [App(row, tuple(codes[row.app_id]), apis.get(row.app_id, 0)) for row in rows]


def _whole(session: Session, row: AppRow) -> App:
    return apps_of(session, [row])[0]


def _changed(session: Session, row: AppRow, now: int) -> App:
    row.updated_at = now
    session.flush()
    return _whole(session, row)


def _code_row(session: Session, app_id: str, code: str) -> AppCodeRow:
    query = select(AppCodeRow).where(AppCodeRow.app_id == app_id, AppCodeRow.code == code)
    found = session.exec(query).first()
    if found is None:
        raise NotFound("app code", code)
    return found


def _is_taken(session: Session, project_id: str, name: str) -> bool:
    query = select(AppRow.app_id).where(AppRow.project_id == project_id, AppRow.name == name)
    return session.exec(query).first() is not None


def _services_of(session: Session, app_id: str) -> list[str]:
    """Names of the services that an app may call."""
    query = (
        select(ServiceRow.name)
        .join(ServiceApiRow, col(ServiceApiRow.service_id) == col(ServiceRow.service_id))
        .join(AppGrantRow, col(AppGrantRow.api_id) == col(ServiceApiRow.api_id))
        .where(AppGrantRow.app_id == app_id)
        .order_by(ServiceRow.name)
    )
    return [*session.exec(query)]
