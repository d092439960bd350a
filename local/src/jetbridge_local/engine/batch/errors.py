"""AWS Batch's errors: one for wrong requests, one for too many calls."""

import uuid

from ..errors import AwsError


def client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)


def too_many_requests() -> AwsError:
    return AwsError("TooManyRequestsException", "Too Many Requests", 429)


def request_error(message: str) -> AwsError:
    """The error, with the text that Batch's own validation puts around its sentences."""
    return client_error(
        f"Error executing request, Exception : {message}, RequestId: {uuid.uuid4()}"
    )
