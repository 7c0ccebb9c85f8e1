"""Uploads in parts, as files: they outlive the server.

Each upload has a folder with `upload.json` and one file a part, `00001.<MD5>`. Source: Amazon S3
and OBS API reference, multipart uploads (part numbers, entity tag of the object).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from simulator.objects import Bucket, ObjectInfo, StoreFailed
from simulator.s3.errors import S3Error

PART_MIN_BYTES = 100 * 1024
"""Smallest part but the last one. Source: OBS (100 KB); S3 wants 5 MB."""
PART_NUMBER_MAX = 10_000
COPY_BYTES = 1024 * 1024

_ID = re.compile(r"[0-9a-f]{32}")
_PART_FILE = re.compile(r"(?P<number>[0-9]{5})\.(?P<md5>[0-9a-f]{32})")
_FACTS = "upload.json"


@dataclass(frozen=True)
class Upload:
    """An upload that has begun.

    Attributes:
        headers, metadata: of the object that will be.
        begun_ns: nanoseconds since the epoch.
    """

    upload_id: str
    bucket: str
    key: str
    headers: dict[str, str]
    metadata: dict[str, str]
    begun_ns: int


@dataclass(frozen=True)
class Part:
    """A part that has arrived."""

    number: int
    md5: str
    size_bytes: int
    modified_ns: int
    path: Path


class Uploads:
    """All uploads of a data directory. Calls block.

    Args:
        home: folder of the uploads' folders.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def begin(self, upload: Upload) -> None:
        """Note a new upload."""
        folder = self._home / upload.upload_id
        draft = self._home / f"{upload.upload_id}.new"
        try:
            draft.mkdir(parents=True, mode=0o700)
            (draft / _FACTS).write_text(json.dumps(asdict(upload)))
            draft.rename(folder)
        except OSError as error:
            raise StoreFailed.of(upload.bucket, error) from error

    def find(self, upload_id: str, bucket: str, key: str) -> Upload:
        """The upload with this id, of this object.

        Raises:
            S3Error: there is none.
        """
        upload = self._read(upload_id) if _ID.fullmatch(upload_id) else None
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            raise S3Error("NoSuchUpload", "there is no such upload; it has ended, or never began")
        return upload

    def of_bucket(self, bucket: str) -> list[Upload]:
        """Uploads to a bucket that have not ended, by key and then by time."""
        try:
            names = [name for name in os.listdir(self._home) if _ID.fullmatch(name)]  # noqa: PTH208
        except FileNotFoundError:
            return []
        found = [upload for name in names if (upload := self._read(name))]
        mine = [upload for upload in found if upload.bucket == bucket]
        return sorted(mine, key=lambda upload: (upload.key, upload.begun_ns))

    def parts(self, upload: Upload) -> list[Part]:
        """What has arrived, by number."""
        found: dict[int, Part] = {}
        with contextlib.suppress(FileNotFoundError):
            for path in (self._home / upload.upload_id).iterdir():
                match = _PART_FILE.fullmatch(path.name)
                if match is None:
                    continue
                status = path.stat()
                number = int(match["number"])
                part = Part(number, match["md5"], status.st_size, status.st_mtime_ns, path)
                if number not in found or found[number].modified_ns < part.modified_ns:
                    found[number] = part
        return [found[number] for number in sorted(found)]

    def draft(self, upload: Upload) -> PartDraft:
        """A part that is being written."""
        return PartDraft(self._home / upload.upload_id, upload.bucket)

    def complete(
        self, upload: Upload, wanted: Sequence[tuple[int, str]], bucket: Bucket
    ) -> tuple[ObjectInfo, str]:
        """Make the object of its parts; returns it and its entity tag. The upload ends.

        Raises:
            S3Error: a part is missing, another one than was named, too small, or out of order.
        """
        parts = self._chosen(upload, wanted)
        with bucket.writer(upload.key) as writer:
            for part in parts:
                with part.path.open("rb") as file:
                    while data := file.read(COPY_BYTES):
                        writer.write(data)
        digests = b"".join(bytes.fromhex(part.md5) for part in parts)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        self.end(upload)
        return writer.info, etag

    def end(self, upload: Upload) -> None:
        """Forget an upload and its parts."""
        shutil.rmtree(self._home / upload.upload_id, ignore_errors=True)

    def _chosen(self, upload: Upload, wanted: Sequence[tuple[int, str]]) -> list[Part]:
        arrived = {part.number: part for part in self.parts(upload)}
        numbers = [number for number, _ in wanted]
        if any(after <= before for before, after in itertools.pairwise(numbers)):
            raise S3Error("InvalidPartOrder", "the parts are not in the order of their numbers")
        chosen = []
        for number, etag in wanted:
            part = arrived.get(number)
            if part is None or part.md5 != etag:
                raise S3Error("InvalidPart", f"part {number} has not arrived with this entity tag")
            chosen.append(part)
        if any(part.size_bytes < PART_MIN_BYTES for part in chosen[:-1]):
            raise S3Error("EntityTooSmall", f"a part has {PART_MIN_BYTES} bytes at least")
        return chosen

    def _read(self, upload_id: str) -> Upload | None:
        try:
            return Upload(**json.loads((self._home / upload_id / _FACTS).read_text()))
        except (OSError, ValueError, TypeError):
            return None


class PartDraft:
    """A part that is being written: a context manager and a sink. It counts once it is `kept`."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self._folder, self._bucket = folder, bucket
        self._path = folder / f"{uuid.uuid4().hex}.new"

    def __enter__(self) -> PartDraft:
        try:
            self._file = self._path.open("xb")
        except FileNotFoundError as error:
            raise S3Error("NoSuchUpload", "the upload has ended meanwhile") from error
        except OSError as error:
            raise StoreFailed.of(self._bucket, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, data: bytes | memoryview) -> None:
        """Add to the content."""
        try:
            self._file.write(data)
        except OSError as error:
            raise StoreFailed.of(self._bucket, error) from error

    def keep(self, number: int, md5: str) -> int:
        """Make it the part of this number, in place of an older one; returns when, ns."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            modified_ns = os.fstat(self._file.fileno()).st_mtime_ns
            older = list(self._folder.glob(f"{number:05d}.*"))
            kept = self._path.rename(self._folder / f"{number:05d}.{md5}")
            for path in older:
                if path != kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailed.of(self._bucket, error) from error
        return modified_ns
