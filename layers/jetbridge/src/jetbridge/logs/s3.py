"""S3 objects: what is written beside the log of an Airflow try."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from botocore.exceptions import ClientError

from jetbridge.aws.clients import content_md5, error_of, status_of
from jetbridge.logs.port import UploadGone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_GONE = ("NoSuchUpload", "InvalidPart", "InvalidPartOrder")

P = ParamSpec("P")
T = TypeVar("T")


class S3Objects:
    """``Objects`` on S3; the client is made when it is first needed."""

    def __init__(self, client_of: Callable[[], "S3Client"]) -> None:
        self._client_of = client_of

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self._client_of().put_object(
            Bucket=bucket, Key=key, Body=body, ContentMD5=content_md5(body)
        )

    def begin(self, bucket: str, key: str) -> str:
        answer = self._client_of().create_multipart_upload(Bucket=bucket, Key=key)
        return str(answer["UploadId"])

    def upload(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:
        answer = _known(
            self._client_of().upload_part,
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            PartNumber=number,
            Body=body,
            ContentMD5=content_md5(body),
        )
        return str(answer["ETag"]).strip('"')

    def complete(self, bucket: str, key: str, upload: str, etags: Sequence[str]) -> None:
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)
        ]
        _known(
            self._client_of().complete_multipart_upload,
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
        )

    def abort(self, bucket: str, key: str, upload: str) -> None:
        try:
            _known(
                self._client_of().abort_multipart_upload, Bucket=bucket, Key=key, UploadId=upload
            )
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


def _known(operation: Callable[P, T], *arguments: P.args, **parameters: P.kwargs) -> T:
    """Call an operation of an upload.

    Raises:
        UploadGone: S3 has the upload no more, or not all of its parts.
    """
    try:
        return operation(*arguments, **parameters)
    except ClientError as error:
        if error_of(error)[0] in _GONE:
            raise UploadGone(str(error)) from error
        raise
