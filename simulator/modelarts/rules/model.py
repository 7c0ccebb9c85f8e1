"""What the documents demand of a new model (AI application). Source: Creating an AI Application."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.modelarts.error_codes import (
    CONFIG_JSON,
    DEPENDENCY,
    INVALID_ARGUMENT,
    MODEL_PARAMETER,
    SOURCE_LOCATION,
)
from simulator.modelarts.rules.common import written
from simulator.modelarts.rules.service import NAME_CHARACTERS
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Findings,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.shape import Shape, Table
from simulator.rules.text import shown

CREATE_MODEL = "create-model"
IMPORT = "Creating an AI Application"
MODEL_TYPES = (
    "TensorFlow",
    "MXNet",
    "Caffe",
    "Spark_MLlib",
    "Scikit_Learn",
    "XGBoost",
    "Image",
    "PyTorch",
    "Template",
    "MindSpore",
    "Custom",
)
VERSION = r"(?:(?:0|[1-9][0-9]?)\.){2}(?:0|[1-9][0-9]?)"
ALGORITHM = r"[A-Za-z][^&!'\\\"<>=]{0,35}"
PARAMETER_TYPES = (
    "int", "integer", "string", "float", "number", "timestamp", "date", "array", "object", "file",
)  # fmt: skip
INSTALL_TYPES = ("real-time", "batch", "edge")


def _source(place: str = "request body") -> Source:
    return Source(IMPORT, place)


@dataclass(frozen=True, kw_only=True)
class ModelParameter(Shape):
    """An input or output parameter."""

    table: ClassVar[Table] = Table("MA", 31, _source("input_params"), MODEL_PARAMETER)

    url: Annotated[str | None, "Path of the API."] = None
    method: Annotated[str | None, "Method of the API."] = None
    protocol: Annotated[str | None, "Protocol of the API."] = None
    param_name: Annotated[str | None, "Name of the parameter."] = None
    param_type: Annotated[str | None, "Type of the parameter."] = None
    min: Annotated[float | None, "Least value."] = None
    max: Annotated[float | None, "Greatest value."] = None
    param_desc: Annotated[str | None, "What it means."] = None


@dataclass(frozen=True, kw_only=True)
class DependencyPackage(Shape):
    """A package that a model needs."""

    table: ClassVar[Table] = Table("MA", 33, _source("dependencies.packages"), DEPENDENCY)

    package_name: Annotated[str, "Name of the package."]
    package_version: Annotated[str | None, "Version of the package."] = None
    restraint: Annotated[str | None, "EXACT, ATLEAST or ATMOST that version."] = None


@dataclass(frozen=True, kw_only=True)
class Dependency(Shape):
    """Packages that a model needs, and who installs them."""

    table: ClassVar[Table] = Table("MA", 32, _source("dependencies"), DEPENDENCY)

    installer: Annotated[str, "Who installs them: pip."]
    packages: Annotated[list[DependencyPackage], "What is installed."]


@dataclass(frozen=True, kw_only=True)
class ModelDocument(Shape):
    """A document about a model."""

    table: ClassVar[Table] = Table("MA", 34, _source("model_docs"), INVALID_ARGUMENT)

    doc_url: Annotated[str, "Address."]
    doc_name: Annotated[str, "Name."]


@dataclass(frozen=True, kw_only=True)
class CreateModel(Shape):
    """The body of POST /v1/{project_id}/models."""

    table: ClassVar[Table] = Table("MA", 30, _source(), INVALID_ARGUMENT)

    model_name: Annotated[str, "Name of the model."]
    model_version: Annotated[str, "Version, three numbers such as 0.0.1."]
    source_location: Annotated[str | None, "Object path of the package, or an image reference."] = (
        None
    )
    source_type: Annotated[str | None, "auto for models of ExeML."] = None
    model_type: Annotated[str, "Engine of the model."]
    runtime: Annotated[str | None, "Environment of the engine."] = None
    description: Annotated[str, "Remarks."] = ""
    model_algorithm: Annotated[str | None, "Algorithm of the model."] = None
    execution_code: Annotated[str | None, "Object path of inference code."] = None
    source_copy: Annotated[Any, "Whether an image is copied; image models only."] = None
    input_params: Annotated[list[ModelParameter] | None, "Inputs."] = None
    output_params: Annotated[list[ModelParameter] | None, "Outputs."] = None
    dependencies: Annotated[list[Dependency] | None, "Packages that the model needs."] = None
    model_metrics: Annotated[str | None, "Metrics, a JSON object as a string."] = None
    apis: Annotated[list[dict[str, Any]] | None, "The model's APIs."] = None
    initial_config: Annotated[str | None, "Content of config.json, a JSON object as a string."] = (
        None
    )
    workspace_id: Annotated[str, "Workspace of the model."] = "0"
    model_docs: Annotated[list[ModelDocument] | None, "Documents about the model."] = None
    install_type: Annotated[list[str] | None, "Kinds of services that it is meant for."] = None
    template: Annotated[dict[str, Any] | None, "Template that the model is made of."] = None
    source_job_id: Annotated[str | None, "Training job of the model."] = None
    source_job_version: Annotated[str | None, "Version of the training job."] = None


def _source_location(request: dict[str, Any], scope: Scope) -> Findings:
    if request["model_type"] == "Template" or request.get("source_location"):
        return FINE
    return at("source_location", text="is mandatory unless the model comes from a template")


def _template(request: dict[str, Any], scope: Scope) -> Findings:
    if request["model_type"] != "Template" or request.get("template"):
        return FINE
    return at("template", text="is mandatory for the model type Template")


def _source_copy(value: Any, scope: Scope) -> Findings:
    if value in ("true", "false") or isinstance(value, bool):
        return FINE
    return here(f"is true or false; got {shown(value)}")


def _copy_of_image(request: dict[str, Any], scope: Scope) -> Findings:
    if request.get("model_type", "Image") == "Image":
        return FINE
    return at("source_copy", text=f"has no effect for the model type {request['model_type']}")


def _json_object(value: str, scope: Scope) -> Findings:
    try:
        document = json.loads(value)
    except (ValueError, RecursionError) as error:
        return here(f"must be a JSON object in a string: {error}")
    return FINE if isinstance(document, dict) else here("must be a JSON object in a string")


def _install_types(kinds: list[str], scope: Scope) -> Findings:
    known: tuple[str, ...] = INSTALL_TYPES
    if scope.readings["install-type"] == "both":
        known = (*known, "realtime")
    return [
        ((index,), checks.not_among(kind, INSTALL_TYPES))
        for index, kind in enumerate(kinds)
        if kind not in known
    ]


def _restrained_version(package: dict[str, Any], scope: Scope) -> Findings:
    if package.get("package_version"):
        return FINE
    return at("package_version", text="is mandatory with a restraint")


def _at_most(count: int, what: str) -> Any:
    def check(items: list[Any], scope: Scope) -> Findings:
        return (
            FINE if len(items) <= count else here(f"has at most {count} {what}; got {len(items)}")
        )

    return {"check": check, "schema": {"maxItems": count}}


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    parts = {"source": _source(where[1:]), "subjects": (CREATE_MODEL,), "base": "model"}
    return written(f"MA-MOD-{number:03d}", statement, where, changes, more, **parts)


RULES = (
    _rule(
        1,
        "A model's name has 1 to 64 characters.",
        "/model_name",
        {"/model_name": "m" * 65},
        **checks.length(1, 64),
    ),
    _rule(
        2,
        "A model's name has letters, Chinese characters, digits, - and _ only.",
        "/model_name",
        {"/model_name": "my model"},
        **checks.spelt(NAME_CHARACTERS, "has letters, Chinese characters, digits, - and _ only"),
    ),
    _rule(
        3,
        "A model's version is three numbers from 0 to 99 without leading zeros.",
        "/model_version",
        {"/model_version": "1.0"},
        **checks.spelt(
            VERSION, "is three numbers from 0 to 99 without leading zeros, such as 0.0.1"
        ),
    ),
    _rule(
        4,
        "A model's type is one of the engines, Image, Template or Custom.",
        "/model_type",
        {"/model_type": "tensorflow"},
        **checks.one_of(*MODEL_TYPES),
    ),
    _rule(
        5,
        "Unless a model comes from a template, source_location is mandatory.",
        "",
        {"/source_location": REMOVED},
        source=_source("source_location"),
        answer=SOURCE_LOCATION,
        when="model_type",
        check=_source_location,
    ),
    _rule(
        6,
        "A model from a template names it.",
        "",
        {"/model_type": "Template"},
        source=_source("template"),
        when="model_type",
        check=_template,
    ),
    _rule(
        7,
        "source_copy is true or false.",
        "/source_copy",
        {"/model_type": "Image", "/source_copy": "yes"},
        check=_source_copy,
        schema={"enum": ["true", "false", True, False]},
    ),
    _rule(
        8,
        "source_copy is for image models.",
        "",
        {"/source_copy": "true"},
        source=_source("source_copy"),
        severity=Severity.WARNING,
        when="source_copy",
        check=_copy_of_image,
    ),
    _rule(
        9,
        "A model's algorithm begins with a letter, has at most 36 characters and none of "
        "& ! ' \\ \" < > =.",
        "/model_algorithm",
        {"/model_algorithm": "3d"},
        **checks.spelt(
            ALGORITHM,
            "begins with a letter, has at most 36 characters and none of & ! ' \\ \" < > =",
        ),
    ),
    _rule(
        10,
        "initial_config is a JSON object in a string.",
        "/initial_config",
        {"/initial_config": "{"},
        answer=CONFIG_JSON,
        check=_json_object,
    ),
    _rule(
        11,
        "model_metrics is a JSON object in a string.",
        "/model_metrics",
        {"/model_metrics": "[0.9]"},
        check=_json_object,
    ),
    _rule(
        12,
        "An install type is real-time, batch or edge.",
        "/install_type",
        {"/install_type": ["online"]},
        check=_install_types,
        reading="install-type",
        schema={"items": {"type": "string", "enum": [*INSTALL_TYPES, "realtime"]}},
    ),
    _rule(
        13,
        "A model has at most 3 documents.",
        "/model_docs",
        {
            "/model_docs": [
                {"doc_name": f"d{n}", "doc_url": "https://example.com"} for n in range(4)
            ]
        },
        **_at_most(3, "documents"),
    ),
    _rule(
        14,
        "A document's name has 1 to 48 characters.",
        "/model_docs/*/doc_name",
        {"/model_docs": [{"doc_name": "d" * 49, "doc_url": "https://example.com"}]},
        **checks.length(1, 48),
    ),
    *(
        rule
        for side, first in (("input_params", 15), ("output_params", 18))
        for rule in (
            _rule(
                first,
                f"A name in {side} has at most 64 characters.",
                f"/{side}/*/param_name",
                {f"/{side}": [{"param_name": "p" * 65}]},
                answer=MODEL_PARAMETER,
                **checks.length(0, 64),
            ),
            _rule(
                first + 1,
                f"A type in {side} is one of the documented ones.",
                f"/{side}/*/param_type",
                {f"/{side}": [{"param_name": "p", "param_type": "image"}]},
                answer=MODEL_PARAMETER,
                **checks.one_of(*PARAMETER_TYPES),
            ),
            _rule(
                first + 2,
                f"A description in {side} has at most 100 characters.",
                f"/{side}/*/param_desc",
                {f"/{side}": [{"param_name": "p", "param_desc": "d" * 101}]},
                answer=MODEL_PARAMETER,
                **checks.length(0, 100),
            ),
        )
    ),
    _rule(
        21,
        "Dependencies are installed by pip.",
        "/dependencies/*/installer",
        {"/dependencies": [{"installer": "conda", "packages": []}]},
        answer=DEPENDENCY,
        **checks.one_of("pip"),
    ),
    _rule(
        22,
        "A package's restraint is EXACT, ATLEAST or ATMOST.",
        "/dependencies/*/packages/*/restraint",
        {
            "/dependencies": [
                {
                    "installer": "pip",
                    "packages": [
                        {"package_name": "numpy", "package_version": "1.17", "restraint": "NEWEST"}
                    ],
                }
            ]
        },
        answer=DEPENDENCY,
        **checks.one_of("EXACT", "ATLEAST", "ATMOST"),
    ),
    _rule(
        23,
        "A package with a restraint has a version.",
        "/dependencies/*/packages/*",
        {
            "/dependencies": [
                {"installer": "pip", "packages": [{"package_name": "numpy", "restraint": "EXACT"}]}
            ]
        },
        answer=DEPENDENCY,
        proof=Proof.INFERRED,
        when="restraint",
        check=_restrained_version,
    ),
)
