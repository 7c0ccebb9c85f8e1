"""What the documents demand of batch services: the request, manifests and input files.

Source: Deploying Services, table 5; Deploying as a Batch Service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.facts import limits
from simulator.facts.statuses import ServiceKind
from simulator.modelarts.error_codes import BATCH_ITEM, OBJECT_URL
from simulator.modelarts.rules.common import BATCH_PAGE, BOTH, kind_of, table, written
from simulator.objectpaths import BadObjectPath, parse_object_path
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Check,
    Findings,
    Level,
    Path,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.shape import Shape, Table
from simulator.rules.text import shown

MANIFEST = "manifest"
BATCH_INPUT = "batch-input"
MANIFEST_PAGE = Source(BATCH_PAGE, "Manifest File Specifications")
INPUT_PATH = Source(BATCH_PAGE, "table 1, Input Path")
LEFT_OUT = -1
"""The index of a parameter that is left out of the requests on purpose."""
_MAPPING_TYPES = ("file", "csv")
_LEAVES = ("string", "number", "integer", "boolean")
_PATH_WORDS = "is an object path such as obs://bucket/key"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")


@dataclass(frozen=True, kw_only=True)
class ManifestLine(Shape):
    """One input."""

    table: ClassVar[Table] = Table("MA", 51, MANIFEST_PAGE, BATCH_ITEM)

    source: Annotated[str, "Object path of a file."]


@dataclass(frozen=True, kw_only=True)
class Manifest(Shape):
    """A manifest file, read line by line."""

    table: ClassVar[Table] = Table("MA", 50, MANIFEST_PAGE, BATCH_ITEM)

    name: Annotated[str, "The file's name."]
    lines: Annotated[list[ManifestLine], "The lines, each a JSON object."]


@dataclass(frozen=True, kw_only=True)
class BatchInput(Shape):
    """A file that a batch service reads."""

    table: ClassVar[Table] = Table("MA", 52, INPUT_PATH, BATCH_ITEM)

    name: Annotated[str, "The file's name."]
    size_bytes: Annotated[int, "Its size."]
    mapping_type: Annotated[str | None, "The service's mapping type: file or csv."] = None


def _mandatory(name: str) -> Check:
    def check(config: list[dict[str, Any]], scope: Scope) -> Findings:
        if kind_of(scope) != ServiceKind.BATCH:
            return FINE
        return [
            ((index, name), "is mandatory for batch services")
            for index, version in enumerate(config)
            if not version.get(name)
        ]

    return check


def _src_type_mandatory(config: list[dict[str, Any]], scope: Scope) -> Findings:
    if scope.readings["src-type"] == "optional" or kind_of(scope) != ServiceKind.BATCH:
        return FINE
    return [
        ((index, "src_type"), "is mandatory for batch services")
        for index, version in enumerate(config)
        if "src_type" not in version
    ]


def _mapping_type(value: str, scope: Scope) -> Findings:
    """Blank counts as absent."""
    if not value or value in _MAPPING_TYPES:
        return FINE
    return here(checks.not_among(value, _MAPPING_TYPES))


def _mapping_rule(version: dict[str, Any], scope: Scope) -> Findings:
    if version["mapping_type"] != "csv" or version.get("mapping_rule"):
        return FINE
    return at("mapping_rule", text="is mandatory with the mapping type csv")


def _src_type(value: str, scope: Scope) -> Findings:
    if value in ("", "ManifestFile"):
        return FINE
    return here(checks.not_among(value, ("ManifestFile",)) + "; leave it out for a folder")


def _without_query(path: str) -> str:
    return path.split("?", 1)[0]


def _manifest_path(version: dict[str, Any], scope: Scope) -> Findings:
    if version["src_type"] != "ManifestFile" or "src_path" not in version:
        return FINE
    if _without_query(version["src_path"]).endswith(".manifest"):
        return FINE
    text = "with the source type ManifestFile it is the path of a .manifest file"
    return at("src_path", text=f"{text}; got {shown(version['src_path'])}")


def _csv_file(version: dict[str, Any], scope: Scope) -> Findings:
    """A last part with letters after a dot is taken for a file's name; others for a folder's."""
    if version["mapping_type"] != "csv":
        return FINE
    try:
        key = parse_object_path(_without_query(version.get("src_path", ""))).key
    except BadObjectPath:
        return FINE  # told by the rule on src_path
    name = key.rsplit("/", 1)[-1]
    _, dot, suffix = name.rpartition(".")
    if not dot or not suffix.isalpha() or suffix in ("csv", "manifest"):
        return FINE
    return at("src_path", text=f"with the mapping type csv, inputs end in .csv; got {shown(name)}")


def _idle_mapping_rule(version: dict[str, Any], scope: Scope) -> Findings:
    if version.get("mapping_type") != "file" or kind_of(scope) != ServiceKind.BATCH:
        return FINE
    return at("mapping_rule", text="has no effect with the mapping type file")


def _manifest_as_folder(version: dict[str, Any], scope: Scope) -> Findings:
    if version.get("src_type") or not _without_query(version["src_path"]).endswith(".manifest"):
        return FINE
    text = "is read as a folder; for a manifest file, src_type is ManifestFile"
    return at("src_path", text=f"{text}; got {shown(version['src_path'])}")


def _object_path(value: str, scope: Scope) -> Findings:
    try:
        parse_object_path(value)
    except BadObjectPath as error:
        return here(f"{_PATH_WORDS}; {error}")
    return FINE


def _object_path_unless_blank(value: str, scope: Scope) -> Findings:
    """Blank counts as absent."""
    return _object_path(value, scope) if value else FINE


def _indexes(rule: dict[str, Any], scope: Scope) -> Findings:
    findings = []
    for path, leaf in leaves(rule):
        index = leaf.get("index")
        if type(index) is not int or index < LEFT_OUT:
            why = "it has none" if "index" not in leaf else f"got {shown(index)}"
            text = (
                f"this parameter is left out of the requests: its index is no column number; {why}"
            )
            findings.append(((*path, "index"), text))
    return findings


def leaves(rule: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The parameters of a mapping rule: schemas of type string, number, integer or boolean."""
    if not isinstance(rule, dict):
        return
    if rule.get("type") in _LEAVES:
        yield path, rule
    properties = rule.get("properties")
    if isinstance(properties, dict):
        for name, inner in properties.items():
            yield from leaves(inner, (*path, "properties", name))
    items = rule.get("items")
    if isinstance(items, dict):
        yield from leaves(items, (*path, "items"))
    elif isinstance(items, list):
        for index, inner in enumerate(items):
            yield from leaves(inner, (*path, "items", index))


