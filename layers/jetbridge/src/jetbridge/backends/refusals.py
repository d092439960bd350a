"""Turns the errors of AWS's answers into those of the port: try again later, unknown, or final."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    HTTPClientError,
    ParamValidationError,
)

from jetbridge.aws.clients import error_of, is_throttle, status_of
from jetbridge.backends.port import LaunchRefused, Throttled, Unanswered

P = ParamSpec("P")
T = TypeVar("T")
Answer = TypeVar("Answer", bound=Mapping[str, Any])


def call(operation: Callable[P, T], *arguments: P.args, **parameters: P.kwargs) -> T:
    """Call an operation of ECS or Batch: ``call(client.run_task, cluster=…)``.

    Raises:
        Throttled: AWS throttled the call.
        Unanswered: AWS failed, or the connection did.
        LaunchRefused: AWS refuses the call, or botocore its parameters.
    """
    try:
        return operation(*arguments, **parameters)
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


def pages(operation: Callable[..., Answer], **parameters: Any) -> Iterator[Answer]:
    """All pages of an operation's answer. A page may be empty although others follow.

    Raises as ``call``.
    """
    token: dict[str, str] = {}
    while True:
        answer = call(operation, **parameters, **token)
        yield answer
        if not answer.get("nextToken"):
            return
        token = {"nextToken": answer["nextToken"]}
