"""Buckets that settings put elsewhere: from the mapping to the file system of fsspec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.objects.errors import StoreFailed
from simulator.objectsettings import BucketSettings

if TYPE_CHECKING:
    from simulator.objects.remote import RemoteBucket


def open_remote(name: str, settings: BucketSettings, spool: Path) -> RemoteBucket:
    """The bucket that a mapping to elsewhere means.

    Raises:
        StoreFailed: fsspec has no such file system, or the library for it is missing.
    """
    import fsspec  # noqa: PLC0415 - 0.2 s, for those who map a bucket

    from simulator.objects.remote import RemoteBucket  # noqa: PLC0415

    scheme = settings.url.partition("://")[0]
    options = dict(settings.options) | {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme == "s3":
        options |= _s3_options(settings)
    if scheme in ("http", "https"):
        options |= {
            "allow_redirects": False,
            "client_kwargs": {"raise_for_status": _refuse_redirects},
        }
    try:
        system, root = fsspec.core.url_to_fs(settings.url, **options)
    except (ImportError, ValueError) as error:
        hint = "; the extra `s3` of Drydock has it" if scheme == "s3" else ""
        raise StoreFailed(f"bucket {name}: {error}{hint}") from error
    return RemoteBucket(name, system, root, spool, scheme)


async def _refuse_redirects(answer: Any) -> None:
    """aiohttp's hook: what another host says is not fetched, and the redirect is no content."""
    if answer.status in (301, 302, 303, 307, 308):
        raise OSError(f"{answer.url.host} sends to another address, which is not followed")


def _s3_options(settings: BucketSettings) -> dict[str, Any]:
    client: dict[str, Any] = dict(settings.options.get("client_kwargs", {}))
    if settings.region:
        client["region_name"] = settings.region
    options: dict[str, Any] = {"client_kwargs": client}
    if settings.endpoint:
        options["endpoint_url"] = settings.endpoint
    if settings.access_key:
        options |= {
            "key": settings.access_key,
            "secret": settings.secret_key.get_secret_value(),
        }
    return options
