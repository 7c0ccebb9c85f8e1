"""The users that the settings name."""

from __future__ import annotations

from dataclasses import replace

from simulator.config import Settings
from simulator.iam.identity import Identity, default_identity


def identities_from(settings: Settings) -> tuple[Identity, ...]:
    """One development user, by default `drydock` in the domain `drydock`."""
    return (
        replace(
            default_identity(),
            user_name=settings.user_name,
            password=settings.user_password,
            domain_name=settings.domain_name,
        ),
    )
