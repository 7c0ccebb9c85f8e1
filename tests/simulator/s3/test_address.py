"""Which requests are the endpoint's, and which bucket and key they name."""

from __future__ import annotations

import pytest

from simulator.s3.address import Place, host_names, is_signed, place_of, query_pairs

V4 = "AWS4-HMAC-SHA256 Credential=…"


@pytest.mark.parametrize(
    ("host", "path", "place"),
    [
        ("127.0.0.1:8780", "/data/dir/key", Place("data", "dir/key")),
        ("127.0.0.1:8780", "/data", Place("data", "")),
        ("127.0.0.1:8780", "/data/", Place("data", "")),
        ("127.0.0.1:8780", "/data//key", Place("data", "/key")),
        ("127.0.0.1:8780", "/", Place("", "")),
        ("s3.localhost:8780", "/data/key", Place("data", "key")),
        ("obs.localhost", "/data/key", Place("data", "key")),
        ("data.s3.localhost:8780", "/dir/key", Place("data", "dir/key", True)),
        ("data.obs.localhost:8780", "/", Place("data", "", True)),
        ("DATA.OBS.LOCALHOST", "/k", Place("data", "k", True)),
        ("my.data.obs.eu-de.localhost:1", "/k", Place("my.data", "k", True)),
        ("obs.eu-de.localhost", "/data/k", Place("data", "k")),
        ("localhost", "/data/a%20b%2Bc%2fd", Place("data", "a b+c/d")),
        ("localhost", "/data/a%ffb", Place("data", "a\udcffb")),
        ("[::1]:8780", "/data/k", Place("data", "k")),
    ],
)
def test_bucket_and_key_stand_in_the_path_or_the_host(host: str, path: str, place: Place) -> None:
    assert place_of(host, path, V4, {}, "eu-de") == place


@pytest.mark.parametrize("host", ["s3.localhost", "data.obs.localhost:8780"])
def test_the_endpoints_own_names_are_its_own_without_a_signature_too(host: str) -> None:
    assert place_of(host, "/x", "", {}, "local") is not None


@pytest.mark.parametrize(
    "authorization", ["", "SDK-HMAC-SHA256 Access=…", "V11-HMAC-SHA256 Credential=…", "Bearer AWS "]
)
@pytest.mark.parametrize("host", ["127.0.0.1:8780", "s3.localhost.evil.example", "xs3.localhost"])
def test_requests_to_other_surfaces_are_not(host: str, authorization: str) -> None:
    assert place_of(host, "/v1/project/services", authorization, {}, "local") is None


@pytest.mark.parametrize(
    ("query", "signed"),
    [
        ("X-Amz-Signature=a&X-Amz-Credential=b", True),
        ("Signature=a&AWSAccessKeyId=b&Expires=1", True),
        ("AccessKeyId=a&Signature=b", True),
        ("Signature=a", False),
        ("AccessKeyId=a", False),
        ("X-Amz-Signature=a", False),
    ],
)
def test_an_address_that_is_signed_in_advance_is(query: str, signed: bool) -> None:
    assert is_signed("", dict(query_pairs(query))) is signed


def test_the_query_is_decoded_once_and_a_plus_is_a_space() -> None:
    assert query_pairs("a=b%2520c&d&e=&f=g+h%2B") == [
        ("a", "b%20c"),
        ("d", ""),
        ("e", ""),
        ("f", "g h+"),
    ]


def test_the_gateway_lets_all_names_in() -> None:
    assert set(host_names("eu-de")) == {
        "s3.localhost",
        "obs.localhost",
        "s3.eu-de.localhost",
        "obs.eu-de.localhost",
        "*.s3.localhost",
        "*.obs.localhost",
        "*.s3.eu-de.localhost",
        "*.obs.eu-de.localhost",
    }
