"""AWS's refusals of a call, told apart: to be repeated later, or final."""

from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from jetbridge.aws import error_of, is_throttle
from jetbridge.backends.port import LaunchRefused, Throttled


def call(client: Any, operation: str, **parameters: Any) -> Any:
    """Call an operation of ECS or Batch.

    Raises:
        Throttled: AWS asks for patience.
        LaunchRefused: AWS refuses the call, or boto3 its parameters.
    """
    try:
        return getattr(client, operation)(**parameters)
    except ParamValidationError as error:
        raise LaunchRefused("InvalidParameterException", str(error)) from error
    except ClientError as error:
        if is_throttle(error):
            raise Throttled(str(error)) from error
        raise LaunchRefused(*error_of(error)) from error
