"""Tasks that wait, each started by a worker or by its trigger."""

from typing import Any

from airflow.sdk import DAG, BaseOperator, Context, task
from airflow.triggers.base import StartTriggerArgs
from seconds_trigger import SecondsTrigger

TASKS = 10
# Resumed earlier, a task may be failed by the scheduler (apache/airflow#66374).
SECONDS = 20.0


class WaitOperator(BaseOperator):
    """Its return value is the trigger's event, with ``executed`` where it came by a worker."""

    template_fields = ("value",)

    def __init__(self, *, value: str = "given", from_trigger: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value = value
        if from_trigger:
            self.start_from_trigger = True
            self.start_trigger_args = StartTriggerArgs(
                trigger_cls="seconds_trigger.SecondsTrigger",
                trigger_kwargs={"seconds": SECONDS, "value": value},
                next_method="execute_complete",
            )

    def execute(self, context: Context) -> None:
        trigger = SecondsTrigger(SECONDS, f"executed: {self.value}")
        self.defer(trigger=trigger, method_name="execute_complete")

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        return event["value"]


class ClassWaitOperator(WaitOperator):
    """As Airflow's documentation has it for mapped tasks: told by the class, with the trigger's
    arguments in ``trigger_kwargs`` ("Deferrable Operators & Triggers")."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(
        trigger_cls="seconds_trigger.SecondsTrigger",
        trigger_kwargs={"seconds": SECONDS, "value": "of the class"},
        next_method="execute_complete",
    )

    def __init__(
        self,
        *,
        start_from_trigger: bool = True,
        trigger_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.start_from_trigger = start_from_trigger
        self.trigger_kwargs = trigger_kwargs


@task
def first() -> str:
    return "of another task"


with DAG("started_by_worker", schedule=None):
    for number in range(TASKS):
        WaitOperator(task_id=f"job_{number}")

with DAG("started_by_trigger", schedule=None):
    for number in range(TASKS):
        WaitOperator(task_id=f"job_{number}", from_trigger=True)

with DAG("mapped_from_trigger", schedule=None):
    WaitOperator.partial(task_id="job", from_trigger=True).expand(
        value=[str(number) for number in range(TASKS)]
    )

with DAG("mapped_from_trigger_by_class", schedule=None):
    ClassWaitOperator.partial(task_id="job", start_from_trigger=True).expand(
        trigger_kwargs=[{"seconds": SECONDS, "value": str(number)} for number in range(TASKS)]
    )

with DAG("templated_from_trigger", schedule=None):
    WaitOperator(task_id="job", value="{{ run_id }}", from_trigger=True)

with DAG("xcom_from_trigger", schedule=None):
    pulled = WaitOperator(
        task_id="job", value="{{ ti.xcom_pull(task_ids='first') }}", from_trigger=True
    )
    first() >> pulled
