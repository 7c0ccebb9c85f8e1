"""The model API: importing, listing, showing and deleting models."""

from __future__ import annotations

from simulator.modelarts.rules.coverage.reasons import (
    ANSWER,
    DEFAULT,
    LIFECYCLE,
    PERMITS,
    QUERY,
    STORED,
)
from simulator.modelarts.rules.model import IMPORT
from simulator.rules.coverage import Statement, says

_say = says(IMPORT)
_list = says("Querying the AI Application List")
_detail = says("Querying AI Application Details")
_delete = says("Deleting an AI Application")
_engines = says("Querying Engine Runtimes")

_TYPES: tuple[Statement, ...] = (
    _say("request body, model_name", "A text, mandatory.", "MA-TYPE-3001", "MA-MUST-3001"),
    _say("request body, model_version", "A text, mandatory.", "MA-TYPE-3002", "MA-MUST-3002"),
    _say("request body, source_location", "A text.", "MA-TYPE-3003"),
    _say("request body, source_type", "A text.", "MA-TYPE-3004"),
    _say("request body, model_type", "A text, mandatory.", "MA-TYPE-3005", "MA-MUST-3005"),
    _say("request body, runtime", "A text.", "MA-TYPE-3006"),
    _say("request body, description", "A text.", "MA-TYPE-3007"),
    _say("request body, model_algorithm", "A text.", "MA-TYPE-3008"),
    _say("request body, execution_code", "A text.", "MA-TYPE-3009"),
    _say(
        "request body, input_params, output_params",
        "Arrays of parameters.",
        *("MA-TYPE-3011", "MA-TYPE-3012"),
        *(f"MA-TYPE-31{row:02d}" for row in range(1, 9)),
    ),
    _say(
        "request body, dependencies",
        "An array of installer and packages.",
        *("MA-TYPE-3013", "MA-TYPE-3201", "MA-MUST-3201", "MA-TYPE-3202", "MA-MUST-3202"),
        *("MA-TYPE-3301", "MA-MUST-3301", "MA-TYPE-3302", "MA-TYPE-3303"),
    ),
    _say("request body, model_metrics", "A text.", "MA-TYPE-3014"),
    _say("request body, apis", "An array of objects.", "MA-TYPE-3015"),
    _say("request body, initial_config", "A text.", "MA-TYPE-3016"),
    _say("request body, workspace_id", "A text.", "MA-TYPE-3017"),
    _say(
        "request body, model_docs",
        "An array of address and name.",
        *("MA-TYPE-3018", "MA-TYPE-3401", "MA-MUST-3401", "MA-TYPE-3402", "MA-MUST-3402"),
    ),
    _say("request body, install_type", "An array of texts.", "MA-TYPE-3019"),
    _say("request body, template", "An object.", "MA-TYPE-3020"),
    _say(
        "request body, source_job_id, source_job_version",
        "Texts.",
        "MA-TYPE-3021",
        "MA-TYPE-3022",
    ),
)

_CREATE: tuple[Statement, ...] = (
    _say("model_name", "It has 1 to 64 characters.", "MA-MOD-001"),
    _say("model_name", "Letters, Chinese characters, digits, - and _.", "MA-MOD-002"),
    _say("model_name", "Name and version are not taken.", "MA-ADM-021"),
    _say("model_version", "Three numbers from 0 to 99, no leading zeros.", "MA-MOD-003"),
    _say("model_type", "It is one of the listed types.", "MA-MOD-004"),
    _say("source_location", "It is mandatory unless of a template.", "MA-MOD-005"),
    _say(
        "source_location",
        "It is a folder, or for an image a reference.",
        why="what is there is looked at when the model is created: simulator/modelarts/models.py",
    ),
    _say("source_copy", "true or false.", "MA-MOD-007"),
    _say("source_copy", "Image models only.", "MA-MOD-008"),
    _say("source_type", "auto for models of ExeML.", why=PERMITS),
    _say("runtime", "It is an environment of the engine.", why="the list changes with the region"),
    _say("description", "As that of a service.", "MA-SVC-004", "MA-SVC-005"),
    _say("model_algorithm", "A letter first, at most 36 characters.", "MA-MOD-009"),
    _say(
        "execution_code",
        "It is an object path.",
        why="Drydock runs the package's ONNX file, not user code",
    ),
    _say(
        "input_params",
        "Names, types, lengths of descriptions.",
        "MA-MOD-015",
        "MA-MOD-016",
        "MA-MOD-017",
    ),
    _say(
        "output_params",
        "Names, types, lengths of descriptions.",
        "MA-MOD-018",
        "MA-MOD-019",
        "MA-MOD-020",
    ),
    _say("input_params", "A batch service needs some.", "MA-ADM-004"),
    _say(
        "apis",
        "url, method, protocol, parameters.",
        "MA-CFG-003",
        "MA-CFG-004",
        "MA-CFG-005",
        why="asked for images; a package brings them in its config.json",
    ),
    _say("dependencies", "pip installs.", "MA-MOD-021"),
    _say("dependencies", "EXACT, ATLEAST or ATMOST a version.", "MA-MOD-022", "MA-MOD-023"),
    _say("model_metrics", "JSON in a text.", "MA-MOD-011"),
    _say("initial_config", "The content of config.json in a text.", "MA-MOD-010"),
    _say("install_type", "real-time, batch, edge; all by default.", "MA-MOD-012"),
    _say("model_docs", "At most 3.", "MA-MOD-013"),
    _say("model_docs", "A name has 1 to 48 characters.", "MA-MOD-014"),
    _say("template", "It is mandatory for Template.", "MA-MOD-006"),
    _say(
        "template",
        "template_id, infer_format, template_inputs.",
        why="templates are not simulated, so that what is in it is not looked at",
    ),
    _say("workspace_id", "Absent, it is 0.", why=DEFAULT),
    _say("response", "200 with model_id.", why=ANSWER),
)

_OTHERS: tuple[Statement, ...] = (
    _list("model_name, exact_match", "Part of the name, or the name.", why=QUERY),
    _list("model_version, model_status", "Only such models.", why=QUERY),
    _list("model_type, not_model_type", "One of them.", why=QUERY),
    _list("description", "Part of it.", why=QUERY),
    _list("workspace_id", "Only models of this workspace.", why=QUERY),
    _list("offset, limit, sort_by, order", "The page.", why=QUERY),
    _list("response", "total_count, count, models.", why=ANSWER),
    _detail("response", "A model.", why=ANSWER),
    _detail("status", "publishing, then published or failed.", why=LIFECYCLE),
    _delete("cascade", "All versions of the name, at most 20.", why=STORED),
    _delete("response", "200; what is in use is told inside it.", why=ANSWER),
    _engines("query and response", "Engines and their runtimes.", why=ANSWER),
)

STATEMENTS = (*_TYPES, *_CREATE, *_OTHERS)
