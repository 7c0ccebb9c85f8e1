"""Why a caller is refused, and how that looks on the wire: one table.

The (HTTP status, code) pairs are those of the ModelArts API reference, appendix "Error Codes". The
same number means different things under different statuses, so only the pair identifies a cause.
The reference does not say which pair answers which fault of a signature; the choice made here:

| fault | pair | reading |
|---|---|---|
| neither `X-Auth-Token` nor `Authorization` | 401 ModelArts.0201 | "the token is empty" |
| a header that the signature needs is absent | 401 ModelArts.0205 | "header is missing" |
| `Authorization` or `X-Sdk-Date` cannot be read | 401 ModelArts.0206 | "incorrect format" |
| signature wrong, or its date too far off | 401 ModelArts.0208 | "failed to check" |
| access key unknown | 403 ModelArts.0206 | "invalid AK/SK" |
| token names no project, route needs one | 401 ModelArts.0212 | 400 ModelArts.0204 says the same |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar


class Reason(StrEnum):
    """Why a caller is refused."""

    TOKEN_MISSING = "token_missing"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_INVALID = "token_invalid"
    TOKEN_WITHOUT_PROJECT = "token_without_project"
    PROJECT_FORBIDDEN = "project_forbidden"
    PROJECT_MALFORMED = "project_malformed"
    SIGNATURE_HEADER_MISSING = "signature_header_missing"
    SIGNATURE_MALFORMED = "signature_malformed"
    SIGNATURE_EXPIRED = "signature_expired"
    SIGNATURE_WRONG = "signature_wrong"
    ACCESS_KEY_UNKNOWN = "access_key_unknown"


@dataclass(frozen=True)
class WireError:
    """One answer: HTTP status, error code, and a message in which `{detail}` may stand."""

    status: int
    error_code: str
    error_msg: str


WIRE: Mapping[Reason, WireError] = MappingProxyType(
    {
        Reason.TOKEN_MISSING: WireError(
            401,
            "ModelArts.0201",
            "No token: send X-Auth-Token (POST /v3/auth/tokens issues one) or sign the request.",
        ),
        Reason.TOKEN_EXPIRED: WireError(
            401, "ModelArts.0202", "The token has expired{detail}. Request a new one."
        ),
        Reason.TOKEN_INVALID: WireError(
            401, "ModelArts.0203", "The token is invalid: {detail}. Request a new one."
        ),
        Reason.TOKEN_WITHOUT_PROJECT: WireError(
            401,
            "ModelArts.0212",
            "The token names no project. Request one whose scope is a project.",
        ),
        Reason.PROJECT_FORBIDDEN: WireError(
            403, "ModelArts.0210", "The project id does not fit the caller: {detail}."
        ),
        Reason.PROJECT_MALFORMED: WireError(
            400,
            "ModelArts.0210",
            "The project id in the URL is invalid: it has 32 lower-case hexadecimal digits.",
        ),
        Reason.SIGNATURE_HEADER_MISSING: WireError(
            401, "ModelArts.0205", "The signed request lacks a header: {detail}."
        ),
        Reason.SIGNATURE_MALFORMED: WireError(
            401, "ModelArts.0206", "The signature cannot be read: {detail}."
        ),
        Reason.SIGNATURE_EXPIRED: WireError(
            401, "ModelArts.0208", "The signature is not current: {detail}."
        ),
        Reason.SIGNATURE_WRONG: WireError(
            401, "ModelArts.0208", "The signature does not match the request: {detail}."
        ),
        Reason.ACCESS_KEY_UNKNOWN: WireError(
            403, "ModelArts.0206", "The access key is not known here. Check the AK/SK pair."
        ),
    }
)


class IamError(Exception):
    """A refused caller. Each subclass is one `Reason`; the wire form comes from `WIRE`.

    Args:
        detail: what exactly is wrong, in our own words; never text from the request.
    """

    reason: ClassVar[Reason]

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(self.error_msg)

    @property
    def status(self) -> int:
        """HTTP status."""
        return WIRE[self.reason].status

    @property
    def error_code(self) -> str:
        """Documented code, e.g. `ModelArts.0201`."""
        return WIRE[self.reason].error_code

    @property
    def error_msg(self) -> str:
        """Message for the caller."""
        return WIRE[self.reason].error_msg.format(detail=self.detail)


class TokenError(IamError):
    """Something is wrong with the token."""


class TokenMissing(TokenError):
    """Neither a token nor a signature was sent."""

    reason = Reason.TOKEN_MISSING


class TokenExpired(TokenError):
    """The token's time is over."""

    reason = Reason.TOKEN_EXPIRED


class TokenInvalid(TokenError):
    """The token is not one of ours, was altered, or names a user who is gone."""

    reason = Reason.TOKEN_INVALID


class TokenWithoutProject(TokenError):
    """The route belongs to a project, and the token to none."""

    reason = Reason.TOKEN_WITHOUT_PROJECT


class ProjectForbidden(IamError):
    """The caller may not act in the project."""

    reason = Reason.PROJECT_FORBIDDEN


class ProjectMalformed(IamError):
    """The project id in the path is not an id."""

    reason = Reason.PROJECT_MALFORMED


class SignatureRefused(IamError):
    """Something is wrong with the AK/SK signature."""


class SignatureHeaderMissing(SignatureRefused):
    """`Authorization`, `X-Sdk-Date` or a header listed as signed is absent."""

    reason = Reason.SIGNATURE_HEADER_MISSING


class SignatureMalformed(SignatureRefused):
    """`Authorization` or `X-Sdk-Date` does not have the documented form."""

    reason = Reason.SIGNATURE_MALFORMED


class SignatureExpired(SignatureRefused):
    """`X-Sdk-Date` is more than 15 minutes away from the server's clock."""

    reason = Reason.SIGNATURE_EXPIRED


class SignatureWrong(SignatureRefused):
    """The signature is not the one that the secret key gives for this request."""

    reason = Reason.SIGNATURE_WRONG


class AccessKeyUnknown(SignatureRefused):
    """No identity has this access key."""

    reason = Reason.ACCESS_KEY_UNKNOWN
