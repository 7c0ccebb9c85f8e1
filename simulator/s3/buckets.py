"""Operations on the service and on buckets."""

from __future__ import annotations

from starlette.responses import Response

from simulator.objects import NoSuchBucket, ObjectStoreError
from simulator.s3 import listing, xml
from simulator.s3.body import Body
from simulator.s3.call import DOCUMENT_MAX_BYTES, Call
from simulator.s3.errors import translated
from simulator.s3.threads import in_thread


async def list_buckets(call: Call) -> Response:
    """All buckets; one whose folder has gone is left out."""

    def found() -> list[tuple[str, int]]:
        buckets = []
        for name in call.store.names():
            try:
                buckets.append((name, call.store.bucket(name).created_ns()))
            except NoSuchBucket:
                continue
        return buckets

    entries = []
    for name, created_ns in await in_thread(found):
        entry = [("Name", name), ("CreationDate", xml.iso_time(created_ns))]
        if call.request.is_obs:
            entry += [("Location", call.region), ("BucketType", "OBJECT")]
        entries.append(("Bucket", entry))
    return call.document("ListAllMyBucketsResult", [("Owner", call.owner), ("Buckets", entries)])


async def create_bucket(call: Call) -> Response:
    """The document with the region is not looked at: there is one region."""
    await Body(call.request, call.caller).whole(DOCUMENT_MAX_BYTES)
    await in_thread(call.store.create, call.request.bucket)
    return call.empty(Location=f"/{call.request.bucket}")


async def head_bucket(call: Call) -> Response:
    await call.bucket()
    region = "bucket-location" if call.request.is_obs else "bucket-region"
    return Response(b"", 200, call.request.answer_headers(**{region: call.region}))


async def delete_bucket(call: Call) -> Response:
    await in_thread(call.store.remove, call.request.bucket)
    return call.empty(204)


async def location(call: Call) -> Response:
    await call.bucket()
    root = "Location" if call.request.is_obs else "LocationConstraint"
    return call.document(root, call.region)


async def versioning(call: Call) -> Response:
    """No bucket has versions."""
    await call.bucket()
    return call.document("VersioningConfiguration", [])


async def list_objects(call: Call) -> Response:
    bucket = await call.bucket()
    wanted = listing.Wanted.of(call.request.query)
    page = await in_thread(listing.collect, bucket, wanted, call.store.properties)
    content = listing.contents(bucket.name, wanted, page, call.owner)
    answer = call.document("ListBucketResult", content)
    region = "bucket-location" if call.request.is_obs else "bucket-region"
    answer.headers[call.request.prefix + region] = call.region
    return answer


async def delete_objects(call: Call) -> Response:
    """Several objects in one request; each is deleted or has its own error."""
    bucket = await call.bucket()
    body = await Body(call.request, call.caller).whole(DOCUMENT_MAX_BYTES)
    keys, quiet = xml.read_delete(body)

    def delete() -> list[tuple[str, xml.Content]]:
        answers: list[tuple[str, xml.Content]] = []
        for key in keys:
            try:
                bucket.delete(key)
            except ObjectStoreError as error:
                told = translated(error)
                assert told is not None
                entry = [("Key", key), ("Code", told.code), ("Message", told.message)]
                answers.append(("Error", entry))
            else:
                if not quiet:
                    answers.append(("Deleted", [("Key", key)]))
        return answers

    return call.document("DeleteResult", await in_thread(delete))
