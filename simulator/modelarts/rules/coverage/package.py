"""A model's config.json, custom images, inference code; limits and quotas; calling a service."""

from __future__ import annotations

from simulator.modelarts.rules.config_parts import PAGE
from simulator.modelarts.rules.coverage.reasons import (
    CHOSEN,
    CONSOLE,
    CONTAINER,
    EXPLAINS,
    GATEWAY,
    IDENTITY,
    KEPT,
    LIFECYCLE,
    NOT_SIMULATED,
    OUTSIDE,
    QUERY,
    QUOTA,
    RUNTIME,
    STORED,
)
from simulator.rules.coverage import Statement, says

_say = says(PAGE)
_image = says("Custom Image Specifications")
_code = says("Specifications for Writing Model Inference Code")
_engine = says("Supported AI Engines")
_call = says("Accessing a Real-Time Service")
_quota = says("Quotas")


def _health_ids(offset: int) -> tuple[str, ...]:
    """The same rule on each of the three checks."""
    return tuple(f"MA-CFG-{first + offset:03d}" for first in (20, 30, 40))


_CONFIG: tuple[Statement, ...] = (
    _say("model_algorithm", "It is a text.", "MA-TYPE-4001"),
    _say(
        "model_algorithm",
        "It is mandatory.",
        "MA-CFG-001",
        why="not for images, in which nothing uses it",
    ),
    _say("model_algorithm", "A letter first, at most 36, none of some.", "MA-CFG-002"),
    _say("model_type", "It is mandatory, a text.", "MA-MUST-4002", "MA-TYPE-4002"),
    _say(
        "model_type",
        "It is an engine, or Image.",
        "MA-MOD-004",
        why="the request's model_type is asked; that of the file may name an engine of any edition",
    ),
    _say("runtime", "It is a text, of no account for images.", "MA-TYPE-4003"),
    _say(
        "swr_location",
        "An image in a package is named here.",
        "MA-TYPE-4004",
        why="Drydock takes images by source_location only",
    ),
    _say("metrics", "f1, recall, precision, accuracy.", "MA-TYPE-4005", "MA-CFG-012"),
    _say("metrics", "Up to 17 decimals.", why=EXPLAINS),
    _say("apis", "They are an array.", "MA-TYPE-4006"),
    _say("apis", "Only images have more than one, or another than /.", "MA-CFG-006"),
    _say("apis, url", "It is a path; / by default.", "MA-TYPE-4101", "MA-CFG-003"),
    _say("apis, method", "POST by default.", "MA-TYPE-4102", "MA-CFG-004"),
    _say("apis, protocol", "http or https; ws and wss later.", "MA-TYPE-4103", "MA-CFG-005"),
    _say(
        "apis, request",
        "A content type and a schema, or in 2021 the schema.",
        "MA-TYPE-4104",
        "MA-CFG-007",
    ),
    _say(
        "apis, response",
        "A content type and a schema, or in 2021 the schema.",
        "MA-TYPE-4105",
        "MA-CFG-009",
    ),
    _say(
        "apis, Content-type",
        "application/json or multipart/form-data.",
        "MA-CFG-008",
        "MA-CFG-010",
    ),
    _say(
        "apis, data",
        "A schema; file is a type, items may be a list.",
        why="the words in it are JSON Schema's and more: the runtime reads what it knows",
    ),
    _say("apis, data", "Some engines take JSON only.", why=RUNTIME),
    _say("dependencies", "They are an array.", "MA-TYPE-4007"),
    _say("dependencies", "pip installs.", "MA-CFG-014"),
    _say("dependencies", "EXACT, ATLEAST or ATMOST a version.", "MA-CFG-015"),
    _say("dependencies", "Not for images.", "MA-CFG-013"),
    _say("dependencies", "They need customize_service.py.", why="no user code is run"),
    _say(
        "health",
        "Images have it; readiness_health and startup_health as well.",
        "MA-CFG-016",
        *("MA-TYPE-4008", "MA-TYPE-4009", "MA-TYPE-4010"),
        why="told, not refused: " + CHOSEN,
    ),
    _say("health, url", "It is mandatory.", "MA-TYPE-4201", *_health_ids(0)),
    _say("health, url", "It is a path.", *_health_ids(1)),
    _say("health, protocol", "It is http.", "MA-TYPE-4202", *_health_ids(8)),
    _say("health, check_method", "HTTP or EXEC.", "MA-TYPE-4203", *_health_ids(2)),
    _say("health, command", "EXEC has one.", "MA-TYPE-4204", *_health_ids(3)),
    _say("health, initial_delay_seconds", "A number in a text.", *_health_ids(4)),
    _say("health, timeout_seconds", "A number in a text.", *_health_ids(5)),
    _say("health, period_seconds", "A number in a text.", *_health_ids(6)),
    _say("health, failure_threshold", "A number in a text.", *_health_ids(7)),
    _say("health", "200 to 399 is healthy.", why=LIFECYCLE),
    _say("health", "With it, stopping takes 3 minutes.", why="an instance is gone when it ends"),
)

