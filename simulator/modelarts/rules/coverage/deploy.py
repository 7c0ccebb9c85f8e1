"""Deploying Services: what its tables say beyond type and presence, and its examples."""

from __future__ import annotations

from simulator.modelarts.rules.coverage.reasons import (
    ANSWER,
    CHOSEN,
    DEFAULT,
    EXPLAINS,
    IDENTITY,
    LIFECYCLE,
    MONEY,
    OUTSIDE,
    PERMITS,
)
from simulator.modelarts.schemas import DEPLOY
from simulator.rules.coverage import Statement, says

_say = says(DEPLOY)

_REQUEST: tuple[Statement, ...] = (
    _say("URI", "A service is deployed by POST /v1/{project_id}/services.", why="the routes"),
    _say("table 1", "project_id is in the path.", why="the routes, and " + IDENTITY),
    _say("table 2", "X-Auth-Token carries the user's token.", why=IDENTITY),
    _say("table 3, workspace_id", "Absent, it is 0, the default workspace.", why=DEFAULT),
    _say("table 3, workspace_id", "It names a workspace.", "MA-ADM-015"),
    _say("table 3, schedule", "Only real-time services have a schedule.", "MA-SVC-008"),
    _say("table 3, schedule", "Without one a service runs on and on.", why=LIFECYCLE),
    _say("table 3, cluster_id", "Blank means no dedicated pool.", why=DEFAULT),
    _say("table 3, cluster_id", "The pool exists and runs.", "MA-ADM-008", "MA-ADM-009"),
    _say(
        "table 3, cluster_id",
        "The pool brings its network, and vpc_id then has no effect.",
        "MA-SVC-018",
    ),
    _say("table 3, cluster_id", "A version's cluster_id goes before it.", "MA-SVC-020"),
    _say(
        "table 3, cluster_id",
        "In a dedicated pool, cluster_id or pool_name is given.",
        "MA-SVC-035",
        "MA-SVC-060",
        why="what says that a dedicated pool is meant is the very field; the rules hold what only "
        "works in one",
    ),
    _say("table 3, pool_name", "It names a pool of the new kind.", "MA-ADM-010"),
    _say("table 3, pool_name", "Blank means no dedicated pool.", why=DEFAULT),
    _say("table 3, pool_name", "The pool exists and runs.", "MA-ADM-008", "MA-ADM-009"),
    _say("table 3, pool_name", "A version's pool_name goes before it.", "MA-SVC-020"),
    _say("table 3, infer_type", "It is real-time or batch.", "MA-SVC-001"),
    _say("table 3, infer_type", "A real-time service keeps running.", why=LIFECYCLE),
    _say("table 3, infer_type", "A batch service ends with its data.", why=LIFECYCLE),
    _say("table 3, infer_type", "Edge nodes are made beforehand in another service.", why=OUTSIDE),
    _say("table 3, vpc_id", "It is for instances of real-time services.", "MA-SVC-019"),
    _say("table 3, vpc_id", "Blank, each user has a network apart.", why=DEFAULT),
    _say("table 3, vpc_id", "It names a VPC.", "MA-ADM-017", "MA-ADM-018"),
    _say("table 3, vpc_id", "It cannot be changed later.", "MA-UPD-003"),
    _say("table 3, vpc_id", "Beside cluster_id only the pool counts.", "MA-SVC-018"),
    _say("table 3, service_name", "It has 1 to 64 characters.", "MA-SVC-002"),
    _say("table 3, description", "It has at most 100 characters.", "MA-SVC-004"),
    _say("table 3, description", "It has none of ! < > + & \" '.", "MA-SVC-005"),
    _say("table 3, description", "Absent, it is blank.", why=DEFAULT),
    _say("table 3, security_group_id", "It is mandatory with vpc_id.", "MA-SVC-017"),
    _say("table 3, security_group_id", "It names a security group.", "MA-ADM-019"),
    _say(
        "table 3, security_group_id",
        "The group lets TCP in from 0.0.0.0/0 to port 8080.",
        "MA-ADM-020",
    ),
    _say("table 3, subnet_network_id", "It is mandatory with vpc_id.", "MA-SVC-016"),
    _say("table 3, subnet_network_id", "It names a subnet of the VPC.", "MA-ADM-017"),
    _say("table 3, config", "A batch service has one model.", "MA-SVC-007"),
    _say("table 3, config", "A real-time service may have several, with weights.", "MA-SVC-012"),
    _say("table 3, config", "Model versions do not stand in it twice.", "MA-SVC-015"),
    _say("table 3, config", "It configures what runs: there is something in it.", "MA-SVC-006"),
    _say("tables 3 to 13", "These are the fields; others are named nowhere.", "MA-UNKNOWN"),
    _say("table 4, duration", "It counts time units until the service stops.", "MA-SVC-011"),
    _say("table 4, time_unit", "It is DAYS, HOURS or MINUTES.", "MA-SVC-010"),
    _say("table 4, type", "Only stop is supported.", "MA-SVC-009"),
)

