"""Deploying as a Batch Service, and what the documents say of batch jobs elsewhere."""

from __future__ import annotations

from simulator.modelarts.rules.common import BATCH_PAGE
from simulator.modelarts.rules.coverage.reasons import (
    BATCH_RUN,
    CONSOLE,
    EXPLAINS,
    LIFECYCLE,
    PERMITS,
)
from simulator.rules.coverage import Statement, says

_say = says(BATCH_PAGE)
_INPUT = "Manifest File Specifications, input"
_OUTPUT = "Manifest File Specifications, output"

_REQUEST: tuple[Statement, ...] = (
    _say("prerequisites", "The model is in the status Normal.", "MA-ADM-002"),
    _say("prerequisites", "The input is there already.", "MA-ADM-022"),
    _say("prerequisites", "There is a folder for the output.", "MA-ADM-022"),
    _say(
        "prerequisites",
        "The folder is empty.",
        why="table 1 says that one may choose an empty folder, not that one must",
    ),
    _say("context", "There are at most 1,000 batch services.", "MA-ADM-014"),
    _say("context", "JSON input needs a mapping, file input none.", "MA-BAT-006", "MA-BAT-014"),
    _say("context", "A batch service runs in a public pool only.", "MA-SVC-026"),
    _say("procedure, steps 1 and 2", "Where to click.", why=CONSOLE),
    _say("procedure, step 3", "The console makes up a name.", why=CONSOLE),
    _say("table 1, AI Application Source", "My AI applications.", why=CONSOLE),
    _say("table 1, AI Application and Version", "It runs properly.", "MA-ADM-002"),
    _say("table 1, Input Path", "It is a folder or a .manifest file.", "MA-BAT-009", "MA-BAT-015"),
    _say("table 1, Input Path", "An image is smaller than 10 MB.", "MA-BAT-030"),
    _say("table 1, Input Path", "A CSV file has at most 12 MB.", "MA-BAT-031"),
    _say("table 1, Request Path", "It is the url of an API of config.json.", "MA-ADM-005"),
    _say("table 1, Mapping Relationship", "The console makes the mapping.", why=CONSOLE),
    _say("table 1, Mapping Relationship", "Files need no mapping.", "MA-BAT-014"),
    _say(
        "table 1, Mapping Relationship",
        "Each string, number, integer and boolean has an index from 0; another one leaves the "
        "parameter out.",
        "MA-BAT-012",
        "MA-BAT-016",
    ),
    _say("table 1, Mapping Relationship", "Commas divide the columns.", why=BATCH_RUN),
    _say("table 1, Output Path", "It is where results are written.", "MA-BAT-002"),
    _say("table 1, Output Path", "It may be an empty folder.", why=PERMITS),
    _say("table 1, Specifications", "What is grey cannot be used.", "MA-ADM-012"),
    _say("table 1, Compute Nodes", "It is the number of instances.", "MA-SVC-030"),
    _say("table 1, Compute Nodes", "1 is standalone, more is distributed.", why=EXPLAINS),
    _say("table 1, Environment Variable", "Nothing sensitive in them.", "MA-SVC-046"),
    _say("table 1, Timeout", "3 to 120 minutes, 20 by default.", "MA-SVC-044"),
    _say("procedure, step 4", "A deployment takes minutes.", why=EXPLAINS),
    _say("procedure, step 4", "From Deploying to Running: done.", why=LIFECYCLE),
)

_MANIFESTS: tuple[Statement, ...] = (
    _say(_INPUT, "The name ends in .manifest.", "MA-BAT-020"),
    _say(_INPUT, "Each line is a JSON object with a source.", "MA-MUST-5101", "MA-TYPE-5101"),
    _say(_INPUT, "It is a file, not a folder.", "MA-BAT-022"),
    _say(_INPUT, "source is obs://, s3:// or https:// of an object.", "MA-BAT-021"),
    _say(_OUTPUT, "The output folder gets a manifest and results.", why=BATCH_RUN),
    _say(_OUTPUT, "Its name is infer-result-{task_id}.manifest.", why=BATCH_RUN),
    _say(_OUTPUT, "Many files make several, numbered ones.", why=BATCH_RUN),
    _say(_OUTPUT, "Results are in a directory beside it.", why=BATCH_RUN),
    _say(_OUTPUT, "A result is {input}_result.txt.", why=BATCH_RUN),
    _say(_OUTPUT, "Each line is the result of one input.", why=BATCH_RUN),
    _say(_OUTPUT, "source is that of the input manifest.", why=BATCH_RUN),
    _say(_OUTPUT, "result is SUCCESSFUL or FAILED.", why=BATCH_RUN),
    _say(_OUTPUT, "inference-loc is there on success, as obs://.", why=BATCH_RUN),
    _say(_OUTPUT, "error_message is there on failure.", why=BATCH_RUN),
    _say("Example Mapping", "The mapping is the schema with indexes.", "MA-BAT-012"),
    _say("Example Mapping", "One row makes one request in that form.", why=BATCH_RUN),
)

_ELSEWHERE: tuple[Statement, ...] = (
    _say("other editions, model", "It has exactly one model.", "MA-SVC-007"),
    _say("other editions, model", "The model declares its input.", "MA-ADM-004"),
    _say("other editions, model", "It is meant for batch services.", "MA-ADM-003"),
    _say(
        "other editions, model",
        "config.json has content type and schema of both sides.",
        "MA-ADM-004",
        "MA-CFG-007",
        "MA-CFG-009",
        why="config.json does not tell that it is for a batch service, so that either may be "
        "absent; a model without input is refused",
    ),
    _say("other editions, paths", "obs://, s3://, https:// and /bucket/key.", "MA-BAT-010"),
    _say("other editions, paths", "A path at which nothing is, is refused.", "MA-ADM-022"),
    _say(
        "other editions, paths",
        "An access that OBS refuses is 3567.",
        why="objects have no owners here",
    ),
    _say("other editions, paths", "A URL without a bucket is refused.", "MA-BAT-010", "MA-BAT-011"),
    _say("other editions, csv", "UTF-8 where there is Chinese.", why=BATCH_RUN),
    _say("other editions, csv", "The type of a leaf decides what is sent.", why=BATCH_RUN),
    _say("other editions, csv", "An array with one schema gets one element.", why=BATCH_RUN),
    _say("other editions, run", "The job begins with the deployment.", why=BATCH_RUN),
    _say("other editions, run", "It can be stopped, and starts anew.", why=BATCH_RUN),
    _say("other editions, run", "Failed items do not fail the job.", why=BATCH_RUN),
    _say("other editions, run", "Where all failed, only the manifest is there.", why=BATCH_RUN),
    _say(
        "edition of 2021",
        "Manifests are numbered by instance and lack result and error_message.",
        why="the newer edition is the authority",
    ),
)

STATEMENTS = (*_REQUEST, *_MANIFESTS, *_ELSEWHERE)
