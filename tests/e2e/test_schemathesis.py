"""The server keeps what its OpenAPI document says, whatever it is sent.

Schemathesis makes requests from the document, sound ones and others, and holds the answers against
it. `DRYDOCK_PROVE` is the number of cases an operation; `DRYDOCK_PROVE_SEED` chooses others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MakeServer
from tests.e2e.server import FIXTURES, DrydockServer, realtime_request

pytestmark = pytest.mark.envoy

CASES = int(os.environ.get("DRYDOCK_PROVE", "5"))
SEED = int(os.environ.get("DRYDOCK_PROVE_SEED", "1"))
RUN_S = 90 + 10 * CASES
"""Far more than a run takes."""

OFF_CHECKS = {
    "positive_data_acceptance": "rules go further than schemas: what several fields say together, "
    "and what exists. Our own check instead: no sound request is refused for its shape",
    "unsupported_method": "it wants 405; the cloud's gateway answers 404 APIG.0101 to a method "
    "that an API does not have",
}
"""Checks that are not made, and why."""
OFF_OPERATIONS = {
    "FollowEvents": "its answer does not end",
    "Reset": "takes away what the others are tried on; tried at the end",
    "ShutDown": "ends the server; tried at the end",
}
"""Operations that are not called, and why."""
METHODS = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"]
"""Methods that are tried where the document has none. Envoy's parser does not know QUERY."""
KNOWN_SERVICE = (
    *("ShowService", "UpdateService", "ListServiceEvents", "InspectService", "ListServiceHistory"),
    *("StartService", "StopService", "PatchService", "ChangeServiceProperty"),
    *("ListServiceUpdates", "ShowServiceMonitor", "CreateServiceTags", "DeleteServiceTags"),
    *("ShowRouting", "ChangeRouting", "ListAddresses", "ReleaseService"),
    *("ShowCollection", "ChangeCollection"),
)
"""Operations that are called with the id of a service that exists, every other time."""


@pytest.fixture
def known(make_server: MakeServer) -> tuple[DrydockServer, dict[str, str]]:
    """A server, and what exists on it."""
    server = make_server("process", crash_limit=2)
    server.start()
    package = FIXTURES / "packages" / "iris"
    shutil.copytree(package, server.home / "objects" / "fuzz" / "iris")
    model_id = server.import_package(package)
    service_id = server.deploy(realtime_request("standing", (model_id, 100)))
    server.admin("PUT", f"/services/{service_id}/routing", json={"direct": True})
    api = server.api("POST", f"/app-auth/{service_id}/apis", json={})["api"]
    return server, {
        "model_id": model_id,
        "service_id": service_id,
        "api_id": api["api_id"],
        "source_location": "obs://fuzz/iris/",
        "package": str(package),
    }


@pytest.mark.slow
@pytest.mark.timeout(RUN_S + 60)
def test_the_server_keeps_what_its_document_says(
    known: tuple[DrydockServer, dict[str, str]],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    server, existing = known
    config = tmp_path / "schemathesis.toml"
    config.write_text(_toml(_configuration(server, existing)))
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
            *(f"{server.url}/openapi.json", "--no-color"),
        ],
        cwd=tmp_path,
        env=os.environ | {"DRYDOCK_FUZZ": json.dumps(existing)},
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    summary = next(line for line in run.stdout.splitlines() if " generated, " in line)
    record_property("measured", f"schemathesis, seed {SEED}: {summary.strip()}")

    assert "Traceback" not in server.log()
    assert server.admin("GET", "/state")["gateway"]["status"] == "running"
    _try_last(server)


def _configuration(server: DrydockServer, existing: dict[str, str]) -> dict[str, Any]:
    admin_token = (server.home / "admin-token").read_text().strip()
    a_service = {"dictionary": "services", "probability": 0.5}
    return {
        "seed": SEED,
        "request-timeout": 20.0,
        "continue-on-failure": True,
        "hooks": str(Path(__file__).with_name("schemathesis_hooks.py")),
        "cache": {"enabled": False},
        "auth": {
            "openapi": {"token": {"api_key": server.token}, "admin": {"api_key": admin_token}}
        },
        "dictionaries": {
            "tokens": {"values": [server.token]},
            "services": {"values": [existing["service_id"]]},
            "models": {"values": [existing["model_id"]]},
        },
        "parameters": {
            "path.project_id": server.project_id,
            "header.X-Subject-Token": {"dictionary": "tokens", "probability": 0.5},
        },
        "generation": {"max-examples": CASES, "database": "none"},
        "phases": {"coverage": {"unexpected-methods": METHODS}},
        "checks": {
            "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "501"]},
            **{name: {"enabled": False} for name in OFF_CHECKS},
        },
        "operations": [
            {"include-operation-id": list(OFF_OPERATIONS), "enabled": False},
            {
                "include-operation-id": list(KNOWN_SERVICE),
                "parameters": {"path.service_id": a_service},
            },
            {
                "include-operation-id": "ShowModel",
                "parameters": {"path.model_id": {"dictionary": "models", "probability": 0.5}},
            },
            {  # an answer that follows does not end
                "include-operation-id": "ReadServiceLogs",
                "parameters": {"path.service_id": a_service, "query.follow": "false"},
            },
        ],
    }


def _toml(tables: dict[str, Any]) -> str:
    """A configuration as TOML, every value inline: JSON strings and numbers are TOML's too."""
    return "".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in tables.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return json.dumps(value)


def _try_last(server: DrydockServer) -> None:
    """What would end the run: each answer is held against the document. What a call without
    credentials gets cannot be asked of a server that is ending."""
    import schemathesis  # takes a second, which other tests need not pay for
    from schemathesis.specs.openapi.checks import ignored_auth

    document = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    headers = {"X-Drydock-Token": (server.home / "admin-token").read_text().strip()}
    server.delete_all_services()
    for name, body in (("Reset", None), ("ShutDown", {"mode": "remove"})):
        operation = document.find_operation_by_id(name)
        case = (
            operation.Case(body=body, media_type="application/json") if body else operation.Case()
        )
        answer = case.call_and_validate(headers=headers, excluded_checks=[ignored_auth])
        assert answer.status_code == 200
    assert server.wait_for_end() == 0
