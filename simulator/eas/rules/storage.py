"""What the documents demand of what is mounted. Source: EAS overview, Use an image; the JSON page,
storage."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import USE_IMAGE, metadata_of, oss_region, page, written
from simulator.eas.vocabulary import STORAGE_KINDS
from simulator.rules import checks
from simulator.rules.rule import FINE, Findings, Proof, Rule, Scope, here
from simulator.rules.text import listed, shown


def _one_kind(entry: dict[str, Any], scope: Scope) -> Findings:
    given = [kind for kind in STORAGE_KINDS if kind in entry]
    if len(given) == 1:
        return FINE
    return here(f"has exactly one of {listed(STORAGE_KINDS)}; got {' and '.join(given) or 'none'}")


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _apart(entries: list[dict[str, Any]], scope: Scope) -> Findings:
    seen: list[tuple[int, list[str]]] = []
    findings = []
    for index, entry in enumerate(entries):
        if "mount_path" not in entry:
            continue
        path = _parts(entry["mount_path"])
        for other, before in seen:
            shared = min(len(path), len(before))
            if path[:shared] == before[:shared]:
                text = f"lies in or above the mount_path of storage[{other}]; they must not overlap"
                findings.append(((index, "mount_path"), text))
                break
        seen.append((index, path))
    return findings


def _absolute(value: str, scope: Scope) -> Findings:
    if value.startswith("/") and ".." not in value.split("/"):
        return FINE
    return here(f"is a path that begins with /, without ..; got {shown(value)}")


def _oss_path(value: str, scope: Scope) -> Findings:
    if value.startswith("oss://") and value[6:].strip("/"):
        return FINE
    return here(f"is a path of the object storage, oss://bucket/...; got {shown(value)}")


def _same_region(value: str, scope: Scope) -> Findings:
    found, own = oss_region(value), metadata_of(scope).get("region")
    if found is None or not own or found[0] == own:
        return FINE
    return here(f"is mounted from the service's own region only, {own}; this is in {found[0]}")


def _directory(value: str, scope: Scope) -> Findings:
    return FINE if value.startswith("/") else here(f"begins with /; got {shown(value)}")


def _no_cpfs(value: str, scope: Scope) -> Findings:
    if not value.startswith("cpfs-") and ".cpfs." not in value:
        return FINE
    return here(f"CPFS cannot be mounted from NAS; got {shown(value)}")


def _https(value: str, scope: Scope) -> Findings:
    if value.startswith("https://") and len(value) > len("https://"):
        return FINE
    return here(f"is an address that begins with https://; got {shown(value)}")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on each entry of storage; of those of the fullest document, the kinds are in order."""
    changed = {f"/storage{place}": value for place, value in changes.items()}
    name = where[1:].replace("/", ".")
    parts = {"source": page(f"storage.{name}" if name else "storage"), "base": "full"}
    return written(number, statement, f"/storage/*{where}", changed, more, **parts)


_INFERRED = {"proof": Proof.INFERRED}
_INDEX = {kind: index for index, kind in enumerate(STORAGE_KINDS)}
"""Which entry of the fullest document has which kind."""


def _of_kind(number: int, statement: str, place: str, value: Any, **more: Any) -> Rule:
    """A rule on a field of one kind."""
    index = _INDEX[place.partition("/")[0]]
    return _rule(number, statement, f"/{place}", {f"/{index}/{place}": value}, **more)


RULES = (
    _rule(
        220,
        "An entry of storage is of exactly one kind.",
        "",
        {"/0/nfs": {"server": "nas.example.com", "path": "/"}},
        reads=STORAGE_KINDS,
        check=_one_kind,
    ),
    written(
        221,
        "Mount paths do not overlap.",
        "/storage",
        {"/storage/1/mount_path": "/mnt/oss/deeper/"},
        {"base": "full"},
        source=page("storage.mount_path"),
        check=_apart,
    ),
    _rule(
        222,
        "A mount path begins with /.",
        "/mount_path",
        {"/0/mount_path": "mnt/model"},
        **_INFERRED,
        check=_absolute,
        schema={"pattern": "^/"},
    ),
    _rule(
        223,
        "Mounted files are the model or code.",
        "/properties/resource_type",
        {"/0/properties/resource_type": "data"},
        **checks.one_of("model", "code"),
    ),
    _of_kind(
        224,
        "A path of the object storage begins with oss://.",
        "oss/path",
        "bucket/model/",
        **_INFERRED,
        check=_oss_path,
        schema={"pattern": "^oss://"},
    ),
    _of_kind(
        225,
        "Object storage is mounted from the service's own region only.",
        "oss/endpoint",
        "oss-cn-beijing-internal.aliyuncs.com",
        check=_same_region,
    ),
    _of_kind(
        226,
        "A directory of a file system begins with /.",
        "nfs/path",
        "models",
        **_INFERRED,
        check=_directory,
        schema={"pattern": "^/"},
    ),
    _of_kind(
        227,
        "CPFS is not mounted from NAS.",
        "nfs/server",
        "cpfs-0a1b2c-xyz.cn-shanghai.cpfs.nas.aliyuncs.com",
        source=USE_IMAGE,
        check=_no_cpfs,
    ),
    _of_kind(
        228,
        "A repository's address begins with https://.",
        "git/repo",
        "git@example.com:team/code.git",
        check=_https,
        schema={"pattern": "^https://"},
    ),
    _of_kind(
        229,
        "An empty directory's medium is memory.",
        "empty_dir/medium",
        "disk",
        **checks.one_of("memory"),
    ),
    _of_kind(
        230,
        "An empty directory's size is above 0 GB.",
        "empty_dir/size_limit",
        0,
        **_INFERRED,
        **checks.above(0),
    ),
)
