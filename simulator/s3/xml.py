"""Documents of the endpoint: written with the standard library, read with defusedxml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as Defused

from simulator.s3.errors import S3Error

AWS_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
OBS_NAMESPACE = "http://obs.myhwclouds.com/doc/2015-06-30/"
DELETE_MAX_KEYS = 1000
PARTS_MAX = 10_000

Content = Sequence[tuple[str, "str | Content"]]
"""Elements in order, each with a text or with elements."""

_NO_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(root: str, content: Content | str, *, namespace: str = "") -> bytes:
    """An XML document; what XML cannot carry becomes U+FFFD."""
    element = ElementTree.Element(root, {"xmlns": namespace} if namespace else {})
    _fill(element, content)
    written: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return written


def _fill(element: ElementTree.Element, content: Content | str) -> None:
    if isinstance(content, str):
        element.text = _NO_XML.sub("\ufffd", content)
        return
    for name, inner in content:
        _fill(ElementTree.SubElement(element, name), inner)


def iso_time(ns: int) -> str:
    """Nanoseconds since the epoch as these documents have it."""
    return (
        datetime.fromtimestamp(ns // 1_000_000 / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        + "Z"
    )


def read_delete(body: bytes) -> tuple[list[str], bool]:
    """The keys of a request to delete several objects, and whether to be quiet about success.

    Raises:
        S3Error: it is no such document.
    """
    root = _parsed(body, "Delete")
    keys = []
    for item in _all(root, "Object"):
        key = _text(item, "Key")
        if key is None:
            raise S3Error("MalformedXML", "an Object has no Key")
        if _text(item, "VersionId") not in (None, "", "null"):
            raise S3Error("NotImplemented", "versions of objects are not simulated")
        keys.append(key)
    if not 0 < len(keys) <= DELETE_MAX_KEYS:
        raise S3Error("MalformedXML", f"a request deletes 1 to {DELETE_MAX_KEYS} objects")
    return keys, (_text(root, "Quiet") or "").strip().lower() == "true"


def read_parts(body: bytes) -> list[tuple[int, str]]:
    """Number and entity tag of the parts that make an object.

    Raises:
        S3Error: it is no such document.
    """
    parts = []
    for item in _all(_parsed(body, "CompleteMultipartUpload"), "Part"):
        number, etag = (_text(item, "PartNumber") or "").strip(), _text(item, "ETag") or ""
        if not number.isdecimal():
            raise S3Error("MalformedXML", "a Part has no PartNumber")
        parts.append((int(number), etag.strip().strip('"').lower()))
    if not 0 < len(parts) <= PARTS_MAX:
        raise S3Error("MalformedXML", f"an object has 1 to {PARTS_MAX} parts")
    return parts


def _parsed(body: bytes, root: str) -> Any:
    try:
        found = Defused.fromstring(body, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise S3Error("MalformedXML", "the body is no XML document") from error
    if _name(found) != root:
        raise S3Error("MalformedXML", f"the document's root is not {root}")
    return found


def _all(element: Any, name: str) -> Iterator[Any]:
    return (child for child in element if _name(child) == name)


def _text(element: Any, name: str) -> str | None:
    child = next(_all(element, name), None)
    return None if child is None else child.text or ""


def _name(element: Any) -> str:
    """Without its namespace: clients send one, another, or none."""
    return str(element.tag).rpartition("}")[2]
