"""What IAM needs and a request doesn't contain: keys of tables, ARNs of names, KMS keys."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudformation, cloudwatch_logs, dynamodb, s3, secretsmanager

from jetbridge_local.engine import AwsError

Handle = Callable[[str, dict[str, Any]], dict[str, Any]]

_KMS_KEY_ID = re.compile(r"<KMSMasterKeyID>([^<]+)</KMSMasterKeyID>")


class CloudFacts:
    """``authorization.Facts`` of one account and region; ``ecs`` and ``batch`` are the engines'
    ``handle``."""

    def __init__(self, account: str, region: str, ecs: Handle, batch: Handle) -> None:
        self._account = account
        self._region = region
        self._ecs = ecs
        self._batch = batch

    def partition_key(self, table: str, index: str | None) -> str | None:
        with request_scope(self._account, self._region):
            known = dynamodb._tables.get(table)
        if known is None:
            return None
        if index is None:
            return str(known["pk_name"])
        indexes = known.get("GlobalSecondaryIndexes") or []
        for each in indexes:
            if each["IndexName"] == index:
                return _hash_of(each["KeySchema"])
        return str(known["pk_name"])

    def task_definition(self, reference: str) -> Mapping[str, Any] | None:
        try:
            answer = self._ecs("DescribeTaskDefinition", {"taskDefinition": reference})
        except AwsError:
            return None
        definition: Mapping[str, Any] = answer["taskDefinition"]
        return definition

    def job_definition_arn(self, reference: str) -> str | None:
        name, _, revision = reference.rsplit("/", 1)[-1].partition(":")
        named = (
            {"jobDefinitions": [reference]}
            if revision
            else {"jobDefinitionName": name, "status": "ACTIVE"}
        )
        try:
            found = self._batch("DescribeJobDefinitions", named)["jobDefinitions"]
        except AwsError:
            return None
        newest = max(found, key=lambda each: each["revision"], default=None)
        return str(newest["jobDefinitionArn"]) if newest else None

    def secret_arn(self, reference: str) -> str | None:
        with request_scope(self._account, self._region):
            secret = self._secret(reference)
        return str(secret["ARN"]) if secret else None

    def stack_arn(self, reference: str) -> str | None:
        with request_scope(self._account, self._region):
            stack = cloudformation._stacks.get(reference)
        return str(stack["StackId"]) if stack else None

    def has_object(self, bucket: str, key: str) -> bool:
        with request_scope(self._account, self._region):
            known = s3._buckets.get(bucket) or {}
        return key in known.get("objects", {})

    def kms_key(self, resource: str) -> str | None:
        with request_scope(self._account, self._region):
            if ":s3:::" in resource:
                text = s3._bucket_encryption.get(resource.rpartition(":::")[2]) or ""
                found = _KMS_KEY_ID.search(text)
                return found[1] if found else None
            _, in_group, group = resource.partition(":log-group:")
            if in_group:
                return (cloudwatch_logs._log_groups.get(group) or {}).get("kmsKeyId") or None
            secret = self._secret(resource)
        return (secret or {}).get("KmsKeyId") or None

    @staticmethod
    def _secret(reference: str) -> dict[str, Any] | None:
        _, secret = secretsmanager._resolve(reference)
        found: dict[str, Any] | None = secret
        return found


def _hash_of(schema: list[dict[str, str]]) -> str:
    return next(each["AttributeName"] for each in schema if each["KeyType"] == "HASH")
