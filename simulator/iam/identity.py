"""Users, domains and projects, as frozen data that the settings fill."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_ID = re.compile(r"[0-9a-f]{32}")
# An access key travels inside `Access=…, SignedHeaders=…` and `Credential=…/date/…`.
_ACCESS_KEY = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def is_id(text: str) -> bool:
    """Whether `text` is an identifier as IAM writes them: 32 lower-case hexadecimal digits."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True)
class Project:
    """A project: what services, models and quotas belong to. One token speaks for one project."""

    id: str
    name: str

    def __post_init__(self) -> None:
        _require_id("project id", self.id)
        _require_text("project name", self.name)


@dataclass(frozen=True)
class Identity:
    """One user of one domain (account), with the projects that the user may act in.

    Attributes:
        user_id, domain_id: 32 lower-case hexadecimal digits.
        password: compared as given; these are development credentials, not real secrets.
        projects: may be empty; such a user gets domain tokens only.
        access_key: the public part of the AK/SK pair (AK).
        secret_key: the signing part of the pair (SK).

    Raises:
        ValueError: a field is unusable, or two projects share an id or a name.
    """

    user_id: str
    user_name: str
    password: str = field(repr=False)
    domain_id: str
    domain_name: str
    projects: tuple[Project, ...]
    access_key: str
    secret_key: str = field(repr=False)

    def __post_init__(self) -> None:
        _require_id("user id", self.user_id)
        _require_id("domain id", self.domain_id)
        for name, text in (
            ("user name", self.user_name),
            ("password", self.password),
            ("domain name", self.domain_name),
            ("secret key", self.secret_key),
        ):
            _require_text(name, text)
        if not _ACCESS_KEY.fullmatch(self.access_key):
            raise ValueError(
                f"access key {self.access_key!r}: use 1 to 128 letters, digits, '_', '.' or '-'"
            )
        _require_distinct("project id", (project.id for project in self.projects))
        _require_distinct("project name", (project.name for project in self.projects))

    def project(self, project_id: str) -> Project | None:
        """The user's project with this id, or None."""
        return next((project for project in self.projects if project.id == project_id), None)

    def project_named(self, name: str) -> Project | None:
        """The user's project with this name, or None."""
        return next((project for project in self.projects if project.name == name), None)


def default_identity() -> Identity:
    """The development user that exists when the settings name none."""
    return Identity(
        user_id="d0c00000000000000000000000000001",
        user_name="drydock",
        password="drydock",
        domain_id="d0c00000000000000000000000000002",
        domain_name="drydock",
        projects=(Project("d0c00000000000000000000000000003", "local"),),
        access_key="DRYDOCK-DEV-ACCESS-KEY",
        secret_key="drydock-dev-secret-key-not-a-secret",
    )


def check_distinct(identities: Iterable[Identity]) -> None:
    """Refuse identities that a request could not tell apart.

    Raises:
        ValueError: two share a user id, an access key, or a user name within a domain; or one
            domain id has two names, or one domain name two ids.
    """
    known = tuple(identities)
    _require_distinct("user id", (one.user_id for one in known))
    _require_distinct("access key", (one.access_key for one in known))
    _require_distinct(
        "user name in its domain", (f"{one.user_name} ({one.domain_id})" for one in known)
    )
    domains = {(one.domain_id, one.domain_name) for one in known}
    _require_distinct("domain id", (domain_id for domain_id, _ in domains))
    _require_distinct("domain name", (name for _, name in domains))


def _require_id(what: str, text: str) -> None:
    if not is_id(text):
        raise ValueError(f"{what} {text!r}: use 32 lower-case hexadecimal digits")


def _require_text(what: str, text: str) -> None:
    if not text:
        raise ValueError(f"{what}: must not be empty")


def _require_distinct(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value!r} is used twice: make each one distinct")
        seen.add(value)
