"""Pieces of live logs as S3 objects beside the log of a try."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from jetbridge.aws.clients import content_md5, denied_action, denies_key, error_of
from jetbridge.contract import S3LogTarget
from jetbridge.logs.live.pieces import PIECES, Piece, name_of
from jetbridge.logs.live.port import Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Amazon S3 user guide, "Conditional writes": the object has changed, or is being written.
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
_SEQUENCE, _TAKEN = "sequence", "taken"


class S3Pieces:
    """``Pieces`` on S3: object ``<key prefix>.jetbridge.live.<place>.log``; what Airflow needn't
    see is in its metadata."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def read(self, target: S3LogTarget, number: int) -> Stored | None:
        try:
            found = self._client.get_object(Bucket=target.bucket, Key=_key(target, number))
        except ClientError as error:
            self._raise_for_key(error, target, number)
            if _may_be_missing(error):
                return None
            raise
        metadata = found["Metadata"]
        piece = Piece(
            int(metadata[_SEQUENCE]),
            found["Body"].read().splitlines(),
            dict(_counted(entry) for entry in metadata[_TAKEN].split(",") if entry),
        )
        return Stored(piece, found["ETag"])

    def write(self, target: S3LogTarget, number: int, piece: Piece, before: str | None) -> bool:
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if before is None else {"IfMatch": before}
        taken = ",".join(f"{delivery}.{count}" for delivery, count in piece.taken.items())
        body = b"".join(line + b"\n" for line in piece.lines)
        try:
            self._client.put_object(
                Bucket=target.bucket,
                Key=_key(target, number),
                Body=body,
                ContentMD5=content_md5(body),
                ContentType="application/x-ndjson",
                Metadata={_SEQUENCE: str(piece.sequence), _TAKEN: taken},
                **condition,
            )
        except ClientError as error:
            self._raise_for_key(error, target, number)
            gone = before is not None and _may_be_missing(error)
            if gone or error_of(error)[0] in _OVERTAKEN:
                return False
            raise
        return True

    def _raise_for_key(self, error: ClientError, target: S3LogTarget, number: int) -> None:
        if denies_key(error):
            raise PermissionError(
                f"s3://{target.bucket}/{_key(target, number)}: its KMS key is denied ({error})."
                " Name the key in the stack's parameter KmsKeyArns, and let the key's policy allow"
                " IAM policies or relay_logs' role"
            ) from error

    def remove(self, target: S3LogTarget) -> None:
        answer = self._client.delete_objects(
            Bucket=target.bucket,
            Delete={
                "Objects": [{"Key": _key(target, number)} for number in range(PIECES)],
                "Quiet": True,
            },
        )
        for error in answer.get("Errors", []):
            raise PermissionError(f"{error['Key']} couldn't be removed: {error['Message']}")


def _may_be_missing(error: ClientError) -> bool:
    """Whether the object is missing, as far as S3 says it.

    To somebody who may not list the bucket, S3 says of a missing object that access is denied
    (Amazon S3 API reference, GetObject). A message that names another action than s3:ListBucket is
    of a real denial. Of one without an action, making a new object says whether it is.
    """
    code, _ = error_of(error)
    if code == "AccessDenied":
        return denied_action(error).lower() in ("", "s3:listbucket")
    return code == "NoSuchKey"


def _key(target: S3LogTarget, number: int) -> str:
    return f"{target.key_prefix}.{name_of(number)}"


def _counted(entry: str) -> tuple[str, int]:
    delivery, _, count = entry.partition(".")
    return delivery, int(count)
