"""AWS's refusals of a call, told apart: to be repeated later, or final."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    HTTPClientError,
    ParamValidationError,
)

from jetbridge.aws.clients import error_of, is_throttle, status_of
from jetbridge.backends.port import LaunchRefused, Throttled, Unanswered


def call(client: Any, operation: str, **parameters: Any) -> Any:
    """Call an operation of ECS or Batch.

    Raises:
        Throttled: AWS asks for patience.
        Unanswered: AWS failed, or the connection did.
        LaunchRefused: AWS refuses the call, or botocore its parameters.
    """
    try:
        return getattr(client, operation)(**parameters)
    except ParamValidationError as error:
        raise LaunchRefused("InvalidParameterException", str(error)) from error
    except ClientError as error:
        if is_throttle(error):
            raise Throttled(str(error)) from error
        if status_of(error) >= 500:
            raise Unanswered(str(error)) from error
        raise LaunchRefused(*error_of(error)) from error
    except (HTTPClientError, ConnectionError) as error:
        raise Unanswered(str(error)) from error


def pages(client: Any, operation: str, **parameters: Any) -> Iterator[Any]:
    """The answers of an operation that comes in pages; one may be empty before the last.

    Raises as ``call``.
    """
    token: dict[str, str] = {}
    while True:
        answer = call(client, operation, **parameters, **token)
        yield answer
        if not answer.get("nextToken"):
            return
        token = {"nextToken": answer["nextToken"]}
