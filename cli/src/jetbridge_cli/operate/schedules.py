"""The schedules of EventBridge Scheduler that start runs in a stack."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from jetbridge_cli.problems import Problem
from jetbridge_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_scheduler.type_defs import FlexibleTimeWindowTypeDef

_FUNCTION = "AWS::Lambda::Function"
_ALIAS = "schedule"
# EventBridge Scheduler replaces these ("Adding context attributes", its user guide).
CALLER = {
    "kind": "schedule",
    "schedule_arn": "<aws.scheduler.schedule-arn>",
    "scheduled_time": "<aws.scheduler.scheduled-time>",
}
# UpdateSchedule replaces the whole schedule, so all of these must be given again (its API
# reference).
_KEPT = (
    "Name",
    "GroupName",
    "Description",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "FlexibleTimeWindow",
    "KmsKeyArn",
    "ActionAfterCompletion",
    "Target",
)


@dataclass(frozen=True)
class Schedules:
    """Schedules with the stack's start_run as their target, by the alias ``schedule`` or
    another."""

    stack: Stack

    def all(self) -> Iterator[Mapping[str, Any]]:
        """All schedules in GetSchedule's form, by group and name."""
        scheduler = self.stack.aws.scheduler
        pages = scheduler.get_paginator("list_schedules").paginate()
        listed = (each for page in pages for each in page["Schedules"])
        found = [
            (each["GroupName"], each["Name"])
            for each in listed
            if self._is_ours(each["Target"]["Arn"])
        ]
        for group, name in sorted(found):
            yield scheduler.get_schedule(GroupName=group, Name=name)

    def get(self, group: str, name: str) -> Mapping[str, Any]:
        """Get a schedule. Raises Problem if it doesn't exist or isn't the stack's."""
        try:
            schedule: Mapping[str, Any] = self.stack.aws.scheduler.get_schedule(
                GroupName=group, Name=name
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise Problem(
                f"{name!r}: there is no such schedule in the group {group!r}: "
                "`jetbridge schedules list` shows those of the stack"
            ) from error
        if not self._is_ours(schedule["Target"]["Arn"]):
            raise Problem(f"{name!r}: it starts {schedule['Target']['Arn']}, and not this stack")
        return schedule

    def create(
        self,
        group: str,
        name: str,
        expression: str,
        timezone: str,
        role: str,
        request: Mapping[str, Any],
        flexible_minutes: int | None,
        *,
        enabled: bool,
    ) -> str:
        """Make a schedule that starts the request at each firing. Returns its ARN."""
        window: FlexibleTimeWindowTypeDef = {"Mode": "OFF"}
        if flexible_minutes is not None:
            window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": flexible_minutes}
        answer = self.stack.aws.scheduler.create_schedule(
            GroupName=group,
            Name=name,
            ScheduleExpression=expression,
            ScheduleExpressionTimezone=timezone,
            FlexibleTimeWindow=window,
            State="ENABLED" if enabled else "DISABLED",
            Target={
                "Arn": f"{self._function()}:{_ALIAS}",
                "RoleArn": role,
                "Input": json.dumps({**request, "caller": CALLER}),
            },
        )
        return str(answer["ScheduleArn"])

    def set_state(self, group: str, name: str, state: Literal["ENABLED", "DISABLED"]) -> None:
        """Set ``ENABLED`` or ``DISABLED``, and change nothing else. Raises: Problem"""
        schedule = self.get(group, name)
        kept = {each: schedule[each] for each in _KEPT if each in schedule}
        self.stack.aws.scheduler.update_schedule(**kept, State=state)

    def delete(self, group: str, name: str) -> None:
        """Raises: Problem"""
        self.get(group, name)
        self.stack.aws.scheduler.delete_schedule(GroupName=group, Name=name)

    def _is_ours(self, target: str) -> bool:
        """Whether the target is the stack's function, with any alias."""
        return target.split(":")[6:7] == [self._name()]

    def _name(self) -> str:
        name = self.stack.resources.get(_FUNCTION, {}).get("StartRunFunction")
        if name is None:
            raise Problem(
                f"--stack: {self.stack.name!r} has no start_run: is it a Jetbridge stack?"
            )
        return name

    def _function(self) -> str:
        functions = self.stack.aws.functions
        return str(functions.get_function_configuration(FunctionName=self._name())["FunctionArn"])
