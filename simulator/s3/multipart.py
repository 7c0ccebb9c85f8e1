"""Operations on uploads in parts."""

from __future__ import annotations

import contextlib
import hashlib
import uuid

from starlette.responses import Response

from simulator.objects import NoSuchObject
from simulator.objects.properties import Properties
from simulator.s3 import xml
from simulator.s3.body import Body
from simulator.s3.call import DOCUMENT_MAX_BYTES, Call
from simulator.s3.conditions import check_read, part_of
from simulator.s3.errors import S3Error
from simulator.s3.intake import PUT_MAX_BYTES, take
from simulator.s3.listing import PAGE_KEYS, number
from simulator.s3.objects import READ_BYTES, copy_source, note, sent_properties
from simulator.s3.threads import entered, in_thread
from simulator.s3.uploads import PART_NUMBER_MAX, Upload


async def begin(call: Call) -> Response:
    request = call.request
    bucket = await call.bucket()
    await in_thread(bucket.writer, request.key)  # refuses folders
    with contextlib.suppress(NoSuchObject):
        await in_thread(bucket.stat, request.key)  # and keys that the bucket cannot store
    properties = sent_properties(request)
    upload = Upload(
        upload_id=uuid.uuid4().hex,
        bucket=request.bucket,
        key=request.key,
        headers=dict(properties.headers),
        metadata=dict(properties.metadata),
        begun_ns=call.now_ns,
    )
    await in_thread(call.uploads.begin, upload)
    content = [("Bucket", request.bucket), ("Key", request.key), ("UploadId", upload.upload_id)]
    return call.document("InitiateMultipartUploadResult", content)


async def upload_part(call: Call) -> Response:
    upload, part_number = await _find(call), _part_number(call)
    async with entered(call.uploads.draft(upload)) as draft:
        taken = await take(call.request, call.caller, draft)
        await in_thread(draft.keep, part_number, taken.md5)
    return call.empty(ETag=f'"{taken.md5}"')


async def copy_part(call: Call) -> Response:
    """A part that is another object, or a range of its bytes."""
    upload, part_number = await _find(call), _part_number(call)
    source = copy_source(call.request)

    def copy() -> tuple[str, int]:
        info, file = call.store.open(source)
        with file, call.uploads.draft(upload) as draft:
            known = call.store.properties.get(source.bucket, [info]).get(info.key)
            etag = known.etag if known else info.etag
            check_read(call.request, etag, info.modified_ns, source=True)
            wanted = part_of(call.request.own("copy-source-range"), info.size_bytes)
            first, last = wanted or (0, info.size_bytes - 1)
            if last - first + 1 > PUT_MAX_BYTES:
                raise S3Error("EntityTooLarge", f"a part has {PUT_MAX_BYTES} bytes at most")
            file.seek(first)
            left, md5 = last - first + 1, hashlib.md5(usedforsecurity=False)
            while left > 0 and (data := file.read(min(READ_BYTES, left))):
                draft.write(data)
                md5.update(data)
                left -= len(data)
            return md5.hexdigest(), draft.keep(part_number, md5.hexdigest())

    etag, modified_ns = await in_thread(copy)
    content = [("LastModified", xml.iso_time(modified_ns)), ("ETag", f'"{etag}"')]
    return call.document("CopyPartResult", content)


async def complete(call: Call) -> Response:
    request = call.request
    bucket = await call.bucket()
    upload = await _find(call)
    wanted = xml.read_parts(await Body(request, call.caller).whole(DOCUMENT_MAX_BYTES))

    def assemble() -> str:
        info, etag = call.uploads.complete(upload, wanted, bucket)
        note(call, info, etag, Properties(etag, upload.headers, upload.metadata))
        return etag

    etag = await in_thread(assemble)
    content = [
        ("Location", f"/{request.bucket}/{request.key}"),
        ("Bucket", request.bucket),
        ("Key", request.key),
        ("ETag", f'"{etag}"'),
    ]
    return call.document("CompleteMultipartUploadResult", content)


async def abort(call: Call) -> Response:
    upload = await _find(call)
    await in_thread(call.uploads.end, upload)
    return call.empty(204)


async def list_parts(call: Call) -> Response:
    upload, query = await _find(call), call.request.query
    after = number(query, "part-number-marker", 0)
    most = min(number(query, "max-parts", PAGE_KEYS), PAGE_KEYS)
    arrived = await in_thread(call.uploads.parts, upload)
    later = [part for part in arrived if part.number > after]
    shown = later[:most]
    content: list[tuple[str, str | xml.Content]] = [
        ("Bucket", upload.bucket),
        ("Key", upload.key),
        ("UploadId", upload.upload_id),
        ("Initiator", call.owner),
        ("Owner", call.owner),
        ("StorageClass", "STANDARD"),
        ("PartNumberMarker", str(after)),
        ("NextPartNumberMarker", str(shown[-1].number if shown else after)),
        ("MaxParts", str(most)),
        ("IsTruncated", str(len(shown) < len(later)).lower()),
    ]
    content += [
        (
            "Part",
            [
                ("PartNumber", str(part.number)),
                ("LastModified", xml.iso_time(part.modified_ns)),
                ("ETag", f'"{part.md5}"'),
                ("Size", str(part.size_bytes)),
            ],
        )
        for part in shown
    ]
    return call.document("ListPartsResult", content)


async def list_uploads(call: Call) -> Response:
    await call.bucket()
    query = call.request.query
    if query.get("delimiter"):
        raise S3Error("NotImplemented", "uploads folded at a delimiter are not simulated")
    prefix, after = query.get("prefix", ""), query.get("key-marker", "")
    after_id = query.get("upload-id-marker", "")
    most = min(number(query, "max-uploads", PAGE_KEYS), PAGE_KEYS)
    found = await in_thread(call.uploads.of_bucket, call.request.bucket)
    later = [one for one in found if one.key.startswith(prefix) and one.key >= after]
    ids = [one.upload_id for one in later if one.key == after]
    start = ids.index(after_id) + 1 if after_id in ids else len(ids) if after else 0
    shown = later[start : start + most]
    content: list[tuple[str, str | xml.Content]] = [
        ("Bucket", call.request.bucket),
        ("KeyMarker", after),
        ("UploadIdMarker", after_id),
        ("NextKeyMarker", shown[-1].key if shown else ""),
        ("NextUploadIdMarker", shown[-1].upload_id if shown else ""),
        ("MaxUploads", str(most)),
        ("IsTruncated", str(start + most < len(later)).lower()),
        ("Prefix", prefix),
    ]
    content += [
        (
            "Upload",
            [
                ("Key", one.key),
                ("UploadId", one.upload_id),
                ("Initiator", call.owner),
                ("Owner", call.owner),
                ("StorageClass", "STANDARD"),
                ("Initiated", xml.iso_time(one.begun_ns)),
            ],
        )
        for one in shown
    ]
    return call.document("ListMultipartUploadsResult", content)


async def _find(call: Call) -> Upload:
    await call.bucket()
    request = call.request
    upload_id = request.query["uploadId"]
    return await in_thread(call.uploads.find, upload_id, request.bucket, request.key)


def _part_number(call: Call) -> int:
    found = number(call.request.query, "partNumber", 0)
    if not 1 <= found <= PART_NUMBER_MAX:
        raise S3Error("InvalidArgument", f"partNumber is 1 to {PART_NUMBER_MAX}")
    return found
