"""Apps, which call services without a user's token, and the APIs that services have for them.

Source: ModelArts API reference, App Authentication Management.
"""

from __future__ import annotations

from enum import StrEnum

NAME_CHARACTERS = 64
"""Longest name of an app. No page states it; it is that of a service's name."""
REMARK_CHARACTERS = 200
"""Longest remark on an app."""
API_REMARK_CHARACTERS = 255
"""Longest remark on an API."""


class Auth(StrEnum):
    """Who may call an API of a service."""

    APP = "app"
    """The apps that it is granted to."""
    IAM = "iam"
    """Users of the service's project, as without any API."""


class Show(StrEnum):
    """Which apps a list of an API's grants shows."""

    AUTH = "AUTH"
    """Those that may call it."""
    UNAUTH = "UNAUTH"
    """Those that may not."""
