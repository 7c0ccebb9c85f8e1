"""What the documents of PAI-EAS state about service.json, as one list of rules.

Read `deployment.py`, `processors.py` and `sources.py` for what is deployed, `metadata.py` and
`rpc.py` for its settings, `containers.py` and `probes.py` for images, `computing.py`,
`networking.py` and `storage.py` for what it runs on, `autoscaler.py` for its size, and
`admission.py` for what depends on the region.
"""

from __future__ import annotations

from simulator.eas.error_codes import INVALID_PARAMETER
from simulator.eas.rules import (
    admission,
    autoscaler,
    computing,
    containers,
    deployment,
    metadata,
    networking,
    probes,
    processors,
    rpc,
    sources,
    storage,
)
from simulator.eas.rules.common import SERVICE, page
from simulator.eas.rules.documents import DOCUMENTS, FACTS
from simulator.eas.rules.readings import READINGS
from simulator.eas.schemas import ServiceDescription
from simulator.rules.catalogue import Catalogue, Subject
from simulator.rules.rule import Example, Proof, Rule, Severity, shape_check

UNKNOWN_FIELD = Rule(
    id="EAS-UNKNOWN",
    statement="A field that no document names is accepted and told; with strict it is refused.",
    source=page("parameters"),
    subjects=(SERVICE,),
    at="",
    check=shape_check,
    answer=INVALID_PARAMETER,
    severity=Severity.WARNING,
    proof=Proof.INFERRED,
    example=Example("image", {"/metadata/instances": 1}),
)

CATALOGUE = Catalogue(
    provider="eas",
    subjects=(Subject(SERVICE, "service.json", ServiceDescription, tuple(DOCUMENTS)),),
    written=(
        *deployment.RULES,
        *processors.RULES,
        *sources.RULES,
        *metadata.RULES,
        *rpc.RULES,
        *containers.RULES,
        *probes.RULES,
        *computing.RULES,
        *networking.RULES,
        *storage.RULES,
        *autoscaler.RULES,
        *admission.RULES,
    ),
    readings=READINGS,
    unknown=UNKNOWN_FIELD,
    documents=DOCUMENTS,
    facts=FACTS,
)
