"""What the documents answer in more than one way: both readings, and which is taken.

`drydock.toml` chooses: `[readings]` with `deploy-timeout = "minutes"`; `drydock check --reading
deploy-timeout=minutes` does so for one run.
"""

from __future__ import annotations

from simulator.rules.rule import Reading

BATCH_RESULT_FOLDER = "batch-result-folder"
BATCH_CSV_RESULT = "batch-csv-result"
OF_RESULTS = (BATCH_RESULT_FOLDER, BATCH_CSV_RESULT)
"""Readings that no rule about a document depends on: `simulator.batch.results` follows them."""

READINGS = (
    Reading(
        "deploy-timeout",
        "Is deploy_timeout_in_seconds in seconds or in minutes?",
        {
            "seconds": "180 to 7,200 seconds: the field's name (Deploying Services, table 5), with "
            "the console's range of 3 to 120 minutes (Deploying as a Real-Time Service, table 2)",
            "minutes": "3 to 120, taken as minutes: the API definition's range of the field",
        },
        "seconds",
        "The name says seconds; the default of 20 minutes is 1,200 of them.",
    ),
    Reading(
        "instance-count",
        "How many instances may a version have?",
        {
            "5": "at most 5 (Deploying Services, table 5)",
            "128": "at most 128 (prose of the API definition of newer editions)",
        },
        "5",
        "The deploy page is the authority; more is granted by a service ticket.",
    ),
    Reading(
        "description-characters",
        "Which characters must a description not contain?",
        {
            "deploy-page": "! < > + & \" ' (Deploying Services, table 3; the full stop after the "
            "exclamation mark is punctuation: the Chinese edition does not have it)",
            "api-definition": "! < > = & \" ' (pattern of the API definition)",
        },
        "deploy-page",
        "The deploy page is the authority.",
    ),
    Reading(
        "edge",
        "Is edge a value of infer_type?",
        {
            "accepted": "yes: an example request deploys an edge service, and nodes is described",
            "refused": "no: the value is real-time or batch (Deploying Services, table 3)",
        },
        "accepted",
        "The page's own example is valid.",
    ),
    Reading(
        "batch-pool",
        "May a batch service run in a dedicated pool?",
        {
            "any": "yes: an example request of a batch service has a cluster_id (Deploying "
            "Services)",
            "public-only": "no: in a public pool only (Deploying as a Batch Service, context)",
        },
        "any",
        "The deploy page's own example is valid.",
    ),
    Reading(
        "custom-pool",
        "Does the specification custom need a dedicated pool in an edge service too?",
        {
            "edge-exempt": "no: the edge example has custom and no pool (Deploying Services)",
            "always": "yes: custom is supported only in a dedicated pool (table 5)",
        },
        "edge-exempt",
        "An edge service runs on its nodes, in no pool; the example is valid.",
    ),
    Reading(
        "src-type",
        "Is src_type mandatory for batch services?",
        {
            "optional": "no: blank by default, and absent from both batch examples",
            "mandatory": "yes: mandatory for batch services (Deploying Services, table 5)",
        },
        "optional",
        "A field with a default cannot be mandatory, and the examples are valid.",
    ),
    Reading(
        BATCH_RESULT_FOLDER,
        "Which folder holds the result files of a batch service?",
        {
            "infer-result": "the tree and the paths of the example (Deploying as a Batch Service, "
            "Example output manifest file)",
            "infer-result-task-id": "with the task's id, infer-result-{task_id}: the list of the "
            "file format (the same page)",
        },
        "infer-result",
        "Programs read the paths in the manifest, as the example has them.",
    ),
    Reading(
        BATCH_CSV_RESULT,
        "Is a CSV file SUCCESSFUL when some of its rows have no answer?",
        {
            "any-row": "yes, when at least one row has one; the result file tells which have not",
            "every-row": "no: each row must have one; the documents only say that the result is "
            "SUCCESSFUL or FAILED (Deploying as a Batch Service)",
        },
        "any-row",
        "Only a file that is SUCCESSFUL has an inference-loc, and answers should not be lost.",
    ),
    Reading(
        "max-unavailable",
        "May max_unavailable be 0?",
        {
            "zero-allowed": "yes: 0 is the default (Deploying Services, table 7), and the API "
            "definition's minimum",
            "above-zero": "no: the value must be greater than 0 (Deploying Services, table 7)",
        },
        "zero-allowed",
        "What is the default may be said.",
    ),
    Reading(
        "grace-period",
        "Which values may termination_grace_period_seconds have?",
        {
            "30-300": "30 to 300 seconds (API definition)",
            "any": "any integer that is not negative (Deploying Services, table 7)",
        },
        "30-300",
        "The deploy page states no range; the API definition does.",
    ),
    Reading(
        "log-id-length",
        "How long are the ids of a log group and a log stream?",
        {
            "64": "64 characters (Deploying Services, table 13)",
            "up-to-64": "1 to 64 characters: ids that the log service gives today are shorter",
        },
        "64",
        "The deploy page is the authority.",
    ),
    Reading(
        "smn-notification",
        "Is smn_notification mandatory in additional_properties?",
        {
            "mandatory": "yes (Deploying Services, table 10)",
            "optional": "no: the public Terraform provider leaves it out",
        },
        "mandatory",
        "The deploy page is the authority.",
    ),
    Reading(
        "specification-name",
        "What is the Ascend specification called?",
        {
            "both": "modelarts.vm.ai1.a310, and the misprint modelsarts.vm.ai1.a310 with a warning",
            "corrected": "modelarts.vm.ai1.a310 only",
            "as-printed": "modelsarts.vm.ai1.a310 only (Deploying Services, table 5)",
        },
        "both",
        "A request copied from the page must work.",
    ),
    Reading(
        "quota-dedicated",
        "Do real-time services in dedicated pools count for the quota of 20?",
        {
            "free": "no (Deploying as a Real-Time Service, quota calculation)",
            "counted": "yes: at most 20 a user (Deploying a Model as a Real-Time Service, note)",
        },
        "free",
        "The newer page is more exact.",
    ),
    Reading(
        "predict-timeout",
        "How long may a prediction take?",
        {
            "60": "60 seconds (newer access guides)",
            "40": "40 seconds (older access guides)",
        },
        "60",
        "The newer reading.",
    ),
    Reading(
        "install-type",
        "How is the install type for real-time services written?",
        {
            "both": "real-time, and realtime as samples print it",
            "hyphen": "real-time only",
        },
        "both",
        "Samples of the model API print realtime.",
    ),
)
