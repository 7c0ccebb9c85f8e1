"""The metrics in Prometheus' text format, as Prometheus' own parser reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulator.admin.metrics import BOUNDS_MS, exposition
from simulator.lifecycle.objects import InstanceState
from tests.simulator.admin.metered_world import SERVICE, snapshot, stored
from tests.support.builders import an_instance

DASHBOARD = Path(__file__).parents[3] / "docs" / "grafana" / "drydock.json"
V1 = {"service": SERVICE, "service_name": "mnist", "version": "v1"}
V2 = V1 | {"version": "v2"}
Samples = dict[str, list[tuple[dict[str, str], float]]]


def samples_in(text: str) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


@pytest.fixture
async def samples() -> Samples:
    return samples_in(exposition(await snapshot()).decode())


def one(samples: Samples, name: str, **labels: str) -> float:
    """The only sample of a metric with these labels, and no others."""
    (value,) = [value for found, value in samples[name] if found == labels]
    return value


def test_requests_are_counted_by_version_and_status(samples: Samples) -> None:
    assert samples["drydock_requests_total"] == [
        (V1 | {"code": "200"}, 24),
        (V1 | {"code": "404"}, 2),
        (V1 | {"code": "503"}, 4),
        (V2 | {"code": "200"}, 10),
    ]


def test_bytes_and_requests_in_flight_are_those_of_the_version(samples: Samples) -> None:
    assert one(samples, "drydock_request_bytes_total", **V1) == 100
    assert one(samples, "drydock_response_bytes_total", **V1) == 200
    assert one(samples, "drydock_requests_in_flight", **V1) == 3
    assert one(samples, "drydock_requests_in_flight", **V2) == 0


def test_the_split_is_measured_beside_the_wanted_one(samples: Samples) -> None:
    assert one(samples, "drydock_traffic_share_wanted", **V1) == 0.7
    assert one(samples, "drydock_traffic_share_measured", **V1) == 0.75
    assert one(samples, "drydock_traffic_share_measured", **V2) == 0.25


def test_latencies_are_a_histogram_in_seconds(samples: Samples) -> None:
    name = "drydock_request_duration_seconds"
    buckets = {
        labels["le"]: value
        for labels, value in samples[f"{name}_bucket"]
        if V1.items() <= labels.items()
    }
    assert (buckets["0.001"], buckets["0.002"], buckets["0.01"]) == (4, 14, 14)
    assert (buckets["0.02"], buckets["60"], buckets["+Inf"]) == (29, 29, 30)
    assert len(buckets) == len(BOUNDS_MS) + 1
    assert list(buckets.values()) == sorted(buckets.values())
    assert one(samples, f"{name}_count", **V1) == 30
    assert one(samples, f"{name}_sum", **V1) == pytest.approx(0.0105 + 15 * 0.0135 + 70.5)
    assert one(samples, f"{name}_count", **V2) == 0


def test_instances_have_counters_of_their_own(samples: Samples) -> None:
    first, second = (V1 | {"instance_id": an_instance(n).instance_id} for n in (1, 2))
    assert one(samples, "drydock_instance_requests_total", **first) == 26
    assert one(samples, "drydock_instance_errors_total", **first) == 4
    assert one(samples, "drydock_instance_requests_in_flight", **first) == 3
    assert one(samples, "drydock_instance_requests_total", **second) == 0


def test_instances_are_counted_by_state(samples: Samples) -> None:
    of_first = {
        labels["state"]: value
        for labels, value in samples["drydock_instances"]
        if labels["version"] == "v1"
    }
    assert of_first == {
        state.value: float(state in (InstanceState.READY, InstanceState.STARTING))
        for state in InstanceState
    }


async def test_services_are_counted_by_status_also_where_there_are_none() -> None:
    text = exposition(await snapshot(stored(status="failed"))).decode()
    samples = samples_in(text)
    assert one(samples, "drydock_services", status="failed") == 1
    assert one(samples, "drydock_services", status="running") == 0


def test_the_server_says_how_it_is(samples: Samples) -> None:
    assert one(samples, "drydock_info", version="0.1.0", backend="process") == 1
    assert one(samples, "drydock_start_time_seconds") == 1.5
    assert one(samples, "drydock_store_writable") == 1
    assert one(samples, "drydock_gateway_up") == 0
    assert one(samples, "drydock_gateway_restarts_total") == 2
    assert one(samples, "drydock_gateway_answers_total", **{"class": "4xx"}) == 5
    assert one(samples, "drydock_quota_limit", quota="real-time-services") == 20
    assert one(samples, "drydock_quota_used", quota="real-time-services") == 1


async def test_a_name_cannot_break_the_format() -> None:
    name = 'x"} 1\nfake_metric 2\\'
    samples = samples_in(exposition(await snapshot(stored(name=name))).decode())
    assert "fake_metric" not in samples
    assert {labels["service_name"] for labels, _ in samples["drydock_requests_total"]} == {name}


async def test_nothing_of_this_process_is_in_it(samples: Samples) -> None:
    assert all(name.startswith("drydock_") for name in samples)


class TestDashboard:
    @pytest.fixture
    def dashboard(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        return found

    def expressions(self, dashboard: dict[str, Any]) -> list[str]:
        targets = [one for panel in dashboard["panels"] for one in panel.get("targets", ())]
        variables = [
            one["query"]["query"]
            for one in dashboard["templating"]["list"]
            if one["type"] == "query"
        ]
        return [*(one["expr"] for one in targets), *variables]

    def test_asks_only_for_metrics_and_labels_that_there_are(
        self, dashboard: dict[str, Any], samples: Samples
    ) -> None:
        asked = self.expressions(dashboard)
        assert len(asked) > 20
        for expression in asked:
            names = re.findall(r"\bdrydock_\w+", expression)
            assert names, expression
            known = set.intersection(
                *({key for labels, _ in samples[name] for key in labels} for name in names)
            )
            grouped = re.findall(r"by \(([^)]*)\)", expression)
            matched = re.findall(r'(\w+)=~?"', expression)
            used = {label.strip() for part in grouped for label in part.split(",")} | set(matched)
            assert used <= known, expression

    def test_every_metric_is_shown_or_known_to_be_left_out(
        self, dashboard: dict[str, Any], samples: Samples
    ) -> None:
        shown = set(re.findall(r"\bdrydock_\w+", " ".join(self.expressions(dashboard))))
        left_out = {
            "drydock_info",
            "drydock_request_duration_seconds_count",
            "drydock_request_duration_seconds_sum",
        }
        created = {name for name in samples if name.endswith("_created")}
        assert samples.keys() - created - shown == left_out

    def test_is_laid_out_without_overlaps(self, dashboard: dict[str, Any]) -> None:
        taken: dict[tuple[int, int], str] = {}
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24, panel["title"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    assert taken.setdefault((x, y), panel["title"]) == panel["title"]

    def test_takes_the_data_source_that_the_user_chooses(self, dashboard: dict[str, Any]) -> None:
        panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
        sources = [panel["datasource"] for panel in panels]
        sources += [target["datasource"] for panel in panels for target in panel["targets"]]
        assert {one["uid"] for one in sources} == {"${datasource}"}
        assert "datasource" in [one["name"] for one in dashboard["templating"]["list"]]
