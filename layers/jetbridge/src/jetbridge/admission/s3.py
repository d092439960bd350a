"""Large environments as S3 objects."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from jetbridge.aws.clients import content_md5

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Environments:
    """``Environments`` on S3; its client is made for the first one, which few requests have."""

    def __init__(self, client: Callable[[], "S3Client"]) -> None:
        self._client = client

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self._client().put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentMD5=content_md5(content),
            ContentType="application/json",
        )
