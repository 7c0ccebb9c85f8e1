"""Breakers of the rules on batch services: requests, manifests and input files."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.breakers.recipes import (
    Recipe,
    Recipes,
    base,
    lose,
    other_words,
    outside,
    put,
    some,
)
from simulator.bench.cases import Case
from simulator.bench.strategies import words
from simulator.bench.strategies.wish import Wish
from simulator.facts import limits
from simulator.modelarts.rules.batch import LEFT_OUT, leaves
from simulator.modelarts.rules.batch_files import IMAGE_SUFFIXES
from simulator.rules.rule import Rule

_BATCH = Wish(kinds=("batch",))
_FOLDER = Wish(kinds=("batch",), manifest=False)
_FILE = Wish(kinds=("batch",), mapping=("file",))
_CSV = Wish(kinds=("batch",), mapping=("csv",))
_CSV_FOLDER = Wish(kinds=("batch",), mapping=("csv",), manifest=False)


def bad_paths(end: str) -> st.SearchStrategy[str]:
    """Texts that name no object.

    Args:
        end: how they end: `/` like a folder, or like a file.
    """
    bucket = words.buckets()
    short, long = st.text("ab", min_size=1, max_size=2), st.text("ab", min_size=64, max_size=80)
    wrong_bucket = (
        short | long | st.sampled_from(("My-Bucket", "b_c", "-ab", "ab-", "b c", "桶桶桶"))
    )
    wrong_key = st.sampled_from(("../x", "a/../x", "./x", "a/./b", "a\\b", "a\x00b"))
    long_key = st.sampled_from(("k" * 1025, "k" * 2000, "数" * 342))
    host = st.sampled_from(("example.com", "obs.example.com", "b.s3.example.com", "bucket.obs."))
    forms = st.sampled_from(("obs://", "s3://", "/", "//"))
    scheme = st.sampled_from(("http://", "ftp://", "OBS://", "obs:/", "file:///", ""))
    stems = (
        words.plain() | st.just("obs:///x"),
        st.builds("{}{}.obs.example.com/x".format, scheme, bucket),
        st.builds("{}{}/x".format, forms, wrong_bucket),
        st.builds("{}{}/{}".format, forms, bucket, wrong_key | long_key),
        st.builds("https://{}/x".format, host),
    )
    return st.one_of(stems).map(lambda stem: stem + end)


@st.composite
def _no_column(draw: st.DrawFn, rule: Rule) -> Case:
    subject, document = base(draw, rule, rule.at, _CSV)
    mapping = document["config"][0]["mapping_rule"]
    for _, leaf in some(draw, list(leaves(mapping))):
        how = draw(st.sampled_from(("absent", "negative", "other type")))
        if how == "absent":
            del leaf["index"]
        elif how == "negative":
            leaf["index"] = draw(outside(low=-1))
        else:
            leaf["index"] = draw(st.none() | st.booleans() | st.just("0") | st.just(1.0))
    return Case(subject, document)


_NO_SCHEMAS = st.sampled_from((0, "number", [], True, {}, {"type": "file"}, {"type": "Number"}))


@st.composite
def _unfollowable(draw: st.DrawFn, rule: Rule) -> Case:
    """Something else stands in place of parameters, or nothing is left to send."""
    subject, document = base(draw, rule, "/config/*/mapping_rule", _CSV)
    version = document["config"][0]
    if draw(st.integers(0, 9)) == 0:
        version["mapping_rule"] = {**draw(words.columns()), "index": LEFT_OUT}
        return Case(subject, document)
    for _, leaf in some(draw, list(leaves(version["mapping_rule"]))):
        wrong = draw(_NO_SCHEMAS)
        how = draw(st.sampled_from(("type", "properties", "items")))
        leaf.clear()
        if how == "type" and isinstance(wrong, dict):
            leaf.update(wrong)
        elif how == "properties":
            leaf.update(type="object", properties={draw(words.plain()): wrong})
        else:
            leaf.update(type="array", items=[wrong])
    return Case(subject, document)


def _file(
    suffixes: tuple[str, ...], sizes: st.SearchStrategy[int], mappings: tuple[str | None, ...]
) -> Recipe:
    """Files with one of some endings, in capitals or not, of sizes that are too large."""

    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        suffix = draw(st.sampled_from(suffixes))
        mapping = draw(st.sampled_from(mappings))
        if mapping != "csv" and draw(st.booleans()):
            suffix = suffix.upper()
        document = {"name": draw(words.plain()) + suffix, "size_bytes": draw(sizes)}
        if mapping is not None or draw(st.booleans()):
            document["mapping_type"] = mapping
        return Case("batch-input", document)

    return make


_IMAGE = limits.BATCH_IMAGE_BELOW_BYTES
_TABLE = limits.BATCH_CSV_MAX_BYTES
_LARGE_IMAGES = st.just(_IMAGE) | st.integers(_IMAGE, 1 << 40)
_LARGE_TABLES = st.just(_TABLE + 1) | st.integers(_TABLE + 1, 1 << 40)

RECIPES: Recipes = {
    "MA-BAT-001": lose("/config/*/src_path", _BATCH),
    "MA-BAT-002": lose("/config/*/dest_path", _BATCH),
    "MA-BAT-003": lose("/config/*/req_uri", _BATCH, blank=""),
    "MA-BAT-004": lose("/config/*/mapping_type", _BATCH),
    "MA-BAT-005": put(other_words("file", "csv", blank=False), _BATCH),
    "MA-BAT-006": lose("/config/*/mapping_rule", _CSV, blank={}),
    "MA-BAT-007": put(other_words("ManifestFile", blank=False), _BATCH),
    "MA-BAT-008": lose("/config/*/src_type", _FOLDER, readings={"src-type": "mandatory"}),
    "MA-BAT-009": put(st.just("ManifestFile"), _FOLDER, at="/config/*/src_type"),
    "MA-BAT-010": put(bad_paths("/"), _FOLDER),
    "MA-BAT-011": put(bad_paths("/"), _BATCH),
    "MA-BAT-012": _no_column,
    "MA-BAT-013": put(
        words.object_paths(".txt", ".json", ".CSV", ".csv.gz", query=True),
        _CSV_FOLDER,
        at="/config/*/src_path",
    ),
    "MA-BAT-014": put(words.mapping_rules(), _FILE, at="/config/*/mapping_rule"),
    "MA-BAT-015": put(
        words.object_paths(".manifest", query=True), _FOLDER, at="/config/*/src_path"
    ),
    "MA-BAT-016": _unfollowable,
    "MA-BAT-020": put(other_words("a.manifest").map(lambda name: name.removesuffix(".manifest"))),
    "MA-BAT-021": put(st.just("") | bad_paths(".jpg")),
    "MA-BAT-022": put(
        words.object_paths("/", query=True)
        | st.builds("obs://{}{}".format, words.buckets(), st.sampled_from(("", "/")))
    ),
    "MA-BAT-030": _file(IMAGE_SUFFIXES, _LARGE_IMAGES, ("file", None)),
    "MA-BAT-031": _file((".csv",), _LARGE_TABLES, ("file", "csv", None)),
    "MA-BAT-032": _file(
        (".txt", ".CSV", ".jpg", ".manifest", ""), st.integers(0, _IMAGE - 1), ("csv",)
    ),
}
