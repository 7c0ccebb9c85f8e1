"""Requests on apps and on the APIs that services have for them.

Source: ModelArts API reference, App Authentication Management.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simulator.errors import NotSimulated
from simulator.facts.apps import (
    API_REMARK_CHARACTERS,
    NAME_CHARACTERS,
    REMARK_CHARACTERS,
    Auth,
    Show,
)
from simulator.modelarts.queries import DEFAULT_WORKSPACE, Paging
from simulator.modelarts.shape import Characters
from simulator.store.apps import App
from simulator.store.service_apis import NewApi, ServiceApi

CREATE_PAGE = "Creating an App"
API_PAGE = "Creates an API"
AUTHORIZE_PAGE = "Registering an API and Authorizing the API to an App"
REVOKE_PAGE = "Canceling the Authorization of an API to an App"
UPDATE_PAGE = "Updating API Authorization"
_ADDRESS_CHARACTERS = 255

_Name = Annotated[
    str, Characters(r"[\w\-]*", "must hold only letters, digits, hyphens and underscores")
]
_Method = Literal["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "ANY"]
_Workspace = Annotated[str, Field(DEFAULT_WORKSPACE, description="Not looked at.")]
_Order = Annotated[Literal["asc", "desc"], BeforeValidator(lambda v: str(v).lower())]


class CreateApp(BaseModel):
    """The body of POST app-auth/apps."""

    model_config = ConfigDict(extra="ignore")

    app_name: _Name = Field(
        min_length=1, max_length=NAME_CHARACTERS, description="Its name, once in the project."
    )
    app_remark: str | None = Field(None, max_length=REMARK_CHARACTERS, description="Remarks.")
    workspace_id: _Workspace


class CreateApi(BaseModel):
    """The body of POST app-auth/{service_id}/apis."""

    model_config = ConfigDict(extra="ignore")

    api_name: _Name | None = Field(
        None, max_length=NAME_CHARACTERS, description="Its name; the service's by default."
    )
    api_remark: str | None = Field(None, max_length=API_REMARK_CHARACTERS, description="Remarks.")
    api_method: _Method = Field("ANY", description="Every method can be used whatever is sent.")
    api_url: str | None = Field(
        None, max_length=_ADDRESS_CHARACTERS, description="Of its own: not simulated."
    )
    api_path: str | None = Field(
        None, max_length=_ADDRESS_CHARACTERS, description="Of its own: not simulated."
    )
    auth_type: Literal["NONE", "APP", "IAM"] = Field(
        "APP", description="Who may call it: apps, users, or (not simulated) anybody."
    )
    support_app_code: bool = Field(
        True, description="Apps may show a code in place of a signature."
    )
    workspace_id: _Workspace

    @property
    def api(self) -> NewApi:
        """What is to be made. Raises `NotSimulated`."""
        if self.auth_type == "NONE":
            raise NotSimulated("an API without authentication")
        if self.api_url or self.api_path:
            raise NotSimulated("an API with an address of its own")
        return NewApi(
            name=self.api_name or "",
            auth=Auth(self.auth_type.lower()),
            takes_codes=self.support_app_code,
            remark=self.api_remark or "",
        )


class NamedApp(BaseModel):
    model_config = ConfigDict(extra="ignore")

    app_id: str = Field(min_length=1, description="Id of the app.")


class GrantedApps(BaseModel):
    """The body of what lets apps call an API, or no longer."""

    model_config = ConfigDict(extra="ignore")

    apps: list[NamedApp] = Field(min_length=1, description="The apps.")
    workspace_id: _Workspace

    @property
    def ids(self) -> list[str]:
        return [app.app_id for app in self.apps]


class OnlyApps(GrantedApps):
    """The body of what lets these apps call an API and no others."""

    apps: list[NamedApp] = Field(description="The apps; none lets no app call it.")


class _Ascending(Paging):
    order: _Order = Field("asc", description="Direction.")
    sort_by: Literal["app_name", "created_at", "updated_at"] = Field(
        "app_name", description="What they are sorted by."
    )
    workspace_id: _Workspace


class AppQuery(_Ascending):
    app_name: str | None = Field(None, description="Only with this in the name.")
    iphertext_enabled: bool = Field(
        False, description="Show secrets. (The name is the documented one.)"
    )
    app_ids: str | None = Field(
        None, description="Of which apps, ids separated by commas; of all by default."
    )

    def shows_secret(self, app_id: str) -> bool:
        """Whether an app's secret is asked for."""
        ids = [one for one in (self.app_ids or "").split(",") if one]
        return self.iphertext_enabled and (not ids or app_id in ids)

    def select(self, apps: Iterable[App]) -> list[App]:
        """Those that match, sorted."""
        found = [app for app in apps if (self.app_name or "") in app.row.name]
        keys = {
            "app_name": lambda app: app.row.name,
            "created_at": lambda app: (app.row.created_at, app.row.name),
            "updated_at": lambda app: (app.row.updated_at, app.row.name),
        }
        return sorted(found, key=keys[self.sort_by], reverse=self.order == "desc")


class GrantQuery(AppQuery):
    show_only: Show | None = Field(
        None, description="AUTH: those that may call it; UNAUTH: those that may not."
    )


class AppApiQuery(_Ascending):
    service_name: str | None = Field(None, description="Only with this in the service's name.")

    def select(self, apis: Iterable[ServiceApi]) -> list[ServiceApi]:
        """Those that match, sorted: by name, or by when they were made."""
        found = [api for api in apis if (self.service_name or "") in api.service.name]
        by_name = self.sort_by == "app_name"
        return sorted(
            found,
            key=lambda api: (0 if by_name else api.row.created_at, api.row.name, api.row.api_id),
            reverse=self.order == "desc",
        )


class ApiQuery(Paging):
    workspace_id: _Workspace


def joined_ids(values: Sequence[str]) -> str:
    """One text of a list parameter that was sent several times, with commas, or both."""
    return ",".join(value for value in values if value)
