"""What is sent to S3 is taken by a bucket with Object Lock and a default retention.

"Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock
parameters", and likewise "for Put Part requests": a signature with the content's SHA-256 isn't
enough (s3tools/s3cmd#1436). moto refuses the first, and the requests show the second.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jetbridge.admission.s3 import S3Environments
from jetbridge.aws.clients import cached_client, client
from jetbridge.contract import S3LogTarget
from jetbridge.logs.live.pieces import Piece
from jetbridge.logs.live.s3 import S3Pieces
from jetbridge.logs.s3 import S3Objects

BUCKET = "locked"


@pytest.fixture
def s3(aws: None) -> Iterator[Any]:
    """The functions' own client, and a bucket of moto's that locks each object for a day."""
    cached_client.cache_clear()
    made = client("s3", "us-east-1")
    made.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    configuration: Any = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    made.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=configuration)
    yield made
    cached_client.cache_clear()


@pytest.fixture
def sent(s3: Any) -> list[tuple[str, Any]]:
    """Each request's operation and headers, as they go out."""
    requests: list[tuple[str, Any]] = []
    for operation in ("PutObject", "UploadPart"):

        def keep(request: Any, operation: str = operation, **_: Any) -> None:
            requests.append((operation, request))

        s3.meta.events.register(f"before-send.s3.{operation}", keep)
    return requests


def _digest(body: bytes) -> bytes:
    return base64.b64encode(hashlib.md5(body).digest())


def test_the_bucket_refuses_what_has_no_checksum(s3: Any) -> None:
    with pytest.raises(ClientError, match="Content-MD5"):
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")


def test_copies_environments_and_pieces_are_taken(s3: Any, sent: list[tuple[str, Any]]) -> None:
    S3Objects(lambda: s3).put(BUCKET, "copy", b"copy")
    S3Environments(lambda: s3).put(BUCKET, "environment", b"environment")
    target = S3LogTarget(BUCKET, "attempt=1.log")
    pieces = S3Pieces(s3)
    assert pieces.write(target, 0, Piece(1, [b"line"], {}), None)
    assert [request.headers["Content-MD5"] for _, request in sent] == [
        _digest(b"copy"),
        _digest(b"environment"),
        _digest(b"line\n"),
    ]
    pieces.remove(target)
    assert pieces.read(target, 0) is None


def test_each_part_has_a_checksum(s3: Any, sent: list[tuple[str, Any]]) -> None:
    objects = S3Objects(lambda: s3)
    upload = objects.begin(BUCKET, "whole")
    parts = [b"x" * (5 * 1024 * 1024), b"end"]
    etags = [objects.upload(BUCKET, "whole", upload, n, part) for n, part in enumerate(parts, 1)]
    objects.complete(BUCKET, "whole", upload, etags)
    assert [(name, request.headers["Content-MD5"]) for name, request in sent] == [
        ("UploadPart", _digest(part)) for part in parts
    ]
