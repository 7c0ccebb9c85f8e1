"""Signatures as the published SDK makes them, and what happens when anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import quote, unquote

import pytest
import requests
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import DerivationAKSKSigner, Signer, SM3Signer
from hypothesis import assume, example, given
from hypothesis import strategies as st

from simulator.iam.canonical import canonical_path, canonical_queries
from simulator.iam.errors import (
    AccessKeyUnknown,
    SignatureExpired,
    SignatureHeaderMissing,
    SignatureMalformed,
    SignatureRefused,
    SignatureWrong,
)
from simulator.iam.identity import Identity
from simulator.iam.signing import MAX_AGE_S, parse_authorization, verify_signature

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Wire:
    """A request as it arrives at the server."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes

    def with_header(self, name: str, value: str) -> Wire:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name)
        return replace(self, headers=(*kept, (name, value)))

    def header(self, name: str) -> str:
        return next(value for sent, value in self.headers if sent.lower() == name)

    def without_header(self, name: str) -> Wire:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name)
        return replace(self, headers=kept)


def on_the_wire(request: SdkRequest) -> Wire:
    """What `requests`, the SDK's HTTP library, sends for a signed SDK request."""
    prepared = requests.Request(
        request.method, request.url, headers=request.header_params, data=request.body
    ).prepare()
    path, _, query = prepared.path_url.partition("?")
    body = prepared.body or b""
    return Wire(
        method=prepared.method or "",
        path=path,
        query=query,
        headers=tuple((name, as_latin_1(value)) for name, value in prepared.headers.items()),
        body=body.encode() if isinstance(body, str) else body,
    )