_CONTAINER: tuple[Statement, ...] = (
    _image("port", "It listens on 8080, or on the declared port.", "MA-CFG-011", why=CONTAINER),
    _image(
        "protocol",
        "It speaks what is declared; https or http otherwise.",
        "MA-CFG-017",
        "MA-CFG-018",
        "MA-TYPE-4012",
        why=CONTAINER,
    ),
    _image("logs", "It writes them to its outputs.", why=CONTAINER),
    _image("paths", "It serves what apis declares.", why=CONTAINER),
    _image("connections", "It keeps them 200 s.", why=CONTAINER),
    _image("end", "It ends within 60 s of SIGTERM.", why=CONTAINER),
    _image("size", "At most 30 GB, a model 20 GB.", why=CHOSEN),
    _image("batch, 2021", "A start script, python, Java, zip.", why="newer editions do not ask it"),
    _code("class and methods", "Inference code derives from a base.", why="no user code is run"),
    _engine("runtimes", "Names of environments.", why="the list changes with the region"),
)

_CALLING: tuple[Statement, ...] = (
    _call("constraints", "A body has at most 12 MB.", "MA-RUN-001", why=GATEWAY),
    _call("constraints", "The console takes 8 MB.", why=CONSOLE),
    _call("constraints", "40 or 60 seconds.", "MA-RUN-002", why=GATEWAY),
    _call("constraints", "100 requests a second by default.", "MA-RUN-003", why=GATEWAY),
)

_QUOTAS: tuple[Statement, ...] = (
    _quota("real-time services", "20 a user; stopped ones count.", "MA-ADM-014"),
    _quota("batch services", "1,000.", "MA-ADM-014"),
    _quota("edge services", "1,000.", why=NOT_SIMULATED),
    _quota("dedicated pools", "50.", why=QUOTA),
    _quota("instances of a model", "5 or 128.", "MA-SVC-031"),
    _quota("versions that a cascade deletes", "20.", why=STORED),
    _quota("tags", "20 a service.", why=STORED),
    _quota("list page", "1,000.", why=QUERY),
    _quota("automatic stop", "1 to 24 hours in the console.", "MA-SVC-011", why=CONSOLE),
    _quota("deploy timeout", "3 to 120 minutes, 20 by default.", "MA-SVC-044"),
    _quota("rules of routing and scaling", "10 each.", why=QUOTA),
    _quota("request body", "12 MB.", "MA-RUN-001", why=GATEWAY),
    _quota("prediction", "40 or 60 s.", "MA-RUN-002", why=GATEWAY),
    _quota("traffic limit", "100 a second by default.", "MA-RUN-003", why=GATEWAY),
    _quota("models", "There is one; its size is not told.", why=OUTSIDE),
    _quota("events", "A month, three for models.", why=KEPT),
    _quota("logs", "7 days.", why=KEPT),
    _quota("tokens", "24 hours.", why=IDENTITY),
)

STATEMENTS = (*_CONFIG, *_CONTAINER, *_CALLING, *_QUOTAS)
