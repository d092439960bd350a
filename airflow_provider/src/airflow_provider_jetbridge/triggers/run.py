"""The trigger that waits for the outcome of a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Literal, get_args

from airflow.triggers.base import TriggerEvent

from airflow_provider_jetbridge.links.known import links_of
from airflow_provider_jetbridge.links.publish import publish
from airflow_provider_jetbridge.story import Storyteller
from airflow_provider_jetbridge.task_instance import Task
from airflow_provider_jetbridge.triggers.events import (
    launch_event,
    outcome_event,
    raise_carriable,
    with_wait,
)
from airflow_provider_jetbridge.triggers.guard import hold_seconds, resume_rate
from airflow_provider_jetbridge.triggers.killed import count
from airflow_provider_jetbridge.triggers.outcomes import OutcomesTable
from airflow_provider_jetbridge.triggers.poller import OutcomePoller
from airflow_provider_jetbridge.triggers.reminders import Reminders
from airflow_provider_jetbridge.triggers.taken_away import StopsKilledRun
from jetbridge.contract import carried

Until = Literal["finished", "launched"]


class JetbridgeRunTrigger(StopsKilledRun):
    """Fires when the outcomes table has a run's outcome, or its launch if the task waits for that.

    All triggers of a triggerer process share one poller per table and connection, so a waiting task
    costs only a dictionary entry. A restart loses nothing. A trigger that starts again elsewhere
    finds the same outcome and fires the same event.

    If ``held`` is true, the event waits until the trigger has run for 15 s, unless the task was
    deferred over a minute ago. `guard.hold_seconds` says why. Then the triggerer releases events at
    its own rate (`guard.ResumeRate`).

    The event's payload is ``{"run_id": …, "outcome": …}``. ``outcome`` is the contract's
    ``Outcome`` as a JSON object. The payload also has ``waits_since``, ``attached_try`` if the run
    belongs to an earlier try, and ``links`` if the trigger has stored the task's links. If the
    trigger waits only for the launch, and the run hasn't ended yet, the payload has ``launched`` (a
    ``Launched``) instead of ``outcome``. If an outcome can't be read, the payload has the text
    ``problem``, which fails the task. The event contains only what Airflow can carry
    (`contract.carriage`), because any other event would end the triggerer's runner and all tasks
    that wait in it.

    While the run continues, the task's log says how it was launched in AWS.

    If a user marks or clears the waiting task, the run is stopped. Airflow 3.3 and later call
    ``on_kill``, and earlier versions cancel the trigger. Both hand the run to the triggerer's
    `kill.Reaper`, which recognizes false alarms.

    :param run_id: the run.
    :param outcomes_table: the DynamoDB table in which its outcome will appear.
    :param region_name: the table's region.
    :param deferred_at: when the task was deferred, epoch seconds.
    :param waits_since: when the task began to wait, epoch seconds. This is earlier if its worker
        waited first (`operators.short`). None takes ``deferred_at``.
    :param attached_try: the try (task instance id, try number) that took over an earlier try's run.
        None if the try started the run itself.
    :param stop_function: the Lambda function that stops the run. None never stops it. Triggers that
        an earlier version of this provider stored have None.
    :param caller_key: the key of the waiting try (``AirflowCaller.key``).
    :param task_key: DAG id, run id, task id and map index of the task. Its page then shows the
        links as soon as they are known. With None it shows them when the task ends.
    :param until: what to wait for: ``finished`` or ``launched``.
    :param waits_until: when Airflow ends the deferral, epoch seconds. None means never.
    :param airflow: this Airflow's name in the stack. None takes ``[jetbridge] airflow``.
    :param held: hold an early event, because Airflow may fail the task
        (`executor.may_fail_early_resumes`).
    :param aws_conn_id: the Airflow connection to AWS, as in every operator of the amazon provider.
        The same goes for ``verify`` and ``botocore_config``.
    """

    def __init__(
        self,
        *,
        run_id: str,
        outcomes_table: str,
        region_name: str | None,
        deferred_at: float,
        waits_since: float | None = None,
        attached_try: list[Any] | None = None,
        stop_function: str | None = None,
        caller_key: str | None = None,
        task_key: list[Any] | None = None,
        until: Until = "finished",
        waits_until: float | None = None,
        airflow: str | None = None,
        held: bool = True,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.run_id = run_id
        self.outcomes_table = outcomes_table
        self.region_name = region_name
        self.deferred_at = deferred_at
        self.waits_since = deferred_at if waits_since is None else waits_since
        self.attached_try = attached_try
        self.stop_function = stop_function
        self.caller_key = caller_key
        self.task_key = task_key
        if until not in get_args(Until):
            raise ValueError(f"until is {until!r}; give one of {', '.join(get_args(Until))}")
        self.until = until
        self.waits_until = waits_until
        self.airflow = airflow
        self.held = held
        self.aws_conn_id = aws_conn_id
        self.verify = verify
        self.botocore_config = botocore_config

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "run_id": self.run_id,
                "outcomes_table": self.outcomes_table,
                "region_name": self.region_name,
                "deferred_at": self.deferred_at,
                "waits_since": self.waits_since,
                "attached_try": self.attached_try,
                "stop_function": self.stop_function,
                "caller_key": self.caller_key,
                "task_key": self.task_key,
                "until": self.until,
                "waits_until": self.waits_until,
                "airflow": self.airflow,
                "held": self.held,
                "aws_conn_id": self.aws_conn_id,
                "verify": self.verify,
                "botocore_config": self.botocore_config,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        began = time.monotonic()
        self.log.info("%s", self._aim)
        try:
            event = await self._news()
            if self.held:
                await self._hold(began)
            await resume_rate.wait_for_slot(self._ask_airflow)
        except asyncio.CancelledError:
            self._taken_away()
            raise
        except Exception as error:
            raise_carriable(error)
        yield TriggerEvent(with_wait(event, self.waits_since, self.attached_try))

    async def _news(self) -> dict[str, Any]:
        """The news that the event reports: the outcome, or the launch if the task waits for it and
        it comes first."""
        poller = OutcomePoller.shared(self._table())
        story = Storyteller(self.log)
        eager = self.until == "launched"
        stored: dict[str, Any] = {}
        async with (
            Reminders(self.run_id, story),
            aclosing(poller.news(self.run_id, eager=eager)) as news,
        ):
            async for kind, text in news:
                if kind == "outcome":
                    return {**outcome_event(self.run_id, text, self.log), **stored}
                launched = story.tell(kind, text)
                if launched is None:
                    continue
                if self.task_key is not None:
                    links = links_of(launched)
                    published = await publish(Task(*self.task_key), links)
                    stored = {"links": carried(links).value} if published else {}
                if self.until == "launched":
                    return launch_event(self.run_id, launched)
        raise AssertionError("the news ended without an outcome")

    async def _hold(self, began: float) -> None:
        hold = hold_seconds(
            trigger_ran_for=time.monotonic() - began, deferred_for=time.time() - self.deferred_at
        )
        if hold:
            self.log.info(
                "%s %s; resuming in %.1f s, because Airflow fails a task that is resumed "
                "before its scheduler has noted that it was deferred ([jetbridge] "
                "resume_hold_seconds)",
                self._subject,
                self._reached,
                hold,
            )
            await asyncio.sleep(hold)

    @property
    def _aim(self) -> str:
        """A text for the log that says what the trigger waits for."""
        what = "outcome" if self.until == "finished" else "launch"
        return f"Waiting for the {what} of run {self.run_id}"

    @property
    def _subject(self) -> str:
        return f"Run {self.run_id}"

    @property
    def _reached(self) -> str:
        return "has ended" if self.until == "finished" else "is launched"

    async def _ask_airflow(self) -> None:
        if task := self._task():
            await count(task)

    def _table(self) -> OutcomesTable:
        return OutcomesTable(self.outcomes_table, self._access())
