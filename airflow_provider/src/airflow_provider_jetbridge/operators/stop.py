"""`StopRunOperator`: stops runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException, BaseOperator

from airflow_provider_jetbridge.operators.stack import UsesStack
from airflow_provider_jetbridge.templates import is_nothing

if TYPE_CHECKING:
    from airflow.sdk import Context


class StopRunOperator(UsesStack, BaseOperator):
    """Stop runs, including runs that other tasks or schedules started.

    The container gets SIGTERM, and SIGKILL after its stop time-out. The run then ends by its
    state-change event, with an outcome like any other run. A run that has already ended is no
    error, so the operator fits a teardown. A run that AWS refuses to stop is no error either, and
    the task's log names it. The return value has the run ids by result: ``stopping``,
    ``already_ended`` and ``unknown``.

    :param run_ids: one run id or several. Empty entries are ignored, such as the XCom of a task
        that never started a run. (templated)
    :param reason: shown in AWS and in the run's outcome, up to 255 characters. (templated)
    :param ignore_unknown: if False, the task fails for a run id that the stack doesn't know. It has
        asked to stop the other runs by then.

    Also takes the keywords of `UsesStack`.
    """

    template_fields: Sequence[str] = (*UsesStack.stack_template_fields, "run_ids", "reason")
    ui_color = "#f4d9d0"

    def __init__(
        self,
        *,
        run_ids: str | Sequence[str],
        reason: str = "Stopped by Airflow's task {{ task_instance_key_str }}",
        ignore_unknown: bool = False,
        jetbridge_stack: str | None = None,
        jetbridge_conn_id: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.run_ids = run_ids
        self.reason = reason
        self.ignore_unknown = ignore_unknown
        self.jetbridge_stack = jetbridge_stack
        self.jetbridge_conn_id = jetbridge_conn_id
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    def execute(self, context: Context) -> dict[str, list[str]]:
        """Ask Jetbridge to stop each run.

        Raises:
            StartRefused, StartFailed: the request to Jetbridge failed. It is safe to repeat it.
            AirflowException: a run could not be stopped, or the stack doesn't know it. The task has
                asked to stop the other runs by then.
        """
        given: Iterable[Any] = [self.run_ids] if isinstance(self.run_ids, str) else self.run_ids
        run_ids = list(dict.fromkeys(str(each) for each in given or () if not is_nothing(each)))
        if not run_ids:
            self.log.info("There is no run to stop")
            return {"stopping": [], "already_ended": [], "unknown": []}
        answer = self._hook().stop_runs(run_ids, self.reason)
        self.log.info(
            "Being stopped: %s; had ended: %s; unknown: %s",
            answer.stopping,
            answer.already_ended,
            answer.unknown,
        )
        if answer.refused:
            reasons = "; ".join(f"{run_id}: {why}" for run_id, why in answer.refused.items())
            raise AirflowException(
                f"Runs could not be stopped, and may still be running: {reasons}"
            )
        if answer.unknown and not self.ignore_unknown:
            raise AirflowException(
                f"run_ids: stack {self._stack} doesn't know {', '.join(answer.unknown)}. Give ids "
                "of that stack's runs, or ignore_unknown=True"
            )
        return {
            "stopping": answer.stopping,
            "already_ended": answer.already_ended,
            "unknown": answer.unknown,
        }
