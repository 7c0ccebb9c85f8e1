"""What is seen while services run: manifests, inputs of batch services, predictions."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.strategies import words
from simulator.bench.strategies.wish import ANY, Document, Draft, Wish
from simulator.facts import limits
from simulator.modelarts.rules.batch_files import IMAGE_SUFFIXES


@st.composite
def manifest(draw: st.DrawFn, wish: Wish = ANY) -> Document:
    """Manifest files; an address may be signed, as the documents' example is."""
    draft = Draft(draw, wish)
    source = words.object_paths(".jpg", ".csv", "", query=True)
    line = st.fixed_dictionaries({"source": source})
    least = draft.least("/lines")
    return {
        "name": draw(words.texts()) + ".manifest",
        "lines": draw(st.lists(line, min_size=least, max_size=4)),
    }


@st.composite
def batch_input(draw: st.DrawFn, wish: Wish = ANY) -> Document:
    """Files that a batch service reads, as large as they may be."""
    mapping = draw(st.sampled_from(wish.mapping))
    images = st.sampled_from(IMAGE_SUFFIXES)
    suffix = draw(st.just(".csv") if mapping == "csv" else images | st.sampled_from((".csv", "")))
    upper = mapping != "csv" and draw(st.booleans())
    size = st.integers(0, 1 << 40)
    if suffix == ".csv":
        size = st.integers(0, limits.BATCH_CSV_MAX_BYTES)
    elif suffix:
        size = st.integers(0, limits.BATCH_IMAGE_BELOW_BYTES - 1)
    made: Document = {
        "name": draw(words.plain()) + (suffix.upper() if upper else suffix),
        "size_bytes": draw(size),
        "mapping_type": mapping,
    }
    if mapping == "file":
        del made["mapping_type"]
        Draft(draw, wish).maybe(made, "/mapping_type", st.just("file"))
    return made


@st.composite
def prediction(draw: st.DrawFn, wish: Wish = ANY) -> Document:
    """Calls of a service that are answered."""
    draft = Draft(draw, wish)
    made: Document = {"body_bytes": draw(st.integers(0, limits.REQUEST_BODY_MAX_BYTES))}
    draft.maybe(made, "/seconds_to_first_byte", st.integers(0, 60) | st.floats(0, 60))
    draft.maybe(made, "/traffic_limit", st.integers(1, 1_000_000))
    limit = made.get("traffic_limit") or limits.TRAFFIC_LIMIT_PER_S
    draft.maybe(made, "/calls_in_this_second", st.integers(1, limit))
    return made
