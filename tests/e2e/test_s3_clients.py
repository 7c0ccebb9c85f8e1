"""Clients that nobody here wrote use the object store: boto3, OBS's own SDK, and s3fs.

Each works in path style at the plain address, and in virtual-host style at names below `localhost`,
which this process resolves itself: not every system does.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from obs import (
    CompleteMultipartUploadRequest,
    CompletePart,
    DeleteObjectsRequest,
    Object,
    ObsClient,
)

from simulator.objectpaths import parse_object_path
from simulator.objects import ObjectStore
from simulator.objectsettings import BucketSettings
from tests.e2e.server import FIXTURES, DrydockServer

pytestmark = pytest.mark.envoy

KEYS = ["plain", "dir/sub/key", "sp ace + plus~&=?#%41", "ünï/日本語 🎉", "x" * 200]
BIG = 24 * 1024 * 1024


@pytest.fixture(scope="module", autouse=True)
def names_below_localhost() -> Iterator[None]:
    """`*.localhost` is this machine (RFC 6761), whatever the system's resolver says."""
    real = socket.getaddrinfo

    def resolve(host: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        is_ours = isinstance(name, str) and name.endswith(".localhost")
        return real("127.0.0.1" if is_ours else host, *more, **named)

    socket.getaddrinfo = resolve
    yield
    socket.getaddrinfo = real


@pytest.fixture
def bucket(server: DrydockServer) -> Iterator[str]:
    """The name of a bucket that is not made yet, and is gone afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    store = ObjectStore(server.home / "objects")
    if name in store.names():
        for info in store.entries(parse_object_path(f"obs://{name}")):
            store.bucket(name).delete(info.key)
        store.remove(name)
    store.close()


def folder(server: DrydockServer, bucket: str) -> Path:
    return server.home / "objects" / bucket


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


# --- boto3 -------------------------------------------------------------------------------------

STYLES = {
    "path": ("http://127.0.0.1:{port}", "path"),
    "path at localhost": ("http://s3.localhost:{port}", "path"),
    "virtual": ("http://s3.localhost:{port}", "virtual"),
}


def boto(server: DrydockServer, style: str = "path", **settings: Any) -> Any:
    endpoint, addressing = STYLES[style]
    return boto3.client(
        "s3",
        endpoint_url=endpoint.format(port=server.port),
        aws_access_key_id=server.env["access_key"],
        aws_secret_access_key=settings.pop("secret_key", server.env["secret_key"]),
        region_name=server.env["region"],
        config=Config(s3={"addressing_style": addressing}, retries={"max_attempts": 1}, **settings),
    )


@pytest.fixture(params=STYLES)
def s3(request: pytest.FixtureRequest, server: DrydockServer) -> Iterator[Any]:
    client = boto(server, request.param)
    yield client
    client.close()


class TestBoto3:
    def test_the_whole_life_of_objects(self, s3: Any, server: DrydockServer, bucket: str) -> None:
        s3.create_bucket(Bucket=bucket)
        assert bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]
        s3.head_bucket(Bucket=bucket)
        for key in KEYS:
            put = s3.put_object(
                Bucket=bucket, Key=key, Body=key.encode(), ContentType="a/b", Metadata={"k": "v"}
            )
            assert put["ETag"] == f'"{md5(key.encode())}"'
            assert (folder(server, bucket) / key).read_bytes() == key.encode()
            head = s3.head_object(Bucket=bucket, Key=key)
            assert (head["ContentLength"], head["ContentType"]) == (len(key.encode()), "a/b")
            assert (head["ETag"], head["Metadata"]) == (put["ETag"], {"k": "v"})
            got = s3.get_object(Bucket=bucket, Key=key, Range="bytes=1-2")
            assert got["Body"].read() == key.encode()[1:3]
        assert [one["Key"] for one in s3.list_objects(Bucket=bucket)["Contents"]] == sorted(KEYS)
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": KEYS[2]})
        assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == KEYS[2].encode()
        s3.delete_object(Bucket=bucket, Key="copy")
        deleted = s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": key} for key in KEYS]}
        )
        assert sorted(one["Key"] for one in deleted["Deleted"]) == sorted(KEYS)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
        s3.delete_bucket(Bucket=bucket)
        assert not folder(server, bucket).exists()

    def test_a_large_file_goes_in_parts_and_comes_back(
        self, s3: Any, server: DrydockServer, bucket: str, tmp_path: Path
    ) -> None:
        s3.create_bucket(Bucket=bucket)
        content = os.urandom(BIG)
        (tmp_path / "big").write_bytes(content)
        config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
        s3.upload_file(str(tmp_path / "big"), bucket, "dir/big", Config=config)
        head = s3.head_object(Bucket=bucket, Key="dir/big")
        assert re.fullmatch(r'"[0-9a-f]{32}-3"', head["ETag"])
        parts = [hashlib.md5(content[n : n + (8 << 20)]).digest() for n in range(0, BIG, 8 << 20)]
        assert head["ETag"] == f'"{md5(b"".join(parts))}-3"'
        s3.download_file(bucket, "dir/big", str(tmp_path / "back"), Config=config)
        assert (tmp_path / "back").read_bytes() == content

    def test_streams_are_read_and_written(self, s3: Any, bucket: str) -> None:
        s3.create_bucket(Bucket=bucket)
        s3.upload_fileobj(io.BytesIO(b"stream" * 1000), bucket, "k")
        back = io.BytesIO()
        s3.download_fileobj(bucket, "k", back)
        assert back.getvalue() == b"stream" * 1000
        s3.put_object(Bucket=bucket, Key="empty")
        assert s3.get_object(Bucket=bucket, Key="empty")["Body"].read() == b""

    @pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
    def test_checksums_are_verified(self, s3: Any, bucket: str, algorithm: str) -> None:
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="k", Body=b"content", ChecksumAlgorithm=algorithm)
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", **{f"Checksum{algorithm}": "AAAAAA=="})
        assert refused.value.response["Error"]["Code"] == "BadDigest"
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"

    def test_pages_of_objects_and_folders(
        self, s3: Any, server: DrydockServer, bucket: str
    ) -> None:
        s3.create_bucket(Bucket=bucket)
        wanted = [f"{number % 7}/{number:04d}" for number in range(250)]
        for key in wanted:
            path = folder(server, bucket) / key
            path.parent.mkdir(exist_ok=True)
            path.touch()
        for operation in ("list_objects", "list_objects_v2"):
            pages = s3.get_paginator(operation).paginate(
                Bucket=bucket, PaginationConfig={"PageSize": 60}
            )
            assert [one["Key"] for page in pages for one in page["Contents"]] == sorted(wanted)
            pages = s3.get_paginator(operation).paginate(
                Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 3}
            )
            prefixes = [one["Prefix"] for page in pages for one in page["CommonPrefixes"]]
            assert prefixes == [f"{number}/" for number in range(7)]

    def test_addresses_signed_in_advance(self, s3: Any, bucket: str) -> None:
        s3.create_bucket(Bucket=bucket)
        what = {"Bucket": bucket, "Key": "dir/a b"}
        put = s3.generate_presigned_url("put_object", Params=what, ExpiresIn=60)
        assert httpx.put(put, content=b"content").status_code == 200
        get = s3.generate_presigned_url("get_object", Params=what, ExpiresIn=60)
        assert httpx.get(get).content == b"content"
        assert httpx.get(get.replace("a%20b", "other")).status_code == 403
        assert httpx.delete(get).status_code == 403

    def test_errors_are_those_that_the_client_knows(self, s3: Any, bucket: str) -> None:
        s3.create_bucket(Bucket=bucket)
        with pytest.raises(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=bucket)
        with pytest.raises(s3.exceptions.NoSuchKey):
            s3.get_object(Bucket=bucket, Key="nope")
        with pytest.raises(s3.exceptions.NoSuchBucket):
            s3.list_objects(Bucket=f"{bucket}-nope")
        with pytest.raises(ClientError) as missing:
            s3.head_object(Bucket=bucket, Key="nope")
        assert missing.value.response["Error"]["Code"] == "404"
        with pytest.raises(ClientError) as unknown:
            s3.get_bucket_policy(Bucket=bucket)
        assert unknown.value.response["Error"]["Code"] == "NotImplemented"


class TestKeysAndDialects:
    def test_a_wrong_secret_key_gets_nothing(self, server: DrydockServer) -> None:
        with pytest.raises(ClientError) as refused:
            boto(server, secret_key="wrong").list_buckets()
        assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"

    def test_signatures_of_version_2_do_as_well(self, server: DrydockServer, bucket: str) -> None:
        for style in STYLES:
            client = boto(server, style, signature_version="s3")
            if style == "path":
                client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key="a b", Body=b"x", Metadata={"k": "v"})
            page = client.list_objects_v2(Bucket=bucket, Prefix="a", Delimiter="/")
            assert [one["Key"] for one in page["Contents"]] == ["a b"]
            what = {"Bucket": bucket, "Key": "a b"}
            address = client.generate_presigned_url("get_object", Params=what, ExpiresIn=60)
            assert httpx.get(address).content == b"x"

    def test_all_other_names_are_other_machines(self, server: DrydockServer) -> None:
        for host in ("s3.example.com", "data.s3.amazonaws.com", "s3.localhost.example.com"):
            answer = server.client.get("/", headers={"Host": host})
            assert answer.status_code == 403, host

    def test_the_address_of_everything_still_has_the_other_surfaces(
        self, server: DrydockServer
    ) -> None:
        assert server.api("GET", "/services")["services"] == []
        assert server.client.get("/data/key").status_code == 404


# --- OBS's own SDK -----------------------------------------------------------------------------

DIALECTS = {
    "path, version 2": ("http://127.0.0.1:{port}", {}),
    "path, version 4": ("http://127.0.0.1:{port}", {"signature": "v4"}),
    "virtual, OBS": ("http://obs.localhost:{port}", {}),
    "virtual, version 4": (
        "http://obs.localhost:{port}",
        {"signature": "v4", "is_signature_negotiation": False},
    ),
    "virtual, version 2": (
        "http://obs.{region}.localhost:{port}",
        {"signature": "v2", "is_signature_negotiation": False},
    ),
}


@pytest.fixture(params=DIALECTS)
def obs(request: pytest.FixtureRequest, server: DrydockServer) -> Iterator[ObsClient]:
    address, settings = DIALECTS[request.param]
    client = ObsClient(
        access_key_id=server.env["access_key"],
        secret_access_key=server.env["secret_key"],
        server=address.format(port=server.port, region=server.env["region"]),
        region=server.env["region"],
        max_retry_count=0,
        **settings,
    )
    yield client
    client.close()


def done(answer: Any) -> Any:
    assert answer.status < 300, (answer.errorCode, answer.errorMessage)
    return answer.body


class TestObs:
    def test_the_whole_life_of_objects(
        self, obs: ObsClient, server: DrydockServer, bucket: str
    ) -> None:
        done(obs.createBucket(bucket, location="anywhere"))
        assert bucket in [one.name for one in done(obs.listBuckets()).buckets]
        done(obs.headBucket(bucket))
        for key in KEYS:
            put = done(obs.putContent(bucket, key, key, metadata={"k": "v  w"}))
            assert put.etag == f'"{md5(key.encode())}"'
            assert (folder(server, bucket) / key).read_bytes() == key.encode()
            answer = obs.getObjectMetadata(bucket, key)
            assert done(answer).contentLength == len(key.encode())
            assert dict(answer.header)["k"] == "v  w"
            got = done(obs.getObject(bucket, key, loadStreamInMemory=True))
            assert got.buffer == key.encode()
        listed = done(obs.listObjects(bucket)).contents
        assert [one.key for one in listed] == sorted(KEYS)
        done(obs.copyObject(bucket, KEYS[2], bucket, "copy"))
        done(obs.deleteObject(bucket, "copy"))
        objects = [Object(key=key) for key in KEYS]
        gone = done(obs.deleteObjects(bucket, DeleteObjectsRequest(False, objects)))
        assert sorted(one.key for one in gone.deleted) == sorted(KEYS)
        done(obs.deleteBucket(bucket))
        assert not folder(server, bucket).exists()

    def test_files_go_there_and_back_in_one_piece_and_in_parts(
        self, obs: ObsClient, bucket: str, tmp_path: Path
    ) -> None:
        done(obs.createBucket(bucket))
        content = os.urandom(3 << 20)
        (tmp_path / "file").write_bytes(content)
        done(obs.putFile(bucket, "one", str(tmp_path / "file")))
        done(obs.getObject(bucket, "one", downloadPath=str(tmp_path / "one")))
        assert (tmp_path / "one").read_bytes() == content
        upload = done(obs.initiateMultipartUpload(bucket, "two", contentType="a/b")).uploadId
        parts = []
        for number, start in enumerate((0, 1 << 20, 2 << 20), 1):
            part = done(
                obs.uploadPart(bucket, "two", number, upload, content[start : start + (1 << 20)])
            )
            parts.append(CompletePart(number, part.etag))
        assert len(done(obs.listParts(bucket, "two", upload)).parts) == 3
        assert done(obs.listMultipartUploads(bucket)).upload[0].key == "two"
        request = CompleteMultipartUploadRequest(parts)
        assert done(obs.completeMultipartUpload(bucket, "two", upload, request)).etag
        assert done(obs.getObject(bucket, "two", loadStreamInMemory=True)).buffer == content
        again = done(obs.initiateMultipartUpload(bucket, "three")).uploadId
        done(obs.abortMultipartUpload(bucket, "three", again))
        assert done(obs.listMultipartUploads(bucket)).upload == []

    def test_a_stream_of_unknown_length_is_taken(self, obs: ObsClient, bucket: str) -> None:
        done(obs.createBucket(bucket))
        done(obs.putContent(bucket, "k", content=io.BytesIO(b"stream" * 10_000)))
        got = done(obs.getObject(bucket, "k", loadStreamInMemory=True))
        assert got.buffer == b"stream" * 10_000

    def test_folders_and_pages(self, obs: ObsClient, bucket: str) -> None:
        done(obs.createBucket(bucket))
        done(obs.putContent(bucket, "out/", None))
        for key in ("in/a", "in/b", "in/c", "z"):
            done(obs.putContent(bucket, key, key))
        page = done(obs.listObjects(bucket, delimiter="/", max_keys=2))
        assert [one.prefix for one in page.commonPrefixs] == ["in/", "out/"]
        assert (page.is_truncated, page.next_marker) == (True, "out/")
        page = done(obs.listObjects(bucket, delimiter="/", marker=page.next_marker))
        assert [one.key for one in page.contents] == ["z"]
        page = done(obs.listObjects(bucket, prefix="in/", encoding_type="url"))
        assert [one.key for one in page.contents] == ["in/a", "in/b", "in/c"]

    def test_addresses_signed_in_advance(self, obs: ObsClient, bucket: str) -> None:
        done(obs.createBucket(bucket))
        put = obs.createSignedUrl("PUT", bucket, "dir/a b", expires=60)
        assert httpx.put(put.signedUrl, content=b"content").status_code == 200
        get = obs.createSignedUrl("GET", bucket, "dir/a b", expires=60)
        assert httpx.get(get.signedUrl).content == b"content"
        assert httpx.get(get.signedUrl.replace("a%20b", "other")).status_code == 403

    def test_errors_are_those_that_the_client_knows(self, obs: ObsClient, bucket: str) -> None:
        done(obs.createBucket(bucket))
        missing = obs.getObject(bucket, "nope", loadStreamInMemory=True)
        assert (missing.status, missing.errorCode) == (404, "NoSuchKey")
        assert obs.headObject(bucket, "nope").status == 404
        again = obs.createBucket(bucket)
        assert (again.status, again.errorCode) == (409, "BucketAlreadyOwnedByYou")


# --- all of it together ------------------------------------------------------------------------


def test_an_upload_takes_no_memory_of_the_server(
    server: DrydockServer, bucket: str, record_property: Callable[[str, object], None]
) -> None:
    client = boto(server)
    client.create_bucket(Bucket=bucket)
    process = psutil.Process(server.pid)
    client.put_object(Bucket=bucket, Key="warm", Body=bytes(4 << 20))
    before, highest = process.memory_info().rss, 0
    size = 192 << 20

    def pieces() -> Iterator[bytes]:
        nonlocal highest
        for _ in range(size >> 20):
            yield bytes(1 << 20)
            highest = max(highest, process.memory_info().rss)

    what = {"Bucket": bucket, "Key": "big"}
    address = client.generate_presigned_url("put_object", Params=what)
    headers = {"Content-Length": str(size)}
    assert httpx.put(address, content=pieces(), headers=headers, timeout=120).status_code == 200
    assert (folder(server, bucket) / "big").stat().st_size == size
    with httpx.stream(
        "GET", client.generate_presigned_url("get_object", Params=what), timeout=120
    ) as got:
        read = 0
        for piece in got.iter_bytes(1 << 20):
            read += len(piece)
            highest = max(highest, process.memory_info().rss)
    assert read == size
    grown = (highest - before) / (1 << 20)
    record_property("measured", f"an object of {size >> 20} MB: {grown:.0f} MB of memory")
    assert grown < 40


def test_an_upload_that_breaks_off_leaves_nothing(server: DrydockServer, bucket: str) -> None:
    client = boto(server)
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="k", Body=b"old")
    what = {"Bucket": bucket, "Key": "k"}
    address = client.generate_presigned_url("put_object", Params=what)
    path = address.removeprefix(server.url)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 1000000\r\n"
        )
        connection.sendall(head.encode() + b"\r\n" + b"x" * 500_000)
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"
    page = client.list_objects_v2(Bucket=bucket)
    assert [one["Key"] for one in page["Contents"]] == ["k"]


def test_a_model_is_imported_from_where_a_client_put_it(server: DrydockServer, bucket: str) -> None:
    client = boto(server)
    client.create_bucket(Bucket=bucket)
    package = FIXTURES / "packages" / "iris"
    for path in sorted(package.rglob("*")):
        if path.is_file():
            client.upload_file(str(path), bucket, f"models/{path.relative_to(package)}")
    address = f"https://{bucket}.obs.local.example.com/models/?AccessKeyId=a&Signature=secret"
    body = {
        "model_name": bucket,
        "model_version": "0.0.1",
        "model_type": "PyTorch",
        "source_location": address,
    }
    model_id = server.api("POST", "/models", json=body)["model_id"]
    model = server.wait_for_model(model_id)
    assert model["model_status"] == "published"
    assert model["source_location"] == address.split("?", maxsplit=1)[0]
    assert "secret" not in server.log()
    server.api("DELETE", f"/models/{model_id}")


def test_a_bucket_may_lie_in_a_real_s3_service(
    server: DrydockServer, bucket: str, tmp_path: Path
) -> None:
    """The service is another Drydock; the client is s3fs, as in the extra `s3`."""
    boto(server).create_bucket(Bucket=bucket)
    settings = BucketSettings(
        url=f"s3://{bucket}/prefix",
        endpoint=server.url,
        access_key=server.env["access_key"],
        secret_key=server.env["secret_key"],
        region=server.env["region"],
    )
    store = ObjectStore(tmp_path / "objects", {"far": settings})
    far = store.bucket("far")
    for key, content in (("dir/a b", b"one"), ("dir/ü", b"two"), ("z", os.urandom(9 << 20))):
        with far.writer(key) as writer:
            writer.write(content)
        assert (folder(server, bucket) / "prefix" / key).read_bytes() == content
        info, file = far.open(key)
        with file:
            assert file.read() == content
        assert (info.key, info.size_bytes) == (key, len(content))
        assert info.etag == writer.info.etag
    assert [info.key for info in far.entries()] == ["dir/a b", "dir/ü", "z"]
    assert [info.key for info in far.entries("dir/", after="dir/a b")] == ["dir/ü"]
    assert [info.key for info in far.entries(recursive=False)] == ["dir/", "z"]
    assert far.delete("z")
    assert not far.delete("z")
    assert not store.exists(parse_object_path("obs://far/z"))
    store.close()
