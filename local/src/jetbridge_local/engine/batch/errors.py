"""AWS Batch's errors: one kind for what a caller did wrong, one for too much of it."""

import uuid

from ..errors import AwsError


def client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)


def too_many_requests() -> AwsError:
    return AwsError("TooManyRequestsException", "Too Many Requests", 429)


def request_error(message: str) -> AwsError:
    """In the wrapping that Batch's own validation puts around its sentences."""
    return client_error(
        f"Error executing request, Exception : {message}, RequestId: {uuid.uuid4()}"
    )
