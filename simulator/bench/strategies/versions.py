"""One version of a service: an item of `config`."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from simulator.bench.strategies import parts, words
from simulator.bench.strategies.pools import Named
from simulator.bench.strategies.wish import Document, Draft
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS

_BATCH_ONLY = ("src_path", "dest_path", "req_uri", "mapping_type", "src_type", "mapping_rule")
_NOT_BATCH = st.lists(st.sampled_from(_BATCH_ONLY), max_size=4).map(dict.fromkeys)
"""Fields of batch services that other services may have as null only."""


def specifications(*, alone: bool, npus: bool) -> tuple[str, ...]:
    """Names of specifications: free ones for a version that is alone, NPUs where there are any."""
    return tuple(
        name
        for name, spec in SPECIFICATIONS.items()
        if (alone or not spec.is_free) and (npus or not spec.npus)
    )


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is decided about a version before it is drawn.

    Attributes:
        alone: it is the only one: free specifications are allowed.
        named: pools that it names itself.
        dedicated: it runs in a dedicated pool, its own or the service's.
        paired: it runs in two.
        is_update: what pool the service has is not known.
    """

    kind: str
    model_id: str
    weight: int
    alone: bool
    named: Named
    dedicated: bool
    paired: bool
    is_update: bool


def version(draft: Draft, setting: Setting) -> Document:
    """A version that breaks no rule."""
    made: Document = {"model_id": setting.model_id}
    _sizes(draft, setting, made)
    made["instance_count"] = draft.draw(
        st.sampled_from((2, 4)) if setting.paired else st.integers(1, 5)
    )
    if setting.kind == "real-time":
        made["weight"] = draft.draw(words.numeric(setting.weight))
    else:
        draft.idle(made, "/config/*/weight", 0)
    if setting.kind == "batch":
        _batch(draft, made)
    else:
        made.update(draft.draw(_NOT_BATCH))
    if setting.kind == "edge":
        made["nodes"] = draft.draw(st.lists(words.model_ids(), min_size=1, max_size=3))
    else:
        draft.idle(made, "/config/*/nodes", [])
    for name in ("cluster_id", "pool_name"):
        if name in setting.named:
            made[name] = setting.named[name]
        else:
            draft.idle(made, f"/config/*/{name}", "")
    _optional(draft, setting, made)
    draft.strange(made)
    return made


def _sizes(draft: Draft, setting: Setting, made: Document) -> None:
    may = setting.dedicated or setting.kind == "edge" or setting.is_update
    wanted = True if draft.needs("/config/*/custom_spec") else draft.wish.custom
    if draft.yes(wanted) if may or wanted else False:
        made["specification"] = CUSTOM
        made["custom_spec"] = parts.custom_spec(draft)
        return
    npus = setting.dedicated or setting.kind != "real-time"
    made["specification"] = draft.draw(
        st.sampled_from(specifications(alone=setting.alone, npus=npus))
    )
    draft.idle(made, "/config/*/custom_spec")


def _batch(draft: Draft, made: Document) -> None:
    needs_rule = draft.needs("/config/*/mapping_rule")
    mapping = "csv" if needs_rule else draft.draw(st.sampled_from(draft.wish.mapping))
    manifest = draft.yes(True if draft.needs("/config/*/src_type") else draft.wish.manifest)
    made["mapping_type"] = mapping
    if manifest:
        made["src_type"] = "ManifestFile"
        suffixes = [".manifest"]
    else:
        draft.idle(made, "/config/*/src_type", "")
        suffixes = ["/", ".csv"] if mapping == "csv" else []
    made["src_path"] = draft.draw(words.object_paths(*suffixes, query=True))
    made["dest_path"] = draft.draw(words.object_paths("/"))
    made["req_uri"] = draft.draw(st.sampled_from(("/", "/predict", "/v1/images")))
    if mapping == "csv":
        made["mapping_rule"] = draft.draw(words.mapping_rules())
    else:
        draft.idle(made, "/config/*/mapping_rule")


def _optional(draft: Draft, setting: Setting, made: Document) -> None:
    place = "/config/*"
    draft.maybe(made, f"{place}/envs", words.environment())
    draft.maybe(made, f"{place}/deploy_timeout_in_seconds", st.integers(180, 7200))
    draft.maybe(made, f"{place}/affinity", words.json_objects())
    draft.maybe(
        made,
        f"{place}/additional_properties",
        lambda: parts.version_attributes(draft, dedicated=setting.dedicated),
    )
