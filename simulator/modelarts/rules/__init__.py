"""What the ModelArts documents state, as one list of rules.

Read `service.py`, `version.py`, `pools.py`, `networks.py`, `attributes.py` and `batch.py` for
requests, `update.py` and `admission.py` for what depends on the state of things, `model.py`,
`config_json.py` and `health.py` for models, `prediction.py` for calls.
"""

from __future__ import annotations

from simulator.modelarts.error_codes import INVALID_ARGUMENT
from simulator.modelarts.rules import (
    admission,
    attributes,
    batch,
    batch_files,
    config_json,
    config_parts,
    health,
    model,
    networks,
    pools,
    prediction,
    service,
    update,
    version,
)
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.documents import DOCUMENTS, FACTS
from simulator.modelarts.rules.readings import READINGS
from simulator.modelarts.schemas import CreateService, UpdateService
from simulator.rules.catalogue import Catalogue, Subject
from simulator.rules.rule import Example, Proof, Rule, Severity, Source, shape_check

_CREATE_EXAMPLES = (
    "real-time",
    "two-versions",
    "auto-stop",
    "notified",
    "websocket",
    "batch-file",
    "batch-csv",
    "manifest-file",
    "edge",
    "dedicated-custom",
    "multi-pool",
    "full",
)

SUBJECTS = (
    Subject(CREATE, "deploy request", CreateService, _CREATE_EXAMPLES),
    Subject(
        CHANGE,
        "update request",
        UpdateService,
        ("update-description", "update-status", "update-weights", "update-full"),
    ),
    Subject(model.CREATE_MODEL, "model", model.CreateModel, ("model", "model-full")),
    Subject(
        config_parts.CONFIG_FILE,
        "config.json",
        config_json.ConfigFile,
        ("config-json", "config-json-image"),
    ),
    Subject(batch_files.MANIFEST, "manifest file", batch_files.Manifest, ("manifest",)),
    Subject(batch_files.BATCH_INPUT, "batch input file", batch_files.BatchInput, ("batch-input",)),
    Subject(prediction.PREDICTION, "prediction", prediction.Prediction, ("prediction",)),
)

UNKNOWN_FIELD = Rule(
    id="MA-UNKNOWN",
    statement="A field that no document names is accepted and told; with strict it is refused.",
    source=Source("Deploying Services", "tables 3 to 13"),
    subjects=tuple(subject.name for subject in SUBJECTS),
    at="",
    check=shape_check,
    answer=INVALID_ARGUMENT,
    severity=Severity.WARNING,
    proof=Proof.INFERRED,
    example=Example("real-time", {"/instance_cuont": 1}),
)

_FAMILIES = ("SVC", "BAT", "UPD", "MOD", "CFG", "ADM", "RUN")
_WRITTEN = tuple(
    sorted(
        (
            *service.RULES,
            *pools.RULES,
            *networks.RULES,
            *version.RULES,
            *attributes.RULES,
            *batch.RULES,
            *batch_files.RULES,
            *update.RULES,
            *model.RULES,
            *config_json.RULES,
            *health.RULES,
            *admission.RULES,
            *prediction.RULES,
        ),
        key=lambda rule: (_FAMILIES.index(rule.id.split("-")[1]), rule.id),
    )
)
"""In documented order, which is that of the ids within a family."""

CATALOGUE = Catalogue(
    provider="modelarts",
    subjects=SUBJECTS,
    written=_WRITTEN,
    readings=READINGS,
    unknown=UNKNOWN_FIELD,
    documents=DOCUMENTS,
    facts=FACTS,
)
