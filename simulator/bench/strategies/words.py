"""Small values: names, ids, texts, object paths, environment variables, JSON."""

from __future__ import annotations

import string
from functools import cache
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

NAME_ALPHABET = string.ascii_letters + string.digits + "-_" + "㐀㐁䶿一中文模型服务龥\u9fff"
"""Letters, digits, - and _, and Chinese characters with both ends of their two ranges."""

HEX = "0123456789abcdef"
HARMLESS = "".join(c for c in string.ascii_letters if c.lower() not in "kstd")
"""Letters of which no word for a secret can be spelt: each has a k, an s, a t or a d."""

_LABEL = string.ascii_lowercase + string.digits
_DESCRIPTION = st.characters(codec="utf-8", exclude_characters="!<>+&\"'")


@cache
def names(least: int = 1, most: int = 64) -> st.SearchStrategy[str]:
    """Names of services and models: letters, Chinese characters, digits, - and _."""
    long = st.text(NAME_ALPHABET, min_size=max(least, most - 3), max_size=most)
    return st.text(NAME_ALPHABET, min_size=least, max_size=most) | long


@cache
def descriptions(least: int = 0, most: int = 100) -> st.SearchStrategy[str]:
    """Remarks without the characters that the default reading forbids; `=` is not one of them."""
    long = st.text(_DESCRIPTION, min_size=max(least, most - 3), max_size=most)
    return st.text(_DESCRIPTION, min_size=least, max_size=most) | long


@cache
def texts(most: int = 20) -> st.SearchStrategy[str]:
    """Any text, also none."""
    return st.text(st.characters(codec="utf-8"), max_size=most)


@cache
def plain(least: int = 1, most: int = 12) -> st.SearchStrategy[str]:
    """Lower-case letters and digits."""
    return st.text(_LABEL, min_size=least, max_size=most)


@cache
def model_ids() -> st.SearchStrategy[str]:
    """Ids as the cloud gives them, and shorter ones as the documents' examples have them."""
    return st.text(_LABEL + "-", min_size=1, max_size=20) | st.uuids().map(str)


@cache
def old_pools() -> st.SearchStrategy[str]:
    """Ids of dedicated pools of the old kind: hexadecimal digits."""
    return st.text(HEX, min_size=4, max_size=32)


@cache
def new_pools() -> st.SearchStrategy[str]:
    """Ids of dedicated pools of the new kind; none of the old kind looks like it."""
    return st.text(HEX, min_size=1, max_size=8).map(lambda tail: f"pool-{tail}")


@cache
def log_ids(characters: int = 64) -> st.SearchStrategy[str]:
    """Ids of log groups and log streams."""
    return st.text(HEX + "-", min_size=characters, max_size=characters)


@cache
def numeric(number: int) -> st.SearchStrategy[int | str]:
    """A number as itself or as a string of its digits, as the documents' examples write it."""
    return st.sampled_from((number, str(number), f" {number} "))


@cache
def json_objects(least: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Small JSON objects, for fields whose content is free."""
    scalars = st.none() | st.booleans() | st.integers(-9, 9) | plain()
    return st.dictionaries(
        plain(), scalars | st.lists(scalars, max_size=2), min_size=least, max_size=3
    )


@cache
def sizes(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers with at most two decimals, whole ones as integers."""
    hundredths = st.integers(round(low * 100), round(high * 100))
    return hundredths.map(lambda n: n // 100 if n % 100 == 0 else n / 100)


@cache
def absolute_paths() -> st.SearchStrategy[str]:
    """Directories that are no system directories."""
    return st.lists(plain(), min_size=1, max_size=3).map(lambda parts: "/mnt/" + "/".join(parts))


@cache
def environment() -> st.SearchStrategy[dict[str, str]]:
    """Environment variables: any names that are allowed and look like no secret."""
    value = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
    return st.dictionaries(variable_names(), value, max_size=4)


@cache
def variable_names() -> st.SearchStrategy[str]:
    """Names that a process can be given and that look like no secret."""
    first = st.sampled_from(HARMLESS + "_")
    rest = st.text(HARMLESS + string.digits + "_.-", max_size=12)
    return st.sampled_from(("model_name", "LOAD_EPOCH")) | st.builds(str.__add__, first, rest)


@cache
def buckets() -> st.SearchStrategy[str]:
    """Names of buckets: 3 to 63 of a-z, 0-9 and -."""
    return st.builds(
        "{}{}{}".format,
        st.sampled_from(_LABEL),
        st.text(_LABEL + "-", min_size=1, max_size=12),
        st.sampled_from(_LABEL),
    )


@cache
def _segments() -> st.SearchStrategy[str]:
    """Names of folders and stems of files: never . or .., no extension."""
    return st.text(_LABEL + "-_ ()数据", min_size=1, max_size=8)


_FORMS = st.sampled_from(("obs://", "s3://", "/", "//", "https://"))
_HOSTS = st.sampled_from(("region-1.example.com", "xxxxx.com:443"))
_QUERIES = st.sampled_from(("", "?AccessKeyId=x&Expires=1"))


@cache
def object_paths(*suffixes: str, query: bool = False) -> st.SearchStrategy[str]:
    """Paths of objects in all documented forms.

    Args:
        suffixes: how the path ends: `/` for a folder, `.csv` for such a file; any way when empty.
        query: an address may carry a query, as signed addresses do.
    """
    ends = st.sampled_from(suffixes or ("/", ".jpg", ".csv", ".tar.gz", ""))
    keys = st.lists(_segments(), min_size=1, max_size=3).map("/".join)
    tails = _QUERIES if query else st.just("")
    return st.builds(_object_path, _FORMS, buckets(), keys, ends, _HOSTS, tails)


def _object_path(form: str, bucket: str, key: str, end: str, host: str, tail: str) -> str:
    if form == "https://":
        return f"https://{bucket}.obs.{host}/{quote(key + end)}{tail}"
    return f"{form}{bucket}/{key}{end}"


@cache
def columns(least: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """A parameter of a mapping rule that takes its value from a column, counted from 0."""
    return st.fixed_dictionaries(
        {
            "type": st.sampled_from(("string", "number", "integer", "boolean")),
            "index": st.integers(least, 50),
        }
    )


def _object_of(schema: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    fields = st.dictionaries(plain(), schema, min_size=1, max_size=3)
    return fields.map(lambda inner: {"type": "object", "properties": inner})


def _array_of(schema: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    items = schema | st.lists(schema, min_size=1, max_size=2)
    return items.map(lambda inner: {"type": "array", "items": inner})


@cache
def mapping_rules() -> st.SearchStrategy[dict[str, Any]]:
    """Mapping rules, nested as the documents' example is."""
    nested = st.recursive(
        columns(), lambda schema: _object_of(schema) | _array_of(schema), max_leaves=4
    )
    return _object_of(nested)
