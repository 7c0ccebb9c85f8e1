"""The setting `buckets`: where buckets lie that are no folders of the data directory.

Nothing is fetched from a host that the setting `object_hosts` does not name. Which hosts a mapping
would talk to is told from its URL, endpoint and options; where it cannot be, the mapping names
its scheme there instead (`gs://`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from simulator.objectpaths import BadObjectPath, check_bucket

LOCAL_SCHEMES = ("file", "local")
_HOSTLESS = ("memory", "simplecache", "filecache", "blockcache", "dir", "zip", "tar")
"""Schemes of fsspec that talk to nobody by themselves."""
_HOST_IN_URL = ("http", "https", "ftp", "sftp", "ssh", "smb", "webdav", "hdfs", "webhdfs")


class BucketSettings(BaseModel):
    """Where one bucket lies: `name = "URL"`, or a table `[buckets.name]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    """Any fsspec URL, or the path of a folder of yours."""
    endpoint: str = ""
    """Address of the S3-compatible service, for `s3://`."""
    access_key: str = ""
    """For `s3://`; without one, what the AWS tools on this machine use."""
    secret_key: SecretStr = SecretStr("")
    region: str = ""
    options: dict[str, Any] = Field(default_factory=dict)
    """Further arguments of the fsspec file system."""

    @field_validator("url")
    @classmethod
    def _is_somewhere(cls, url: str) -> str:
        if "://" not in url and not Path(url).expanduser().is_absolute():
            raise ValueError("is neither a URL nor the absolute path of a folder")
        return url

    @property
    def folder(self) -> Path | None:
        """The folder of this machine that it is; None for one elsewhere."""
        scheme, separator, rest = self.url.partition("://")
        if not separator:
            return Path(self.url).expanduser()
        return Path(rest).expanduser() if scheme in LOCAL_SCHEMES and "::" not in rest else None


def _from_text(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


BucketMapping = Annotated[BucketSettings, BeforeValidator(_from_text)]
"""A bucket's settings, or just its URL."""


def refuse_names(buckets: Mapping[str, BucketSettings]) -> None:
    """Hold the buckets' names against the rules.

    Raises:
        ValueError: one is no bucket name.
    """
    for name in buckets:
        try:
            check_bucket(name)
        except BadObjectPath as error:
            raise ValueError(str(error)) from error


def refuse_hosts(buckets: Mapping[str, BucketSettings], allowed: list[str]) -> None:
    """Hold the hosts that the buckets would talk to against the allowed ones.

    Raises:
        ValueError: one is not allowed; the message names it.
    """
    for name, settings in buckets.items():
        for host in hosts_of(settings):
            if not _is_allowed(host, allowed):
                raise ValueError(f"bucket {name} would talk to {host}, which is not listed")


def hosts_of(settings: BucketSettings) -> Iterator[str]:
    """The hosts that a mapping talks to, in lower case; `scheme://` where they cannot be told."""
    if settings.folder is not None:
        return
    for link in settings.url.split("::"):
        scheme, separator, _ = link.partition("://")
        if not separator or scheme in (*LOCAL_SCHEMES, *_HOSTLESS):
            continue
        if scheme == "s3":
            yield _host(settings.endpoint) or "s3://"
        else:
            yield (_host(link) if scheme in _HOST_IN_URL else "") or f"{scheme}://"
    for value in _texts(settings.options):
        if "://" in value or value.startswith("//"):
            yield _host(value) or value


def _is_allowed(host: str, allowed: list[str]) -> bool:
    """A host allows its subdomains: a bucket's own address in an S3 service is one."""
    listed = [one.lower() for one in allowed]
    return host in listed or any(host.endswith(f".{one}") for one in listed if one)


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _texts(options: Any) -> Iterator[str]:
    if isinstance(options, str):
        yield options
    elif isinstance(options, Mapping):
        for key, value in options.items():
            if key in ("host", "hostname", "endpoint_url", "proxy") and isinstance(value, str):
                yield value if "://" in value else f"//{value}"
            yield from _texts(value)
    elif isinstance(options, list | tuple):
        for value in options:
            yield from _texts(value)
