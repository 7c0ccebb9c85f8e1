"""The canonical form of a request, which an AK/SK signature covers.

As the published Python SDK (`huaweicloudsdkcore` 3.1.219) builds it:

    METHOD
    /percent-decoded/and-encoded-again/path/        always ends in "/"
    sorted=query&of=encoded&pairs=
    host:…                                          signed headers, in the order of their list
    x-sdk-date:…

    host;x-sdk-date
    hash of the body

Everything is done on bytes: what a client may send is not always text.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes

from simulator.iam.errors import SignatureHeaderMissing, SignatureMalformed

Headers = Sequence[tuple[str, str]]
"""Name and value pairs as received: names in any case, values as latin-1 text (ASGI, Starlette)."""

CONTENT_HASH = "x-sdk-content-sha256"
UNSIGNED_PAYLOAD = b"UNSIGNED-PAYLOAD"
_UNRESERVED = "~"  # besides letters, digits and "_.-", which `quote` never encodes


def wire_bytes(text: str) -> bytes:
    """The bytes that `text` stood for on the wire.

    Raises:
        SignatureMalformed: `text` has characters that no byte stands for.
    """
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise SignatureMalformed("the request holds text that is not percent-encoded") from None


def single(headers: Headers, name: str) -> str | None:
    """The value of the header `name` (lower case), or None if absent.

    Raises:
        SignatureMalformed: the header was sent more than once.
    """
    values = [value for sent, value in headers if sent.lower() == name]
    if len(values) > 1:
        raise SignatureMalformed("a header that matters to it was sent more than once")
    return values[0] if values else None


def canonical_path(path: str) -> bytes:
    """The path in canonical form; `path` is as received, without the query.

    The form does not tell `%2F` from `/`, nor a path from the same path with a final `/`: the
    signature's definition, not ours.
    """
    encoded = quote(unquote_to_bytes(wire_bytes(path)), safe="/" + _UNRESERVED)
    return (encoded if encoded.endswith("/") else encoded + "/").encode()


def canonical_queries(query: str) -> tuple[bytes, ...]:
    """The acceptable canonical forms of the query; `query` is as received, without `?`.

    The definition sorts by name, then by value, as text. The SDK sorts numbers as numbers
    (`limit=9&limit=10`) and lists before their items, so the order that it sent is accepted too.
    Both forms cover every name and value.
    """
    pairs = [_decoded_pair(part) for part in query.split("&") if part]
    forms = dict.fromkeys(_encoded(order) for order in (sorted(pairs), pairs))
    return tuple(forms)


def _decoded_pair(part: str) -> tuple[bytes, bytes]:
    # "+" means a space to the server's own query parser; were it kept here, `%2B` could be
    # exchanged for `+` under the same signature.
    name, _, value = wire_bytes(part).replace(b"+", b" ").partition(b"=")
    return unquote_to_bytes(name), unquote_to_bytes(value)


def _encoded(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    return "&".join(
        f"{quote(name, safe=_UNRESERVED)}={quote(value, safe=_UNRESERVED)}" for name, value in pairs
    ).encode()


def canonical_headers(headers: Headers, signed: Sequence[str]) -> bytes:
    """The signed headers' lines, in the order of the list.

    Raises:
        SignatureHeaderMissing: a listed header was not sent.
        SignatureMalformed: a listed header was sent more than once.
    """
    lines: list[bytes] = []
    for name in signed:
        value = single(headers, name)
        if value is None:
            raise SignatureHeaderMissing(
                "SignedHeaders lists one that did not arrive; a proxy may have removed it"
            )
        # Only what HTTP calls white space: bytes of UTF-8 text may look like other white space.
        lines.append(name.encode() + b":" + wire_bytes(value).strip(b" \t") + b"\n")
    return b"".join(lines)


def payload_hashes(headers: Headers, body: bytes) -> tuple[bytes, ...]:
    """The acceptable forms of the last line.

    That is the hash of the body, or `UNSIGNED-PAYLOAD` where `X-Sdk-Content-Sha256` says so; the
    line is signed, so the header cannot be added later. A declared hash is never taken on trust.
    With an empty body the SDK signs the empty hash even under `UNSIGNED-PAYLOAD`.
    """
    actual = sha256(body).hexdigest().encode()
    declared = single(headers, CONTENT_HASH)
    if declared is None or wire_bytes(declared).strip(b" \t") != UNSIGNED_PAYLOAD:
        return (actual,)
    return (UNSIGNED_PAYLOAD,) if body else (UNSIGNED_PAYLOAD, actual)


def canonical_requests(
    *, headers: Headers, signed: Sequence[str], method: str, path: str, query: str, body: bytes
) -> tuple[bytes, ...]:
    """Every acceptable canonical form of the request: one, seldom more.

    Raises:
        SignatureHeaderMissing, SignatureMalformed: see the parts.
    """
    canonical = canonical_path(path)
    lines = canonical_headers(headers, signed)
    return tuple(
        b"\n".join(
            (
                wire_bytes(method).upper(),
                canonical,
                canonical_query,
                lines,
                ";".join(signed).encode(),
                payload,
            )
        )
        for canonical_query in canonical_queries(query)
        for payload in payload_hashes(headers, body)
    )
