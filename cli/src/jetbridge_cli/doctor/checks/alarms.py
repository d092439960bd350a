"""Checks that the stack's alarms exist and notify somebody."""

from collections.abc import Iterator
from typing import Any

from jetbridge.aws.batches import batches
from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Note, Result

# The limit for one call (CloudWatch API reference, DescribeAlarms).
_AT_ONCE = 100


def alarms(deployment: Deployment) -> Iterator[Result]:
    """Each alarm exists, and its actions are enabled. A note names those that ring."""
    names = deployment.of("AWS::CloudWatch::Alarm")
    found: dict[str, Any] = {}
    for some in batches(names.values(), _AT_ONCE):
        answer = deployment.aws.cloudwatch.describe_alarms(AlarmNames=list(some))
        found |= {each["AlarmName"]: each for each in answer["MetricAlarms"]}
    for name, physical in names.items():
        alarm = found.get(physical)
        if alarm is None:
            yield _finding(
                name,
                f"the alarm {physical} is gone: nobody is notified.",
                "Create it again as in template.yaml, or delete the stack and deploy it again.",
            )
        elif not alarm.get("ActionsEnabled", True):
            yield _finding(
                name,
                "its actions are disabled: nobody is notified when it rings.",
                f"aws cloudwatch enable-alarm-actions --alarm-names {physical}",
            )
        elif alarm.get("StateValue") == "ALARM":
            yield Note(check="alarms", text=f"{name} rings: {alarm.get('AlarmDescription', '')}")


def _finding(subject: str, problem: str, fix: str) -> Finding:
    return Finding(check="alarms", subject=subject, problem=problem, fix=fix, section="alarms")
