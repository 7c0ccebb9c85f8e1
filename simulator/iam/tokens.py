"""Tokens: ES256 JSON Web Tokens, so that the data plane can check them with public keys alone.

A token lives 24 hours (ModelArts API reference, "Authentication"). Time is real time, always given
by the caller in seconds since the epoch; the platform clock has no say here.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from simulator.iam.errors import TokenExpired, TokenInvalid, TokenMissing
from simulator.iam.identity import Identity, Project
from simulator.iam.keys import load_or_create_key

ALGORITHM = "ES256"
PROJECT_CLAIM = "project_id"
DEFAULT_LIFETIME_S = 86_400
# Far above any token issued here; a bound on what is parsed for a stranger.
_MAX_TOKEN_CHARS = 8192


@dataclass(frozen=True)
class Claims:
    """What a token says.

    Attributes:
        issuer: `iss`, names the installation.
        token_id: `jti`, unique per token.
        project_id, project_name: None in a token whose scope is a domain.
        issued_at_s, expires_at_s: real time, whole seconds since the epoch (`iat`, `exp`).
    """

    issuer: str
    token_id: str
    user_id: str
    user_name: str
    domain_id: str
    domain_name: str
    project_id: str | None
    project_name: str | None
    issued_at_s: int
    expires_at_s: int


@dataclass(frozen=True)
class Token:
    """A token as sent in `X-Subject-Token` and `X-Auth-Token`, and what it says."""

    text: str
    claims: Claims


class TokenSigner:
    """Issues and checks the tokens of one installation.

    Args:
        key: P-256 private key; tokens outlive a restart when the key does.
        installation_id: becomes part of `iss`, so that tokens of another installation are refused.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, installation_id: str) -> None:
        self._key = key
        self._public_key = key.public_key()
        self.issuer = f"drydock-iam:{installation_id}"
        self._jwk: dict[str, str] = ECAlgorithm.to_jwk(self._public_key, as_dict=True)
        self.key_id = _thumbprint(self._jwk)

    @classmethod
    def from_file(cls, path: Path, installation_id: str) -> TokenSigner:
        """A signer with the key at `path`, which is made if absent.

        Raises:
            KeyFileError: the file cannot be used.
        """
        return cls(load_or_create_key(path), installation_id)

    def issue(
        self,
        identity: Identity,
        project: Project | None,
        now_s: float,
        lifetime_s: int = DEFAULT_LIFETIME_S,
    ) -> Token:
        """A token for `identity` in `project`, or in the domain when `project` is None."""
        issued_at_s = int(now_s)
        claims = Claims(
            issuer=self.issuer,
            token_id=secrets.token_hex(16),
            user_id=identity.user_id,
            user_name=identity.user_name,
            domain_id=identity.domain_id,
            domain_name=identity.domain_name,
            project_id=project.id if project else None,
            project_name=project.name if project else None,
            issued_at_s=issued_at_s,
            expires_at_s=issued_at_s + lifetime_s,
        )
        text = jwt.encode(
            _to_payload(claims), self._key, algorithm=ALGORITHM, headers={"kid": self.key_id}
        )
        return Token(text, claims)

    def verify(self, text: str, now_s: float) -> Claims:
        """What the token says, if it is ours and still valid at `now_s`.

        Raises:
            TokenMissing: `text` is empty.
            TokenExpired: `now_s` is at or past `exp`.
            TokenInvalid: anything else is wrong with it.
        """
        if not text:
            raise TokenMissing
        if len(text) > _MAX_TOKEN_CHARS:
            raise TokenInvalid("it is longer than any token issued here")
        try:
            payload = jwt.decode(
                text,
                self._public_key,
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                # PyJWT would ask the system's clock; `now_s` decides here.
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.InvalidIssuerError:
            raise TokenInvalid("it was issued by another installation") from None
        except (jwt.InvalidTokenError, ValueError, TypeError):
            raise TokenInvalid("it was not issued here, or was altered") from None
        claims = _from_payload(payload)
        if now_s >= claims.expires_at_s:
            raise TokenExpired(f" {int(now_s) - claims.expires_at_s} s ago")
        return claims

    def jwks(self) -> str:
        """The public key as a JSON Web Key Set (RFC 7517), text."""
        key = self._jwk | {"kid": self.key_id, "alg": ALGORITHM, "use": "sig"}
        return json.dumps({"keys": [key]}, sort_keys=True)


def _to_payload(claims: Claims) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "iss": claims.issuer,
        "sub": claims.user_id,
        "jti": claims.token_id,
        "iat": claims.issued_at_s,
        "exp": claims.expires_at_s,
        "user_name": claims.user_name,
        "domain_id": claims.domain_id,
        "domain_name": claims.domain_name,
    }
    if claims.project_id is not None:
        payload |= {PROJECT_CLAIM: claims.project_id, "project_name": claims.project_name}
    return payload


def _from_payload(payload: dict[str, Any]) -> Claims:
    """Claims of a payload whose signature is ours: its types are those of `_to_payload`.

    A key that survives an upgrade may have signed tokens of an older form, hence the check.
    """
    try:
        return Claims(
            issuer=payload["iss"],
            token_id=payload["jti"],
            user_id=payload["sub"],
            user_name=payload["user_name"],
            domain_id=payload["domain_id"],
            domain_name=payload["domain_name"],
            project_id=payload.get(PROJECT_CLAIM),
            project_name=payload.get("project_name"),
            issued_at_s=int(payload["iat"]),
            expires_at_s=int(payload["exp"]),
        )
    except (KeyError, ValueError, TypeError):
        raise TokenInvalid("it lacks claims that tokens of this version carry") from None


def _thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638: the key's name follows from the key, so it is the same after every restart."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    digest = sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
