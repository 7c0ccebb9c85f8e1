"""The service API besides deploying: listing, updating, deleting, watching, tags, APP codes."""

from __future__ import annotations

from simulator.modelarts.rules.coverage.reasons import (
    ANSWER,
    CHOSEN,
    DEFAULT,
    IDENTITY,
    KEPT,
    LIFECYCLE,
    NOT_SIMULATED,
    QUERY,
    QUERY_IGNORED,
    SMALL,
    STORED,
)
from simulator.modelarts.schemas import UPDATE
from simulator.rules.coverage import Statement, says

_list = says("Querying Services")
_detail = says("Querying Service Details")
_update = says(UPDATE)
_sdk = says("SDK reference")
_patch = says("Patching a Service")
_property = says("Updating a Service Property")
_delete = says("Deleting a Service")
_monitor = says("Querying Service Monitoring Information")
_logs = says("Querying Service Update Logs")
_events = says("Querying Service Event Logs")
_flavors = says("Querying Service Specifications")
_clusters = says("Querying Dedicated Resource Pools")
_tags = says("Service Tags")
_edge = says("Service Task Management")
_app = says("APP Authentication")

_LISTS: tuple[Statement, ...] = (
    _list("service_id", "Only the service of this id.", why=QUERY),
    _list("service_name", "Only services of this name.", why=QUERY),
    _list("model_id", "Only services with this model.", why=QUERY),
    _list("infer_type", "Only services of this kind.", why=QUERY),
    _list("status", "Only services of this status, one of ten.", why=QUERY),
    _list("workspace_id", "Only services of this workspace; 0 by default.", why=QUERY),
    _list("tags", "Only services with these tags.", why=QUERY),
    _list("cluster_id", "Older editions: only services in this pool.", why=QUERY_IGNORED),
    _list("offset", "Where the page begins; 0 by default.", why=QUERY),
    _list("limit", "How many; 1,000 by default and at most.", why=QUERY),
    _list("sort_by", "publish_at, service_name or transition_at.", why=QUERY),
    _list("order", "asc or desc, the default.", why=QUERY),
    _list("response", "total_count, count, services.", why=ANSWER),
    _detail("response", "What a service and its versions look like.", why=ANSWER),
    _detail("config[].status", "Two lists of words.", why=ANSWER),
)

