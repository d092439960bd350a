"""AWS clients, each made once, because importing and making them is most of a cold start.

They come from botocore. boto3's clients are the same ones; nothing here needs what boto3 adds, and
importing boto3 is 7 % of a cold start (docs/decisions.md).
"""

import base64
import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import botocore.session
from botocore.config import Config

from jetbridge.aws.certificates import load_certificates, share_certificates

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# AWS's "standard" mode repeats throttled and broken calls with back-off and jitter: up to 1, 2 and
# 4 seconds between four attempts (AWS SDKs and tools reference guide, "Retry behavior"). A call
# that hangs at each of them is over after 4 * (1 + 4) + 7 seconds, before the functions' 30 are.
# All of these services answer in milliseconds.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=1,
    read_timeout=4,
    # A CRC would have to be kept for each part of a multipart upload (API reference,
    # CompleteMultipartUpload). S3 gets Content-MD5 instead, see ``content_md5``.
    request_checksum_calculation="when_required",
)

_ONCE: Any = {"mode": "standard", "total_max_attempts": 1}

_THROTTLES = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
    }
)
# In a message, whatever its code is. A name in it has no spaces and isn't where AWS puts a code.
_SAYS_THROTTLE = re.compile(
    r"(?i:rate exceeded|request limit exceeded)|"
    r"(?:^|Error ?Code: )(?:Throttling|RequestLimitExceeded)\b"
)


class _Options(TypedDict, total=False):
    repeats: bool
    timeout_seconds: float | None


@overload
def client(
    service: Literal["batch"], region: str | None = ..., **options: Unpack[_Options]
) -> "BatchClient": ...


@overload
def client(
    service: Literal["dynamodb"], region: str | None = ..., **options: Unpack[_Options]
) -> "DynamoDBClient": ...


@overload
def client(
    service: Literal["ecs"], region: str | None = ..., **options: Unpack[_Options]
) -> "ECSClient": ...


@overload
def client(
    service: Literal["events"], region: str | None = ..., **options: Unpack[_Options]
) -> "EventBridgeClient": ...


@overload
def client(
    service: Literal["logs"], region: str | None = ..., **options: Unpack[_Options]
) -> "CloudWatchLogsClient": ...


@overload
def client(
    service: Literal["s3"], region: str | None = ..., **options: Unpack[_Options]
) -> "S3Client": ...


@overload
def client(
    service: Literal["secretsmanager"], region: str | None = ..., **options: Unpack[_Options]
) -> "SecretsManagerClient": ...


@overload
def client(
    service: Literal["sqs"], region: str | None = ..., **options: Unpack[_Options]
) -> "SQSClient": ...


def client(
    service: Any,
    region: str | None = None,
    repeats: bool = True,
    timeout_seconds: float | None = None,
) -> Any:
    """The client of a service, one per process; in the function's region by default.

    ``repeats=False``: the client makes each call once. It is for calls that must not be repeated.
    ``timeout_seconds``: how long a connection may take, and then the answer's first and each
    further byte, where the default doesn't fit.
    """
    return cached_client(service, region, repeats, timeout_seconds)


@cache
def cached_client(
    service: str, region: str | None, repeats: bool, timeout_seconds: float | None
) -> Any:
    """Makes what ``client`` gives, once for each of its arguments."""
    config = _CONFIG if repeats else _CONFIG.merge(Config(retries=_ONCE))
    if timeout_seconds is not None:
        timeouts = Config(connect_timeout=timeout_seconds, read_timeout=timeout_seconds)
        config = config.merge(timeouts)
    session = _session()
    made = session.create_client(service, region_name=region, config=config)
    if made.meta.endpoint_url.startswith("https:"):
        load_certificates(session.get_config_variable("ca_bundle"))
    return made


@cache
def _session() -> Any:
    """The session that all clients share: credentials, endpoints, the service models read so
    far, and the certificates."""
    share_certificates()
    return botocore.session.get_session()


def content_md5(body: bytes) -> str:
    """What PutObject and UploadPart take as ``ContentMD5``.

    A bucket with Object Lock and a default retention refuses both without a checksum: "Content-MD5
    OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
    likewise "for Put Part requests" (s3tools/s3cmd#1436; API reference, PutObject).
    """
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def error_of(error: Exception) -> tuple[str, str]:
    """Code and message of a botocore ``ClientError``; of anything else, its type and text."""
    details = getattr(error, "response", {}).get("Error", {})
    return details.get("Code", type(error).__name__), details.get("Message", str(error))


def is_throttle(error: Exception) -> bool:
    """Whether AWS throttled the call. Batch answers with HTTP status 429. ECS may say so as an
    invalid parameter (``says_throttle``)."""
    code, message = error_of(error)
    return code in _THROTTLES or says_throttle(message) or status_of(error) == 429


def says_throttle(message: str) -> bool:
    """Whether AWS's message says that a call was throttled.

    RunTask asks EC2 about the subnets and security groups. If EC2 throttles that, RunTask answers
    ``InvalidParameterException`` "Error retrieving subnet information for […]: Rate exceeded
    (ErrorCode: Throttling)" (dagster-io/dagster#33439) or "Error retrieving security group
    information for […]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)"
    (dask/dask-cloudprovider#56). Earlier, this was the reason of a failure (reproio/wrapbox#32).
    """
    return _SAYS_THROTTLE.search(message) is not None


def denied_action(error: Exception) -> str:
    """The IAM action that AWS's message names as denied, such as ``s3:GetObject``; "" if it names
    none, as S3's does to callers of another organization (Amazon S3 user guide, "Troubleshoot
    access denied (403 Forbidden) errors": "User … is not authorized to perform …")."""
    _, message = error_of(error)
    return message.partition(" is not authorized to perform: ")[2].partition(" ")[0]


def denies_key(error: Exception) -> bool:
    """Whether the KMS key was denied, and not the object or secret itself.

    The code is that of any refusal, AccessDenied; the message names the action, kms:Decrypt (AWS
    re:Post, "Why do I get Access Denied errors when I access an S3 bucket encrypted with a KMS
    key?"). A disabled key has a code of its own, KMS.DisabledException (Amazon S3 API reference,
    "Error responses").
    """
    code, message = error_of(error)
    return code.startswith("KMS.") or "kms:" in message


def status_of(error: Exception) -> int:
    """HTTP status of a botocore ``ClientError``; 0 of anything else."""
    metadata = getattr(error, "response", {}).get("ResponseMetadata", {})
    return int(metadata.get("HTTPStatusCode", 0))
