"""Checks what those need that call the stack's functions: aliases, destinations, a permission."""

import json
from collections.abc import Iterator
from functools import partial

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Result, if_there
from jetbridge_cli.doctor.simulation import service_may

# Functions that are invoked asynchronously, and the queues of their failures.
_FAILURES = {"StartRunFunction": "StartFailures", "RelayLogsFunction": "RelayFailures"}


def aliases(deployment: Deployment) -> Iterator[Result]:
    """Each alias exists. The callers' policies allow only aliases."""
    for name, arn in deployment.of("AWS::Lambda::Alias").items():
        function, _, alias = arn.partition(":function:")[2].rpartition(":")
        ask = partial(deployment.aws.functions.get_alias, FunctionName=function, Name=alias)
        if if_there(ask) is None:
            yield _finding(
                "aliases",
                name,
                f"the alias {alias} of {function} is gone: its callers can't call Jetbridge.",
                f"aws lambda create-alias --function-name {function} --name {alias} "
                "--function-version '$LATEST'",
            )


def failures(deployment: Deployment) -> Iterator[Result]:
    """What fails of an asynchronous invocation goes to its queue, whichever alias was called."""
    for name, queue in _FAILURES.items():
        function = deployment.functions.get(name)
        if function is None:
            continue
        called = {
            arn.rpartition(":")[2]
            for arn in deployment.of("AWS::Lambda::Alias").values()
            if arn.partition(":function:")[2].rpartition(":")[0] == function
        }
        pages = deployment.aws.functions.get_paginator("list_function_event_invoke_configs")
        for page in pages.paginate(FunctionName=function):
            for each in page["FunctionEventInvokeConfigs"]:
                if each.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
                    called.discard(each["FunctionArn"].rpartition(":")[2])
        for alias in sorted(called):
            yield _finding(
                "failures",
                name,
                f"invocations of the alias {alias} that fail go nowhere: what they asked for is "
                "lost.",
                f"Give {function}:{alias} the queue {queue} as its destination on failure again "
                "(aws lambda put-function-event-invoke-config).",
            )


def relaying(deployment: Deployment) -> Iterator[Result]:
    """CloudWatch Logs may invoke relay_logs, if a log group is subscribed to it."""
    function = deployment.functions.get("RelayLogsFunction")
    groups = deployment.listed("LiveLogGroupNames")
    if function is None or not groups:
        return
    answer = if_there(partial(deployment.aws.functions.get_policy, FunctionName=function))
    policy = json.loads(answer["Policy"]) if answer else {}
    arn = deployment.arn_of("lambda", f"function:{function}")
    source = deployment.arn_of("logs", f"log-group:{groups[0]}:*")
    iam = deployment.aws.iam
    logs = deployment.principal_of("logs")
    if not any(
        service_may(iam, policy, name, "lambda:InvokeFunction", arn, source)
        for name in (logs, "logs.amazonaws.com")
    ):
        yield _finding(
            "live logs",
            "RelayLogsFunction",
            "its policy doesn't let CloudWatch Logs invoke it: lines of running containers are "
            "shown only at the end.",
            f"aws lambda add-permission --function-name {function} --statement-id logs "
            f"--action lambda:InvokeFunction --principal {logs} "
            f"--source-account {deployment.arn[4]}",
        )


def _finding(check: str, subject: str, problem: str, fix: str) -> Finding:
    return Finding(check=check, subject=subject, problem=problem, fix=fix, section="functions")
