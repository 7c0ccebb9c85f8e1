"""What a private server is to be like, checked; nothing outside the program has a say in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from simulator.clock import ClockMode
from simulator.config import BackendChoice, Settings


class OptionsError(ValueError):
    """An option or a setting is not allowed; the text says what is."""


class BackendName(StrEnum):
    """Where the instances of a private server run."""

    FAKE = "fake"
    """Simulated: instances exist in memory, answer health probes and run nothing."""
    PROCESS = "process"
    DOCKER = "docker"


OWN_SETTINGS = frozenset({"home", "host", "port", "backend", "log_level"})
"""Settings that a private server decides itself, or that the program's own logging does."""


class PrivateSettings(Settings):
    """Settings without environment and file: a test must not depend on who runs it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass(frozen=True)
class Options:
    """A private server's kind.

    Attributes:
        gateway: whether Envoy is the listening address, so that inference requests are served.
        settings: of `simulator.config.Settings`, by name; `clock` is `manual` unless given.
    """

    backend: BackendName = BackendName.FAKE
    gateway: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Options:
        """Options from names and values as a test's author wrote them.

        Raises:
            OptionsError: a name is unknown or a value is not allowed.
        """
        settings = dict(given)
        backend = settings.pop("backend", BackendName.FAKE)
        gateway = settings.pop("gateway", False)
        if backend not in list(BackendName):
            allowed = ", ".join(repr(name.value) for name in BackendName)
            raise OptionsError(f"backend is one of {allowed}; got {backend!r}")
        if not isinstance(gateway, bool):
            raise OptionsError(f"gateway is True or False; got {gateway!r}")
        known = sorted(Settings.model_fields.keys() - OWN_SETTINGS)
        for name in settings.keys() - set(known):
            raise OptionsError(
                f"there is no option {name!r}; there are backend, gateway, "
                f"and the settings {', '.join(known)}"
            )
        options = cls(BackendName(backend), gateway, settings)
        options.private_settings(Path("/"), 1)  # refuses values that are not allowed
        return options

    def private_settings(self, home: Path, port: int) -> PrivateSettings:
        """The server's settings in full.

        Raises:
            OptionsError: a value is not allowed.
        """
        choice = {BackendName.DOCKER: BackendChoice.DOCKER}.get(self.backend, BackendChoice.PROCESS)
        values = {"clock": ClockMode.MANUAL, **self.settings}
        try:
            return PrivateSettings(home=home, port=port, backend=choice, **values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise OptionsError(f"setting {name}: {first['msg']} (got {first['input']!r})") from None