def _is_file(value: str, scope: Scope) -> Findings:
    path = _without_query(value)
    if not path.endswith("/"):
        return FINE
    return here(f"must name a file, not a folder; got {shown(path)}")


def _manifest_name(value: str, scope: Scope) -> Findings:
    return FINE if value.endswith(".manifest") else here(f"ends in .manifest; got {shown(value)}")


def _image_size(file: dict[str, Any], scope: Scope) -> Findings:
    if not _name(file).endswith(IMAGE_SUFFIXES) or _is_csv(file):
        return FINE
    if file["size_bytes"] < limits.BATCH_IMAGE_BELOW_BYTES:
        return FINE
    text = f"an image is smaller than 10 MB; this one has {file['size_bytes']} bytes"
    return at("size_bytes", text=text)


def _csv_size(file: dict[str, Any], scope: Scope) -> Findings:
    if not _name(file).endswith(".csv"):
        return FINE
    if file["size_bytes"] <= limits.BATCH_CSV_MAX_BYTES:
        return FINE
    text = f"a CSV file has at most 12 MB; this one has {file['size_bytes']} bytes"
    return at("size_bytes", text=text)


def _csv_name(file: dict[str, Any], scope: Scope) -> Findings:
    if not _is_csv(file) or file["name"].endswith(".csv"):
        return FINE
    text = f"ends in .csv where the mapping type is csv; got {shown(file['name'])}"
    return at("name", text=text)


def _name(file: dict[str, Any]) -> str:
    return str(file.get("name", "")).lower()


def _is_csv(file: dict[str, Any]) -> bool:
    return file.get("mapping_type") == "csv"


