"""Every checkable statement of the ModelArts documents, and the rules that hold it.

One module a document or a group of them. Where there is deliberately no rule, the statement says
why.
"""

from __future__ import annotations

from simulator.modelarts.rules.coverage import (
    batch,
    deploy,
    deploy_rows,
    model_api,
    package,
    real_time,
    service_api,
)
from simulator.rules.coverage import Statement

STATEMENTS: tuple[Statement, ...] = (
    *deploy_rows.STATEMENTS,
    *deploy.STATEMENTS,
    *real_time.STATEMENTS,
    *batch.STATEMENTS,
    *service_api.STATEMENTS,
    *model_api.STATEMENTS,
    *package.STATEMENTS,
)

_FORM = "how a file or a call is described to the rules; no document has such fields"
_SETTINGS = "says what Drydock cannot check without its settings"

OWN: dict[str, str] = {
    "MA-ADM-016": _SETTINGS,
    "MA-ADM-018": _SETTINGS,
    "MA-ADM-023": "says what this host gives less than the cloud would",
    **dict.fromkeys(
        (
            *("MA-TYPE-5001", "MA-MUST-5001", "MA-TYPE-5002", "MA-MUST-5002"),
            *("MA-TYPE-5201", "MA-MUST-5201", "MA-TYPE-5202", "MA-MUST-5202", "MA-TYPE-5203"),
            *("MA-TYPE-6001", "MA-MUST-6001", "MA-TYPE-6002", "MA-TYPE-6003", "MA-TYPE-6004"),
        ),
        _FORM,
    ),
}
"""Rules that no document states, each with the reason why they are there."""
