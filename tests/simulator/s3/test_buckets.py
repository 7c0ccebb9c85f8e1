"""Operations on the service and on buckets, and pages of objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.objects.folder import FolderBucket
from tests.simulator.objects.conftest import put
from tests.simulator.s3.conftest import Rig


@pytest.fixture
def bucket(rig: Rig, data: str) -> FolderBucket:
    found = rig.store.bucket(data)
    assert isinstance(found, FolderBucket)
    return found


class TestBuckets:
    def test_one_is_made_listed_and_removed(self, rig: Rig) -> None:
        assert rig.ok("PUT", "/data").headers["location"] == "/data"
        listed = rig.ok("GET", "/")
        assert listed.found("Buckets/Bucket/Name") == ["data"]
        assert listed.text("Owner/ID")
        head = rig.ok("HEAD", "/data")
        assert (head.content, head.headers["x-amz-bucket-region"]) == (b"", "local")
        assert rig.ok("DELETE", "/data").status == 204
        assert rig.ok("GET", "/").found("Buckets/Bucket/Name") == []

    def test_what_does_not_work_has_its_code(self, rig: Rig, bucket: FolderBucket) -> None:
        put(bucket, "k")
        for method, path, status, code in (
            ("PUT", "/data", 409, "BucketAlreadyOwnedByYou"),
            ("DELETE", "/data", 409, "BucketNotEmpty"),
            ("DELETE", "/nope", 404, "NoSuchBucket"),
            ("GET", "/nope", 404, "NoSuchBucket"),
            ("GET", "/nope?location", 404, "NoSuchBucket"),
            ("GET", "/nope/k", 404, "NoSuchBucket"),
            ("PUT", "/nope/k", 404, "NoSuchBucket"),
            ("PUT", "/UPPER", 400, "InvalidBucketName"),
            ("GET", "/v1/services", 400, "InvalidBucketName"),
            ("GET", "/data?list-type=2&max-keys=x", 400, "InvalidArgument"),
            ("GET", "/data?encoding-type=gzip", 400, "InvalidArgument"),
            ("GET", "/data?list-type=2&continuation-token=%21", 400, "InvalidArgument"),
            ("POST", "/data", 405, "MethodNotAllowed"),
            ("POST", "/", 405, "MethodNotAllowed"),
            ("PATCH", "/data/k", 405, "MethodNotAllowed"),
            ("GET", "/data?policy", 501, "NotImplemented"),
            ("PUT", "/data?versioning", 405, "MethodNotAllowed"),
            ("GET", "/data/k?acl", 501, "NotImplemented"),
            ("GET", "/data/k?versionId=1", 501, "NotImplemented"),
            ("GET", "/data/k?partNumber=1", 501, "NotImplemented"),
        ):
            answer = rig.call(method, path)
            assert (answer.status, answer.code) == (status, code), (method, path)
            assert answer.headers["content-type"] == "application/xml"
        head = rig.call("HEAD", "/nope")
        assert (head.status, head.content) == (404, b"")

    def test_an_error_names_the_resource_and_the_request(self, rig: Rig, data: str) -> None:
        answer = rig.call("GET", "/data/no%20thing")
        assert answer.text("Resource") == "/data/no thing"
        assert answer.text("Message") == "obs://data/no thing does not exist"

    def test_its_place_and_its_versions_can_be_asked_for(self, rig: Rig, data: str) -> None:
        assert b">local</LocationConstraint>" in rig.ok("GET", "/data?location").content
        assert rig.ok("GET", "/data?versioning").found("Status") == []

    def test_the_region_that_a_client_wants_is_not_looked_at(self, rig: Rig) -> None:
        body = b"<CreateBucketConfiguration><LocationConstraint>eu</LocationConstraint>"
        rig.ok("PUT", "/data", body + b"</CreateBucketConfiguration>")


class TestListing:
    @pytest.fixture(autouse=True)
    def objects(self, bucket: FolderBucket) -> None:
        for key in ("a", "b/c", "b/d", "b/e/f", "g", "h/i"):
            put(bucket, key)

    def test_version_1_goes_on_behind_a_marker(self, rig: Rig) -> None:
        page = rig.ok("GET", "/data?max-keys=4")
        assert page.found("Contents/Key") == ["a", "b/c", "b/d", "b/e/f"]
        assert (page.text("IsTruncated"), page.text("NextMarker")) == ("true", "b/e/f")
        page = rig.ok("GET", "/data?max-keys=4&marker=b%2Fe%2Ff")
        assert page.found("Contents/Key") == ["g", "h/i"]
        assert (page.text("IsTruncated"), page.text("Marker")) == ("false", "b/e/f")
        assert page.found("NextMarker") == []

    def test_version_2_goes_on_behind_a_token(self, rig: Rig) -> None:
        page = rig.ok("GET", "/data?list-type=2&max-keys=5")
        assert (page.text("KeyCount"), page.text("IsTruncated")) == ("5", "true")
        token = page.text("NextContinuationToken")
        page = rig.ok("GET", f"/data?list-type=2&continuation-token={token.replace('=', '%3D')}")
        assert page.found("Contents/Key") == ["h/i"]
        assert page.found("Contents/Owner") == []
        page = rig.ok("GET", "/data?list-type=2&start-after=b%2Fe&fetch-owner=true")
        assert page.found("Contents/Key") == ["b/e/f", "g", "h/i"]
        assert len(page.found("Contents/Owner/ID")) == 3

    def test_keys_are_folded_at_a_delimiter(self, rig: Rig) -> None:
        page = rig.ok("GET", "/data?delimiter=%2F")
        assert page.found("Contents/Key") == ["a", "g"]
        assert page.found("CommonPrefixes/Prefix") == ["b/", "h/"]
        page = rig.ok("GET", "/data?delimiter=%2F&prefix=b%2F")
        assert page.found("Contents/Key") == ["b/c", "b/d"]
        assert page.found("CommonPrefixes/Prefix") == ["b/e/"]
        page = rig.ok("GET", "/data?delimiter=%2F&max-keys=2")
        assert page.text("NextMarker") == "b/"
        page = rig.ok("GET", "/data?delimiter=%2F&marker=b%2F")
        assert page.found("Contents/Key") + page.found("CommonPrefixes/Prefix") == ["g", "h/"]

    def test_no_keys_at_all_may_be_wanted(self, rig: Rig) -> None:
        page = rig.ok("GET", "/data?max-keys=0")
        assert (page.found("Contents"), page.text("IsTruncated")) == ([], "false")

    def test_what_xml_cannot_carry_is_encoded_or_replaced(self, rig: Rig, data: str) -> None:
        rig.ok("PUT", "/data/x%20%C3%BC%26%3C", b"")
        page = rig.ok("GET", "/data?prefix=x&encoding-type=url")
        assert page.found("Contents/Key") == ["x%20%C3%BC%26%3C"]
        assert rig.ok("GET", "/data?prefix=x").found("Contents/Key") == ["x ü&<"]
        assert rig.ok("GET", "/data?prefix=%00%01").text("Prefix") == "\ufffd\ufffd"
        assert rig.ok("GET", "/data?prefix=%FF").text("Prefix") == "\ufffd"

    def test_the_entity_tag_is_that_of_the_object(self, rig: Rig) -> None:
        etag = rig.ok("PUT", "/data/a", b"hello").headers["etag"]
        listed = rig.ok("GET", "/data?prefix=a")
        assert listed.found("Contents/ETag") == [etag]
        assert listed.found("Contents/Size") == ["5"]
        laid = rig.ok("GET", "/data?prefix=g").text("Contents/ETag")
        assert rig.ok("HEAD", "/data/g").headers["etag"] == laid


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    prefix=st.text("ab-", max_size=2),
    delimiter=st.sampled_from(["", "/", "-", "-a", "b/"]),
    most=st.integers(1, 4),
    version=st.sampled_from(["1", "2"]),
)
def test_all_pages_together_are_the_whole_listing(
    rig: Rig, tmp_path: Path, prefix: str, delimiter: str, most: int, version: str
) -> None:
    """The oracle: the keys, sorted, cut and folded with plain text operations."""
    if "data" not in rig.store.names():
        rig.store.create("data")
        for key in STORED:
            put(rig.store.bucket("data"), key)
    wanted = []
    for key in sorted(STORED):
        if key.startswith(prefix):
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            entry = key if end < 0 else key[: end + len(delimiter)]
            wanted += [entry] if entry not in wanted else []
    base = f"/data?list-type={version}&prefix={prefix}&max-keys={most}"
    base += f"&delimiter={delimiter.replace('/', '%2F')}"
    found, position = [], ""
    for _ in range(len(wanted) + 2):
        page = rig.ok("GET", base + position)
        entries = sorted(page.found("Contents/Key") + page.found("CommonPrefixes/Prefix"))
        assert len(entries) <= most
        found += entries
        if page.text("IsTruncated") != "true":
            break
        name, path = (
            ("continuation-token", "NextContinuationToken")
            if version == "2"
            else ("marker", "NextMarker")
        )
        value = page.text(path).replace("/", "%2F").replace("=", "%3D")
        position = f"&{name}={value}"
    assert found == wanted


STORED = ["a", "a-/b", "a-a", "ab/-/a", "ab/a", "ab/b/a", "b", "b-/a/b", "bb/a"]


class TestDeletingMany:
    BODY = (
        "<Delete>{quiet}<Object><Key>a</Key></Object><Object><Key>nope</Key></Object>"
        "<Object><Key>../x</Key></Object></Delete>"
    )

    def test_each_object_has_its_own_answer(self, rig: Rig, bucket: FolderBucket) -> None:
        put(bucket, "a")
        answer = rig.ok("POST", "/data?delete", self.BODY.format(quiet="").encode())
        assert answer.found("Deleted/Key") == ["a", "nope"]
        assert answer.found("Error/Key") == ["../x"]
        assert answer.found("Error/Code") == ["InvalidObjectName"]
        assert list(bucket.entries()) == []

    def test_only_errors_are_told_if_wanted(self, rig: Rig, data: str) -> None:
        body = self.BODY.format(quiet="<Quiet>true</Quiet>")
        answer = rig.ok("POST", "/data?delete", body.encode())
        assert (answer.found("Deleted"), answer.found("Error/Key")) == ([], ["../x"])

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"no xml",
            b"<Delete/>",
            b"<Other><Object><Key>a</Key></Object></Other>",
            b"<Delete><Object/></Delete>",
            b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>",
            b'<!DOCTYPE d [<!ENTITY e "a">]><Delete><Object><Key>&e;</Key></Object></Delete>',
            b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            b"<Delete><Object><Key>&e;</Key></Object></Delete>",
            b"<Delete>" + b" " * (4 * 1024 * 1024) + b"</Delete>",
        ],
    )
    def test_a_document_that_is_none_deletes_nothing(
        self, rig: Rig, bucket: FolderBucket, body: bytes
    ) -> None:
        put(bucket, "a")
        answer = rig.call("POST", "/data?delete", body)
        assert (answer.status, answer.code) == (400, "MalformedXML")
        assert bucket.stat("a")


class TestSomebodyElses:
    def test_requests_that_are_not_signed_for_it_go_on(self, rig: Rig) -> None:
        assert rig.call("GET", "/v1/project/services", signer="").status == 299
        assert rig.others == ["/v1/project/services"]

    def test_a_client_of_obs_learns_that_its_dialect_is_spoken(self, rig: Rig, data: str) -> None:
        address = "http://obs.localhost:8780"
        answer = rig.call("HEAD", "/?apiversion", signer="", address=address)
        assert answer.headers["x-obs-api"] == "3.0"
        for bucket, status in (("data", 200), ("nope", 404)):
            address = f"http://{bucket}.obs.localhost:8780"
            assert rig.call("HEAD", "/?apiversion", signer="", address=address).status == status
