"""Amazon S3.

Sources: service authorization reference; S3 user guide, "Required permissions for Amazon S3 API
operations", and "Using server-side encryption with AWS KMS keys" for what a bucket with a
customer's key needs besides (``kms:ViaService``; the encryption context is the bucket's ARN with a
bucket key, the object's without; here it is the bucket's).
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any
from urllib.parse import unquote

from ..actions import action_of
from ..model import Call, Check, ContextValue, Facts, Place

_LISTING = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
_MEMBERS = {"Prefix": "prefix", "Delimiter": "delimiter", "MaxKeys": "max-keys"}
_WRITING = ("x-amz-acl", "x-amz-storage-class", "x-amz-server-side-encryption", "if-none-match")
_VIA_KMS = {
    "GetObject": ("kms:Decrypt",),
    "PutObject": ("kms:GenerateDataKey",),
    "CreateMultipartUpload": ("kms:GenerateDataKey",),
    "UploadPart": ("kms:Decrypt", "kms:GenerateDataKey"),
    "CompleteMultipartUpload": ("kms:Decrypt",),
    "CopyObject": ("kms:Decrypt", "kms:GenerateDataKey"),
}


def checks(call: Call, place: Place, facts: Facts) -> Iterator[Check]:
    parameters, operation = call.parameters, call.operation
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    action = action_of("s3", operation)
    if bucket is None:
        yield Check(action, "*")
        return
    bucket_arn = f"arn:{place.partition}:s3:::{bucket}"
    if operation == "DeleteObjects":
        for each in _deleted(parameters.get("Body", b"")):
            yield Check(action, f"{bucket_arn}/{each}")
        return
    if key is None:
        yield Check(action, bucket_arn, _listing(parameters))
        return
    if "VersionId" in parameters and operation in ("GetObject", "HeadObject", "DeleteObject"):
        action = f"{action}Version"
    yield Check(action, f"{bucket_arn}/{key}", _writing(action, call.headers))
    if call.headers.get("x-amz-tagging"):
        yield Check("s3:PutObjectTagging", f"{bucket_arn}/{key}")
    if source := call.headers.get("x-amz-copy-source"):
        copied = unquote(source).removeprefix("/").partition("?")[0]
        yield Check("s3:GetObject", f"arn:{place.partition}:s3:::{copied}")
    key_arn = facts.kms_key(bucket_arn)
    for needed in _VIA_KMS.get(operation, ()) if key_arn else ():
        yield Check(
            needed,
            str(key_arn),
            {
                "kms:ViaService": f"s3.{place.region}.amazonaws.com",
                "kms:CallerAccount": place.account,
                "kms:EncryptionContext:aws:s3:arn": bucket_arn,
            },
        )


def hiding(call: Call, place: Place, facts: Facts) -> Check | None:
    """The right without which S3 doesn't say that an object is missing, but answers 403 instead of
    404 (API references, GetObject and HeadObject: "Permissions"). None if the object exists."""
    bucket, key = call.parameters.get("Bucket"), call.parameters.get("Key")
    if call.operation not in ("GetObject", "HeadObject") or facts.has_object(str(bucket), str(key)):
        return None
    return Check("s3:ListBucket", f"arn:{place.partition}:s3:::{bucket}")


def _listing(parameters: Mapping[str, Any]) -> dict[str, ContextValue]:
    given = {_MEMBERS.get(name, name): value for name, value in parameters.items()}
    return {key: str(given[name]) for name, key in _LISTING.items() if name in given}


def _writing(action: str, headers: Mapping[str, str]) -> dict[str, ContextValue]:
    if action != "s3:PutObject":
        return {}
    return {f"s3:{name}": headers[name] for name in _WRITING if name in headers}


def _deleted(body: bytes) -> list[str]:
    return [unescape(each.decode()) for each in re.findall(rb"<Key>(.*?)</Key>", body, re.DOTALL)]
