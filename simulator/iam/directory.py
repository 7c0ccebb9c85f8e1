"""Everything that the identity routes and the callers' check need, in one value."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from simulator.iam.access import Caller, authenticate
from simulator.iam.identity import Identity, check_distinct
from simulator.iam.signing import HolderT, verify_signature
from simulator.iam.tokens import DEFAULT_LIFETIME_S, TokenSigner


@dataclass(frozen=True)
class Directory:
    """The installation's users, its token key, and where clients reach it.

    Attributes:
        identities: at least one.
        endpoint: gives the base URL for clients, without a final `/`: `http://127.0.0.1:8780`.
        now_s: real time in seconds since the epoch; never the platform clock.
        region: the one region's name.
        token_lifetime_s: seconds that an issued token is valid.

    Raises:
        ValueError: no identity, or two that a request could not tell apart.
    """

    identities: tuple[Identity, ...]
    signer: TokenSigner
    endpoint: Callable[[], str]
    now_s: Callable[[], float] = time.time
    region: str = "local"
    token_lifetime_s: int = DEFAULT_LIFETIME_S

    def __post_init__(self) -> None:
        if not self.identities:
            raise ValueError("no identity is configured: configure at least one user")
        check_distinct(self.identities)

    def identity(self, user_id: str) -> Identity | None:
        """The identity with this user id, or None."""
        return next((one for one in self.identities if one.user_id == user_id), None)

    async def caller(
        self, request: Request, project_id: str | None = None, *, path: str | None = None
    ) -> Caller:
        """The sender of an HTTP request; reads the body. Arguments and errors: `authenticate`.

        Args:
            path: what the client asked for, where the request that reached us has another path.
        """
        return authenticate(
            identities=self.identities,
            signer=self.signer,
            headers=request.headers.items(),
            method=request.method,
            path=raw_path(request) if path is None else path,
            query=request.scope["query_string"].decode("latin-1"),
            body=await request.body(),
            now_s=self.now_s(),
            project_id=project_id,
        )

    async def signer_among(
        self, request: Request, holders: Mapping[str, HolderT], *, path: str
    ) -> HolderT:
        """Who of others than the users signed an HTTP request; reads the body. Errors:
        `verify_signature`.

        Args:
            holders: by access key.
            path: what the client asked for.
        """
        return verify_signature(
            holders,
            headers=request.headers.items(),
            method=request.method,
            path=path,
            query=request.scope["query_string"].decode("latin-1"),
            body=await request.body(),
            now_s=self.now_s(),
        )


def raw_path(request: Request) -> str:
    """The path as the client sent it, percent-encoding and all.

    Raises:
        KeyError: the ASGI server gives no `raw_path`; uvicorn does.
    """
    raw: bytes = request.scope["raw_path"]
    return raw.decode("latin-1")
