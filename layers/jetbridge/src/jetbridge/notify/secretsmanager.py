"""The stack's secret in AWS Secrets Manager."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from jetbridge.aws.clients import error_of
from jetbridge.notify.airflow_port import Refused

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# Errors that only a change of the stack, the secret or a policy fixes (API reference,
# GetSecretValue).
_SOMEBODY_MUST_ACT = {
    "AccessDeniedException": "let notify_airflow's role read it, and its KMS key if it has its own",
    "ResourceNotFoundException": "create it, or deploy the stack with the right AirflowSecretArn",
    "DecryptionFailure": "let notify_airflow's role use the secret's KMS key",
    "InvalidRequestException": "it may be marked for deletion: restore it",
}


class SecretsManagerSecret:
    """``Secret``: one secret's current text."""

    def __init__(self, client: Callable[[], "SecretsManagerClient"], arn: str) -> None:
        self._client = client
        self._arn = arn

    def __call__(self) -> str:
        """Read it.

        Raises:
            Refused: the secret can't be read; the text says what to change.
        """
        client = self._client()
        try:
            answer = client.get_secret_value(SecretId=self._arn)
        except client.exceptions.ClientError as error:
            code, _ = error_of(error)
            if code in _SOMEBODY_MUST_ACT:
                raise Refused(f"{self._arn}: {code}: {_SOMEBODY_MUST_ACT[code]}") from error
            raise
        text: str | None = answer.get("SecretString")
        if text is None:
            raise Refused(f"{self._arn} is binary: store the JSON as the secret's text")
        return text
