"""APIs of services and the apps that may call them: each read and write is one transaction.

Source: App Authentication Management (an API is granted to apps one by one, and each answer tells
of each app; app and service must have one owner; only APIs with app authentication are granted).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from simulator.errors import BelongsElsewhere, InvalidRequest, NameTaken, NotFound, Violation
from simulator.facts.apps import Auth
from simulator.facts.statuses import ServiceKind
from simulator.store.app_tables import AppGrantRow, AppRow, ServiceApiRow
from simulator.store.apps import App, app_row, apps_of
from simulator.store.database import Database
from simulator.store.tables import ServiceRow

SOURCE = "App Authentication Management"


@dataclass(frozen=True)
class ServiceApi:
    """An API with its service."""

    row: ServiceApiRow
    service: ServiceRow


@dataclass(frozen=True)
class Granting:
    """What became of granting an API to one app, or of taking it back.

    Attributes:
        grant_id: of the grant that there is now, or was; empty where it failed.
        reason: why it failed; empty where it did not.
    """

    app_id: str
    grant_id: str = ""
    reason: str = ""


@dataclass(frozen=True)
class NewApi:
    """An API to be made."""

    name: str
    auth: Auth = Auth.APP
    takes_codes: bool = True
    remark: str = ""


class ServiceApis:
    """Every read and write of APIs and their grants, by name. Thread-safe and blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, project_id: str, service_id: str, api: NewApi, now: int, app_ids: Iterable[str] = ()
    ) -> tuple[ServiceApi, list[Granting]]:
        """Make an API of a service and grant it to apps.

        Raises:
            NotFound: the project has no such service.
            InvalidRequest: it is no real-time service.
            NameTaken: it has an API with this authentication.
        """
        with self._database.write() as session:
            service = _service_row(session, project_id, service_id)
            if service.kind != ServiceKind.REAL_TIME:
                raise _refused(f"only real-time services have APIs, and this one is {service.kind}")
            if _api_by_auth(session, service_id, api.auth) is not None:
                raise NameTaken("service API", f"{service.name} ({api.auth})")
            row = ServiceApiRow(
                api_id=uuid.uuid4().hex,
                service_id=service_id,
                name=api.name or service.name,
                auth=api.auth.value,
                takes_codes=api.takes_codes,
                remark=api.remark,
                created_at=now,
            )
            session.add(row)
            session.flush()
            return ServiceApi(row, service), _grant(session, service, row, app_ids, now)

    def of_service(self, project_id: str, service_id: str) -> list[ServiceApi]:
        """The oldest first. Raises `NotFound`."""
        with self._database.read() as session:
            service = _service_row(session, project_id, service_id)
            query = (
                select(ServiceApiRow)
                .where(ServiceApiRow.service_id == service_id)
                .order_by(col(ServiceApiRow.created_at), col(ServiceApiRow.api_id))
            )
            return [ServiceApi(row, service) for row in session.exec(query)]

    def one(self, project_id: str, service_id: str, api_id: str) -> ServiceApi:
        """Raises `NotFound`, `BelongsElsewhere`."""
        with self._database.read() as session:
            return _api(session, project_id, service_id, api_id)

    def delete(self, project_id: str, service_id: str, api_id: str) -> None:
        """Delete an API with its grants. Raises `NotFound`, `BelongsElsewhere`."""
        with self._database.write() as session:
            session.delete(_api(session, project_id, service_id, api_id).row)

    def grant(
        self,
        project_id: str,
        service_id: str,
        api_id: str,
        app_ids: Iterable[str],
        now: int,
        *,
        alone: bool = False,
    ) -> list[Granting]:
        """Let apps call an API. One that may already keeps its grant.

        Args:
            alone: no other apps may call it any more.

        Raises:
            NotFound, BelongsElsewhere: the service or the API.
            InvalidRequest: the API has no app authentication.
        """
        with self._database.write() as session:
            api = _app_api(session, project_id, service_id, api_id)
            wanted = list(dict.fromkeys(app_ids))
            if alone:
                for grant in _grants(session, api_id):
                    if grant.app_id not in wanted:
                        session.delete(grant)
            return _grant(session, api.service, api.row, wanted, now)

    def revoke(
        self, project_id: str, service_id: str, api_id: str, app_ids: Iterable[str]
    ) -> list[Granting]:
        """Let apps no longer call an API.

        Raises:
            NotFound, BelongsElsewhere: the service or the API.
            InvalidRequest: the API has no app authentication.
        """
        with self._database.write() as session:
            _app_api(session, project_id, service_id, api_id)
            grants = {grant.app_id: grant for grant in _grants(session, api_id)}
            done = []
            for app_id in dict.fromkeys(app_ids):
                grant = grants.get(app_id)
                if grant is None:
                    done.append(Granting(app_id, reason=f"the app {app_id} may not call the API"))
                    continue
                done.append(Granting(app_id, grant.grant_id))
                session.delete(grant)
            return done

    def granted_to(self, project_id: str, service_id: str, api_id: str) -> list[App]:
        """The apps that may call an API with app authentication, by name.

        Raises:
            NotFound, BelongsElsewhere: the service or the API.
            InvalidRequest: the API has no app authentication.
        """
        with self._database.read() as session:
            _app_api(session, project_id, service_id, api_id)
            query = (
                select(AppRow)
                .join(AppGrantRow)
                .where(AppGrantRow.api_id == api_id)
                .order_by(AppRow.name)
            )
            return apps_of(session, [*session.exec(query)])

    def of_app(self, project_id: str, owner: str, app_id: str) -> list[ServiceApi]:
        """The APIs that an app may call. Raises `NotFound`: the user has no such app."""
        with self._database.read() as session:
            app_row(session, project_id, owner, app_id)
            query = (
                select(ServiceApiRow, ServiceRow)
                .join(ServiceRow, col(ServiceRow.service_id) == col(ServiceApiRow.service_id))
                .join(AppGrantRow, col(AppGrantRow.api_id) == col(ServiceApiRow.api_id))
                .where(AppGrantRow.app_id == app_id)
            )
            return [ServiceApi(row, service) for row, service in session.exec(query)]

    def open_to(self, app_id: str, service_id: str) -> ServiceApiRow | None:
        """The API of a service that an app may call; None when there is none."""
        with self._database.read() as session:
            query = (
                select(ServiceApiRow)
                .join(AppGrantRow)
                .where(
                    ServiceApiRow.service_id == service_id,
                    ServiceApiRow.auth == Auth.APP.value,
                    AppGrantRow.app_id == app_id,
                )
            )
            return session.exec(query).first()


