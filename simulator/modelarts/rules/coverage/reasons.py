"""Why a statement has no rule."""

from __future__ import annotations

ANSWER = "what is answered, not a property of a request"
ANY_TYPE = "Drydock reads JSON whatever the header says"
CONSOLE = "describes the console"
CONTAINER = "a demand on the container, seen only while it runs"
CHOSEN = "Drydock does otherwise: docs/decisions.md"
DEFAULT = "what an absent field means: the shape has it"
EXPLAINS = "explains, and demands nothing"
GATEWAY = "enforced by the gateway"
IDENTITY = "enforced by the identity service"
KEPT = "Drydock does not throw it away by age"
LIFECYCLE = "a behaviour over time, not a property of a request: the lifecycle"
BATCH_RUN = "what a batch run does and writes, not a property of a request"
NOT_SIMULATED = "the operation is not simulated: 501"
OUTSIDE = "not checkable from outside"
PERMITS = "permits, and forbids nothing"
QUERY = "a query parameter, checked by simulator/modelarts/queries.py"
SMALL = (
    "a small request, held against its shape: simulator/modelarts/changes.py, tags.py, "
    "app_schemas.py"
)
STORED = "guarded by the store in the transaction that writes"
QUERY_IGNORED = "a query parameter that Drydock ignores: published clients send unknown ones"
RUNTIME = "a behaviour of the built-in runtime: backends/runtime"
METERED = "not a property of a request: drydock usage"
QUOTA = "a quota of something that Drydock does not have"