_VERSION: tuple[Statement, ...] = (
    _say("table 5, custom_spec", "It holds sizes of one's own.", "MA-SVC-036"),
    _say("table 5, envs", "It maps names to values.", "MA-SVC-045"),
    _say("table 5, envs", "Absent, it is blank.", why=DEFAULT),
    _say("table 5, specification", "It is one of those that can be queried.", "MA-SVC-032"),
    _say(
        "table 5, specification",
        "The GPU and the Ascend specification must be applied for.",
        "MA-ADM-012",
    ),
    _say("table 5, specification", "The Ascend one is printed modelsarts.…", "MA-SVC-033"),
    _say("table 5, specification", "custom needs a dedicated pool.", "MA-SVC-035"),
    _say("table 5, specification", "custom needs custom_spec.", "MA-SVC-034"),
    _say("table 5, weight", "It is mandatory for real-time services.", "MA-SVC-012"),
    _say("table 5, weight", "Only for them.", "MA-SVC-050"),
    _say("table 5, weight", "All weights add up to 100.", "MA-SVC-014"),
    _say("table 5, weight", "Requests are spread by the weights.", why="the gateway does so"),
    _say(
        "table 5, deploy_timeout_in_seconds",
        "It limits the deployment of one instance of a model.",
        "MA-SVC-044",
    ),
    _say("table 5, model_id", "It is a model that can be queried.", "MA-ADM-001"),
    _say("table 5, src_path", "It is mandatory for batch services.", "MA-BAT-001"),
    _say("table 5, src_path", "It is an object path.", "MA-BAT-010"),
    _say("table 5, req_uri", "It is mandatory for batch services.", "MA-BAT-003"),
    _say("table 5, req_uri", "It is the url of one of the model's APIs.", "MA-ADM-005"),
    _say("table 5, req_uri", "Built-in engines have the API / only.", "MA-ADM-005", "MA-CFG-006"),
    _say("table 5, mapping_type", "It is mandatory for batch services.", "MA-BAT-004"),
    _say("table 5, mapping_type", "It is file or csv.", "MA-BAT-005"),
    _say("table 5, mapping_type", "file: one request for each input file.", why=LIFECYCLE),
    _say(
        "table 5, mapping_type",
        "file: the API has one parameter, of type file.",
        "MA-ADM-006",
    ),
    _say("table 5, mapping_type", "csv: one request for each row.", why=LIFECYCLE),
    _say("table 5, mapping_type", "csv: inputs end in .csv.", "MA-BAT-013", "MA-BAT-032"),
    _say("table 5, mapping_type", "csv: mapping_rule is mandatory.", "MA-BAT-006"),
    _say("table 5, cluster_id", "It is for real-time services, and optional.", why=PERMITS),
    _say("table 5, cluster_id", "The pool exists and runs.", "MA-ADM-008", "MA-ADM-009"),
    _say(
        "table 5, cluster_id",
        "The pool brings its network, and vpc_id then has no effect.",
        "MA-SVC-018",
    ),
    _say("table 5, pool_name", "It names a pool of the new kind that runs.", "MA-ADM-010"),
    _say("table 5, pool_name", "It goes before the service's.", "MA-SVC-020"),
    _say("table 5, nodes", "It is mandatory for edge services.", "MA-SVC-049"),
    _say(
        "table 5, nodes", "The ids are those of nodes that exist.", why=OUTSIDE + ": no edge nodes"
    ),
    _say("table 5, mapping_rule", "It is mandatory with csv only.", "MA-BAT-006", "MA-BAT-014"),
    _say(
        "table 5, mapping_rule",
        "It looks like the input that config.json declares.",
        why="what a service sends is what the rule says; what the model thinks of it shows in the "
        "run",
    ),
    _say(
        "table 5, mapping_rule",
        "Each parameter of type string, number, integer or boolean has an index, from 0; -1 leaves "
        "it out.",
        "MA-BAT-012",
    ),
    _say("table 5, mapping_rule", "Columns of CSV data are divided by commas.", why=LIFECYCLE),
    _say("table 5, src_type", "It is mandatory for batch services.", "MA-BAT-008"),
    _say("table 5, src_type", "It is ManifestFile or blank.", "MA-BAT-007"),
    _say("table 5, src_type", "Blank, the files in the folder src_path are read.", "MA-BAT-015"),
    _say("table 5, src_type", "ManifestFile: src_path is a manifest's path.", "MA-BAT-009"),
    _say("table 5, src_type", "A manifest may name several paths.", why=PERMITS),
    _say("table 5, dest_path", "It is mandatory for batch services.", "MA-BAT-002"),
    _say("table 5, dest_path", "It is an object path.", "MA-BAT-011"),
    _say("table 5, instance_count", "It is at most 5; more by a ticket.", "MA-SVC-031"),
    _say("table 5, instance_count", "It counts instances: at least one.", "MA-SVC-030"),
    _say("table 6, gpu_p4", "It may be a decimal, and is not below 0.", "MA-SVC-039"),
    _say("table 6, gpu_p4", "Its third decimal is rounded off.", "MA-SVC-043"),
    _say("table 6, memory", "It is in MB and whole.", "MA-SVC-038", "MA-TYPE-0602"),
    _say("table 6, cpu", "It may be a decimal, and is not below 0.01.", "MA-SVC-037"),
    _say("table 6, cpu", "Its third decimal is rounded off.", "MA-SVC-042"),
    _say("table 6, ascend_a310", "It counts chips.", "MA-SVC-040"),
    _say("table 6, ascend_a310", "It and gpu_p4 exclude each other.", "MA-SVC-041"),
)

