"""The body of `POST /v3/auth/tokens` (Keystone v3). Unknown members are ignored."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from simulator.iam.identity import Identity


class _Named(BaseModel):
    """Something named by id, or by name."""

    id: str | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if self.id is None and self.name is None:
            raise ValueError("give id or name")
        return self


class DomainRef(_Named):
    """A domain (account)."""

    def names(self, identity: Identity) -> bool:
        """Whether this is the domain of `identity`."""
        if self.id is not None:
            return self.id == identity.domain_id
        return self.name == identity.domain_name


class UserRef(_Named):
    """A user with password: by id, or by name within a domain."""

    password: str
    domain: DomainRef | None = None

    @model_validator(mode="after")
    def _name_has_domain(self) -> Self:
        if self.id is None and self.domain is None:
            raise ValueError("a user name needs domain with id or name")
        return self

    def names(self, identity: Identity) -> bool:
        """Whether this is the user of `identity`; says nothing about the password."""
        if self.id is not None:
            return self.id == identity.user_id
        in_domain = self.domain is not None and self.domain.names(identity)
        return in_domain and self.name == identity.user_name


class ProjectRef(_Named):
    """A project: by id, or by name; the domain may be left out, it is the user's."""

    domain: DomainRef | None = None


class PasswordMethod(BaseModel):
    """`auth.identity.password`."""

    user: UserRef


class TokenMethod(BaseModel):
    """`auth.identity.token`: an existing token, to be exchanged for one of another scope."""

    id: str


class IdentityPart(BaseModel):
    """`auth.identity`."""

    methods: list[str] = Field(min_length=1)
    password: PasswordMethod | None = None
    token: TokenMethod | None = None

    @model_validator(mode="after")
    def _methods_have_data(self) -> Self:
        for method in ("password", "token"):
            if method in self.methods and getattr(self, method) is None:
                raise ValueError(f"methods lists {method}, but {method} is absent")
        return self


class Scope(BaseModel):
    """`auth.scope`: exactly one of project and domain."""

    project: ProjectRef | None = None
    domain: DomainRef | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.project is None) == (self.domain is None):
            raise ValueError("give either project or domain")
        return self


class AuthPart(BaseModel):
    """`auth`. Without a scope the token's scope is the user's domain."""

    identity: IdentityPart
    scope: Scope | Literal["unscoped"] | None = None


class TokenRequest(BaseModel):
    """The whole body."""

    auth: AuthPart


def first_fault(error: ValidationError) -> str:
    """Where and what the first fault is, without any text of the request."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(step) for step in fault["loc"]) or "body"
    return f"{place}: {fault['msg']}"
