"""What the documents demand of batch services: the request, manifests and input files.

Source: Deploying Services, table 5; Deploying as a Batch Service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.batch.mapping import LEAVES, BadMappingRule, MappingRule
from simulator.facts.statuses import ServiceKind
from simulator.modelarts.error_codes import OBJECT_URL
from simulator.modelarts.rules.batch_files import object_path, without_query
from simulator.modelarts.rules.common import BATCH_PAGE, BOTH, kind_of, table, written
from simulator.objectpaths import BadObjectPath, parse_object_path
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Check,
    Findings,
    Path,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.text import shown

LEFT_OUT = -1
"""The index of a parameter that is left out of the requests on purpose."""
_MAPPING_TYPES = ("file", "csv")


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


def _manifest_path(version: dict[str, Any], scope: Scope) -> Findings:
    if version["src_type"] != "ManifestFile" or "src_path" not in version:
        return FINE
    if without_query(version["src_path"]).endswith(".manifest"):
        return FINE
    text = "with the source type ManifestFile it is the path of a .manifest file"
    return at("src_path", text=f"{text}; got {shown(version['src_path'])}")


def _csv_file(version: dict[str, Any], scope: Scope) -> Findings:
    """A last part with letters after a dot is taken for a file's name; others for a folder's."""
    if version["mapping_type"] != "csv":
        return FINE
    try:
        key = parse_object_path(without_query(version.get("src_path", ""))).key
    except BadObjectPath:
        return FINE  # told by the rule on src_path
    name = key.rsplit("/", 1)[-1]
    _, dot, suffix = name.rpartition(".")
    if not dot or not suffix.isalpha() or suffix in ("csv", "manifest"):
        return FINE
    return at("src_path", text=f"with the mapping type csv, inputs end in .csv; got {shown(name)}")


def _followable(version: dict[str, Any], scope: Scope) -> Findings:
    rule = version["mapping_rule"]
    if version.get("mapping_type") != "csv" or not rule:
        return FINE  # without effect, or told by the rule that demands one
    try:
        MappingRule(rule)
    except BadMappingRule as bad:
        return [(("mapping_rule", *path), text) for path, text in bad.places]
    return FINE


def _idle_mapping_rule(version: dict[str, Any], scope: Scope) -> Findings:
    if version.get("mapping_type") != "file" or kind_of(scope) != ServiceKind.BATCH:
        return FINE
    return at("mapping_rule", text="has no effect with the mapping type file")


def _manifest_as_folder(version: dict[str, Any], scope: Scope) -> Findings:
    if version.get("src_type") or not without_query(version["src_path"]).endswith(".manifest"):
        return FINE
    text = "is read as a folder; for a manifest file, src_type is ManifestFile"
    return at("src_path", text=f"{text}; got {shown(version['src_path'])}")


def _object_path_unless_blank(value: str, scope: Scope) -> Findings:
    """Blank counts as absent."""
    return object_path(value, scope) if value else FINE


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
    if rule.get("type") in LEAVES:
        yield path, rule
    properties = rule.get("properties")
    if isinstance(properties, dict):
        for name, inner in properties.items():
            yield from leaves(inner, (*path, "properties", name))
    word = "item" if rule.get("items") is None else "items"  # the documents use both
    items = rule.get(word)
    if isinstance(items, dict):
        yield from leaves(items, (*path, word))
    elif isinstance(items, list):
        for index, inner in enumerate(items):
            yield from leaves(inner, (*path, word, index))


def _request(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on the only version of a batch service, or, at `/config`, on all."""
    place = where if where == "/config" else f"/config/*{where}"
    changes = {f"/config/0{at_}": value for at_, value in changes.items()}
    parts = {"source": table(5), "subjects": BOTH, "base": "batch-file"}
    return written(f"MA-BAT-{number:03d}", statement, place, changes, more, **parts)


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
    _request(
        16,
        "A mapping rule can be followed: of objects, arrays, strings, numbers, integers and "
        "booleans, something of which is sent.",
        "",
        {"/mapping_rule": {"type": "object", "properties": {"x": {"type": "file"}}}},
        base="batch-csv",
        source=Source(BATCH_PAGE, "table 1, Mapping Relationship"),
        when="mapping_rule",
        reads=("mapping_type",),
        check=_followable,
        proof=Proof.INFERRED,
    ),
)
