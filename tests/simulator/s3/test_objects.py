"""Operations on objects and on uploads in parts."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.objects.folder import FolderBucket
from simulator.objects.paths import WORK_FOLDER
from simulator.s3 import intake, uploads
from tests.simulator.objects.conftest import get, keys, put
from tests.simulator.s3.conftest import Rig

pytestmark = pytest.mark.usefixtures("data")


def md5(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


@pytest.fixture
def bucket(rig: Rig, data: str) -> FolderBucket:
    found = rig.store.bucket(data)
    assert isinstance(found, FolderBucket)
    return found


def left_over(bucket: FolderBucket) -> list[Path]:
    work = bucket.root / WORK_FOLDER
    return list(work.iterdir()) if work.exists() else []


class TestPutAndGet:
    def test_what_is_put_is_a_file_and_comes_back(self, rig: Rig, bucket: FolderBucket) -> None:
        assert rig.ok("PUT", "/data/dir/k", b"hello").headers["etag"] == md5(b"hello")
        assert (bucket.root / "dir" / "k").read_bytes() == b"hello"
        answer = rig.ok("GET", "/data/dir/k")
        assert answer.content == b"hello"
        assert answer.headers["etag"] == md5(b"hello")
        assert answer.headers["last-modified"].endswith(" GMT")
        head = rig.ok("HEAD", "/data/dir/k")
        assert (head.content, head.headers["content-length"]) == (b"", "5")
        assert rig.ok("DELETE", "/data/dir/k").status == 204
        assert rig.ok("DELETE", "/data/dir/k").status == 204
        assert rig.call("GET", "/data/dir/k").code == "NoSuchKey"

    def test_headers_and_metadata_are_kept(self, rig: Rig) -> None:
        sent = {
            "content-type": "text/x-mine",
            "cache-control": "no-store",
            "content-encoding": "gzip",
            "x-amz-meta-who": "me",
            "x-obs-meta-other": "ünï",
        }
        rig.ok("PUT", "/data/k", b"x", headers=sent)
        head = rig.ok("HEAD", "/data/k").headers
        assert {head[name] for name in ("content-type", "cache-control", "content-encoding")} == {
            "text/x-mine",
            "no-store",
            "gzip",
        }
        assert head["x-amz-meta-who"] == "me"
        assert head["x-amz-meta-other"] == "ünï"

    def test_the_type_of_a_file_that_somebody_laid_there_is_guessed(
        self, rig: Rig, bucket: FolderBucket
    ) -> None:
        for key, kind in (
            ("a.png", "image/png"),
            ("a.csv", "text/csv"),
            ("a.tar.gz", "application/octet-stream"),
            ("a", "application/octet-stream"),
        ):
            put(bucket, key)
            assert rig.ok("HEAD", f"/data/{key}").headers["content-type"] == kind

    def test_too_much_metadata_is_refused(self, rig: Rig, bucket: FolderBucket) -> None:
        answer = rig.call("PUT", "/data/k", b"x", headers={"x-amz-meta-a": "b" * 8192})
        assert answer.code == "MetadataTooLarge"
        assert keys(bucket) == []

    def test_a_range_of_it_can_be_read(self, rig: Rig) -> None:
        rig.ok("PUT", "/data/k", bytes(range(100)))
        answer = rig.ok("GET", "/data/k", headers={"range": "bytes=10-19"})
        assert answer.status == 206
        assert answer.content == bytes(range(10, 20))
        assert answer.headers["content-range"] == "bytes 10-19/100"
        assert rig.ok("GET", "/data/k", headers={"range": "bytes=-1"}).content == b"\x63"
        head = rig.ok("HEAD", "/data/k", headers={"range": "bytes=10-19"})
        assert (head.status, head.headers["content-length"]) == (206, "10")
        answer = rig.call("GET", "/data/k", headers={"range": "bytes=100-"})
        assert (answer.status, answer.code) == (416, "InvalidRange")
        assert answer.headers["content-range"] == "bytes */100"

    def test_conditions_hold(self, rig: Rig) -> None:
        etag = rig.ok("PUT", "/data/k", b"x").headers["etag"]
        answer = rig.call("GET", "/data/k", headers={"if-none-match": etag})
        assert (answer.status, answer.content, answer.headers["etag"]) == (304, b"", etag)
        answer = rig.call("HEAD", "/data/k", headers={"if-match": '"other"'})
        assert answer.status == 412
        answer = rig.call("PUT", "/data/k", b"y", headers={"if-none-match": "*"})
        assert answer.code == "PreconditionFailed"
        assert rig.ok("GET", "/data/k").content == b"x"

    def test_an_address_may_ask_for_other_headers(self, rig: Rig) -> None:
        rig.ok("PUT", "/data/k", b"x")
        path = "/data/k?response-content-type=a%2Fb&response-content-disposition=x%0D%0Ay%3A1"
        answer = rig.ok("GET", path, signer="v4-query")
        assert answer.headers["content-type"] == "a/b"
        assert "content-disposition" not in answer.headers, "a header has one line"

    def test_a_key_with_a_slash_at_its_end_is_a_folder(
        self, rig: Rig, bucket: FolderBucket
    ) -> None:
        rig.ok("PUT", "/data/out/", b"")
        assert (bucket.root / "out").is_dir()
        assert rig.ok("GET", "/data?prefix=out").found("Contents/Key") == ["out/"]
        head = rig.ok("HEAD", "/data/out/").headers
        assert head["content-length"] == "0"
        assert rig.ok("GET", "/data/out/").content == b""
        assert rig.call("HEAD", "/data/out").status == 404
        answer = rig.call("PUT", "/data/other/", b"content")
        assert answer.status == 400
        rig.ok("DELETE", "/data/out/")
        assert keys(bucket) == []

    @pytest.mark.parametrize(
        "path",
        [
            "/data/a%00b",
            "/data/a%5Cb",
            "/data/%FF",
            "/data//etc/passwd",
            "/data/a//b",
            f"/data/{WORK_FOLDER}/x",
            "/data/" + "k" * 1025,
        ],
    )
    def test_a_key_that_cannot_be_is_refused_whatever_is_done_with_it(
        self, rig: Rig, bucket: FolderBucket, path: str
    ) -> None:
        for method in ("PUT", "POST ?uploads", "GET", "DELETE"):
            verb, _, query = method.partition(" ")
            answer = rig.call(verb, path + query)
            assert (answer.status, answer.code) == (400, "InvalidObjectName"), method
        assert rig.call("HEAD", path).status == 400
        assert keys(bucket) == []

    def test_a_name_that_is_too_long_for_the_disk_is_told_before_anything_is_sent(
        self, rig: Rig
    ) -> None:
        path = f"/data/{'k' * 300}"
        for method in ("PUT", "POST ?uploads", "GET"):
            verb, _, query = method.partition(" ")
            answer = rig.call(verb, path + query)
            assert (answer.status, answer.code) == (400, "InvalidObjectName"), method

    @pytest.mark.parametrize("path", ["/data/a%2F..%2F..%2Fother", "/data/%2E%2E/other"])
    def test_nor_does_another_spelling_lead_out(
        self, rig: Rig, bucket: FolderBucket, path: str
    ) -> None:
        for signer in ("v4", "v2"):
            assert rig.call("PUT", path, b"x", signer=signer).status in (400, 403)
        assert keys(bucket) == []

    def test_an_object_cannot_be_in_another_one(self, rig: Rig, bucket: FolderBucket) -> None:
        put(bucket, "file")
        answer = rig.call("PUT", "/data/file/below", b"x")
        assert (answer.status, answer.code) == (400, "InvalidObjectName")
        assert "an object named file is in its way" in answer.text("Message")


class TestIntegrity:
    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            (
                {"content-md5": base64.b64encode(hashlib.md5(b"other").digest()).decode()},
                "BadDigest",
            ),
            ({"content-md5": "%%%"}, "InvalidDigest"),
            ({"content-md5": "AAAA"}, "InvalidDigest"),
            ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
            ({"x-amz-checksum-sha256": "AAAA"}, "BadDigest"),
            ({"x-amz-checksum-sha1": "AAAA"}, "BadDigest"),
        ],
    )
    def test_content_that_is_not_what_was_announced_is_dropped(
        self, rig: Rig, bucket: FolderBucket, headers: dict[str, str], code: str
    ) -> None:
        put(bucket, "k", b"old")
        answer = rig.call("PUT", "/data/k", b"new", headers=headers)
        assert (answer.status, answer.code) == (400, code)
        assert get(bucket, "k") == b"old"
        assert left_over(bucket) == []

    def test_content_that_is_has_all_checksums(self, rig: Rig) -> None:
        content = b"hello"
        digests = {
            "content-md5": hashlib.md5(content).digest(),
            "x-amz-checksum-crc32": zlib.crc32(content).to_bytes(4),
            "x-amz-checksum-sha1": hashlib.sha1(content).digest(),
            "x-amz-checksum-sha256": hashlib.sha256(content).digest(),
        }
        headers = {name: base64.b64encode(digest).decode() for name, digest in digests.items()}
        rig.ok("PUT", "/data/k", content, headers=headers)

    def test_another_body_than_the_signed_one_is_dropped(
        self, rig: Rig, bucket: FolderBucket
    ) -> None:
        request = rig.request("PUT", "/data/k", b"signed")
        answer = rig.send(request, b"forged")
        assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
        assert keys(bucket) == []

    def test_a_body_that_ends_too_early_is_dropped(self, rig: Rig, bucket: FolderBucket) -> None:
        async def half() -> AsyncIterator[bytes]:
            yield b"sig"

        request = rig.request("PUT", "/data/k", b"signed", {"content-length": "6"})
        answer = rig.send(request, half())
        assert (answer.status, answer.code) == (400, "IncompleteBody")
        assert (keys(bucket), left_over(bucket)) == ([], [])

    def test_a_body_that_is_too_large_is_refused_before_it_is_read(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(intake, "PUT_MAX_BYTES", 3)
        assert rig.call("PUT", "/data/k", b"1234").code == "EntityTooLarge"
        rig.ok("PUT", "/data/k", b"123")


class TestCopy:
    def test_an_object_is_copied_with_what_is_known_of_it(
        self, rig: Rig, bucket: FolderBucket
    ) -> None:
        rig.ok("PUT", "/data/a%20b", b"hello", headers={"content-type": "x/y", "x-amz-meta-a": "1"})
        answer = rig.ok("PUT", "/data/copy", headers={"x-amz-copy-source": "/data/a%20b"})
        assert answer.text("ETag") == md5(b"hello")
        head = rig.ok("HEAD", "/data/copy").headers
        assert (head["content-type"], head["x-amz-meta-a"]) == ("x/y", "1")
        assert get(bucket, "copy") == b"hello"

    def test_or_with_what_the_request_says(self, rig: Rig) -> None:
        rig.ok("PUT", "/data/k", b"hello", headers={"x-amz-meta-a": "1"})
        headers = {
            "x-amz-copy-source": "data/k?versionId=null",
            "x-amz-metadata-directive": "REPLACE",
            "x-amz-meta-b": "2",
        }
        rig.ok("PUT", "/data/k", headers=headers)
        head = rig.ok("HEAD", "/data/k").headers
        assert ("x-amz-meta-a" in head, head["x-amz-meta-b"]) == (False, "2")

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({"x-amz-copy-source": "/data/k"}, "InvalidRequest"),
            ({"x-amz-copy-source": "/data/nope"}, "NoSuchKey"),
            ({"x-amz-copy-source": "/nope/k"}, "NoSuchBucket"),
            ({"x-amz-copy-source": "/data/../k"}, "InvalidArgument"),
            ({"x-amz-copy-source": "nonsense"}, "NoSuchBucket"),
            ({"x-amz-copy-source": "/data/k?versionId=1"}, "NotImplemented"),
            (
                {"x-amz-copy-source": "/data/other", "x-amz-copy-source-if-match": '"x"'},
                "PreconditionFailed",
            ),
        ],
    )
    def test_what_does_not_work_is_told(self, rig: Rig, headers: dict[str, str], code: str) -> None:
        rig.ok("PUT", "/data/k", b"hello")
        rig.ok("PUT", "/data/other", b"hello")
        assert rig.call("PUT", "/data/k", headers=headers).code == code
        assert rig.ok("GET", "/data/k").content == b"hello"


PART = b"p" * uploads.PART_MIN_BYTES


class TestUploadsInParts:
    @pytest.fixture
    def upload(self, rig: Rig) -> str:
        headers = {"content-type": "x/y", "x-amz-meta-a": "1"}
        return rig.ok("POST", "/data/dir/big?uploads", headers=headers).text("UploadId")

    def part(self, rig: Rig, upload: str, number: int, content: bytes) -> str:
        path = f"/data/dir/big?partNumber={number}&uploadId={upload}"
        return rig.ok("PUT", path, content).headers["etag"]

    def complete(self, rig: Rig, upload: str, *parts: tuple[int, str], ok: bool = True) -> str:
        items = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
            for number, etag in parts
        )
        body = f"<CompleteMultipartUpload>{items}</CompleteMultipartUpload>".encode()
        answer = rig.call("POST", f"/data/dir/big?uploadId={upload}", body)
        assert (answer.status == 200) is ok, answer.content
        return answer.text("ETag") if ok else answer.code

    def test_the_parts_become_one_object(self, rig: Rig, bucket: FolderBucket, upload: str) -> None:
        second = self.part(rig, upload, 7, b"end")
        first = self.part(rig, upload, 2, PART)
        assert keys(bucket) == [], "nothing is seen before its end"
        etag = self.complete(rig, upload, (2, first), (7, second))
        digests = hashlib.md5(PART).digest() + hashlib.md5(b"end").digest()
        assert etag == f'"{hashlib.md5(digests).hexdigest()}-2"'
        assert get(bucket, "dir/big") == PART + b"end"
        head = rig.ok("HEAD", "/data/dir/big").headers
        assert head["etag"] == etag
        assert (head["content-type"], head["x-amz-meta-a"]) == ("x/y", "1")
        assert list(rig.store.uploads.iterdir()) == []

    def test_a_part_may_be_sent_again(self, rig: Rig, bucket: FolderBucket, upload: str) -> None:
        self.part(rig, upload, 1, b"wrong")
        etag = self.part(rig, upload, 1, b"right")
        listed = rig.ok("GET", f"/data/dir/big?uploadId={upload}")
        assert listed.found("Part/ETag") == [etag]
        self.complete(rig, upload, (1, etag))
        assert get(bucket, "dir/big") == b"right"

    def test_what_does_not_fit_is_refused_and_the_upload_goes_on(
        self, rig: Rig, upload: str
    ) -> None:
        first, second = self.part(rig, upload, 1, PART), self.part(rig, upload, 2, b"end")
        for parts, code in (
            (((2, second), (1, first)), "InvalidPartOrder"),
            (((1, first), (1, first)), "InvalidPartOrder"),
            (((1, second), (2, second)), "InvalidPart"),
            (((1, first), (3, second)), "InvalidPart"),
            ((), "MalformedXML"),
        ):
            assert self.complete(rig, upload, *parts, ok=False) == code
        third = self.part(rig, upload, 3, b"more")
        parts = ((1, first), (2, second), (3, third))
        assert self.complete(rig, upload, *parts, ok=False) == "EntityTooSmall"
        self.complete(rig, upload, (1, first), (3, third))

    def test_an_upload_that_is_given_up_leaves_nothing(
        self, rig: Rig, bucket: FolderBucket, upload: str
    ) -> None:
        self.part(rig, upload, 1, PART)
        assert rig.ok("DELETE", f"/data/dir/big?uploadId={upload}").status == 204
        assert list(rig.store.uploads.iterdir()) == []
        path = f"/data/dir/big?uploadId={upload}"
        for method, more in (("DELETE", ""), ("GET", ""), ("PUT", "&partNumber=1")):
            assert rig.call(method, path + more).code == "NoSuchUpload"
        assert self.complete(rig, upload, (1, "x"), ok=False) == "NoSuchUpload"

    @pytest.mark.parametrize("upload_id", ["", "..", "..%2F", "0" * 32, "A" * 32])
    def test_an_id_that_is_none_is_told(self, rig: Rig, upload_id: str) -> None:
        answer = rig.call("GET", f"/data/dir/big?uploadId={upload_id}")
        assert (answer.status, answer.code) == (404, "NoSuchUpload")

    def test_an_upload_is_of_one_object(self, rig: Rig, upload: str) -> None:
        answer = rig.call("PUT", f"/data/other?partNumber=1&uploadId={upload}", b"x")
        assert answer.code == "NoSuchUpload"

    @pytest.mark.parametrize("number", ["0", "10001", "-1", "x", ""])
    def test_parts_are_numbered_from_1_to_10000(self, rig: Rig, upload: str, number: str) -> None:
        path = f"/data/dir/big?partNumber={number}&uploadId={upload}"
        assert rig.call("PUT", path, b"x").code == "InvalidArgument"

    def test_a_part_that_is_not_what_was_signed_does_not_count(self, rig: Rig, upload: str) -> None:
        request = rig.request("PUT", f"/data/dir/big?partNumber=1&uploadId={upload}", b"signed")
        assert rig.send(request, b"forged").code == "XAmzContentSHA256Mismatch"
        assert rig.ok("GET", f"/data/dir/big?uploadId={upload}").found("Part") == []

    def test_parts_and_uploads_are_listed_in_pages(self, rig: Rig, upload: str) -> None:
        for number in (1, 2, 3):
            self.part(rig, upload, number, b"x" * number)
        base = f"/data/dir/big?uploadId={upload}"
        page = rig.ok("GET", f"{base}&max-parts=2")
        assert page.found("Part/Size") == ["1", "2"]
        assert (page.text("IsTruncated"), page.text("NextPartNumberMarker")) == ("true", "2")
        page = rig.ok("GET", f"{base}&part-number-marker=2")
        assert (page.found("Part/PartNumber"), page.text("IsTruncated")) == (["3"], "false")
        other = rig.ok("POST", "/data/dir/big?uploads").text("UploadId")
        third = rig.ok("POST", "/data/other?uploads").text("UploadId")
        page = rig.ok("GET", "/data?uploads&max-uploads=1")
        assert page.found("Upload/UploadId") == [upload]
        markers = f"key-marker=dir%2Fbig&upload-id-marker={upload}"
        page = rig.ok("GET", f"/data?uploads&{markers}")
        assert page.found("Upload/UploadId") == [other, third]
        assert rig.ok("GET", "/data?uploads&prefix=o").found("Upload/Key") == ["other"]
        assert rig.ok("GET", "/data?uploads&key-marker=dir%2Fbig").found("Upload/Key") == ["other"]
        assert rig.call("GET", "/data?uploads&delimiter=%2F").code == "NotImplemented"

    def test_a_part_may_be_copied_from_an_object(
        self, rig: Rig, bucket: FolderBucket, upload: str
    ) -> None:
        put(bucket, "source", b"0123456789")
        path = f"/data/dir/big?partNumber=1&uploadId={upload}"
        headers = {"x-amz-copy-source": "/data/source", "x-amz-copy-source-range": "bytes=2-5"}
        etag = rig.ok("PUT", path, headers=headers).text("ETag")
        self.complete(rig, upload, (1, etag))
        assert get(bucket, "dir/big") == b"2345"

    def test_they_outlive_the_server(self, rig: Rig, upload: str, bucket: FolderBucket) -> None:
        from simulator.s3.app import Endpoint
        from tests.simulator.s3.conftest import IDENTITY

        etag = self.part(rig, upload, 1, b"content")
        import time

        rig.endpoint = Endpoint(rig.store, [IDENTITY], "local", time.time)
        self.complete(rig, upload, (1, etag))
        assert get(bucket, "dir/big") == b"content"


def test_a_full_disk_is_told_as_such(
    rig: Rig, bucket: FolderBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        answer = rig.call("PUT", "/data/k", b"x")
    assert (answer.status, answer.code) == (507, "StorageFull")
    assert keys(bucket) == []


def test_a_fault_of_ours_is_an_error_of_the_dialect_and_in_the_log(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rig.store, "bucket", broken)
    answer = rig.send(rig.request("GET", "/data/k?a=secret"))
    assert (answer.status, answer.code) == (500, "InternalError")
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text
