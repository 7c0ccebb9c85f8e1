"""env: what clients need to reach the server, as shell exports."""

from __future__ import annotations

import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.cli.session import HomeOption, JsonOption, Session


class Shell(StrEnum):
    SH = "sh"
    FISH = "fish"
    JSON = "json"


def env(
    shell: Annotated[
        Shell | None, typer.Option("--shell", help="Syntax (default: that of $SHELL).")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print shell exports for curl and SDKs.

    Use it as: eval "$(drydock env)"
    """
    session = Session(home, as_json)
    with session.server() as server:
        variables = client_variables(server.env())
    if session.output.as_json or shell is Shell.JSON:
        session.output.document(variables)
        return
    chosen = shell or (Shell.FISH if Path(os.environ.get("SHELL", "")).name == "fish" else Shell.SH)
    for name, value in variables.items():
        if chosen is Shell.FISH:
            text = value.replace("\\", "\\\\").replace("'", "\\'")
            print(f"set -gx {name} '{text}';")
        else:
            print(f"export {name}={shlex.quote(value)}")


def client_variables(found: dict[str, Any]) -> dict[str, str]:
    """Environment variables from the server's answer.

    `OS_...` are those of openstacksdk and otcextensions, `HUAWEICLOUD_SDK_...` those of the
    huaweicloudsdk packages.
    """
    return {
        "DRYDOCK_ENDPOINT": found["endpoint"],
        "DRYDOCK_PROJECT_ID": found["project_id"],
        "DRYDOCK_TOKEN": found["token"],
        "OS_AUTH_URL": found["auth_url"],
        "OS_IDENTITY_API_VERSION": "3",
        "OS_REGION_NAME": found["region"],
        "OS_USERNAME": found["user_name"],
        "OS_PASSWORD": found["password"],
        "OS_USER_DOMAIN_NAME": found["domain_name"],
        "OS_PROJECT_NAME": found["project_name"],
        "OS_PROJECT_DOMAIN_NAME": found["domain_name"],
        "OS_MODELARTSV1_ENDPOINT_OVERRIDE": found["modelarts_endpoint"],
        "HUAWEICLOUD_SDK_AK": found["access_key"],
        "HUAWEICLOUD_SDK_SK": found["secret_key"],
        "HUAWEICLOUD_SDK_PROJECT_ID": found["project_id"],
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": found["endpoint"],
    }
