"""An S3 bucket in memory, as its client, with the rules of multipart uploads."""

import base64
import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

from jetbridge_testing.logs import client_error


@dataclass
class S3Client:
    """``least``: the least size of all parts but the last, S3's own is 5 MiB."""

    least: int = 5 * 1024 * 1024
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    begun: int = 0

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentMD5: str) -> dict[str, Any]:
        _check(Body, ContentMD5)
        self.objects[Key] = Body
        return {}

    def create_multipart_upload(self, Bucket: str, Key: str) -> dict[str, Any]:
        self.begun += 1
        upload = f"{Key}/{self.begun}"
        self.uploads[upload] = {}
        return {"UploadId": upload}

    def upload_part(
        self, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes, ContentMD5: str
    ) -> dict[str, Any]:
        _check(Body, ContentMD5)
        self._parts(UploadId)[PartNumber] = Body
        return {"ETag": f'"{_etag(Body)}"'}

    def complete_multipart_upload(
        self, Bucket: str, Key: str, UploadId: str, MultipartUpload: dict[str, Any]
    ) -> dict[str, Any]:
        parts, content = self._parts(UploadId), b""
        listed = MultipartUpload["Parts"]
        for part in listed:
            body = parts.get(part["PartNumber"])
            if body is None or _etag(body) != part["ETag"]:
                raise client_error("InvalidPart")
            if len(body) < self.least and part is not listed[-1]:
                raise client_error("EntityTooSmall")
            content += body
        self.objects[Key] = content
        del self.uploads[UploadId]
        return {}

    def abort_multipart_upload(self, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:
        self._parts(UploadId)
        del self.uploads[UploadId]
        return {}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise client_error("403", "Forbidden", 403)
        return {"ContentLength": len(self.objects[Key])}

    def get_object(self, Bucket: str, Key: str, Range: str) -> dict[str, Any]:
        start, end = map(int, Range.removeprefix("bytes=").split("-"))
        return {"Body": io.BytesIO(self.objects[Key][start : end + 1])}

    def _parts(self, upload: str) -> dict[int, bytes]:
        if upload not in self.uploads:
            raise client_error("NoSuchUpload", "", 404)
        return self.uploads[upload]


def _check(body: bytes, md5: str) -> None:
    if base64.b64decode(md5) != hashlib.md5(body).digest():
        raise client_error("BadDigest")


def _etag(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()
