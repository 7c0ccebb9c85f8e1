"""Settings: flag before environment (`DRYDOCK_...`) before file (`drydock.toml` in the home)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from simulator.clock import ClockMode
from simulator.errors import ConfigError
from simulator.objectsettings import BucketMapping, refuse_hosts, refuse_names
from simulator.specsettings import (
    OverheadSettings,
    SmallHost,
    SpecificationSettings,
    StubNpuSettings,
    refuse_specifications,
)
from simulator.transitions import TransitionSettings

SOCKET_PATH_LIMIT_BYTES = 100
"""Longest Unix socket path that all systems take (macOS: 104 with the end mark)."""


class BackendChoice(StrEnum):
    AUTO = "auto"
    """Docker when an engine answers, else child processes."""
    DOCKER = "docker"
    PROCESS = "process"


def default_home() -> Path:
    """The data directory: `DRYDOCK_HOME`, else the platform's place for user data."""
    chosen = os.environ.get("DRYDOCK_HOME")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("drydock"))


class InboundRuleSettings(BaseModel):
    """What a security group lets in; both ports are included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: str = "tcp"
    source: str = "0.0.0.0/0"
    first_port: int = Field(default=1, ge=1, le=65535)
    last_port: int = Field(default=65535, ge=1, le=65535)


class NetworkSettings(BaseModel):
    """The networks that exist, as `[networks.vpcs]` and `[[networks.security_groups.NAME]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vpcs: dict[str, list[str]] = Field(default_factory=dict)
    """Id of each VPC to the network ids of its subnets."""
    security_groups: dict[str, list[InboundRuleSettings]] = Field(default_factory=dict)
    """Id of each security group to its inbound rules."""


def _on_this_machine(address: str) -> str:
    if not address:
        return address
    try:
        url = urlsplit(address)
        host, _ = url.hostname, url.port
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from error
    if url.scheme != "http" or host not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("must be an http address of this machine, such as http://127.0.0.1:9000/")
    return address


class WhenFull(StrEnum):
    """What a deployment does without room. Source: ModelArts service events."""

    FAIL = "fail"
    WAIT = "wait"


class Settings(BaseSettings):
    """Everything a user can set. Field names are the file's keys and, in upper case with the prefix
    `DRYDOCK_`, the environment's."""

    model_config = SettingsConfigDict(
        env_prefix="DRYDOCK_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    home: Path = Field(default_factory=default_home)
    """Data directory. One server owns it at a time."""
    host: str = "127.0.0.1"
    """Address to listen on. Others than loopback expose the services to the network."""
    port: int = Field(default=8780, ge=1, le=65535)
    backend: BackendChoice = BackendChoice.AUTO
    base_image: str = "python:3.11-slim"
    """Image that the built-in runtime's image is built on."""
    clock: ClockMode = ClockMode.REAL
    speed: float = Field(default=1.0, gt=0, le=100_000)
    """Platform seconds per real second, with `clock = "scaled"`."""
    region: str = "local"
    user_name: str = "drydock"
    user_password: str = "drydock"
    domain_name: str = "drydock"
    token_lifetime_s: int = Field(default=86_400, ge=1)
    """Life of an issued token, real seconds. Source: ModelArts inference access guide (24 h)."""
    predict_timeout_s: float = Field(default=60.0, gt=0)
    """Real seconds until the first byte of a prediction must have come; unless set, what the
    reading predict-timeout says (60, or 40)."""
    traffic_limit_per_s: int = Field(default=100, ge=0)
    """Requests a second and service; 0 for no limit. Source: inference access guide (100)."""
    crash_limit: int = Field(default=3, ge=0)
    """How often an instance may die during a deployment before the deployment fails; 0: never, wait
    for the deploy timeout as the cloud does."""
    batch_manifest_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    """Size at which a batch job begins a further manifest of results."""
    when_full: WhenFull = WhenFull.FAIL
    """What a deployment does for which its dedicated pool has no room: `fail` after three tries, or
    `wait` until there is some (the status is then `waiting`)."""
    specifications: dict[str, SpecificationSettings] = Field(default_factory=dict)
    """Specifications beside the documented ones: a table `[specifications."NAME"]` each."""
    system_overhead: OverheadSettings = OverheadSettings()
    """What the system takes for each instance beside its specification, of a node of a dedicated
    pool and of this host. Source: Deploying as a Real-Time Service, table 2, Specifications."""
    small_host: SmallHost = SmallHost.CAP
    """What becomes of a deployment where the host has less than its specification: `cap` gives what
    there is, with a warning, `refuse` refuses it."""
    stub_npus: StubNpuSettings = StubNpuSettings()
    """Ascend chips that are only played; nothing computes on them."""
    transitions: TransitionSettings = TransitionSettings()
    """How services and models get out of the statuses in which they are on their way, for tests of
    clients that wait: `immediate`, `manual`, or the least seconds of platform time."""
    notification_webhook: Annotated[str, AfterValidator(_on_this_machine)] = ""
    """Where notifications (`smn_notification`) are posted to: an http address of this machine.
    Empty: they are kept in a list only."""
    buckets: dict[str, BucketMapping] = Field(default_factory=dict)
    """Buckets that are no folders of the data directory: name to an fsspec URL or to the path of a
    folder, or a table `[buckets.NAME]` with `url`, `endpoint` and more (docs/objects.md)."""
    object_hosts: list[str] = Field(default_factory=list, validate_default=True)
    """Hosts, with their subdomains, that buckets may lie on. Nothing is fetched from others."""
    readings: dict[str, str] = Field(default_factory=dict)
    """Which reading is taken where the documents disagree: name to option. docs/rules.md lists
    them."""
    strict: bool = False
    """Refuse fields that no document names, rather than tell of them."""
    workspaces: list[str] | None = None
    """Workspaces that exist besides the default one; when given, others are refused."""
    networks: NetworkSettings | None = None
    """VPCs and security groups that exist; when given, others are refused."""
    access_log: bool = True
    """Write a line for each request that comes to the listening address (docs/monitoring.md)."""
    log_level: str = "warning"

    @field_validator("buckets")
    @classmethod
    def _buckets_have_names(cls, buckets: dict[str, BucketMapping]) -> dict[str, BucketMapping]:
        refuse_names(buckets)
        return buckets

    @field_validator("specifications")
    @classmethod
    def _specifications_have_sense(
        cls, given: dict[str, SpecificationSettings]
    ) -> dict[str, SpecificationSettings]:
        refuse_specifications(given)
        return given

    @field_validator("object_hosts")
    @classmethod
    def _buckets_lie_on_them(cls, hosts: list[str], info: ValidationInfo) -> list[str]:
        refuse_hosts(info.data.get("buckets", {}), hosts)
        return hosts

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        given = init_settings().get("home")
        home = Path(given) if given else default_home()
        toml = TomlConfigSettingsSource(settings_cls, toml_file=home / "drydock.toml")
        return (init_settings, env_settings, toml)

    @property
    def paths(self) -> Paths:
        return Paths(self.home)


class Paths:
    """Where things lie in the data directory.

    Unix sockets lie in `run`, which moves to a short private directory under the system's temporary
    one when the home's path is too long for a socket.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.expanduser().absolute()

    @property
    def database(self) -> Path:
        return self.home / "state.db"

    @property
    def lock(self) -> Path:
        return self.home / "drydock.lock"

    @property
    def admin_token(self) -> Path:
        return self.home / "admin-token"

    @property
    def signing_key(self) -> Path:
        return self.home / "token-key.pem"

    @property
    def models(self) -> Path:
        """Private copies of published model packages, one directory a model id."""
        return self.home / "models"

    @property
    def objects(self) -> Path:
        """One folder a bucket."""
        return self.home / "objects"

    @property
    def batch(self) -> Path:
        """Results of batch jobs that are being written, one folder a service."""
        return self.home / "batch"

    @property
    def log_channels(self) -> Path:
        """The output of instances whose service reports its logs, one folder a log group."""
        return self.home / "logs"

    @property
    def heartbeat(self) -> Path:
        return self.home / "alive"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def access_log(self) -> Path:
        """A line of JSON for each request; the lines of before are beside it, with `.1`."""
        return self.home / "access.log"

    @property
    def gateway(self) -> Path:
        return self.home / "gateway"

    @property
    def instances(self) -> Path:
        return self.home / "instances"

    @property
    def run(self) -> Path:
        """Directory of the Unix sockets (mode 0700)."""
        inside = self.home / "run"
        if len(os.fsencode(inside)) + len("/gateway-admin.sock") <= SOCKET_PATH_LIMIT_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"drydock-{os.getuid()}-{digest}"

    @property
    def control_socket(self) -> Path:
        return self.run / "control.sock"

    @property
    def gateway_socket(self) -> Path:
        return self.run / "gateway-admin.sock"

    @property
    def container_sockets(self) -> Path:
        """One folder a container that listens on a Unix socket."""
        return self.run / "i"

    def create(self) -> None:
        """Make the directories, private to the user.

        Raises:
            ConfigError: a directory cannot be made, or the run directory is somebody else's.
        """
        try:
            for directory in (self.home, self.models, self.objects, self.gateway, self.run):
                directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(
                f"cannot make the data directory {self.home}: {error.strerror}",
                hint="set DRYDOCK_HOME to a directory that you can write to",
            ) from error
        if self.run.stat().st_uid != os.getuid():
            raise ConfigError(
                f"{self.run} belongs to another user", hint="set DRYDOCK_HOME to a shorter path"
            )


def load_settings(**flags: Any) -> Settings:
    """Settings from flags (None means not given), environment and file.

    Raises:
        ConfigError: a value is not allowed; the message names the setting, the value and the rule.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        if first["type"] == "extra_forbidden":
            known = ", ".join(Settings.model_fields)
            raise ConfigError(
                f"there is no setting {name}", hint=f"the settings are {known}"
            ) from error
        raise ConfigError(
            f"setting {name}: {first['msg']} (got {first.get('input')!r})",
            hint=f"set it by flag, by DRYDOCK_{name.upper()}, or in drydock.toml",
        ) from error
    except ValueError as error:  # the file is not TOML
        raise ConfigError(
            f"drydock.toml cannot be read: {error}", hint="mend or remove the file"
        ) from error
