"""Signatures, held against the examples that Amazon's documents print, and against botocore's.

Source of the examples: Amazon S3 API reference, Signature Calculations (version 4) and Signing and
Authenticating REST Requests (version 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from simulator.iam.identity import Identity, default_identity
from simulator.s3 import signature_v2, signature_v4
from simulator.s3.access import authenticate
from simulator.s3.address import Place, query_pairs
from simulator.s3.errors import S3Error
from simulator.s3.request import S3Request
from tests.simulator.s3.conftest import Rig

AMAZON = replace(
    default_identity(),
    access_key="AKIAIOSFODNN7EXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)
WHO = {AMAZON.access_key: AMAZON}
V4_DAY = datetime(2013, 5, 24, tzinfo=UTC).timestamp()
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


async def nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def a_request(
    method: str,
    path: str,
    headers: dict[str, str],
    *,
    place: Place,
) -> S3Request:
    raw_path, _, query = path.partition("?")
    pairs: Sequence[tuple[str, str]] = [(name.lower(), value) for name, value in headers.items()]
    return S3Request(method, place, raw_path, query, query_pairs(query), pairs, nothing, "id")


def v4(signature: str, signed: str) -> str:
    return (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={signed},Signature={signature}"
    )


HOST = {"Host": "examplebucket.s3.amazonaws.com"}
V4_EXAMPLES = {
    "get an object": (
        "GET",
        "/test.txt",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        "host;range;x-amz-content-sha256;x-amz-date",
        {"Range": "bytes=0-9", "x-amz-content-sha256": EMPTY, "x-amz-date": "20130524T000000Z"},
    ),
    "put an object": (
        "PUT",
        "/test%24file.text",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        {
            "Date": "Fri, 24 May 2013 00:00:00 GMT",
            "x-amz-content-sha256": sha256(b"Welcome to Amazon S3.").hexdigest(),
            "x-amz-date": "20130524T000000Z",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
        },
    ),
    "get a bucket's lifecycle": (
        "GET",
        "/?lifecycle",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        "host;x-amz-content-sha256;x-amz-date",
        {"x-amz-content-sha256": EMPTY, "x-amz-date": "20130524T000000Z"},
    ),
    "list objects": (
        "GET",
        "/?max-keys=2&prefix=J",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        "host;x-amz-content-sha256;x-amz-date",
        {"x-amz-content-sha256": EMPTY, "x-amz-date": "20130524T000000Z"},
    ),
}
PRESIGNED = (
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)


class TestVersion4:
    @pytest.mark.parametrize("example", V4_EXAMPLES)
    def test_the_documents_examples_are_right(self, example: str) -> None:
        method, path, signature, signed, headers = V4_EXAMPLES[example]
        headers = HOST | headers | {"Authorization": v4(signature, signed)}
        request = a_request(method, path, headers, place=Place("examplebucket", "k", True))
        found = signature_v4.verify(request, WHO, V4_DAY)
        assert found.identity is AMAZON
        assert found.payload == headers["x-amz-content-sha256"]

    def test_and_so_is_that_of_an_address_signed_in_advance(self) -> None:
        request = a_request("GET", PRESIGNED, HOST, place=Place("examplebucket", "test.txt", True))
        assert signature_v4.verify(request, WHO, V4_DAY + 86_400).payload == "UNSIGNED-PAYLOAD"

    @pytest.mark.parametrize(
        "change",
        [
            {"method": "DELETE"},
            {"path": "/test2.txt"},
            {"path": "/test.txt?a=b"},
            {"headers": {"Range": "bytes=0-99"}},
            {"headers": {"Host": "other.s3.amazonaws.com"}},
            {"headers": {"x-amz-content-sha256": "0" * 64}},
        ],
    )
    def test_nothing_that_is_signed_can_be_changed(self, change: dict[str, Any]) -> None:
        method, path, signature, signed, headers = V4_EXAMPLES["get an object"]
        headers = HOST | headers | {"Authorization": v4(signature, signed)}
        headers |= change.get("headers", {})
        request = a_request(
            change.get("method", method),
            change.get("path", path),
            headers,
            place=Place("examplebucket", "test.txt", True),
        )
        with pytest.raises(S3Error) as refused:
            signature_v4.verify(request, WHO, V4_DAY)
        assert refused.value.code == "SignatureDoesNotMatch"

    @pytest.mark.parametrize(
        ("later_s", "code"),
        [(900, ""), (901, "RequestTimeTooSkewed"), (-901, "RequestTimeTooSkewed")],
    )
    def test_a_request_is_good_for_fifteen_minutes(self, later_s: int, code: str) -> None:
        method, path, signature, signed, headers = V4_EXAMPLES["list objects"]
        headers = HOST | headers | {"Authorization": v4(signature, signed)}
        request = a_request(method, path, headers, place=Place("examplebucket", "", True))
        assert refusal(request, V4_DAY + later_s) == code

    @pytest.mark.parametrize(
        ("later_s", "code"), [(86_400, ""), (86_401, "AccessDenied"), (-1000, "AccessDenied")]
    )
    def test_an_address_is_good_for_as_long_as_it_says(self, later_s: int, code: str) -> None:
        request = a_request("GET", PRESIGNED, HOST, place=Place("examplebucket", "test.txt", True))
        assert refusal(request, V4_DAY + later_s) == code

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("86400", "604801", "AuthorizationQueryParametersError"),
            ("86400", "0", "AuthorizationQueryParametersError"),
            ("86400", "x", "AuthorizationQueryParametersError"),
            ("T000000Z", "", "AuthorizationQueryParametersError"),
            ("Algorithm=AWS4", "Algorithm=AWS5", "AuthorizationQueryParametersError"),
            ("aws4_request", "aws5_request", "AuthorizationHeaderMalformed"),
            ("%2F20130524%2F", "%2F20130525%2F", "AuthorizationHeaderMalformed"),
            ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF", "InvalidAccessKeyId"),
            ("SignedHeaders=host", "SignedHeaders=range", "AccessDenied"),
            ("SignedHeaders=host", "SignedHeaders=host%3Bx-amz-x", "AccessDenied"),
            ("aeeed9bb", "aeeed9bc", "SignatureDoesNotMatch"),
        ],
    )
    def test_what_is_wrong_with_one_is_told(self, old: str, new: str, code: str) -> None:
        path = PRESIGNED.replace(old, new)
        request = a_request("GET", path, HOST, place=Place("examplebucket", "test.txt", True))
        assert refusal(request, V4_DAY) == code

    @pytest.mark.parametrize(
        ("header", "code"),
        [
            ("AWS4-HMAC-SHA256 nonsense", "AuthorizationHeaderMalformed"),
            (v4("0" * 63, "host"), "AuthorizationHeaderMalformed"),
            (v4("0" * 64, "host"), "SignatureDoesNotMatch"),
            (v4("0" * 64, "range"), "AccessDenied"),
        ],
    )
    def test_what_is_wrong_with_a_header_is_told(self, header: str, code: str) -> None:
        headers = HOST | V4_EXAMPLES["list objects"][4] | {"Authorization": header}
        request = a_request("GET", "/", headers, place=Place("examplebucket", "", True))
        assert refusal(request, V4_DAY) == code

    def test_a_request_without_date_or_hash_is_refused(self) -> None:
        authorization = {"Authorization": v4("0" * 64, "host")}
        for headers, code in (
            ({}, "AccessDenied"),
            ({"x-amz-date": "20130524T000000Z"}, "InvalidRequest"),
            ({"Date": "no date"}, "AccessDenied"),
            ({"x-amz-date": "20139999T000000Z"}, "AccessDenied"),
        ):
            request = a_request(
                "GET", "/", HOST | authorization | headers, place=Place("examplebucket", "", True)
            )
            assert refusal(request, V4_DAY) == code


def refusal(request: S3Request, now_s: float) -> str:
    """The code of the refusal; empty for none."""
    try:
        authenticate(request, WHO, now_s)
    except S3Error as error:
        return error.code
    return ""


JOHN = {"Host": "johnsmith.s3.amazonaws.com"}
V2_EXAMPLES = {
    "get an object": (
        "GET",
        "/photos/puppy.jpg",
        "Tue, 27 Mar 2007 19:36:42 +0000",
        "bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
        {},
    ),
    "put an object": (
        "PUT",
        "/photos/puppy.jpg",
        "Tue, 27 Mar 2007 21:15:45 +0000",
        "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
        {"Content-Type": "image/jpeg", "Content-Length": "94328"},
    ),
    "list objects": (
        "GET",
        "/?prefix=photos&max-keys=50&marker=puppy",
        "Tue, 27 Mar 2007 19:42:41 +0000",
        "htDYFYduRNen8P9ZfE/s9SuKy0U=",
        {},
    ),
    "get a bucket's access list": (
        "GET",
        "/?acl",
        "Tue, 27 Mar 2007 19:44:46 +0000",
        "c2WLPFtWHVgbEmeEG93a4cG37dM=",
        {},
    ),
}


class TestVersion2:
    @pytest.mark.parametrize("example", V2_EXAMPLES)
    def test_the_documents_examples_are_right(self, example: str) -> None:
        method, path, date, signature, headers = V2_EXAMPLES[example]
        headers = (
            JOHN | headers | {"Date": date, "Authorization": f"AWS {AMAZON.access_key}:{signature}"}
        )
        request = a_request(method, path, headers, place=Place("johnsmith", "k", True))
        now_s = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S %z").timestamp()
        assert signature_v2.verify(request, WHO, now_s) is AMAZON
        assert refusal(request, now_s + 901) == "RequestTimeTooSkewed"
        for other in (
            replace(request, method="DELETE"),
            replace(request, raw_path="/other"),
            replace(request, place=Place("other", "k", True)),
            replace(request, headers=[*request.headers, ("x-amz-meta-a", "b")]),
        ):
            assert refusal(other, now_s) == "SignatureDoesNotMatch"

    @pytest.mark.parametrize(
        ("authorization", "code"),
        [
            ("AWS nonsense", "InvalidArgument"),
            ("AWS nobody:abc=", "InvalidAccessKeyId"),
            ("OBS nobody:abc=", "InvalidAccessKeyId"),
        ],
    )
    def test_what_is_wrong_with_one_is_told(self, authorization: str, code: str) -> None:
        headers = JOHN | {"Date": "Tue, 27 Mar 2007 19:36:42 +0000", "Authorization": authorization}
        request = a_request("GET", "/", headers, place=Place("johnsmith", "", True))
        now_s = datetime(2007, 3, 27, 19, 36, 42, tzinfo=UTC).timestamp()
        assert refusal(request, now_s) == code

    @pytest.mark.parametrize(
        ("expires", "code"),
        [("1000", "SignatureDoesNotMatch"), ("999", "AccessDenied"), ("soon", "AccessDenied")],
    )
    def test_an_address_ends_when_it_says(self, expires: str, code: str) -> None:
        path = f"/k?AccessKeyId={AMAZON.access_key}&Expires={expires}&Signature=abc"
        request = a_request("GET", path, JOHN, place=Place("johnsmith", "k", True))
        assert refusal(request, 1000) == code


class TestBotocoresOwn:
    """The signer that most clients use, over odd names."""

    @pytest.mark.parametrize("signer", ["v4", "v4-query", "v2"])
    @pytest.mark.parametrize(
        "path",
        [
            "/data/plain",
            "/data/sp%20ace/pl%2Bus/t~ilde/a%26b%3Dc",
            "/data/%C3%BCml%C3%A4ut/%F0%9F%8E%89",
            "/data/k?response-content-type=text%2Fplain",
        ],
    )
    def test_its_signatures_are_right(self, rig: Rig, data: str, signer: str, path: str) -> None:
        answer = rig.call("GET", path, signer=signer)
        assert (answer.status, answer.code) == (404, "NoSuchKey")
        wrong = rig.call("GET", path, signer=signer, secret_key="another")
        assert (wrong.status, wrong.code) == (403, "SignatureDoesNotMatch")

    def test_of_several_headers_with_one_name_and_of_many_spaces(self, rig: Rig, data: str) -> None:
        headers = {"x-amz-meta-a": "  two   spaces ", "x-amz-meta-b": "ünï"}
        rig.ok("PUT", "/data/k", b"x", headers=headers)

    def test_unsigned_requests_are_refused_at_the_endpoints_own_names(self, rig: Rig) -> None:
        answer = rig.call("GET", "/", signer="", address="http://s3.localhost:8780")
        assert (answer.status, answer.code) == (403, "AccessDenied")


def test_an_unknown_identity_is_told(rig: Rig) -> None:
    unknown: Identity = replace(AMAZON, access_key="OTHER")
    answer = rig.call("GET", "/", access_key=unknown.access_key)
    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")
