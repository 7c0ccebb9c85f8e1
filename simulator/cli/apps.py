"""apps create | list | show | delete | code | secret | authorize | revoke: who calls services."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from simulator.cli.failures import Failure
from simulator.cli.naming import PREFIX_LENGTH, find_app, find_service
from simulator.cli.output import Output, clock_time
from simulator.cli.session import HomeOption, JsonOption, ServiceArgument, Session
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.client import Server

app = typer.Typer(help="Apps: who calls services by a key or a code.", no_args_is_help=True)
code = typer.Typer(help="The codes that an app can show.", no_args_is_help=True)
secret = typer.Typer(help="The secret that an app signs with.", no_args_is_help=True)
app.add_typer(code, name="code")
app.add_typer(secret, name="secret")

Json = dict[str, Any]
AppArgument = Annotated[str, typer.Argument(metavar="APP", help="Name or id.")]
CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The code, or how it begins.")]
SecretsOption = Annotated[
    bool, typer.Option("--secrets", help="Show key, secret and codes in full.")
]
HIDDEN = "******"


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, once in the project.")],
    remark: Annotated[str, typer.Option("--remark", help="Remarks on it.")] = "",
    with_code: Annotated[bool, typer.Option("--code", help="Give it a code, too.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an app, and show its key and secret."""
    session = Session(home, as_json)
    with session.server() as server:
        made = _call(server, "POST", "", {"app_name": name, "app_remark": remark})["app"]
        if with_code:
            made = _call(server, "POST", f"/{made['app_id']}/app-code")["app"]
    _print_one(session.output, made)


@app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the apps, without their secrets."""
    session = Session(home, as_json)
    with session.server() as server:
        found = [_hidden(one) for one in _apps(server)]
    if session.output.as_json:
        session.output.document(found)
        return
    session.output.table(
        ["~NAME", ">CODES", ">SERVICES", "MADE", "ID"],
        [
            [
                one["app_name"],
                len(one["app_codes"]),
                one["bounded_api_count"],
                clock_time(one["created_at"]),
                session.output.short_id(one["app_id"]),
            ]
            for one in found
        ],
    )


@app.command("show")
def show(
    app_: AppArgument,
    secrets: SecretsOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an app and the services that it may call."""
    session = Session(home, as_json)
    with session.server() as server:
        app_id = find_app(_apps(server), app_)["app_id"]
        shown = _call(server, "GET", f"/{app_id}")["app"]
        apis = _call(server, "GET", f"/{app_id}/auth-apis")["apis"]
    shown = (shown if secrets else _hidden(shown)) | {
        "services": [one["service_name"] for one in apis]
    }
    _print_one(session.output, shown)


