"""From what a user types to one service, model or app."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from simulator.cli.failures import Failure, UsageFailure

Json = dict[str, Any]

PREFIX_LENGTH = 4
"""Shortest beginning of an id that counts as one."""


def find_service(services: Sequence[Json], key: str) -> Json:
    """The service with this id, name, or beginning of an id.

    Raises:
        Failure: there is none, or several could be meant; the hint lists them.
    """
    return _find("service", services, key, id_field="service_id", label=_service_label)


def find_model(models: Sequence[Json], key: str) -> Json:
    """The model with this id, name, `name:version`, or beginning of an id.

    Raises:
        Failure: there is none, or several could be meant; the hint lists them.
    """
    return _find("model", models, key, id_field="model_id", label=_model_label)


def find_app(apps: Sequence[Json], key: str) -> Json:
    """The app with this id, name, or beginning of an id.

    Raises:
        Failure: there is none, or several could be meant; the hint lists them.
    """
    rows = [{"name": app["app_name"], "app_id": app["app_id"], "app": app} for app in apps]
    found: Json = _find("app", rows, key, id_field="app_id", label=_service_label)["app"]
    return found


def find_newest_model(models: Sequence[Json], key: str) -> Json:
    """As `find_model`, but a bare name means the newest version of that name.

    Raises:
        Failure: there is none, or several could be meant.
    """
    named = [model for model in models if model["name"] == key]
    if named:
        return max(named, key=lambda model: tuple(map(int, str(model["version"]).split("."))))
    return find_model(models, key)


def find_version(versions: Sequence[Json], key: str | None) -> int:
    """The place, in a service's configuration, of the version with this id, or of the only one with
    this model (its name, `name:version` or id). Without a key: of the only one.

    Raises:
        UsageFailure: there is no key, and there are several.
        Failure: there is none, or several could be meant; the hint lists them.
    """
    choices = ", ".join(f"{one['version_id']} ({_version_label(one)})" for one in versions)
    if key is None:
        if len(versions) == 1:
            return 0
        raise UsageFailure(
            f"the service has {len(versions)} versions", hint=f"say which with --version: {choices}"
        )
    for matches in (
        [place for place, one in enumerate(versions) if key == one["version_id"]],
        [place for place, one in enumerate(versions) if key in _model_names(one)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise Failure(
                f"{len(matches)} versions could be meant by {key}", hint=f"say which: {choices}"
            )
    raise Failure(f"the service has no version {key}", hint=f"it has {choices}")


def _model_names(version: Json) -> tuple[str, ...]:
    return version["model_id"], version["model_name"], _version_label(version)


def _version_label(version: Json) -> str:
    return f"{version['model_name']}:{version['model_version']}"


def _service_label(service: Json) -> str:
    return str(service["name"])


def _model_label(model: Json) -> str:
    return f"{model['name']}:{model['version']}"


def _find(kind: str, rows: Sequence[Json], key: str, *, id_field: str, label: Any) -> Json:
    for matches in (
        [row for row in rows if row[id_field] == key],
        [row for row in rows if key in (row["name"], label(row))],
        [row for row in rows if len(key) >= PREFIX_LENGTH and row[id_field].startswith(key)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            choices = ", ".join(f"{label(row)} ({row[id_field]})" for row in matches)
            raise Failure(
                f"{len(matches)} {kind}s could be meant by {key}", hint=f"say which: {choices}"
            )
    raise Failure(f"there is no {kind} {key}", hint=_near(kind, rows, key, label))


def _near(kind: str, rows: Sequence[Json], key: str, label: Any) -> str:
    names = sorted({str(name) for row in rows for name in (row["name"], label(row))})
    if near := difflib.get_close_matches(key, names, n=3):
        return f"did you mean {' or '.join(near)}? `drydock {kind}s list` shows all"
    if not rows:
        return f"there are no {kind}s yet"
    return f"`drydock {kind}s list` shows all"