def _service_row(session: Session, project_id: str, service_id: str) -> ServiceRow:
    row = session.get(ServiceRow, service_id)
    if row is None or row.project_id != project_id:
        raise NotFound("service", service_id)
    return row


def _api(session: Session, project_id: str, service_id: str, api_id: str) -> ServiceApi:
    service = _service_row(session, project_id, service_id)
    row = session.get(ServiceApiRow, api_id)
    if row is not None and row.service_id == service_id:
        return ServiceApi(row, service)
    other = session.get(ServiceRow, row.service_id) if row is not None else None
    if other is None or other.project_id != project_id:
        raise NotFound("service API", api_id)
    raise BelongsElsewhere("service API", api_id, f"service {other.name}")


def _app_api(session: Session, project_id: str, service_id: str, api_id: str) -> ServiceApi:
    api = _api(session, project_id, service_id, api_id)
    if api.row.auth != Auth.APP:
        raise _refused(f"the API has no app authentication: its kind is {api.row.auth.upper()}")
    return api


def _api_by_auth(session: Session, service_id: str, auth: Auth) -> ServiceApiRow | None:
    query = select(ServiceApiRow).where(
        ServiceApiRow.service_id == service_id, ServiceApiRow.auth == auth.value
    )
    return session.exec(query).first()


def _grants(session: Session, api_id: str) -> list[AppGrantRow]:
    return [*session.exec(select(AppGrantRow).where(AppGrantRow.api_id == api_id))]


def _grant(
    session: Session, service: ServiceRow, api: ServiceApiRow, app_ids: Iterable[str], now: int
) -> list[Granting]:
    held = {grant.app_id: grant.grant_id for grant in _grants(session, api.api_id)}
    done = []
    for app_id in dict.fromkeys(app_ids):
        reason = _obstacle(session, service, app_id)
        if reason:
            done.append(Granting(app_id, reason=reason))
            continue
        if app_id not in held:
            held[app_id] = uuid.uuid4().hex
            row = AppGrantRow(
                grant_id=held[app_id], api_id=api.api_id, app_id=app_id, created_at=now
            )
            session.add(row)
        done.append(Granting(app_id, held[app_id]))
    return done


def _obstacle(session: Session, service: ServiceRow, app_id: str) -> str:
    """Why an app cannot be let call a service; empty when it can."""
    app = session.get(AppRow, app_id)
    if app is None or app.project_id != service.project_id:
        return f"the app {app_id} does not exist"
    if app.owner != service.owner:
        return f"the app {app_id} and the service have different owners"
    return ""


def _refused(text: str) -> InvalidRequest:
    return InvalidRequest([Violation("ServiceApi", "", text, SOURCE)])