@app.command("delete")
def delete(app_: AppArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Delete an app that may call no service."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_app(_apps(server), app_)
        _call(server, "DELETE", f"/{found['app_id']}")
    _say(session.output, found, "is deleted")


@code.command("add")
def add_code(app_: AppArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Give an app another code, and show it."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_app(_apps(server), app_)
        changed = _call(server, "POST", f"/{found['app_id']}/app-code")["app"]
    _print_code(session.output, changed, found)


@code.command("reset")
def reset_code(
    app_: AppArgument,
    code_: CodeArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a new code in the place of one, and show it. The old one opens nothing then."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_app(_apps(server), app_)
        changed = _call(server, "PUT", _code_path(found, code_))["app"]
    _print_code(session.output, changed, found)


@code.command("remove")
def remove_code(
    app_: AppArgument,
    code_: CodeArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a code from an app."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_app(_apps(server), app_)
        changed = _call(server, "DELETE", _code_path(found, code_))["app"]
    left = len(changed["app_codes"])
    _say(session.output, changed, f"has {left} code{'s' if left != 1 else ''} left")


@secret.command("reset")
def reset_secret(app_: AppArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Give an app another secret, and show it. What was signed with the old one is refused then."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_app(_apps(server), app_)
        changed = _call(server, "PUT", f"/{found['app_id']}/app-secret")["app"]
    if session.output.as_json:
        session.output.document(changed)
    else:
        session.output.line(changed["app_secret"])


@app.command("authorize")
def authorize(
    app_: AppArgument,
    service: ServiceArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an app call a service."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_app(_apps(server), app_)
        called = find_service(server.state()["services"], service)
        api = _api_path(server, called)
        path = api or f"/services/{called['service_id']}/app-auth-api"
        done = _granting(server, "POST", path, found)["auth_result"]
    _say_granted(session.output, done, found, f"may call {called['name']}")


@app.command("revoke")
def revoke(
    app_: AppArgument,
    service: ServiceArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an app no longer call a service."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_app(_apps(server), app_)
        called = find_service(server.state()["services"], service)
        path = _api_path(server, called)
        if not path:
            raise Failure(f"no app may call {called['name']}")
        done = _granting(server, "DELETE", path, found)["unauth_result"]
    _say_granted(session.output, done, found, f"may not call {called['name']} any more")


def _apps(server: Server) -> list[Json]:
    found: list[Json] = _call(server, "GET", "")["apps"]
    return found


def _call(server: Server, method: str, path: str, body: Json | None = None) -> Json:
    """A call of the app API; `path` goes on after `app-auth/apps`."""
    content = None if body is None else json.dumps(body).encode()
    return server.cloud(method, f"/app-auth/apps{path}", content)


def _granting(server: Server, method: str, path: str, found: Json) -> Json:
    body = json.dumps({"apps": [{"app_id": found["app_id"]}]}).encode()
    return server.cloud(method, path, body)


def _api_path(server: Server, service: Json) -> str:
    """Where it is said who may call the service's API for apps; empty while it has none."""
    service_path = f"/services/{service['service_id']}"
    api = server.cloud("GET", f"{service_path}/api-auths").get("app_auth_api")
    return f"{service_path}/app-auth-apis/{api['api_id']}/app-auth-api" if api else ""


def _code_path(found: Json, key: str) -> str:
    """Where one of an app's codes is changed.

    Raises:
        Failure: the app has no such code, or several begin so.
    """
    codes = [one for one in found["app_codes"] if one.startswith(key)]
    if len(codes) != 1 or len(key) < PREFIX_LENGTH:
        raise Failure(
            f"{clean_line(found['app_name'])} has no code that alone is meant by this",
            hint=f"`drydock apps show APP` shows how each begins; {PREFIX_LENGTH} characters do",
        )
    return f"/{found['app_id']}/app-code/{quote(codes[0], safe='')}"


def _hidden(found: Json) -> Json:
    """The app without what could be used: of its key, which opens services by itself, and of its
    codes only how they begin."""
    key, *codes = [
        f"{one[:PREFIX_LENGTH]}{HIDDEN}" for one in (found["app_key"], *found["app_codes"])
    ]
    return found | {"app_key": key, "app_secret": HIDDEN, "app_codes": codes}


def _print_one(output: Output, found: Json) -> None:
    if output.as_json:
        output.document(found)
        return
    output.fields(
        [
            ("name", found["app_name"]),
            ("id", found["app_id"]),
            *([("remark", found["app_remark"])] if found["app_remark"] else []),
            ("key", found["app_key"]),
            ("secret", found["app_secret"]),
            *(("code", one) for one in found["app_codes"]),
            *(("may call", one) for one in found.get("services", ())),
        ]
    )


def _print_code(output: Output, changed: Json, before: Json) -> None:
    """The code that was not there before."""
    if output.as_json:
        output.document(changed)
        return
    for one in changed["app_codes"]:
        if one not in before["app_codes"]:
            output.line(one)


def _say(output: Output, found: Json, words: str) -> None:
    if output.as_json:
        output.document({"app_id": found["app_id"]})
    else:
        output.line(f"{clean_line(found['app_name'])} {words}")


def _say_granted(output: Output, done: list[Json], found: Json, words: str) -> None:
    (result,) = done
    if not result["success"]:
        raise Failure(str(result["reason"]))
    if output.as_json:
        output.document(result)
    else:
        output.line(f"{clean_line(found['app_name'])} {clean_line(words)}")
