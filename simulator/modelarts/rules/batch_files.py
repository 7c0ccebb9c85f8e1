"""What the documents demand of the files that batch services read: manifests and inputs.

Source: Deploying as a Batch Service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.facts import limits
from simulator.modelarts.error_codes import BATCH_ITEM
from simulator.modelarts.rules.common import BATCH_PAGE, table, written
from simulator.objectpaths import BadObjectPath, parse_object_path
from simulator.rules.rule import FINE, Findings, Level, Rule, Scope, Source, at, here
from simulator.rules.shape import Shape, Table
from simulator.rules.text import shown

MANIFEST = "manifest"
BATCH_INPUT = "batch-input"
MANIFEST_PAGE = Source(BATCH_PAGE, "Manifest File Specifications")
INPUT_PATH = Source(BATCH_PAGE, "table 1, Input Path")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_PATH_WORDS = "is an object path such as obs://bucket/key"


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


def without_query(path: str) -> str:
    """A path without what signs it."""
    return path.split("?", 1)[0]


def object_path(value: str, scope: Scope) -> Findings:
    """A path of one of the documented forms."""
    try:
        parse_object_path(value)
    except BadObjectPath as error:
        return here(f"{_PATH_WORDS}; {error}")
    return FINE


def _is_file(value: str, scope: Scope) -> Findings:
    """A bucket alone is a folder too."""
    try:
        is_folder = parse_object_path(value).is_folder
    except BadObjectPath:
        return FINE  # told by the rule on object paths
    if not is_folder:
        return FINE
    return here(f"must name a file, not a folder; got {shown(without_query(value))}")


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


def _runtime(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on files that a batch service reads."""
    parts = {"level": Level.RUNTIME, "answer": BATCH_ITEM}
    return written(f"MA-BAT-{number:03d}", statement, where, changes, more, **parts)


RULES = (
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
        check=object_path,
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
