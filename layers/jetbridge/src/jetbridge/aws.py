"""boto3 clients, made when first needed: importing and making them is most of a cold start."""

from functools import cache
from typing import Any

from botocore.config import Config

# AWS's "standard" mode repeats throttled and broken calls with back-off and jitter
# (AWS SDKs and tools reference guide, "Retry behavior").
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=20
)

_THROTTLES = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ServerException",
        "ServiceUnavailableException",
    }
)
_THROTTLE_STATUSES = (429, 500, 503)


@cache
def client(service: str, region: str | None = None) -> Any:
    """The boto3 client of a service, one per process; in the function's region by default."""
    import boto3

    make: Any = boto3.client
    return make(service, region_name=region, config=_CONFIG)


def error_of(error: Exception) -> tuple[str, str]:
    """Code and message of a botocore ``ClientError``; of anything else, its type and text."""
    details = getattr(error, "response", {}).get("Error", {})
    return details.get("Code", type(error).__name__), details.get("Message", str(error))


def is_throttle(error: Exception) -> bool:
    """Whether AWS asks for patience, also where ECS says it as an invalid parameter.

    RunTask has been seen to answer ``InvalidParameterException`` "Rate exceeded"
    (dagster-io/dagster#33439), Batch answers with HTTP status 429.
    """
    code, message = error_of(error)
    metadata = getattr(error, "response", {}).get("ResponseMetadata", {})
    return (
        code in _THROTTLES
        or "Rate exceeded" in message
        or metadata.get("HTTPStatusCode") in _THROTTLE_STATUSES
    )