def as_latin_1(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def signed(
    identity: Identity,
    at_s: float,
    *,
    method: str = "GET",
    path: str = "/v1/p/services",
    query: list[tuple[str, object]] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes | str = b"",
    sign: Callable[[SdkRequest, Identity], object] | None = None,
) -> Wire:
    """A request signed by the SDK at `at_s`, as it arrives."""
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    request = SdkRequest(
        method=method,
        schema="http",
        host="127.0.0.1:8780",
        resource_path=path,
        query_params=query or [],
        header_params={"X-Sdk-Date": stamp, **(headers or {})},
        body=body,
    )
    (sign or sign_plainly)(request, identity)
    return on_the_wire(request)


def credentials(identity: Identity) -> SimpleNamespace:
    return SimpleNamespace(ak=identity.access_key, sk=identity.secret_key)


def sign_plainly(request: SdkRequest, identity: Identity) -> None:
    Signer(credentials(identity)).sign(request)


def sign_derived(request: SdkRequest, identity: Identity) -> None:
    DerivationAKSKSigner(credentials(identity)).sign(request, "modelarts", "local")


def check(wire: Wire, *identities: Identity, now_s: float) -> Identity:
    return verify_signature(
        {identity.access_key: identity for identity in identities},
        headers=wire.headers,
        method=wire.method,
        path=wire.path,
        query=wire.query,
        body=wire.body,
        now_s=now_s,
    )


# What clients can send: no control characters, no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
# A path with a stray "%" reaches the wire in another form than it was signed: the client's fault.
RAW_SEGMENTS = TEXT.map(lambda text: text.translate({ord(c): "_" for c in "?#/\\%"}))
# Clients resolve "." and ".." before sending, but sign what they were given.
SEGMENTS = (TEXT.map(lambda text: quote(text, safe="")) | RAW_SEGMENTS).filter(
    lambda segment: unquote(segment) not in {".", ".."}
)
PATHS = st.lists(SEGMENTS, max_size=4).map(lambda segments: "/v1/" + "/".join(segments))
VALUES = (
    TEXT
    | st.integers()
    | st.booleans()
    | st.lists(TEXT, max_size=3)
    | st.lists(st.integers(0, 20), max_size=3)
)
QUERIES = st.dictionaries(TEXT, VALUES, max_size=3).map(lambda items: list(items.items())) | (
    # The SDK sorts the pairs, so values of one repeated name must be comparable.
    st.lists(st.tuples(st.sampled_from(["name", "a", "é"]), TEXT), max_size=4)
    | st.lists(st.tuples(st.sampled_from(["limit", "a"]), st.integers(0, 20)), max_size=4)
)
RESERVED = {"host", "authorization", "x-sdk-date", "content-type", "content-length", "cookie"}
HEADER_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in RESERVED | {"transfer-encoding", "x-sdk-content-sha256"}
)
HEADERS = st.dictionaries(HEADER_NAMES, TEXT, max_size=3).filter(
    lambda headers: len({name.lower() for name in headers}) == len(headers)
)
CONTENT_TYPES = st.sampled_from(
    [{}, {"Content-Type": "application/json"}, {"Content-Type": "image/png"}]
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
REQUESTS = st.fixed_dictionaries(
    {
        "method": METHODS,
        "path": PATHS,
        "query": QUERIES,
        "headers": st.builds(lambda a, b: {**a, **b}, HEADERS, CONTENT_TYPES),
        "body": st.binary(max_size=40) | TEXT,
        "sign": st.sampled_from([sign_plainly, sign_derived]),
    }
)


@given(request=REQUESTS)
@example(request={"path": "/v1/%E4%B8%AD/a%2Fb/%7E%2B/a b/ü", "query": [("k", ["b", "a", ""])]})
@example(request={"query": [("limit", 10), ("limit", 9), ("empty", "")]})
@example(request={"headers": {"X-Name": "à"}})  # its last UTF-8 byte is a space to latin-1 text
@example(request={"headers": {"Content-Type": "image/png"}})
@example(request={"headers": {"Content-Type": "image/png"}, "body": b"\x89PNG", "method": "POST"})
def test_whatever_the_sdk_signs_is_accepted(
    alice: Identity, bob: Identity, now_s: float, request: dict[str, object]
) -> None:
    wire = signed(bob, now_s, **request)  # type: ignore[arg-type]
    assert check(wire, alice, bob, now_s=now_s) is bob


# --- a changed request -----------------------------------------------------------------------

Change = Callable[[Wire, st.DataObject], Wire]


def other_method(wire: Wire, data: st.DataObject) -> Wire:
    return replace(wire, method=data.draw(METHODS.filter(lambda method: method != wire.method)))


def other_path(wire: Wire, data: st.DataObject) -> Wire:
    changed = replace(wire, path=data.draw(PATHS.map(lambda path: quote(path, safe="/%"))))
    assume(canonical_path(changed.path) != canonical_path(wire.path))
    return changed


def other_query(wire: Wire, data: st.DataObject) -> Wire:
    pair = f"{quote(data.draw(TEXT))}={quote(data.draw(TEXT))}"
    pairs = [part for part in wire.query.split("&") if part]
    if pairs and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(pairs) - 1))
        pairs[place : place + 1] = data.draw(st.sampled_from([[], [pair]]))
    else:
        pairs.append(pair)
    changed = replace(wire, query="&".join(pairs))
    # The same pairs in another order are the same query; the first form is the sorted one.
    assume(canonical_queries(changed.query)[0] != canonical_queries(wire.query)[0])
    return changed


def other_body(wire: Wire, data: st.DataObject) -> Wire:
    assume("UNSIGNED-PAYLOAD" not in dict(wire.headers).values())
    return replace(wire, body=data.draw(st.binary().filter(lambda body: body != wire.body)))


def other_header(wire: Wire, data: st.DataObject) -> Wire:
    names = parse_authorization(wire.header("authorization")).signed_headers
    name = data.draw(st.sampled_from(names))
    value = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20))
    assume(value != wire.header(name).strip(" \t"))
    return wire.with_header(name, value)


def absent_header(wire: Wire, data: st.DataObject) -> Wire:
    names = parse_authorization(wire.header("authorization")).signed_headers
    return wire.without_header(data.draw(st.sampled_from(names)))


def repeated_header(wire: Wire, data: st.DataObject) -> Wire:
    names = parse_authorization(wire.header("authorization")).signed_headers
    name = data.draw(st.sampled_from(names))
    return replace(wire, headers=(*wire.headers, (name.upper(), "another")))


