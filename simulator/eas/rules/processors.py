"""What is deployed when a processor is: its files, its main file, its model. Source: EAS overview,
Use a processor; the JSON page, parameters."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import (
    TERMS,
    USE_PROCESSOR,
    has_custom_processor,
    has_machines,
    is_public,
    metadata_of,
    page,
    written,
)
from simulator.eas.vocabulary import (
    BUILT_IN_PROCESSORS,
    OVERVIEW,
    PROCESSOR_TYPES,
    PROCESSORS_PAGE,
    TRITON,
)
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Check,
    Findings,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.text import did_you_mean, shown

_ENTRY_OF = {"cpp": "processor_entry", "python": "processor_entry", "java": "processor_mainclass"}
_GPU_WORDS = ("_gpu", "_cu1", "cuda")
"""Parts of the codes of processors for GPUs."""


def _has_model(root: dict[str, Any]) -> bool:
    return bool(root.get("model_path") or root.get("storage"))


def _model_of_built_in(root: dict[str, Any], scope: Scope) -> Findings:
    if not root["processor"] or _has_model(root):
        return FINE
    return at("model_path", text="a processor needs a model: model_path, or storage to mount it")


def _model_of_custom(root: dict[str, Any], scope: Scope) -> Findings:
    if scope.readings["processor-model"] != "all" or not has_custom_processor(root):
        return FINE
    if root.get("processor") or _has_model(root):
        return FINE
    return at("model_path", text="a processor needs a model: model_path, or storage to mount it")


def _processor_type(root: dict[str, Any], scope: Scope) -> Findings:
    if not root["processor_path"] or root.get("processor_type"):
        return FINE
    return at("processor_type", text="is mandatory with processor_path: cpp, java or python")


def _main_file(*languages: str) -> Check:
    """A check that a custom processor names what begins it."""
    name = _ENTRY_OF[languages[0]]

    def check(root: dict[str, Any], scope: Scope) -> Findings:
        if root["processor_type"] not in languages or root.get(name):
            return FINE
        return at(name, text=f"is mandatory with processor_type {root['processor_type']}")

    return check


def _processor_files(root: dict[str, Any], scope: Scope) -> Findings:
    if root.get("processor_path") or root.get("storage") or root.get("containers"):
        return FINE
    if not has_custom_processor(root):
        return FINE
    text = "a custom processor needs its files: processor_path, or storage to mount them"
    return at("processor_path", text=text)


def _idle_main(root: dict[str, Any], scope: Scope) -> Findings:
    language = root["processor_type"]
    used = _ENTRY_OF.get(language, "")
    idle = {"processor_entry", "processor_mainclass"} - {used} if used else ()
    return [
        ((name,), f"has no effect with processor_type {language}")
        for name in sorted(idle)
        if root.get(name)
    ]


def _known_processor(value: str, scope: Scope) -> Findings:
    if not value or value in BUILT_IN_PROCESSORS:
        return FINE
    hint = did_you_mean(value, BUILT_IN_PROCESSORS)
    return here(f"is no built-in processor that the documents list; got {shown(value)}{hint}")


def _two_processors(root: dict[str, Any], scope: Scope) -> Findings:
    if not root["processor"] or not root.get("processor_path"):
        return FINE
    text = "a processor is built in or custom; beside processor this may be ignored"
    return at("processor_path", text=text)


def _parameters(root: dict[str, Any], scope: Scope) -> Findings:
    if not root["processor_params"] or root.get("processor") == TRITON:
        return FINE
    return at("processor_params", text=f"has no effect without the processor {TRITON}")


def _gpu_for_processor(value: str, scope: Scope) -> Findings:
    metadata = metadata_of(scope)
    if not any(word in value for word in _GPU_WORDS) or has_machines(scope.root):
        return FINE
    if metadata.get("gpu") or metadata.get("gpu_memory") or not is_public(scope):
        return FINE
    return here(f"{value} needs a GPU; the service has none")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    return written(number, statement, where, changes, more)


_INFERRED_WARNING = {"severity": Severity.WARNING, "proof": Proof.INFERRED}

RULES = (
    _rule(
        9,
        "A built-in processor is deployed with a model.",
        "",
        {"/model_path": REMOVED},
        base="built-in-processor",
        source=USE_PROCESSOR,
        when="processor",
        reads=("storage",),
        check=_model_of_built_in,
    ),
    _rule(
        10,
        "A custom processor is deployed with a model.",
        "",
        {"/model_path": REMOVED},
        base="custom-processor",
        readings={"processor-model": "all"},
        source=USE_PROCESSOR,
        reads=("storage",),
        check=_model_of_custom,
        reading="processor-model",
    ),
    _rule(
        11,
        "A custom processor states its language.",
        "",
        {"/processor_type": REMOVED},
        base="custom-processor",
        source=page("processor_type"),
        when="processor_path",
        check=_processor_type,
    ),
    _rule(
        12,
        "A custom processor is written in C++, Java or Python.",
        "/processor_type",
        {"/processor_type": "go"},
        base="custom-processor",
        source=Source(f"{TERMS}, Custom processor; {page('processor_type')}"),
        **checks.one_of(*PROCESSOR_TYPES),
    ),
    _rule(
        13,
        "A processor in C++ or Python names its main file.",
        "",
        {"/processor_entry": REMOVED},
        base="custom-processor",
        source=page("processor_entry"),
        when="processor_type",
        check=_main_file("cpp", "python"),
    ),
    _rule(
        14,
        "A processor in Java names its main class.",
        "",
        {"/processor_mainclass": REMOVED},
        base="java-processor",
        source=page("processor_mainclass"),
        when="processor_type",
        check=_main_file("java"),
    ),
    _rule(
        15,
        "A custom processor is deployed with its files.",
        "",
        {"/processor_path": REMOVED},
        base="custom-processor",
        source=USE_PROCESSOR,
        reads=("storage", "containers"),
        check=_processor_files,
    ),
    _rule(
        16,
        "The main class is for Java only, the main file for C++ and Python.",
        "",
        {"/processor_mainclass": "com.example.Main"},
        base="custom-processor",
        source=page("processor_entry, processor_mainclass"),
        when="processor_type",
        check=_idle_main,
        **_INFERRED_WARNING,
    ),
    _rule(
        17,
        "A main class is a class name with its package.",
        "/processor_mainclass",
        {"/processor_mainclass": "com/example/Main"},
        base="java-processor",
        source=page("processor_mainclass"),
        **checks.spelt(
            r"(?:[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)?", "is a class name with its package"
        ),
    ),
    _rule(
        18,
        "A built-in processor is one of those that are listed.",
        "/processor",
        {"/processor": "tensorflow_cpu_9.9"},
        base="built-in-processor",
        source=Source(PROCESSORS_PAGE),
        severity=Severity.WARNING,
        check=_known_processor,
    ),
    _rule(
        19,
        "A processor is built in or custom, not both.",
        "",
        {"/processor": "pmml"},
        base="custom-processor",
        source=Source(OVERVIEW, "Terms, Custom processor"),
        when="processor",
        check=_two_processors,
        **_INFERRED_WARNING,
    ),
    _rule(
        20,
        "processor_params is for the processor triton only.",
        "",
        {"/processor": "pmml"},
        base="triton",
        source=page("processor_params"),
        severity=Severity.WARNING,
        when="processor_params",
        check=_parameters,
    ),
    _rule(
        22,
        "A processor for GPUs needs a GPU.",
        "/processor",
        {"/processor": "tensorflow_gpu_1.15"},
        base="built-in-processor",
        source=USE_PROCESSOR,
        check=_gpu_for_processor,
        **_INFERRED_WARNING,
    ),
)
