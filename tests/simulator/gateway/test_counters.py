"""What is read out of Envoy's statistics."""

from __future__ import annotations

from typing import Any

from simulator.gateway.counters import (
    Bucket,
    HostTraffic,
    VersionTraffic,
    parse_answers,
    parse_hosts,
    parse_latencies,
    parse_traffic,
)


def test_counters_and_latencies_of_a_version_come_together() -> None:
    stats = [
        {"name": "cluster.s.1~0.upstream_rq_completed", "value": 7},
        {"name": "cluster.s.1~0.upstream_rq_5xx", "value": 2},
        {"name": "cluster.s.1~0.upstream_rq_4xx", "value": 1},
        {"name": "cluster.s.1~0.upstream_rq_active", "value": 3},
        {"name": "cluster.s.1~0.upstream_rq_200", "value": 4},
        {"name": "cluster.s.1~0.upstream_rq_503", "value": 2},
        {"name": "cluster.s.1~0.upstream_cx_tx_bytes_total", "value": 11},
        {"name": "cluster.s.1~0.upstream_cx_rx_bytes_total", "value": 22},
        {"name": "cluster.s.1~0.internal.upstream_rq_completed", "value": 99},
        {"name": "cluster.~control.upstream_rq_completed", "value": 99},
        {
            "histograms": {
                "supported_quantiles": [0, 50, 90, 99, 100],
                "computed_quantiles": [
                    {
                        "name": "cluster.s.1~0.upstream_rq_time",
                        "values": [
                            {"interval": None, "cumulative": 1},
                            {"interval": None, "cumulative": 2.5},
                            {"interval": 7, "cumulative": 8},
                            {"interval": 8, "cumulative": 9},
                            {"interval": None, "cumulative": 10},
                        ],
                    }
                ],
            }
        },
    ]
    assert parse_traffic(stats) == [
        VersionTraffic(
            "s",
            "1.0",
            requests_total=7,
            errors_5xx=2,
            errors_4xx=1,
            active=3,
            p50_ms=2.5,
            p90_ms=8,
            p99_ms=9,
            max_ms=10,
            recent_p90_ms=7,
            recent_p99_ms=8,
            request_bytes=11,
            response_bytes=22,
            by_code={200: 4, 503: 2},
        )
    ]


def test_no_versions_no_traffic() -> None:
    assert parse_traffic([]) == []
    assert parse_latencies([]) == {}


def test_buckets_are_those_of_versions_only() -> None:
    totals = [
        {"lower_bound": 1, "width": 0.1, "count": 4},
        {"lower_bound": 13, "width": 1, "count": 1},
    ]
    details = [
        {"name": "cluster.s.v1.upstream_rq_time", "totals": totals},
        {"name": "http.gateway.downstream_rq_time", "totals": totals},
    ]
    assert parse_latencies([{"histograms": {"details": details}}]) == {
        ("s", "v1"): [Bucket(1, 1.1, 4), Bucket(13, 14, 1)]
    }


def test_answers_are_those_to_clients() -> None:
    stats = [
        {"name": "http.gateway.downstream_rq_4xx", "value": 3},
        {"name": "http.gateway.downstream_rq_completed", "value": 9},
        {"name": "http.other.downstream_rq_2xx", "value": 9},
    ]
    assert parse_answers(stats) == {"4xx": 3}


def a_host(address: dict[str, Any], **values: str) -> dict[str, Any]:
    absent = [{"name": "rq_timeout"}]
    return {
        "address": address,
        "stats": [{"name": name, "value": value} for name, value in values.items()] + absent,
    }


def test_instances_are_told_by_their_addresses() -> None:
    pipe = a_host({"pipe": {"path": "/run/1.sock"}}, rq_total="5", rq_error="2", rq_active="1")
    port = a_host({"socket_address": {"address": "10.0.0.1", "port_value": 8080}})
    statuses = [
        {"name": "s.v1.0", "host_statuses": [pipe, port]},
        {"name": "s.v2"},
        {"name": "~control", "host_statuses": [pipe]},
    ]
    assert parse_hosts(statuses) == [
        HostTraffic("s", "v1.0", "/run/1.sock", requests_total=5, errors_total=2, active=1),
        HostTraffic("s", "v1.0", "10.0.0.1:8080"),
    ]
