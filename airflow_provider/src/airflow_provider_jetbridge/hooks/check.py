"""Checks whether a stack of Jetbridge can be used, and says how to fix it if not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_jetbridge.stack import START_FUNCTION, WATCH_FUNCTION
from jetbridge.contract import ContractError, WatchAnswer, WatchRequest, decode, encode

if TYPE_CHECKING:
    from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook

NO_RUN = "test-connection"
"""No run has this key, because run ids are 20 letters and digits of base32."""

DENIED = frozenset({"AccessDeniedException", "AccessDenied"})
MISSING = "ResourceNotFoundException"
BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


class _Wrong(Exception):
    """Something is wrong. The message says where, what, and how to fix it."""


def check(hook: JetbridgeHook) -> tuple[bool, str]:
    """Ask the stack for its outcomes table, and look up a run in the table that doesn't exist.

    Never raises. Starts and changes nothing.
    """
    try:
        answer = _watch(hook)
        _read(hook, answer)
    except _Wrong as wrong:
        return False, str(wrong)
    except Exception as error:
        return False, f"{type(error).__name__}: {error}"
    return True, (
        f"Stack {hook.stack} answers in {answer.region}, and its outcomes table "
        f"{answer.outcomes_table} can be read"
    )


def _watch(hook: JetbridgeHook) -> WatchAnswer:
    function = hook.function(WATCH_FUNCTION)
    client = _client(hook)
    named = f"{function}:{hook.alias}"
    answer = _asked(hook, "lambda:InvokeFunction", named, _invoke, client, function, hook.alias)
    if answer is None:
        raise _Wrong(_why_missing(hook, client, function))
    body, failed = answer
    if failed:
        text = body.decode(errors="replace")[:500]
        raise _Wrong(f"{function} fails; look into its log group /aws/lambda/{function}: {text}")
    try:
        return decode(WatchAnswer, body)
    except ContractError as error:
        raise _Wrong(
            f"{function} answers in another version: {error}. Update the stack, or this provider"
        ) from error


def _read(hook: JetbridgeHook, answer: WatchAnswer) -> None:
    from airflow_provider_jetbridge import aws

    table = answer.outcomes_table
    client = aws.client(hook.access, "dynamodb", connect_timeout=5, read_timeout=10)
    keys = {"Keys": [{"run_id": {"S": NO_RUN}}]}
    found = _asked(
        hook,
        "dynamodb:BatchGetItem",
        table,
        lambda: client.batch_get_item(RequestItems={table: keys}),
    )
    if found is None:
        raise _Wrong(
            f"Stack {hook.stack} answers, but its outcomes table {table} isn't in "
            f"{client.meta.region_name}. Field Region has to be the stack's, {answer.region}"
        )


def _client(hook: JetbridgeHook) -> Any:
    from botocore.exceptions import NoRegionError

    try:
        return hook.client
    except NoRegionError as error:
        raise _Wrong(
            "Field Region is empty, and the AWS connection has no region either. Give the stack's"
        ) from error


def _invoke(client: Any, function: str, alias: str) -> tuple[bytes, bool]:
    answer = client.invoke(
        FunctionName=function, Qualifier=alias, Payload=encode(WatchRequest()).encode()
    )
    return answer["Payload"].read(), "FunctionError" in answer


def _why_missing(hook: JetbridgeHook, client: Any, function: str) -> str:
    """Find out why there is no answer: the stack is missing, or it is older.

    Only a dry run of start_run shows the difference. IAM may deny it, because AirflowPolicy allows
    only the aliases. In that case either is possible.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    region = client.meta.region_name
    none = (
        f"there is no Jetbridge stack {hook.stack} in {region} ({function} doesn't exist). Give "
        "the CloudFormation stack's name or ARN in field Stack, and its region in field Region"
    )
    older = (
        f"stack {hook.stack} in {region} has no alias {hook.alias!r} of {function}. Update it (sam "
        "deploy) if it is older than this provider, or give [jetbridge] airflow a name that it has"
    )
    try:
        client.invoke(FunctionName=hook.function(START_FUNCTION), InvocationType="DryRun")
    except (ClientError, BotoCoreError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code == MISSING:
            return f"Field Stack: {none}"
        return f"Either {none}. Or {older} ({error})"
    return older[0].upper() + older[1:]


def _asked(hook: JetbridgeHook, action: str, resource: str, ask: Any, *arguments: Any) -> Any:
    """AWS's answer, or None if AWS says that the resource doesn't exist."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        PartialCredentialsError,
    )

    connection = hook.access.aws_conn_id or "(boto3's default credentials)"
    try:
        return ask(*arguments)
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise _Wrong(
            f"Field AWS connection: {connection} has no credentials ({error}). Give it some, or "
            "run Airflow with a role"
        ) from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == MISSING:
            return None
        if code in DENIED:
            raise _Wrong(
                f"{action} on {resource} is denied to the role of AWS connection {connection}. "
                f"Attach the policy that the stack's output AirflowPolicyArn names ({error})"
            ) from error
        if code in BAD_CREDENTIALS:
            raise _Wrong(
                f"Field AWS connection: AWS doesn't accept the credentials of {connection}; "
                f"renew them ({error})"
            ) from error
        raise _Wrong(f"{action} on {resource} fails: {error}") from error
    except BotoCoreError as error:
        raise _Wrong(
            f"AWS can't be reached for {action} on {resource}: {error}. Check field Region and the"
            " network"
        ) from error
