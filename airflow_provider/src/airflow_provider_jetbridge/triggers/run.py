"""The trigger that waits for the outcome of a run."""

from __future__ import annotations

import asyncio
import contextvars
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Literal, NoReturn, get_args

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.links.known import links_of
from airflow_provider_jetbridge.links.publish import publish
from airflow_provider_jetbridge.story import Storyteller
from airflow_provider_jetbridge.triggers.events import launch_event, outcome_event
from airflow_provider_jetbridge.triggers.guard import hold_seconds, resume_rate
from airflow_provider_jetbridge.triggers.kill import Reaper
from airflow_provider_jetbridge.triggers.killed import Killed, StopTarget, Task, count
from airflow_provider_jetbridge.triggers.outcomes import OutcomesTable
from airflow_provider_jetbridge.triggers.poller import OutcomePoller
from airflow_provider_jetbridge.triggers.reminders import Reminders
from jetbridge.contract import carried, clean

Until = Literal["finished", "launched"]

TAKEN_AWAY_SECONDS = 0.5
"""So long after its cancel a trigger is looked at."""

CLOCKS_SECONDS = 5.0
"""The scheduler's and the triggerer's clocks differ by less."""


class JetbridgeRunTrigger(BaseTrigger):
    """Fires when the outcome of a run is in the outcomes table, or before that, its launch.

    All triggers of a triggerer process share one poller per table and connection, so a waiting
    task costs a dictionary entry. The trigger holds nothing that a restart could lose: run again
    elsewhere, it finds the same outcome and fires the same event.

    An event that is ``held`` waits until the trigger has run for 15 s, unless the task was deferred
    over a minute ago; `guard.hold_seconds` says why. Each is then released at the triggerer's own
    rate (`guard.ResumeRate`).

    The event's payload is ``{"run_id": …, "outcome": …}``, the latter being the contract's
    ``Outcome`` as a JSON object; with ``deferred_at``, and ``attached_try`` when the run is that of
    an earlier try. A trigger that waits for the launch alone has ``launched`` there, a
    ``Launched``, if the run hasn't ended meanwhile. An outcome that can't be read is the text
    ``problem``, and fails the task. Whoever wrote the record, the event is what Airflow can carry
    (`contract.carriage`): one that it can't ends the triggerer's runner, with all the tasks that
    wait in it.

    While the run goes on, the task's log tells what it has become in AWS.

    A user who marks or clears the waiting task ends the run. From 3.3 on Airflow calls ``on_kill``,
    and before that it cancels the trigger. Either hands the run to the triggerer's `kill.Reaper`,
    which knows false alarms.

    :param run_id: the run.
    :param outcomes_table: the DynamoDB table in which its outcome will appear.
    :param region_name: the table's region.
    :param deferred_at: when the task was deferred, epoch seconds.
    :param attached_try: the try (task instance id, try number) that goes on with the run of an
        earlier one; None where the run is the try's own.
    :param stop_function: the Lambda function that stops the run; None, as in triggers that an
        earlier version of this provider stored, never stops it.
    :param caller_key: of the try that waits (``AirflowCaller.key``).
    :param task_key: DAG id, run id, task id and map index of the task, on whose page its links
        appear as soon as they are known; None shows them at its end.
    :param until: what is waited for: that the run has ``finished``, or is ``launched``.
    :param waits_until: when Airflow gives the wait up, epoch seconds; None: never.
    :param airflow: this Airflow's name in the stack; None, as ``[jetbridge] airflow`` says.
    :param held: whether Airflow may fail the task if its event comes early
        (`executor.may_fail_early_resumes`).
    :param aws_conn_id: the Airflow connection to AWS, as for every operator of the amazon
        provider; likewise ``verify`` and ``botocore_config``.
    """

    def __init__(
        self,
        *,
        run_id: str,
        outcomes_table: str,
        region_name: str | None,
        deferred_at: float,
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
        event["deferred_at"] = self.deferred_at
        if self.attached_try is not None:
            event["attached_try"] = carried(self.attached_try).value
        yield TriggerEvent(event)

    async def _news(self) -> dict[str, Any]:
        """What the event tells: the outcome, or the launch, if that is waited for and first."""
        poller = OutcomePoller.shared(self._table())
        story = Storyteller(self.log)
        eager = self.until == "launched"
        async with (
            Reminders(self.run_id, story),
            aclosing(poller.news(self.run_id, eager=eager)) as news,
        ):
            async for kind, text in news:
                if kind == "outcome":
                    return outcome_event(self.run_id, text, self.log)
                if kind == "waiting":
                    story.waiting(text)
                    continue
                launched = story.launched(text)
                if launched is None:
                    continue  # the next record, or the outcome, may be one that can be read
                if self.task_key is not None:
                    await publish(Task(*self.task_key), links_of(launched))
                if self.until == "launched":
                    return launch_event(self.run_id, launched)
        raise AssertionError("news end with an outcome")

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
        """What is waited for, for the log."""
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

    def _task(self) -> Task | None:
        """Who waits, as Airflow tells its triggers."""
        ti: Any = getattr(self, "task_instance", None)
        return ti and Task(ti.dag_id, ti.run_id, ti.task_id, ti.map_index)

    async def on_kill(self) -> None:
        """Have the run stopped, if its task was really killed. Airflow 3.3 and later call this."""
        killed = self._killed()
        if killed is None:
            self.log.warning("Run %s can't be stopped from here; it goes on", self.run_id)
            return
        Reaper.shared().take(killed)
        self.log.info(
            "Airflow's task was marked, cleared or deleted: run %s is being stopped for that "
            "reason, unless Airflow says that the task still waits for it",
            self.run_id,
        )

    def _taken_away(self) -> None:
        """Before 3.3 Airflow only cancels a trigger, and doesn't say why. So each that is
        cancelled is looked at, but not one whose time is over: its worker stops the run.

        A moment later, by a timer: a triggerer that shuts down cancels all its triggers and then
        closes the loop, so that nothing is asked of Airflow.
        """
        killed = None if hasattr(BaseTrigger, "on_kill") else self._killed()
        if killed is None or self._time_is_over():
            return
        self.log.info(
            "Airflow has taken this trigger away: run %s is stopped if its task no longer waits",
            self.run_id,
        )
        loop = asyncio.get_running_loop()
        loop.call_later(TAKEN_AWAY_SECONDS, _reap, killed, context=contextvars.Context())

    def _time_is_over(self) -> bool:
        return self.waits_until is not None and time.time() > self.waits_until - CLOCKS_SECONDS

    def _killed(self) -> Killed | None:
        """None where it isn't known what to stop, and for whom."""
        task = self._task() or (Task(*self.task_key) if self.task_key else None)
        if task is None or self.stop_function is None or self.caller_key is None:
            return None
        target = StopTarget(self.stop_function, self.outcomes_table, self._access(), self.airflow)
        return Killed(run_id=self.run_id, caller_key=self.caller_key, task=task, target=target)

    def _table(self) -> OutcomesTable:
        return OutcomesTable(self.outcomes_table, self._access())

    def _access(self) -> AwsAccess:
        return AwsAccess.of(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)


def _reap(killed: Killed) -> None:
    Reaper.shared().take(killed)


def raise_carriable(error: Exception) -> NoReturn:
    """Raise the error, or one that says the same in text that Airflow can carry.

    Airflow sends the traceback's text through the frame that carries events
    (triggerer_job_runner.py, ``process_trigger_events``).
    """
    told = "".join(traceback.format_exception(error))
    if clean(told) == told:
        raise error
    raise RuntimeError(clean(f"{type(error).__name__}: {error}")) from None