def other_date(wire: Wire, data: st.DataObject) -> Wire:
    signed_at = datetime.strptime(wire.header("x-sdk-date"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    off_s = data.draw(st.integers(-600, 600).filter(bool))
    moved = datetime.fromtimestamp(signed_at.timestamp() + off_s, UTC)
    return wire.with_header("x-sdk-date", moved.strftime("%Y%m%dT%H%M%SZ"))


def other_signature(wire: Wire, data: st.DataObject) -> Wire:
    text = wire.header("authorization")
    place = data.draw(st.integers(len(text) - 64, len(text) - 1))
    digit = data.draw(st.sampled_from("0123456789abcdef").filter(lambda one: one != text[place]))
    return wire.with_header("authorization", text[:place] + digit + text[place + 1 :])


def fewer_signed_headers(wire: Wire, data: st.DataObject) -> Wire:
    text = wire.header("authorization")
    names = parse_authorization(text).signed_headers
    assume(len(names) > 1)
    dropped = data.draw(st.sampled_from(names))
    kept = [name for name in names if name != dropped]
    shorter = text.replace(f"SignedHeaders={';'.join(names)},", f"SignedHeaders={';'.join(kept)},")
    return wire.with_header("authorization", shorter)


def someone_elses_access_key(wire: Wire, data: st.DataObject) -> Wire:
    text = wire.header("authorization").replace("BOB-ACCESS-KEY", "DRYDOCK-DEV-ACCESS-KEY")
    return wire.with_header("authorization", text)


CHANGES: list[Change] = [
    other_method,
    other_path,
    other_query,
    other_body,
    other_header,
    absent_header,
    repeated_header,
    other_date,
    other_signature,
    fewer_signed_headers,
    someone_elses_access_key,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@given(request=REQUESTS, data=st.data())
def test_one_change_makes_it_refused(
    alice: Identity,
    bob: Identity,
    now_s: float,
    change: Change,
    request: dict[str, object],
    data: st.DataObject,
) -> None:
    wire = change(signed(bob, now_s, **request), data)  # type: ignore[arg-type]
    with pytest.raises(SignatureRefused):
        check(wire, alice, bob, now_s=now_s)


def test_the_query_may_arrive_in_another_order(bob: Identity, now_s: float) -> None:
    wire = signed(bob, now_s, query=[("a", "1"), ("b", "2")])
    assert wire.query == "a=1&b=2"
    assert check(replace(wire, query="b=2&a=1"), bob, now_s=now_s) is bob


def test_an_encoded_plus_cannot_be_exchanged_for_a_space(bob: Identity, now_s: float) -> None:
    wire = signed(bob, now_s, query=[("name", "a+b")])
    assert wire.query == "name=a%2Bb"
    with pytest.raises(SignatureWrong):
        check(replace(wire, query="name=a+b"), bob, now_s=now_s)


def test_an_unsigned_payload_lets_the_body_change(bob: Identity, now_s: float) -> None:
    wire = signed(
        bob, now_s, method="POST", headers={"Content-Type": "image/png"}, body=b"one picture"
    )
    assert wire.header("x-sdk-content-sha256") == "UNSIGNED-PAYLOAD"
    assert check(replace(wire, body=b"another"), bob, now_s=now_s) is bob


def test_unsigned_payload_cannot_be_claimed_afterwards(bob: Identity, now_s: float) -> None:
    wire = signed(bob, now_s, method="POST", body=b"{}")
    tampered = replace(wire, body=b"[]").with_header("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")
    with pytest.raises(SignatureWrong):
        check(tampered, bob, now_s=now_s)


def test_a_declared_hash_is_not_taken_on_trust(bob: Identity, now_s: float) -> None:
    claim = {"x-sdk-content-sha256": "0" * 64}
    wire = signed(bob, now_s, method="POST", headers=claim, body=b"{}")
    with pytest.raises(SignatureWrong):
        check(wire, bob, now_s=now_s)


def test_a_proxy_may_add_headers_that_are_not_signed(bob: Identity, now_s: float) -> None:
    wire = signed(bob, now_s).with_header("x-forwarded-for", "127.0.0.1")
    assert check(wire, bob, now_s=now_s) is bob


@pytest.mark.parametrize("off_s", [-MAX_AGE_S, 0, MAX_AGE_S])
def test_a_signature_is_good_for_15_minutes_either_way(
    bob: Identity, now_s: float, off_s: int
) -> None:
    assert MAX_AGE_S == 15 * 60
    at_s = int(now_s)
    assert check(signed(bob, at_s + off_s), bob, now_s=at_s) is bob


@pytest.mark.parametrize(("off_s", "said"), [(-MAX_AGE_S - 1, "behind"), (MAX_AGE_S + 1, "ahead")])
def test_an_older_or_future_signature_is_refused(
    bob: Identity, now_s: float, off_s: int, said: str
) -> None:
    at_s = int(now_s)
    with pytest.raises(SignatureExpired, match=f"{MAX_AGE_S + 1} s {said}"):
        check(signed(bob, at_s + off_s), bob, now_s=at_s)


def test_an_unknown_access_key_is_told_apart_from_a_wrong_signature(
    alice: Identity, bob: Identity, now_s: float
) -> None:
    with pytest.raises(AccessKeyUnknown) as refused:
        check(signed(bob, now_s), alice, now_s=now_s)
    assert (refused.value.status, refused.value.error_code) == (403, "ModelArts.0206")
    wrong_secret = replace(bob, secret_key="another")
    with pytest.raises(SignatureWrong) as refused_too:
        check(signed(wrong_secret, now_s), bob, now_s=now_s)
    assert (refused_too.value.status, refused_too.value.error_code) == (401, "ModelArts.0208")


@pytest.mark.parametrize("name", ["authorization", "x-sdk-date", "host"])
def test_an_absent_header_is_named(bob: Identity, now_s: float, name: str) -> None:
    with pytest.raises(SignatureHeaderMissing) as refused:
        check(signed(bob, now_s).without_header(name), bob, now_s=now_s)
    assert (refused.value.status, refused.value.error_code) == (401, "ModelArts.0205")


DIGEST = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer abc",
        "SDK-HMAC-SHA256",
        f"SDK-HMAC-SHA256 Access=, SignedHeaders=host, Signature={DIGEST}",
        f"SDK-HMAC-SHA256 Access=a, SignedHeaders=, Signature={DIGEST}",
        f"SDK-HMAC-SHA256 SignedHeaders=host, Access=a, Signature={DIGEST}",
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=abc",
        f"SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature={DIGEST}0",
        f"V11-HMAC-SHA256 Access=a, SignedHeaders=host, Signature={DIGEST}",
        f"V11-HMAC-SHA256 Credential=a/20260101, SignedHeaders=host, Signature={DIGEST}",
    ],
)
def test_a_malformed_authorization_is_refused_as_such(
    bob: Identity, now_s: float, text: str
) -> None:
    with pytest.raises(SignatureMalformed) as refused:
        check(signed(bob, now_s).with_header("authorization", text), bob, now_s=now_s)
    assert (refused.value.status, refused.value.error_code) == (401, "ModelArts.0206")


@pytest.mark.parametrize(
    "date",
    ["", "now", "20260230T000000Z", "2026-01-01T00:00:00Z", "20260101T000000", "٢٠260101T000000Z"],
)
def test_a_malformed_date_is_refused_as_such(bob: Identity, now_s: float, date: str) -> None:
    with pytest.raises(SignatureMalformed, match="X-Sdk-Date"):
        check(signed(bob, now_s).with_header("x-sdk-date", date), bob, now_s=now_s)


def test_a_derived_signature_of_another_day_is_refused(bob: Identity, now_s: float) -> None:
    wire = signed(bob, now_s, sign=sign_derived)
    day = wire.header("x-sdk-date")[:8]
    moved = wire.header("authorization").replace(f"/{day}/", "/20200101/")
    with pytest.raises(SignatureMalformed, match="day"):
        check(wire.with_header("authorization", moved), bob, now_s=now_s)


def test_an_algorithm_that_is_not_supported_is_refused_with_those_that_are(
    bob: Identity, now_s: float
) -> None:
    wire = signed(bob, now_s, sign=lambda request, who: SM3Signer(credentials(who)).sign(request))
    with pytest.raises(SignatureMalformed, match="SDK-HMAC-SHA256 or V11-HMAC-SHA256"):
        check(wire, bob, now_s=now_s)


ANYTHING = st.text(max_size=30)


@given(
    authorization=ANYTHING
    | st.from_regex(r"SDK-HMAC-SHA256 Access=\S*, SignedHeaders=\S*, Signature=[0-9a-f]{64}"),
    date=ANYTHING | st.just("20260528T202640Z"),
    method=ANYTHING,
    path=ANYTHING,
    query=ANYTHING,
    body=st.binary(),
)
def test_any_input_is_refused_by_a_typed_error(
    bob: Identity,
    authorization: str,
    date: str,
    method: str,
    path: str,
    query: str,
    body: bytes,
) -> None:
    headers = (("Authorization", authorization), ("X-Sdk-Date", date))
    with pytest.raises(SignatureRefused):
        check(Wire(method, path, query, headers, body), bob, now_s=1_780_000_000.0)