_ATTRIBUTES: tuple[Statement, ...] = (
    _say("table 7, log_volume", "In a public pool it is an error.", "MA-SVC-060"),
    _say("table 7, max_surge", "It is above 0; 1 by default.", "MA-SVC-061"),
    _say("table 7, max_surge", "Below 1 a fraction, above a count.", why=LIFECYCLE),
    _say("table 7, max_unavailable", "It is above 0; 0 by default.", "MA-SVC-062"),
    _say("table 7, max_unavailable", "Below 1 a fraction, above a count.", why=LIFECYCLE),
    _say(
        "table 7, termination_grace_period_seconds",
        "It is the time that a container has to end.",
        "MA-SVC-063",
    ),
    _say("table 7, persistent_volumes", "It mounts storage.", why=EXPLAINS),
    _say("table 8, host_path", "It is a directory of the host.", why=OUTSIDE + ": no such hosts"),
    _say("table 8, mount_path", "It is a directory in the container.", why=EXPLAINS),
    _say("table 9, name", "It names the volume.", why=EXPLAINS),
    _say("table 9, mount_path", "It is a directory in the container.", "MA-SVC-064"),
    _say(
        "table 10, smn_notification", "It tells of changes of status.", why="no message is sent"
    ),
    _say("table 10, log_report_channels", "Absent or empty, logs go nowhere.", why=DEFAULT),
    _say("table 10, log_report_channels", "Once on, it cannot be changed.", "MA-UPD-007"),
    _say("table 10, websocket_upgrade", "Absent, it is false in a deployment.", why=DEFAULT),
    _say("table 10, websocket_upgrade", "Absent, an update leaves it.", why=DEFAULT),
    _say("table 10, websocket_upgrade", "Once on, it cannot be changed.", "MA-UPD-006"),
    _say("table 10, websocket_upgrade", "It excludes a traffic limit.", "MA-SVC-072"),
    _say("table 11, topic_urn", "It names a topic.", why=OUTSIDE + ": no message service"),
    _say("table 11, events", "They are 1, 3, 7 and 11.", "MA-SVC-067"),
    _say("table 12, type", "It is LTS.", "MA-SVC-068"),
    _say("table 12, configuration", "It says where logs go.", why=EXPLAINS),
    _say("table 13, log_group_id", "It has 64 characters.", "MA-SVC-069"),
    _say("table 13, log_stream_id", "It has 64 characters.", "MA-SVC-070"),
)

_ANSWER: tuple[Statement, ...] = (
    _say("table 14", "The answer is 200 with service_id and resource_ids.", why=ANSWER),
    _say(
        "example requests",
        "Each of the seven examples is valid; the weight is a string in three of them.",
        "MA-TYPE-0504",
        "MA-SVC-001",
        "MA-SVC-026",
        "MA-SVC-035",
        "MA-SVC-041",
        "MA-BAT-008",
    ),
    _say("error codes", "Refusals have a code of the page Error Codes.", why=ANSWER),
)

