"""Checks the stack's state, versions and clock, and whether a triggerer reads the feed."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Note, Result

# AWS refuses requests if their time is wrong by 5 minutes (IAM user guide, "Signature Version 4"),
# and S3 by 15 minutes. Ages and timeouts look wrong long before that.
SKEW_SECONDS = 10
_COMMAND, _PROVIDER = "jetbridge-cli", "airflow-provider-jetbridge"


def state(deployment: Deployment) -> Iterator[Result]:
    """CloudFormation's last change of the stack succeeded."""
    status = str(deployment.description["StackStatus"])
    if not status.endswith("_COMPLETE") or status.startswith(("DELETE_", "ROLLBACK_")):
        yield _finding(
            "stack",
            deployment.name,
            f"its status in CloudFormation is {status}.",
            f"aws cloudformation describe-stack-events --stack-name {deployment.name} says what "
            "failed; deploy again.",
            "the-stack",
        )


def versions(deployment: Deployment) -> Iterator[Result]:
    """Stack, command and provider have the same minor version."""
    deployed = deployment.outputs.get("Version")
    if deployed is None:
        yield Note(
            check="versions",
            text="the stack doesn't say its version: its release is older than this output.",
        )
        return
    for package in (_COMMAND, _PROVIDER):
        try:
            installed = version(package)
        except PackageNotFoundError:
            yield Note(
                check="versions",
                text=f"{package} isn't installed here, so its version is not known; the stack's is "
                f"{deployed}.",
            )
            continue
        if installed.split(".")[:2] != deployed.split(".")[:2]:
            yield _finding(
                "versions",
                package,
                f"the stack is {deployed}, and {package} is {installed}.",
                f"Deploy the stack of {installed}, or install {package} {deployed}.",
                "versions",
            )


def clock(deployment: Deployment) -> Iterator[Result]:
    """This machine's clock agrees with AWS's (the Date header of an answer)."""
    skew = time.time() - deployment.aws_time
    if abs(skew) > SKEW_SECONDS:
        yield _finding(
            "clock",
            "this machine",
            f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} AWS's.",
            "Let it keep time by NTP; Airflow's machines need the same.",
            "clock",
        )


def feed(deployment: Deployment) -> Iterator[Result]:
    """When a triggerer last read the feed, by DynamoDB's metric for the index ``finished`` (Amazon
    DynamoDB developer guide, "DynamoDB metrics and dimensions": ConsumedReadCapacityUnits)."""
    table = deployment.physical("AWS::DynamoDB::Table", "OutcomesTable")
    now = datetime.now(UTC)
    answer = deployment.aws.cloudwatch.get_metric_statistics(
        Namespace="AWS/DynamoDB",
        MetricName="ConsumedReadCapacityUnits",
        Dimensions=[
            {"Name": "TableName", "Value": table},
            {"Name": "GlobalSecondaryIndexName", "Value": "finished"},
        ],
        StartTime=now - timedelta(hours=3),
        EndTime=now,
        Period=60,
        Statistics=["Sum"],
    )
    read = [each["Timestamp"] for each in answer["Datapoints"] if each.get("Sum", 0) > 0]
    if read:
        text = f"the feed was last read at {max(read).astimezone(UTC):%Y-%m-%dT%H:%MZ}."
    else:
        text = (
            "whether a triggerer reads the feed is not known: nobody read it in the last three "
            "hours, which is right while no task waits."
        )
    yield Note(check="triggerer", text=text)


def _finding(check: str, subject: str, problem: str, fix: str, section: str) -> Finding:
    return Finding(check=check, subject=subject, problem=problem, fix=fix, section=section)