def _request(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on the only version of a batch service, or, at `/config`, on all."""
    place = where if where == "/config" else f"/config/*{where}"
    changes = {f"/config/0{at_}": value for at_, value in changes.items()}
    parts = {"source": table(5), "subjects": BOTH, "base": "batch-file"}
    return written(f"MA-BAT-{number:03d}", statement, place, changes, more, **parts)


def _runtime(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on files that a batch service reads."""
    parts = {"level": Level.RUNTIME, "answer": BATCH_ITEM}
    return written(f"MA-BAT-{number:03d}", statement, where, changes, more, **parts)


RULES = (
    *(
        _request(
            number,
            f"A batch service has {name}.",
            "/config",
            {f"/{name}": REMOVED},
            source=table(5, name),
            check=_mandatory(name),
        )
        for number, name in enumerate(("src_path", "dest_path", "req_uri", "mapping_type"), 1)
    ),
    _request(
        5,
        "mapping_type is file or csv.",
        "/mapping_type",
        {"/mapping_type": "json"},
        source=table(5, "mapping_type"),
        check=_mapping_type,
        schema={"enum": ["", *_MAPPING_TYPES]},
    ),
    _request(
        6,
        "With the mapping type csv, mapping_rule is mandatory.",
        "",
        {"/mapping_rule": REMOVED},
        base="batch-csv",
        source=table(5, "mapping_rule"),
        when="mapping_type",
        check=_mapping_rule,
    ),
    _request(
        7,
        "src_type is ManifestFile or blank.",
        "/src_type",
        {"/src_type": "Folder"},
        source=table(5, "src_type"),
        check=_src_type,
        schema={"enum": ["", "ManifestFile"]},
    ),
    _request(
        8,
        "A batch service has src_type.",
        "/config",
        {},
        readings={"src-type": "mandatory"},
        source=table(5, "src_type"),
        check=_src_type_mandatory,
        reading="src-type",
    ),
    _request(
        9,
        "With the source type ManifestFile, src_path is a manifest's path.",
        "",
        {"/src_type": "ManifestFile"},
        source=table(5, "src_type"),
        when="src_type",
        check=_manifest_path,
    ),
    _request(
        10,
        "src_path is an object path.",
        "/src_path",
        {"/src_path": "data/in/"},
        source=table(5, "src_path"),
        answer=OBJECT_URL,
        check=_object_path_unless_blank,
    ),
    _request(
        11,
        "dest_path is an object path.",
        "/dest_path",
        {"/dest_path": "data/out/"},
        source=table(5, "dest_path"),
        answer=OBJECT_URL,
        check=_object_path_unless_blank,
    ),
    _request(
        12,
        "A parameter without a column number from 0 on is left out of the requests; -1 says so.",
        "/mapping_rule",
        {"/mapping_rule": {"type": "object", "properties": {"x": {"type": "number"}}}},
        base="batch-csv",
        source=Source(BATCH_PAGE, "table 1, Mapping Relationship"),
        severity=Severity.WARNING,
        check=_indexes,
    ),
    _request(
        13,
        "With the mapping type csv, input files end in .csv.",
        "",
        {"/src_path": "/bucket/in/rows.txt"},
        base="batch-csv",
        source=table(5, "mapping_type"),
        when="mapping_type",
        check=_csv_file,
    ),
    _request(
        14,
        "With the mapping type file, mapping_rule has no effect.",
        "",
        {"/mapping_rule": {"type": "object", "properties": {"x": {"type": "number", "index": 0}}}},
        source=Source(BATCH_PAGE, "table 1, Mapping Relationship"),
        severity=Severity.WARNING,
        when="mapping_rule",
        check=_idle_mapping_rule,
    ),
    _request(
        15,
        "Without the source type ManifestFile, src_path is a folder.",
        "",
        {"/src_path": "obs://bucket/in/all.manifest"},
        source=table(5, "src_type"),
        severity=Severity.WARNING,
        when="src_path",
        reads=("src_type",),
        check=_manifest_as_folder,
    ),
    _runtime(
        20,
        "A manifest file's name ends in .manifest.",
        "/name",
        {"/name": "test.json"},
        base="manifest",
        subjects=(MANIFEST,),
        source=MANIFEST_PAGE,
        check=_manifest_name,
    ),
    _runtime(
        21,
        "A manifest's source is an object path.",
        "/lines/*/source",
        {"/lines/0/source": "data/1.jpg"},
        base="manifest",
        subjects=(MANIFEST,),
        source=MANIFEST_PAGE,
        check=_object_path,
    ),
    _runtime(
        22,
        "A manifest's source is a file, not a folder.",
        "/lines/*/source",
        {"/lines/0/source": "obs://test/data/"},
        base="manifest",
        subjects=(MANIFEST,),
        source=MANIFEST_PAGE,
        check=_is_file,
    ),
    _runtime(
        30,
        "An image is smaller than 10 MB.",
        "",
        {"/name": "big.png", "/size_bytes": limits.BATCH_IMAGE_BELOW_BYTES},
        base="batch-input",
        subjects=(BATCH_INPUT,),
        source=INPUT_PATH,
        when="size_bytes",
        check=_image_size,
    ),
    _runtime(
        31,
        "A CSV file has at most 12 MB.",
        "",
        {"/name": "rows.csv", "/size_bytes": limits.BATCH_CSV_MAX_BYTES + 1},
        base="batch-input",
        subjects=(BATCH_INPUT,),
        source=INPUT_PATH,
        when="size_bytes",
        check=_csv_size,
    ),
    _runtime(
        32,
        "Where the mapping type is csv, input files end in .csv.",
        "",
        {"/name": "rows.txt", "/mapping_type": "csv"},
        base="batch-input",
        subjects=(BATCH_INPUT,),
        source=table(5, "mapping_type"),
        when="name",
        check=_csv_name,
    ),
)
