"""Secrets Manager and Parameter Store, for the ``secrets`` of containers."""

import json

from jetbridge_local.engine.errors import SecretMissing

from .asgi import ServiceCaller, ServiceFailed


class Secrets:
    """A ``SecretSource`` of the engines.

    Source of the forms of ``valueFrom``: Amazon ECS API reference, "Secret"; ECS developer guide,
    "Pass Secrets Manager secrets through Amazon ECS environment variables".
    """

    def __init__(self, caller: ServiceCaller) -> None:
        self._caller = caller

    def value(self, value_from_arn: str) -> str:
        """A secret's ARN with optional ``:json-key:version-stage:version-id``, or a parameter's
        ARN or name. Raises SecretMissing."""
        try:
            if ":secretsmanager:" in value_from_arn:
                return self._secret(value_from_arn)
            return self._parameter(value_from_arn)
        except ServiceFailed as error:
            raise SecretMissing(f"{value_from_arn}: {error}") from error

    def _secret(self, value_from: str) -> str:
        parts = value_from.split(":")
        key, stage, identifier = [*parts[7:10], "", "", ""][:3]
        request = {"SecretId": ":".join(parts[:7])}
        if stage:
            request["VersionStage"] = stage
        if identifier:
            request["VersionId"] = identifier
        answer = self._caller.call("secretsmanager", "secretsmanager.GetSecretValue", request)
        text = str(answer.get("SecretString", ""))
        if not key:
            return text
        try:
            return str(json.loads(text)[key])
        except (ValueError, KeyError, TypeError) as error:
            raise SecretMissing(f"{value_from}: the secret has no JSON key {key!r}") from error

    def _parameter(self, value_from: str) -> str:
        name = value_from.split(":parameter", 1)[-1]
        answer = self._caller.call(
            "ssm", "AmazonSSM.GetParameter", {"Name": name, "WithDecryption": True}
        )
        return str(answer["Parameter"]["Value"])