_UPDATES: tuple[Statement, ...] = (
    _update("request body, status", "It is a text.", "MA-TYPE-2004"),
    _update("request body, status", "It is running or stopped.", "MA-UPD-001"),
    _update("request body, status", "Beside it nothing else is applied.", "MA-UPD-002"),
    _update("request body, config", "As in a deployment.", "MA-TYPE-2003", "MA-SVC-006"),
    _update("request body, config", "It replaces the present one.", why=LIFECYCLE),
    _update("request body, description", "Absent, it stays.", "MA-TYPE-2002", why=DEFAULT),
    _update("request body, description", "At most 100 characters.", "MA-SVC-004"),
    _update("request body, description", "None of < > = & \" '.", "MA-SVC-005"),
    _update("request body, schedule", "Real-time services only.", "MA-SVC-008", "MA-TYPE-2001"),
    _update(
        "request body, additional_properties",
        "As in a deployment.",
        "MA-TYPE-2005",
        "MA-SVC-066",
    ),
    _update(
        "request body, load_balancer_policy", "As in a deployment.", "MA-TYPE-2006", "MA-SVC-022"
    ),
    _update("request body, priority", "As in a deployment.", "MA-TYPE-2007", "MA-SVC-024"),
    _update(
        "request body, vpc_id",
        "The network cannot be changed.",
        "MA-UPD-003",
        "MA-UPD-004",
        "MA-UPD-005",
        "MA-TYPE-2008",
        "MA-TYPE-2009",
        "MA-TYPE-2010",
    ),
    _update(
        "request body, service_secrets",
        "Secrets and where they are mounted.",
        "MA-TYPE-2011",
        why="secrets are not simulated, so that what is in it is not looked at",
    ),
    _update("request body", "WebSocket stays as it is.", "MA-UPD-006"),
    _update("request body", "Log channels stay once on.", "MA-UPD-007"),
    _update("behaviour", "Only a change of config is logged.", why=LIFECYCLE),
    _update("behaviour", "The address does not change.", why=LIFECYCLE),
    _update("behaviour", "A failed update is rolled back.", why=LIFECYCLE),
    _update("behaviour", "Image models in dedicated pools roll without a gap.", why=LIFECYCLE),
    _update("behaviour", "It is deploying meanwhile.", why=LIFECYCLE),
    _update("error codes, ModelArts.3519", "Message and meaning disagree.", why=CHOSEN),
    _sdk("starting and stopping a service", "Not to the status it has.", "MA-UPD-008"),
    _sdk(
        "starting and stopping a service",
        "Deploying, stopping, deleting: no start and no new config.",
        "MA-UPD-008",
        "MA-UPD-009",
    ),
    _sdk("starting and stopping a service", "Waiting, concerning: no start.", "MA-UPD-008"),
    _sdk(
        "console of 2021",
        "Start from finished, failed, stopped; stop from running, concerning.",
        "MA-UPD-008",
        why="a failed service may be stopped, too: docs/decisions.md",
    ),
    _patch("request body", "An array of op, path and value.", why=SMALL),
    _patch("request body, op", "replace only.", why=SMALL),
    _patch("request body, path", "It begins with /config/.", why=SMALL),
    _patch("request body, value", "It is a text.", why=SMALL),
    _property("request body, changed_property", "instance_count only.", why=SMALL),
    _property("request body, configs", "model_id and changed_value.", why=SMALL),
    _property("request body, changed_value", "An integer as text, another one.", why=SMALL),
    _property("request body", "Real-time services that were deployed.", why=LIFECYCLE),
)

_OTHERS: tuple[Statement, ...] = (
    _delete("URI", "Several ids, joined by commas.", why="the routes"),
    _delete("URI", "The owner only.", why="Drydock's users share their project"),
    _delete("response", "200 and {}; then it is deleting until 404.", why=LIFECYCLE),
    _monitor("response", "Counters and use of resources.", why=ANSWER),
    _logs("response", "History of configurations.", why=ANSWER),
    _events("event_type", "normal or abnormal.", why=QUERY),
    _events(
        "event_info",
        "A text without back-quotes, brackets and ' ; , / ?.",
        why=QUERY,
    ),
    _events("start_time, end_time", "Milliseconds.", why=QUERY),
    _events("offset, limit, order", "As of services.", why=QUERY),
    _events("sort_by", "occur_time only.", why=QUERY),
    _events("response", "Events, newest first.", why=ANSWER),
    _events("retention", "One month.", why=KEPT),
    _flavors(
        "is_personal_cluster, infer_type, limit, offset",
        "Which specifications.",
        why=QUERY,
    ),
    _flavors("response", "The specifications.", "MA-SVC-032", why=ANSWER),
    _clusters("query and response", "Pools of the old kind.", why=QUERY),
    _tags("key", "At most 128 characters of certain kinds, not _sys_.", why=SMALL),
    _tags("value", "At most 255 characters of certain kinds.", why=SMALL),
    _tags("tags", "At most 20 a service; the same key replaces.", why=STORED),
    _tags("tags", "Real-time services only.", why=STORED),
    _edge("nodes", "An edge node is started and stopped.", why=NOT_SIMULATED),
    _edge("tasks", "Tasks of edge services.", why=NOT_SIMULATED),
    _app("apps, codes, APIs", "Applications, their codes, their APIs.", why=STORED),
    _app("app_remark", "At most 200 characters.", why=SMALL),
    says("Permissions")("actions", "A permission for each operation.", why=IDENTITY),
    says("Querying Services")("URI", "specifications is no service id.", why="the routes"),
)

STATEMENTS = (*_LISTS, *_UPDATES, *_OTHERS)
