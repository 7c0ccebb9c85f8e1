"""Query parameters of the list calls. Unknown ones are ignored: published clients send some.

Source: Querying Services; Querying the AI Application List; Querying Service Event Logs; Querying
Service Specifications; Obtaining the Model Runtime; Deleting an AI Application.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simulator.errors import InvalidRequest, Violation
from simulator.facts import limits
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.lifecycle.objects import EventKind
from simulator.modelarts.shape import Characters, read_shape
from simulator.store.filters import ServiceFilter
from simulator.store.tables import ModelRow

SOURCE = "query parameters of the list calls"
DEFAULT_WORKSPACE = "0"
_TAGS_MAX = 2 * limits.TAGS_PER_SERVICE
"""More tags than this no service can have, as keys and as pairs."""

ItemT = TypeVar("ItemT")
QueryT = TypeVar("QueryT", bound=BaseModel)

_Order = Annotated[Literal["asc", "desc"], BeforeValidator(lambda v: str(v).lower())]
_TagFilter = Annotated[
    str,
    Characters(
        rf"[^,]*(?:,[^,]*){{0,{_TAGS_MAX - 1}}}",
        f"must not hold more than {_TAGS_MAX} tags, separated by commas",
    ),
]
_EventText = Annotated[
    str, Characters(r"[^`(){}';,\[\]<>/?]*", "must not hold any of ` ( ) { } ' ; , [ ] < > / ?")
]
_ModelStatus = Literal["publishing", "published", "failed", "building", "building_failed"]


class Paging(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    offset: int = Field(0, ge=0, lt=1 << 63, description="How many are left out.")
    limit: int = Field(
        limits.LIST_LIMIT, ge=1, le=limits.LIST_LIMIT, description="How many a page has at most."
    )

    def page(self, matching: Sequence[ItemT]) -> Sequence[ItemT]:
        """Those on the page, of all that match."""
        return matching[self.offset : self.offset + self.limit]


class Page(Paging):
    order: _Order = Field("desc", description="Direction.")


class ServiceQuery(Page):
    service_id: str | None = Field(None, description="Only this service.")
    service_name: str | None = Field(None, description="Only with this in the name.")
    model_id: str | None = Field(None, description="Only those that run this model.")
    workspace_id: str = Field(DEFAULT_WORKSPACE, description="Only in this workspace.")
    infer_type: ServiceKind | None = Field(None, description="Only of this kind.")
    status: ServiceStatus | None = Field(None, description="Only in this status.")
    tags: _TagFilter | None = Field(
        None, description="Only with all of these tags: key or key=value, separated by commas."
    )
    sort_by: Literal["publish_at", "service_name", "transition_at"] = Field(
        "publish_at", description="What they are sorted by."
    )

    @property
    def sort_column(self) -> str:
        """The store's name of the column."""
        names = {"publish_at": "published_at", "service_name": "name"}
        return names.get(self.sort_by, self.sort_by)

    def wanted(self, project_id: str) -> ServiceFilter:
        """The store's filter for the services that match."""
        return ServiceFilter(
            project_id=project_id,
            workspace_id=self.workspace_id,
            name_part=self.service_name,
            model_id=self.model_id,
            kind=self.infer_type,
            status=self.status,
            service_id=self.service_id,
            tags=tuple(dict.fromkeys(tag for tag in (self.tags or "").split(",") if tag)),
        )


class ModelQuery(Page):
    model_name: str | None = Field(None, description="Only with this in the name.")
    exact_match: bool = Field(False, description="The name is given in full.")
    model_version: str | None = Field(None, description="Only of this version.")
    model_status: _ModelStatus | None = Field(None, description="Only in this status.")
    model_type: str | None = Field(None, description="Only of this engine.")
    not_model_type: str | None = Field(
        None, description="Only of other engines; not together with model_type."
    )
    description: str | None = Field(None, description="Only with this in the remarks.")
    workspace_id: str = Field(DEFAULT_WORKSPACE, description="Only in this workspace.")
    sort_by: Literal["create_at", "model_version", "model_size"] = Field(
        "create_at", description="What they are sorted by."
    )

    def check(self) -> None:
        """Raises `InvalidRequest` for parameters that exclude each other."""
        if self.model_type is not None and self.not_model_type is not None:
            text = "not_model_type: must be absent where model_type is sent"
            raise InvalidRequest([Violation("Query", "/not_model_type", text, SOURCE)])

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
    event_info: _EventText | None = Field(None, description="Only with this in the text.")
    start_time: int | None = Field(None, description="Only from then on, epoch milliseconds.")
    end_time: int | None = Field(None, description="Only until then, epoch milliseconds.")
    sort_by: Literal["occur_time"] = Field("occur_time", description="What they are sorted by.")

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


class SpecificationQuery(Paging):
    is_personal_cluster: bool = Field(
        False, description="Those for dedicated pools, which are the same."
    )
    infer_type: ServiceKind = Field(
        ServiceKind.REAL_TIME, description="For which kind of service: all have the same."
    )


class MonitorQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    node_id: str | None = Field(None, description="Of edge services only: ignored.")


class UpdateQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    update_time: int | None = Field(
        None, description="Only the update of this time, epoch milliseconds."
    )


class DeleteModelQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    cascade: bool = Field(
        False,
        description=f"All models of its name, in whatever version; {limits.CASCADE_VERSIONS} of "
        "them at most.",
    )


def read_query(shape: type[QueryT], params: Mapping[str, str]) -> QueryT:
    """The query in its shape; empty values count as absent.

    Raises:
        InvalidRequest: a value is not allowed; names the parameter.
    """
    given = {name: value for name, value in params.items() if value != ""}
    return read_shape(shape, given, SOURCE)
