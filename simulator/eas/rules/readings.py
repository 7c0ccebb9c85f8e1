"""What the documents of EAS answer in more than one way: both readings, and which is taken."""

from __future__ import annotations

from simulator.rules.rule import Reading

READINGS = (
    Reading(
        "name-length",
        "Is a service's name held to 3 to 63 characters?",
        {
            "warned": "no: the guide names the characters only; 3 to 63 is told as a warning",
            "refused": "yes: a skill of the vendor states the length with the characters",
        },
        "warned",
        "The length stands in a secondary source only.",
    ),
    Reading(
        "processor-model",
        "Which processors need a model?",
        {
            "built-in": "built-in ones: a processor is deployed with a model file in most cases, "
            "so that a custom one may do without (EAS overview, Terms)",
            "all": "all: the model files and the processor files are prepared and mounted (EAS "
            "overview, Use a processor); older editions of the JSON page require model_path",
        },
        "built-in",
        "It leaves both statements of the overview true: a custom processor may bring its model.",
    ),
    Reading(
        "oss-endpoint",
        "Which endpoint does oss_endpoint name?",
        {
            "either": "that of either edition",
            "own-internal": "the internal endpoint of the service's own region (newer editions of "
            "the JSON page)",
            "other-public": "the public endpoint of the region where the files are (older editions "
            "of the JSON page)",
        },
        "either",
        "Files after both editions are in use.",
    ),
    Reading(
        "readiness-check",
        "What is the check of readiness called?",
        {
            "health_check": "health_check (JSON page, Health check); readiness_check is told",
            "both": "readiness_check too, as a skill of the vendor has it",
        },
        "health_check",
        "The guides have it; the skill is a secondary source.",
    ),
    Reading(
        "failure-threshold",
        "How many failures in a row count when failure_threshold is absent?",
        {
            "3": "3, as in Kubernetes, whose mechanism it is (Health check), and in a skill of the "
            "vendor",
            "unknown": "nobody can tell, because the sources disagree: a probe should state it",
        },
        "3",
        "The health check page says that the mechanism is that of Kubernetes.",
    ),
    Reading(
        "autoscaler-range",
        "Which min and max may the autoscaler have?",
        {
            "guide": "min from 0, and max not below it (Horizontal auto scaling)",
            "api": "min above 0, and max above min (CreateServiceAutoScaler)",
        },
        "guide",
        "Scaling to no instance is documented with its own settings.",
    ),
    Reading(
        "autoscaler-max",
        "How many instances may the autoscaler start at most?",
        {
            "1000": "1,000 (Horizontal auto scaling)",
            "3000": "3,000 (older editions of the page)",
        },
        "1000",
        "The newer page.",
    ),
)
