"""S3 objects: what is written beside the log of an Airflow try."""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from jetbridge.aws.clients import content_md5, error_of, status_of
from jetbridge.logs.port import UploadGone

_GONE = ("NoSuchUpload", "InvalidPart", "InvalidPartOrder")


class S3Objects:
    """``Objects`` on S3; the client is made when it is first needed."""

    def __init__(self, client_of: Callable[[], Any]) -> None:
        self._client_of = client_of

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self._client_of().put_object(
            Bucket=bucket, Key=key, Body=body, ContentMD5=content_md5(body)
        )

    def begin(self, bucket: str, key: str) -> str:
        answer = self._client_of().create_multipart_upload(Bucket=bucket, Key=key)
        return str(answer["UploadId"])

    def upload(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:
        answer = self._known(
            "upload_part",
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            PartNumber=number,
            Body=body,
            ContentMD5=content_md5(body),
        )
        return str(answer["ETag"]).strip('"')

    def complete(self, bucket: str, key: str, upload: str, etags: Sequence[str]) -> None:
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        self._known(
            "complete_multipart_upload",
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
        )

    def abort(self, bucket: str, key: str, upload: str) -> None:
        try:
            self._known("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload)
        except UploadGone:
            return

    def size(self, bucket: str, key: str) -> int | None:
        """Without permission to list the bucket, S3 answers 403 for what doesn't exist, and has no
        text beside it (API reference, HeadObject). If it is a denial, ``read`` meets it, too."""
        try:
            return int(self._client_of().head_object(Bucket=bucket, Key=key)["ContentLength"])
        except ClientError as error:
            if status_of(error) in (403, 404):
                return None
            raise

    def read(self, bucket: str, key: str, start: int, end: int) -> bytes:
        bytes_ = f"bytes={start}-{end - 1}"
        answer = self._client_of().get_object(Bucket=bucket, Key=key, Range=bytes_)
        return bytes(answer["Body"].read())

    def _known(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._client_of(), operation)(**parameters)
        except ClientError as error:
            if error_of(error)[0] in _GONE:
                raise UploadGone(str(error)) from error
            raise
