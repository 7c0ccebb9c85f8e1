"""Query parameters of the list calls. Unknown ones are ignored: published clients send some.

Source: Querying Services; Querying the AI Application List; Querying Service Event Logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simulator.facts import limits
from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.objects import EventKind
from simulator.modelarts.shape import read_shape
from simulator.store.tables import ModelRow

_Order = Annotated[Literal["asc", "desc"], BeforeValidator(lambda v: str(v).lower())]


class Page(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    offset: int = Field(0, ge=0, lt=1 << 63, description="How many are left out.")
    limit: int = Field(
        limits.LIST_LIMIT, ge=1, le=limits.LIST_LIMIT, description="How many a page has at most."
    )
    order: _Order = Field("desc", description="Direction.")


class ServiceQuery(Page):
    service_id: str | None = Field(None, description="Only this service.")
    service_name: str | None = Field(None, description="Only with this in the name.")
    model_id: str | None = Field(None, description="Only those that run this model.")
    infer_type: str | None = Field(None, description="Only of this kind.")
    status: ServiceStatus | None = Field(None, description="Only in this status.")
    sort_by: Literal["publish_at", "service_name", "transition_at"] = Field(
        "publish_at", description="What they are sorted by."
    )

    @property
    def sort_column(self) -> str:
        """The store's name of the column."""
        names = {"publish_at": "published_at", "service_name": "name"}
        return names.get(self.sort_by, self.sort_by)


class ModelQuery(Page):
    model_name: str | None = Field(None, description="Only with this in the name.")
    exact_match: bool = Field(False, description="The name is given in full.")
    model_version: str | None = Field(None, description="Only of this version.")
    model_status: str | None = Field(None, description="Only in this status.")
    model_type: str | None = Field(None, description="Only of this engine.")
    not_model_type: str | None = Field(None, description="Only of other engines.")
    description: str | None = Field(None, description="Only with this in the remarks.")
    sort_by: Literal["create_at", "model_version", "model_size"] = Field(
        "create_at", description="What they are sorted by."
    )

    def select(self, rows: list[ModelRow]) -> list[ModelRow]:
        """Those that match, sorted."""
        columns = {
            "create_at": lambda row: row.created_at,
            "model_version": lambda row: tuple(int(part) for part in row.version.split(".")),
            "model_size": lambda row: row.size_bytes,
        }
        found = [row for row in rows if self._matches(row)]
        return sorted(found, key=columns[self.sort_by], reverse=self.order == "desc")

    def _matches(self, row: ModelRow) -> bool:
        name = self.model_name
        named = name is None or (row.name == name if self.exact_match else name in row.name)
        described = self.description is None or self.description in str(
            row.document.get("description", "")
        )
        return (
            named
            and described
            and self.model_version in (None, row.version)
            and self.model_type in (None, row.type)
            and self.not_model_type != row.type
        )


class EventQuery(Page):
    event_type: EventKind | None = Field(None, description="Only of this kind.")
    event_info: str | None = Field(None, description="Only with this in the text.")
    start_time: int | None = Field(None, description="Only from then on, epoch milliseconds.")
    end_time: int | None = Field(None, description="Only until then, epoch milliseconds.")

    @property
    def kind(self) -> EventKind | None:
        return self.event_type

    def matches(self, at: int, text: str) -> bool:
        """Whether an event at this time (epoch ms) with this text is wanted."""
        return (
            (self.event_info is None or self.event_info in text)
            and (self.start_time is None or at >= self.start_time)
            and (self.end_time is None or at <= self.end_time)
        )


class UpdateQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    update_time: int | None = Field(
        None, description="Only the update of this time, epoch milliseconds."
    )


class DeleteModelQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    cascade: bool = Field(False, description="All versions of the model: not simulated.")


QueryT = TypeVar("QueryT", bound=BaseModel)


def read_query(shape: type[QueryT], params: Mapping[str, str]) -> QueryT:
    """The query in its shape; empty values count as absent.

    Raises:
        InvalidRequest: a value is not allowed; names the parameter.
    """
    given = {name: value for name, value in params.items() if value != ""}
    return read_shape(shape, given, "query parameters of the list calls")
