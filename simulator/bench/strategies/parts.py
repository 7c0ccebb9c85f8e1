"""Parts of service requests: schedules, sizes, attributes of versions and of services."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from simulator.bench.strategies import words
from simulator.bench.strategies.wish import ANY, Document, Draft

_VERSION = "/config/*/additional_properties"
_SERVICE = "/additional_properties"
EVENTS = (1, 3, 7, 11)
POLICIES = ("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP")


@cache
def schedules(least: int = 0) -> st.SearchStrategy[list[Document]]:
    """When a service stops by itself."""
    one = st.fixed_dictionaries(
        {
            "type": st.just("stop"),
            "time_unit": st.sampled_from(("DAYS", "HOURS", "MINUTES")),
            "duration": st.integers(1, 10_000),
        }
    )
    return st.lists(one, min_size=least, max_size=2)


def custom_spec(draft: Draft) -> Document:
    """Sizes of an instance: two decimals at most, one kind of accelerator at most."""
    place = "/config/*/custom_spec"
    spec: Document = {
        "cpu": draft.draw(words.sizes(0.01, 64)),
        "memory": draft.draw(st.integers(1, 1 << 20)),
    }
    taken = draft.draw(st.sampled_from(("none", "gpu_p4", "ascend_a310")))
    gpus, chips = words.sizes(0.01, 8), st.integers(1, 8)
    draft.maybe(spec, f"{place}/gpu_p4", gpus if taken == "gpu_p4" else st.just(0))
    draft.maybe(spec, f"{place}/ascend_a310", chips if taken == "ascend_a310" else st.just(0))
    draft.strange(spec)
    return spec


@st.composite
def custom_specs(draw: st.DrawFn) -> Document:
    """Sizes of an instance, as a strategy of their own."""
    return custom_spec(Draft(draw, ANY))


def version_attributes(draft: Draft, *, dedicated: bool) -> Document:
    """`additional_properties` of a version.

    Args:
        dedicated: it runs in a dedicated pool, and may so mount directories of the host.
    """
    found: Document = {}
    if dedicated:
        least = draft.least(f"{_VERSION}/log_volume")
        draft.maybe(found, f"{_VERSION}/log_volume", log_volumes(least))
    else:
        draft.idle(found, f"{_VERSION}/log_volume", [])
    whole = st.integers(1, 10)
    part = st.floats(0.01, 0.99)
    draft.maybe(found, f"{_VERSION}/max_surge", whole | part)
    draft.maybe(found, f"{_VERSION}/max_unavailable", st.integers(0, 10) | part)
    draft.maybe(found, f"{_VERSION}/termination_grace_period_seconds", st.integers(30, 300))
    place = f"{_VERSION}/persistent_volumes"
    draft.maybe(found, place, lambda: _volumes(draft, draft.least(place)))
    draft.strange(found)
    return found


@cache
def log_volumes(least: int = 0) -> st.SearchStrategy[list[Document]]:
    """Directories of the host for logs."""
    path = words.absolute_paths()
    one = st.fixed_dictionaries({"host_path": path, "mount_path": path})
    return st.lists(one, min_size=least, max_size=2)


def _volumes(draft: Draft, least: int) -> list[Document]:
    place = f"{_VERSION}/persistent_volumes/*"
    volumes = []
    for _ in range(draft.draw(st.integers(least, 2))):
        volume: Document = {"mount_path": draft.draw(words.absolute_paths())}
        draft.maybe(volume, f"{place}/name", words.texts())
        draft.maybe(volume, f"{place}/storage_type", st.just("sfs_turbo"))
        draft.maybe(volume, f"{place}/source_address", words.texts())
        volumes.append(volume)
    return volumes


@cache
def notifications(least: int = 0) -> st.SearchStrategy[Document]:
    """`smn_notification`: a map of notifications, or one notification in its place."""
    one = st.fixed_dictionaries(
        {
            "topic_urn": words.plain().map(lambda name: f"urn:smn:local:{name}"),
            "events": st.lists(st.sampled_from(EVENTS), max_size=4),
        }
    )
    return st.dictionaries(words.texts(), one, min_size=least, max_size=2) | one


def log_channels(draft: Draft, least: int) -> list[Document]:
    place = f"{_SERVICE}/log_report_channels/*"
    ids = st.fixed_dictionaries({"log_group_id": words.log_ids(), "log_stream_id": words.log_ids()})
    channels = []
    for _ in range(draft.draw(st.integers(least, 2))):
        channel: Document = {"type": "LTS"}
        draft.maybe(channel, f"{place}/configuration", ids)
        channels.append(channel)
    return channels


def service_attributes(draft: Draft, *, websocket: bool) -> Document:
    """`additional_properties` of a service."""
    place = f"{_SERVICE}/smn_notification"
    found: Document = {"smn_notification": draft.draw(notifications(draft.least(place)))}
    place = f"{_SERVICE}/log_report_channels"
    draft.maybe(found, place, lambda: log_channels(draft, draft.least(place)))
    if websocket:
        found["websocket_upgrade"] = True
    else:
        draft.maybe(found, f"{_SERVICE}/websocket_upgrade", st.just(False))
    draft.strange(found)
    return found


def console_settings(draft: Draft, *, websocket: bool) -> dict[str, Any]:
    """`x-drydock`: what only the console can set."""
    found: Document = {}
    if websocket:
        draft.idle(found, "/x-drydock/traffic_limit")
        draft.idle(found, "/x-drydock/data_collection", False)
    else:
        draft.maybe(found, "/x-drydock/traffic_limit", st.integers(1, 1_000_000))
        draft.maybe(found, "/x-drydock/data_collection", st.booleans())
    return found
