"""Deploying Services: what each row of tables 3 to 13 says of a field's type and presence."""

from __future__ import annotations

from simulator.modelarts.schemas import DEPLOY
from simulator.rules.coverage import Statement, says

_say = says(DEPLOY)

_TABLES: dict[int, tuple[str, ...]] = {
    3: (
        "workspace_id: String, optional",
        "schedule: Array of Schedule, optional",
        "cluster_id: String, optional",
        "pool_name: String, optional",
        "infer_type: String, mandatory",
        "vpc_id: String, optional",
        "service_name: String, mandatory",
        "description: String, optional",
        "security_group_id: String, optional",
        "subnet_network_id: String, optional",
        "config: Array of ServiceConfig, mandatory",
        "additional_properties: Map of ServiceAdditionalProperties, optional",
    ),
    4: (
        "duration: Integer, mandatory",
        "time_unit: String, mandatory",
        "type: String, mandatory",
    ),
    5: (
        "custom_spec: CustomSpec, optional",
        "envs: Map of String, optional",
        "specification: String, mandatory",
        "weight: Integer, optional",
        "deploy_timeout_in_seconds: Integer, optional",
        "model_id: String, mandatory",
        "src_path: String, optional",
        "req_uri: String, optional",
        "mapping_type: String, optional",
        "cluster_id: String, optional",
        "pool_name: String, optional",
        "nodes: Array of String, optional",
        "mapping_rule: Object, optional",
        "src_type: String, optional",
        "dest_path: String, optional",
        "instance_count: Integer, mandatory",
        "additional_properties: Map of ModelAdditionalProperties, optional",
    ),
    6: (
        "gpu_p4: Float, optional",
        "memory: Integer, mandatory",
        "cpu: Float, mandatory",
        "ascend_a310: Integer, optional",
    ),
    7: (
        "log_volume: Array of log_volume, optional",
        "max_surge: Float, optional",
        "max_unavailable: Float, optional",
        "termination_grace_period_seconds: Integer, optional",
        "persistent_volumes: Array of persistent_volumes, optional",
    ),
    8: (
        "host_path: String, mandatory",
        "mount_path: String, mandatory",
    ),
    9: (
        "name: String, optional",
        "mount_path: String, mandatory",
    ),
    10: (
        "smn_notification: Map of SmnNotification, mandatory",
        "log_report_channels: Array of LogReportPipeline, optional",
        "websocket_upgrade: Boolean, optional",
    ),
    11: (
        "topic_urn: String, mandatory",
        "events: Array of Integer, mandatory",
    ),
    12: (
        "type: String, mandatory",
        "configuration: LtsConfiguration, optional",
    ),
    13: (
        "log_group_id: String, mandatory",
        "log_stream_id: String, mandatory",
    ),
}
_BY_READING = {(10, 1): "MA-SVC-066"}
"""Rows whose presence a rule with a reading holds, since the documents contradict each other."""


def _row(table: int, number: int, row: str) -> Statement:
    name, said = row.split(": ")
    code = f"{table:02d}{number:02d}"
    rules = [f"MA-TYPE-{code}"]
    if said.endswith("mandatory"):
        rules.append(_BY_READING.get((table, number), f"MA-MUST-{code}"))
    return _say(f"table {table}, {name}", f"{name} is {said}.", *rules)


STATEMENTS: tuple[Statement, ...] = tuple(
    _row(table, number, row)
    for table, rows in _TABLES.items()
    for number, row in enumerate(rows, start=1)
)
