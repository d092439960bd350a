"""Checks the functions, and the account's concurrency for them."""

from collections.abc import Iterator
from functools import partial

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Result, if_there

# All functions of mappings at the same time, plus start_run and watch_runs (operations.md, "How
# much concurrency it needs").
NEEDED = 60
_INDEXES = {"RunsTable": ("unfinished", "active"), "OutcomesTable": ("finished",)}


def functions(deployment: Deployment) -> Iterator[Result]:
    """Each function exists, is active and updated."""
    for name, function in deployment.functions.items():
        found = deployment.configuration(name)
        if found is None:
            yield _finding(
                name,
                f"the function {function} is gone.",
                "Delete the stack and deploy it again, or restore the function from template.yaml.",
            )
            continue
        if (state := found.get("State", "Active")) not in ("Active", "Inactive"):
            why = found.get("StateReason") or found.get("StateReasonCode") or "no reason is given"
            yield _finding(
                name,
                f"its state is {state}: {why}.",
                "Correct what Lambda names (its role, its subnets), then `sam deploy` again.",
            )
        if found.get("LastUpdateStatus") == "Failed":
            yield _finding(
                name,
                f"its last update failed: {found.get('LastUpdateStatusReason', '')}.",
                "Correct what Lambda names, then `sam deploy` again.",
            )


def reserved(deployment: Deployment) -> Iterator[Result]:
    """No function has a reserved concurrency of 0, which would switch it off."""
    for name, function in deployment.functions.items():
        answer = deployment.aws.functions.get_function_concurrency(FunctionName=function)
        if answer.get("ReservedConcurrentExecutions") == 0:
            yield _finding(
                name,
                "its reserved concurrency is 0: Lambda throttles every invocation.",
                f"aws lambda delete-function-concurrency --function-name {function}",
                check="reserved concurrency",
            )


def concurrency(deployment: Deployment) -> Iterator[Result]:
    """The account has enough concurrency for the stack's functions."""
    limit = deployment.aws.functions.get_account_settings()["AccountLimit"]
    left = limit.get("UnreservedConcurrentExecutions", NEEDED)
    if left < NEEDED:
        yield _finding(
            "account",
            f"{left} of {limit['ConcurrentExecutions']} concurrent executions are not reserved, "
            f"and the stack uses up to {NEEDED}: everything takes longer.",
            "Ask AWS for a higher quota (Service Quotas, Lambda, Concurrent executions), or "
            "reserve less for other functions.",
            check="concurrency",
            section="concurrency",
        )


def tables(deployment: Deployment) -> Iterator[Result]:
    """Both tables and their indexes are active."""
    for name, table in deployment.of("AWS::DynamoDB::Table").items():
        found = if_there(partial(deployment.aws.dynamodb.describe_table, TableName=table))
        status = str(found["Table"]["TableStatus"]) if found else "gone"
        if status not in ("ACTIVE", "UPDATING"):
            yield _finding(
                name,
                f"the table {table} is {status.lower()}.",
                "Restore it from point-in-time recovery under the same name.",
                check="tables",
                section="tables",
            )
            continue
        indexes = found["Table"].get("GlobalSecondaryIndexes", []) if found else []
        usable = {
            each.get("IndexName")
            for each in indexes
            if each.get("IndexStatus", "ACTIVE") in ("ACTIVE", "UPDATING")
        }
        for index in _INDEXES.get(name, ()):
            if index not in usable:
                yield _finding(
                    name,
                    f"its index {index} is missing or not active.",
                    "Create the index again as in template.yaml (aws dynamodb update-table).",
                    check="tables",
                    section="tables",
                )


def log_groups(deployment: Deployment) -> Iterator[Result]:
    """Each function's log group exists. Without it nobody can see why something failed."""
    for name, group in deployment.of("AWS::Logs::LogGroup").items():
        if not deployment.has_log_group(group):
            yield _finding(
                name,
                f"the log group {group} is gone: what the function logs is lost.",
                f"aws logs create-log-group --log-group-name {group}",
                check="log groups",
            )


def _finding(
    subject: str, problem: str, fix: str, check: str = "functions", section: str = "functions"
) -> Finding:
    return Finding(check=check, subject=subject, problem=problem, fix=fix, section=section)
