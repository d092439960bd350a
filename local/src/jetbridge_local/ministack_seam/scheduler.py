"""EventBridge Scheduler: schedules fire at their planned times, with context attributes."""

import logging
import time
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from ministack.core.responses import request_scope
from ministack.services import eventbridge, scheduler

from jetbridge_local.schedules import Firing, Plan, due_firing, iso_time, substitute_context

from . import undelivered
from .roles import Roles

logger = logging.getLogger(__name__)

TICK_SECONDS = 1


def install(roles: Roles) -> None:
    """Replace ministack's look at the schedules: it comes too rarely, loses the planned time,
    knows no time zones and leaves context attributes as they stand."""
    ticker = _Ticker(roles)
    scheduler._tick_schedules = ticker.tick
    scheduler._SCHEDULE_TICK_INTERVAL = TICK_SECONDS
    eventbridge._SCHEDULER_TICK_INTERVAL = TICK_SECONDS


class _Ticker:
    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._last: dict[tuple[Any, ...], float] = {}

    def tick(self) -> None:
        now = time.time()
        for key, schedule in list(scheduler._schedules._data.items()):
            if schedule.get("State") != "ENABLED":
                continue
            # A changed schedule starts again.
            identity = (*key, schedule["CreationDate"], schedule["LastModificationDate"])
            try:
                firing = due_firing(_plan_of(schedule), self._last.get(identity), now)
            except ValueError as error:
                logger.warning("schedule %s doesn't fire: %s", schedule.get("Name"), error)
                continue
            if firing is None:
                continue
            self._last[identity] = firing.scheduled_time
            account, region, _ = key
            with request_scope(account, region):
                _fire(schedule, firing, self._roles)
            if firing.last and schedule.get("ActionAfterCompletion") == "DELETE":
                scheduler._schedules._data.pop(key, None)


def _plan_of(schedule: dict[str, Any]) -> Plan:
    return Plan(
        expression=schedule["ScheduleExpression"],
        zone=ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC"),
        created=float(schedule["LastModificationDate"]),
        start=scheduler._to_epoch(schedule.get("StartDate")),
        end=scheduler._to_epoch(schedule.get("EndDate")),
        next_cron=_next_cron,
    )


def _next_cron(expression: str, after: datetime) -> datetime | None:
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        raise ValueError(f"ScheduleExpression {expression!r} can't be read")
    found: datetime | None = eventbridge._cron_next_fire(fields, after)
    return found


def _fire(schedule: dict[str, Any], firing: Firing, roles: Roles) -> None:
    target = dict(schedule["Target"])
    execution_id = uuid4().hex[:16]
    if target.get("Input"):
        target["Input"] = substitute_context(
            target["Input"],
            schedule_arn=schedule["Arn"],
            scheduled_time=firing.scheduled_time,
            execution_id=execution_id,
            attempt=1,
        )
    sender = undelivered.Sender(roles, schedule["Arn"], str(target.get("RoleArn")))
    refusal = undelivered.refusal_by(target["Arn"], sender)
    if refusal is not None:
        _give_up(schedule, target, firing, execution_id, refusal, sender)
        return
    event = {
        "EventId": str(uuid4()),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": int(firing.scheduled_time),
        "Resources": [schedule["Arn"]],
    }
    eventbridge._invoke_target(target, event, {})
    logger.info("schedule %s fired for %d", schedule["Name"], firing.scheduled_time)


def _give_up(
    schedule: dict[str, Any],
    target: dict[str, Any],
    firing: Firing,
    execution_id: str,
    refusal: undelivered.Refusal,
    sender: undelivered.Sender,
) -> None:
    undelivered.give_up(
        (target.get("DeadLetterConfig") or {}).get("Arn"),
        target.get("Input") or "{}",
        {
            "SCHEDULE_ARN": schedule["Arn"],
            "TARGET_ARN": target["Arn"],
            "SCHEDULED_TIME": iso_time(firing.scheduled_time),
            "EXECUTION_ID": execution_id,
            "ERROR_CODE": refusal.target_code,
            "ERROR_MESSAGE": refusal.message,
            "RETRY_ATTEMPTS": "0",
            "IS_PAYLOAD_TRUNCATED": "false",
        },
        sender,
    )
