"""Deploy requests and updates that break no rule, and of which nothing is told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from simulator.bench.strategies import parts, words
from simulator.bench.strategies.pools import Layout, layout
from simulator.bench.strategies.versions import Setting, version
from simulator.bench.strategies.wish import ANY, Document, Draft, Wish

NETWORK = ("vpc_id", "subnet_network_id", "security_group_id")
_LOG_VOLUME = "/config/*/additional_properties/log_volume"


@st.composite
def deploy(draw: st.DrawFn, wish: Wish = ANY) -> Document:
    """Deploy requests that fulfil a wish."""
    draft = Draft(draw, wish)
    kind = _kind(draft)
    versions, pools = _config(draft, kind, is_update=False)
    websocket = kind == "real-time" and draft.yes(wish.websocket)
    made: Document = {
        "service_name": draw(words.names()),
        "infer_type": kind,
        "config": versions,
    }
    draft.maybe(made, "/workspace_id", st.sampled_from(("0", "ws-1", "ws-2")))
    draft.maybe(made, "/description", words.descriptions())
    for name in ("cluster_id", "pool_name"):
        if name in pools.service:
            made[name] = pools.service[name]
        else:
            draft.idle(made, f"/{name}", "")
    _network(draft, kind, pools, made)
    _service_level(draft, kind, made, websocket=websocket)
    draft.maybe(made, "/x-drydock", lambda: parts.console_settings(draft, websocket=websocket))
    draft.strange(made)
    return made


@st.composite
def change(draw: st.DrawFn, wish: Wish = ANY) -> Document:
    """Update requests that fulfil a wish: a status alone, or anything else."""
    draft = Draft(draw, wish)
    made: Document = {}
    free = replace(wish, lacking=ANY.lacking, unknown=False) == ANY
    if draft.needs("/status") or (free and "/status" not in wish.lacking and draft.yes()):
        made["status"] = draw(st.sampled_from(("running", "stopped")))
        return made
    draft.idle(made, "/status")
    kind = _kind(draft)
    of_versions = (wish.versions, wish.custom, wish.manifest, wish.places or None)
    needed = draft.needs("/config") or any(part is not None for part in of_versions)
    if kind != "real-time" or draft.yes(needed or None):
        made["config"], _ = _config(draft, kind, is_update=True)
    else:
        draft.idle(made, "/config")
    draft.maybe(made, "/description", words.descriptions())
    for name in NETWORK:
        draft.maybe(made, f"/{name}", words.plain(), blank="")
    websocket = kind == "real-time" and draft.yes(wish.websocket)
    _service_level(draft, kind, made, websocket=websocket)
    least = draft.least("/service_secrets")
    secrets = st.lists(words.json_objects(), min_size=least, max_size=2)
    draft.maybe(made, "/service_secrets", secrets)
    draft.strange(made)
    return made


def _kind(draft: Draft) -> str:
    kinds = draft.wish.kinds
    if draft.needs("/schedule") or draft.wish.websocket or draft.wish.network:
        kinds = tuple(kind for kind in kinds if kind == "real-time") or kinds
    if draft.needs("/priority"):
        kinds = tuple(kind for kind in kinds if kind != "edge") or kinds
    return str(draft.draw(st.sampled_from(kinds)))


def _config(draft: Draft, kind: str, *, is_update: bool) -> tuple[list[Document], Layout]:
    """The versions, with the pools of the request."""
    draw, wish = draft.draw, draft.wish
    low, high = wish.versions or ((1, 3) if kind == "real-time" else (1, 1))
    count = draw(st.integers(low, high))
    chosen = draw(st.integers(0, count - 1))
    custom = draft.needs("/config/*/custom_spec") or wish.custom
    needed = not is_update and (draft.needs(_LOG_VOLUME) or bool(custom and kind != "edge"))
    pools = layout(draft, count, chosen, kind, needed=needed, is_update=is_update)
    models = draw(st.lists(words.model_ids(), min_size=count, max_size=count, unique=True))
    weights = draw(shares(count))
    versions = [
        version(
            draft.for_version(index == chosen),
            Setting(
                kind=kind,
                model_id=models[index],
                weight=weights[index],
                alone=count == 1,
                named=pools.versions[index],
                dedicated=pools.dedicated(index) or is_update,
                paired=pools.paired(index),
                is_update=is_update,
            ),
        )
        for index in range(count)
    ]
    return versions, pools


@st.composite
def shares(draw: st.DrawFn, count: int) -> list[int]:
    """Weights that add up to 100."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=count - 1, max_size=count - 1)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]


def _network(draft: Draft, kind: str, pools: Layout, made: Document) -> None:
    """A network of one's own, for real-time services in the public pool."""
    public = not any(pools.dedicated(index) for index in range(len(pools.versions)))
    wanted = draft.wish.network
    if wanted or (wanted is None and kind == "real-time" and public and draft.yes()):
        for name in NETWORK:
            made[name] = draft.draw(words.plain())
        return
    draft.idle(made, "/vpc_id", "")
    draft.maybe(made, "/subnet_network_id", words.plain(), blank="")
    draft.maybe(made, "/security_group_id", words.plain(), blank="")


def _service_level(draft: Draft, kind: str, made: Document, *, websocket: bool) -> None:
    """What deploy requests and updates both have besides versions."""
    if kind == "real-time":
        draft.maybe(made, "/schedule", parts.schedules(draft.least("/schedule")))
        draft.maybe(made, "/load_balancer_policy", st.sampled_from(parts.POLICIES))
    else:
        draft.idle(made, "/schedule", [])
        draft.idle(made, "/load_balancer_policy")
    if kind == "edge":
        draft.idle(made, "/priority")
    else:
        draft.maybe(made, "/priority", st.integers(1, 3))
    if websocket:
        made["additional_properties"] = parts.service_attributes(draft, websocket=True)
    else:
        draft.maybe(
            made,
            "/additional_properties",
            lambda: parts.service_attributes(draft, websocket=False),
        )
