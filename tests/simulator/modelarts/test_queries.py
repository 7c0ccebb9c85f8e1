"""Query parameters of the list calls."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.lifecycle.objects import EventKind
from simulator.modelarts.queries import EventQuery, ModelQuery, Page, ServiceQuery, read_query
from simulator.store.filters import ServiceFilter
from simulator.store.tables import ModelRow
from tests.support.builders import NOW, a_model_row
from tests.support.requests import violations


class TestPage:
    def test_has_the_documented_defaults(self) -> None:
        page = read_query(Page, {})
        assert (page.offset, page.limit, page.order) == (0, 1000, "desc")

    def test_empty_values_count_as_absent(self) -> None:
        assert read_query(ServiceQuery, {"limit": "", "status": ""}).limit == 1000

    def test_unknown_parameters_are_ignored(self) -> None:
        assert read_query(Page, {"is_batch": "x"}).offset == 0

    @pytest.mark.parametrize("order", ["asc", "ASC", "Asc"])
    def test_order_is_read_in_any_case(self, order: str) -> None:
        assert read_query(Page, {"order": order}).order == "asc"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("offset", "-1"),
            ("offset", "x"),
            ("offset", "1.5"),
            ("offset", str(2**63)),  # no number that the store could take
            ("offset", "9" * 5000),
            ("limit", "0"),
            ("limit", "1001"),
            ("order", "up"),
        ],
    )
    def test_another_value_is_refused_by_name(self, name: str, value: str) -> None:
        assert violations(lambda: read_query(Page, {name: value})) == [("Type", f"/{name}")]


class TestServices:
    @pytest.mark.parametrize(
        ("sort_by", "column"),
        [
            ("publish_at", "published_at"),
            ("service_name", "name"),
            ("transition_at", "transition_at"),
        ],
    )
    def test_sort_keys_name_the_stores_columns(self, sort_by: str, column: str) -> None:
        assert read_query(ServiceQuery, {"sort_by": sort_by}).sort_column == column

    @pytest.mark.parametrize("status", list(ServiceStatus))
    def test_every_documented_status_may_be_asked_for(self, status: ServiceStatus) -> None:
        assert read_query(ServiceQuery, {"status": status.value}).status is status

    @pytest.mark.parametrize(("name", "value"), [("sort_by", "size"), ("status", "Running")])
    def test_another_is_refused(self, name: str, value: str) -> None:
        assert violations(lambda: read_query(ServiceQuery, {name: value})) == [("Type", f"/{name}")]

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({}, {"workspace_id": "0"}),
            ({"workspace_id": "mine"}, {"workspace_id": "mine"}),
            ({"service_name": "mni"}, {"workspace_id": "0", "name_part": "mni"}),
            ({"infer_type": "batch"}, {"workspace_id": "0", "kind": ServiceKind.BATCH}),
            (
                {"tags": "stage=test,,team,team"},
                {"workspace_id": "0", "tags": ("stage=test", "team")},
            ),
            ({"tags": ","}, {"workspace_id": "0"}),
        ],
    )
    def test_the_stores_filter_has_what_is_asked_for(
        self, params: dict[str, str], expected: dict[str, Any]
    ) -> None:
        wanted = read_query(ServiceQuery, params).wanted("p")
        assert wanted == ServiceFilter(project_id="p", **expected)


class TestModels:
    ROWS = (
        a_model_row("m1", name="mnist", version="0.0.9", size_bytes=30, created_at=NOW),
        a_model_row("m2", name="mnist", version="0.0.10", size_bytes=10, created_at=NOW + 1),
        a_model_row("m3", name="mnist_big", type="Image", size_bytes=20, created_at=NOW + 2),
        a_model_row("m4", name="iris", created_at=NOW + 3, document={"description": "of flowers"}),
    )

    def ids(self, **params: str) -> list[str]:
        rows: list[ModelRow] = list(self.ROWS)
        return [row.model_id for row in read_query(ModelQuery, params).select(rows)]

    def test_newest_first(self) -> None:
        assert self.ids() == ["m4", "m3", "m2", "m1"]

    def test_versions_are_sorted_as_numbers(self) -> None:
        assert self.ids(sort_by="model_version", order="asc", model_name="mnist") == [
            "m3",
            "m1",
            "m2",
        ]

    def test_sizes(self) -> None:
        assert self.ids(sort_by="model_size", order="desc", model_name="mnist") == [
            "m1",
            "m3",
            "m2",
        ]

    @pytest.mark.parametrize(
        ("params", "ids"),
        [
            ({"model_name": "mnist"}, ["m3", "m2", "m1"]),
            ({"model_name": "mnist", "exact_match": "true"}, ["m2", "m1"]),
            ({"model_version": "0.0.9"}, ["m1"]),
            ({"model_type": "Image"}, ["m3"]),
            ({"not_model_type": "Image"}, ["m4", "m2", "m1"]),
            ({"description": "flower"}, ["m4"]),
            ({"model_name": "MNIST"}, []),
        ],
    )
    def test_filters(self, params: dict[str, str], ids: list[str]) -> None:
        assert self.ids(**params) == ids

    def test_kinds_of_engines_exclude_each_other(self) -> None:
        both = read_query(ModelQuery, {"model_type": "Image", "not_model_type": "Custom"})
        assert violations(both.check) == [("Query", "/not_model_type")]
        assert violations(read_query(ModelQuery, {"model_type": "Image"}).check) == []


class TestEvents:
    def test_by_kind(self) -> None:
        assert read_query(EventQuery, {"event_type": "abnormal"}).kind is EventKind.ABNORMAL
        assert read_query(EventQuery, {}).kind is None

    @pytest.mark.parametrize(
        ("params", "wanted"),
        [
            ({}, True),
            ({"event_info": "broke"}, True),
            ({"event_info": "mended"}, False),
            ({"start_time": "1000"}, True),
            ({"start_time": "1001"}, False),
            ({"end_time": "1000"}, True),
            ({"end_time": "999"}, False),
        ],
    )
    def test_by_text_and_time_both_ends_included(
        self, params: dict[str, str], wanted: bool
    ) -> None:
        assert read_query(EventQuery, params).matches(1000, "it broke") is wanted