_MORE = says(DEPLOY)
_PLACE = "API definition of newer editions"
_DEFINITION: tuple[Statement, ...] = (
    _MORE(
        f"{_PLACE}, service_name",
        "It has letters, Chinese characters, digits, - and _ only.",
        "MA-SVC-003",
    ),
    _MORE(f"{_PLACE}, service_name", "A name that is taken is refused.", "MA-ADM-013"),
    _MORE(f"{_PLACE}, infer_type", "edge is a value, too.", "MA-SVC-001"),
    _MORE(
        f"{_PLACE}, description", "Its pattern forbids & ! ' \" < > =.", "MA-SVC-005", "MA-SVC-004"
    ),
    _MORE(f"{_PLACE}, workspace_id", "An unknown one is ModelArts.0102.", "MA-ADM-015"),
    _MORE(f"{_PLACE}, schedule", "A time that is past is refused.", "MA-SVC-011"),
    _MORE(f"{_PLACE}, schedule", "One page calls type op_type.", why=CHOSEN),
    _MORE(f"{_PLACE}, vpc_id", "The group must open port 8080.", "MA-ADM-020"),
    _MORE(f"{_PLACE}, vpc_id", "The network cannot be changed.", "MA-UPD-004", "MA-UPD-005"),
    _MORE(f"{_PLACE}, pool_name", "It goes before cluster_id.", "MA-SVC-021"),
    _MORE(
        f"{_PLACE}, pool_name",
        "Where a version has one, the service has one.",
        why="newer editions only; Deploying Services lets either stand alone",
    ),
    _MORE(f"{_PLACE}, config", "One item for batch and edge.", "MA-SVC-007"),
    _MORE(f"{_PLACE}, config", "The same model version twice is refused.", "MA-SVC-015"),
    _MORE(
        f"{_PLACE}, config", "model_id is mandatory.", "MA-MUST-0506", "MA-MUST-0503", "MA-MUST-0516"
    ),
    _MORE(f"{_PLACE}, instance_count", "5 at most, or 128.", "MA-SVC-031"),
    _MORE(f"{_PLACE}, weight", "0 to 100, together 100.", "MA-SVC-013", "MA-SVC-014"),
    _MORE(f"{_PLACE}, deploy_timeout_in_seconds", "3 to 120.", "MA-SVC-044"),
    _MORE(f"{_PLACE}, max_unavailable", "At least 0.", "MA-SVC-062"),
    _MORE(
        f"{_PLACE}, termination_grace_period_seconds",
        "30 to 300; 240 by default.",
        "MA-SVC-063",
    ),
    _MORE(
        f"{_PLACE}, persistent_volumes",
        "storage_type is sfs_turbo, source_address says what is mounted.",
        "MA-SVC-065",
        "MA-TYPE-0903",
        "MA-TYPE-0904",
    ),
    _MORE(
        f"{_PLACE}, affinity",
        "It prefers or demands nodes of pools.",
        "MA-TYPE-0518",
        why="there are no nodes to choose from, so that what is in it is not looked at",
    ),
    _MORE(f"{_PLACE}, smn_notification", "It may be one object, not a map.", "MA-TYPE-1001"),
    _MORE(f"{_PLACE}, events", "A client's page also lists 2 and 9.", "MA-SVC-067", why=CHOSEN),
    _MORE(
        f"{_PLACE}, load_balancer_policy",
        "ROUND_ROBIN, LEAST_CONNECTIONS or SOURCE_IP; real-time services only.",
        "MA-SVC-022",
        "MA-SVC-023",
        "MA-TYPE-0313",
    ),
    _MORE(
        f"{_PLACE}, priority",
        "1 to 3; real-time and batch services.",
        "MA-SVC-024",
        "MA-SVC-027",
        "MA-TYPE-0314",
    ),
    _MORE(
        _PLACE,
        "No field sets the traffic limit, request timeout, port or scaling.",
        "MA-SVC-074",
        "MA-TYPE-0315",
        "MA-TYPE-1501",
        "MA-TYPE-1502",
        why="the traffic limit is taken under Drydock's own key x-drydock",
    ),
    _MORE(_PLACE, "Every call has Content-Type application/json.", why=PERMITS),
    _MORE(_PLACE, "Every answer has X-Request-Id.", why=ANSWER),
    _MORE(_PLACE, "What runs in a public pool is metered by its size.", why=MONEY),
)

STATEMENTS = (*_REQUEST, *_VERSION, *_ATTRIBUTES, *_ANSWER, *_DEFINITION)
