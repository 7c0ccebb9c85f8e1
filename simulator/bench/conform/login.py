"""A token and the project that it belongs to, as the identity service gives them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from simulator.bench.conform.connection import Answer, Sender
from simulator.bench.conform.world import NotAllowed

TOKENS = "/v3/auth/tokens"


@dataclass(frozen=True)
class Login:
    """Who asks."""

    token: str
    project_id: str


def with_password(sender: Sender, user: str, password: str, domain: str, project: str) -> Login:
    """Ask for a token of the project.

    Raises:
        NotAllowed: it is not given.
        NothingThere, Unanswered: there is no answer.
    """
    named = {"name": user, "password": password, "domain": {"name": domain}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": named}},
            "scope": {"project": {"name": project}},
        }
    }
    headers = {"Content-Type": "application/json"}
    answer = sender.send("POST", TOKENS, headers, json.dumps(body).encode())
    token = answer.headers.get("x-subject-token", "")
    if answer.status != 201 or not token:
        raise NotAllowed(f"no token is given for {user}: {answer.status} {_said(answer)}".rstrip())
    return Login(token, _project(answer))


def with_token(sender: Sender, token: str) -> Login:
    """Ask what project a token belongs to.

    Raises:
        NotAllowed: the endpoint does not say.
        NothingThere, Unanswered: there is no answer.
    """
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    answer = sender.send("GET", TOKENS, headers, None)
    if answer.status != 200:
        raise NotAllowed(
            f"the endpoint does not say what project the token is for: {answer.status} "
            f"{_said(answer)}".rstrip()
        )
    return Login(token, _project(answer))


def _project(answer: Answer) -> str:
    token = answer.object.get("token")
    project: Any = token.get("project") if isinstance(token, dict) else None
    found = project.get("id") if isinstance(project, dict) else None
    if not isinstance(found, str) or not found:
        raise NotAllowed("the token is for no project")
    return found


def _said(answer: Answer) -> str:
    """What an error of the identity service, or of the API, says."""
    error = answer.object.get("error")
    said = error.get("message") if isinstance(error, dict) else answer.object.get("error_msg")
    return str(said or "")
