"""The tables of apps: their keys and codes, the APIs of services, and which app may call which.

Instants are epoch milliseconds of the platform clock.
"""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class AppRow(SQLModel, table=True):
    """Somebody who calls services and is no user.

    Attributes:
        owner: the user who made it.
        key, secret: what it signs requests with; the key alone is a credential too.
        updated_at: when its codes or its secret were last changed.
    """

    __tablename__ = "app"
    __table_args__ = (UniqueConstraint("project_id", "name"), UniqueConstraint("key"))

    app_id: str = Field(primary_key=True)
    project_id: str
    owner: str
    name: str
    remark: str = ""
    key: str
    secret: str
    created_at: int
    updated_at: int


class AppCodeRow(SQLModel, table=True):
    """A code that an app can show in place of a signature."""

    __tablename__ = "app_code"
    __table_args__ = (UniqueConstraint("code"),)

    code_id: int | None = Field(default=None, primary_key=True)
    app_id: str = Field(foreign_key="app.app_id", ondelete="CASCADE", index=True)
    code: str


class ServiceApiRow(SQLModel, table=True):
    """A way to call a service that is open to others than the users of its project.

    Attributes:
        auth: `facts.apps.Auth`; a service has one of each at most.
        takes_codes: apps may show a code in place of a signature.
    """

    __tablename__ = "service_api"
    __table_args__ = (UniqueConstraint("service_id", "auth"),)

    api_id: str = Field(primary_key=True)
    service_id: str = Field(foreign_key="service.service_id", ondelete="CASCADE")
    name: str
    auth: str
    takes_codes: bool
    remark: str = ""
    created_at: int


class AppGrantRow(SQLModel, table=True):
    """An app may call an API. An app that has one is not deleted; an API takes its grants along."""

    __tablename__ = "app_grant"
    __table_args__ = (UniqueConstraint("api_id", "app_id"),)

    grant_id: str = Field(primary_key=True)
    api_id: str = Field(foreign_key="service_api.api_id", ondelete="CASCADE")
    app_id: str = Field(foreign_key="app.app_id", index=True)
    created_at: int
