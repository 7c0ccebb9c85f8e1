"""Inference requests of apps: which app sent one, and whether it may call the service.

An app shows a code (`X-Apig-AppCode`) or its key (`apikey`), or signs with key and secret. A token
goes before all of them, a code before a key, a key before a signature. Everything is read from the
store at each request, so that a change holds for the next one.

Source: real-time service guide, access authenticated using an application; API Gateway, incorrect
app authentication information (APIG.0303); prediction troubleshooting (ModelArts.4902 and 4905).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import Request

from simulator.errors import AccessRefused
from simulator.iam.canonical import Headers, single
from simulator.iam.errors import SignatureMalformed, SignatureRefused
from simulator.iam.signing import parse_authorization
from simulator.store.app_tables import AppRow
from simulator.system import System

CODE_HEADER = "x-apig-appcode"
KEY_HEADER = "apikey"
_WRONG = "Incorrect app authentication information: "


@dataclass(frozen=True)
class AppCaller:
    """An app whose credentials are right.

    Attributes:
        by_code: it showed a code.
    """

    app_id: str
    access_key: str
    secret_key: str = field(repr=False)
    by_code: bool = False


async def app_caller(system: System, request: Request, path: str) -> AppCaller | None:
    """The app that sent a request; None for one that no app sent: with a token, signed by a user,
    or without anything.

    Args:
        path: what the client asked for.

    Raises:
        AccessRefused: the code or the key is no app's, or the signature is not right.
    """
    headers = request.headers.items()
    if any(name == "x-auth-token" and value for name, value in headers):
        return None
    apps = system.store.apps
    if code := _sent(headers, CODE_HEADER):
        row = await asyncio.to_thread(apps.by_code, code)
        if row is None:
            raise AccessRefused("app", f"{_WRONG}app not found, the AppCode is unknown")
        return _caller(row, by_code=True)
    if key := _sent(headers, KEY_HEADER):
        row = await asyncio.to_thread(apps.by_key, key)
        if row is None:
            raise AccessRefused("app key", "The API key is invalid: no app has this AppKey")
        return _caller(row)
    return await _signer(system, request, path)


def check_grant(system: System, caller: AppCaller, service_id: str) -> None:
    """Raises `AccessRefused`: the app may not call the service. Blocking."""
    api = system.store.apis.open_to(caller.app_id, service_id)
    if api is None:
        raise AccessRefused("grant", "The app is not authorized to call the service")
    if caller.by_code and not api.takes_codes:
        raise AccessRefused("grant", "The service's API takes no AppCode: sign the request")


async def _signer(system: System, request: Request, path: str) -> AppCaller | None:
    """The app that signed a request; None where it is not signed, or with a key that no app has."""
    try:
        authorization = single(request.headers.items(), "authorization")
        key = parse_authorization(authorization or "").access_key
    except SignatureMalformed:  # told to users and apps alike
        return None
    if any(one.access_key == key for one in system.directory.identities):
        return None
    row = await asyncio.to_thread(system.store.apps.by_key, key)
    if row is None:
        return None
    caller = _caller(row)
    try:
        return await system.directory.signer_among(request, {key: caller}, path=path)
    except SignatureRefused as error:
        raise AccessRefused("app", f"{_WRONG}{error.detail}") from error


def _sent(headers: Headers, name: str) -> str:
    """The header's value; empty where there is none.

    Raises:
        AccessRefused: it was sent more than once.
    """
    try:
        return single(headers, name) or ""
    except SignatureMalformed as error:
        raise AccessRefused("app", f"{_WRONG}{error.detail}") from error


def _caller(row: AppRow, *, by_code: bool = False) -> AppCaller:
    return AppCaller(row.app_id, row.key, row.secret, by_code)
