"""AWS Batch's one kind of error for what a caller did wrong."""

import uuid

from ..errors import AwsError


def client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)


def request_error(message: str) -> AwsError:
    """In the wrapping that Batch's own validation puts around its sentences."""
    return client_error(
        f"Error executing request, Exception : {message}, RequestId: {uuid.uuid4()}"
    )
