"""Tasks whose links come from the worker that defers, the trigger, and the worker that resumes."""

import os

from airflow.sdk import BaseOperator, dag
from linking import LAUNCHED, RUN_ID, STACK, Publishes

from airflow_provider_jetbridge.links.buttons import (
    ContainerLogLink,
    EcsTaskLink,
    JetbridgeRunLink,
)
from airflow_provider_jetbridge.links.urls import of_answer, of_outcome
from jetbridge.contract import (
    Cause,
    Fault,
    LogStream,
    Outcome,
    PersonCaller,
    StartAnswer,
    State,
)


class Waits(BaseOperator):
    operator_extra_links = (EcsTaskLink(), ContainerLogLink(), JetbridgeRunLink())
    link_urls: dict[str, str] | None = None

    def __init__(self, *, learns: bool = True, number: int = 0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.learns = learns
        self.number = number

    def execute(self, context):
        answer = StartAnswer(
            run_id=RUN_ID,
            duplicate=False,
            outcomes_table="outcomes",
            stop_function="stop",
            region="cn-north-1",
        )
        self.link_urls = of_answer(answer, STACK)
        ti = context["ti"]
        task = [ti.dag_id, ti.run_id, ti.task_id, ti.map_index]
        trigger = Publishes(task_key=task, release=os.environ["JETBRIDGE_TEST_RELEASE"])
        self.defer(trigger=trigger, method_name="resume")

    def resume(self, context, event):
        assert event == {"taken": True}
        if not self.learns:
            raise RuntimeError("it fails before it has read the outcome")
        stream = LogStream(
            container="main", group="/ecs/etl", stream="etl/main/0f1e", region="cn-north-1"
        )
        outcome = Outcome(
            run_id=RUN_ID,
            state=State.SUCCEEDED,
            cause=Cause.COMPLETED,
            fault=Fault.NOBODY,
            reason="",
            advice="",
            caller=PersonCaller(name="test"),
            backend="ecs",
            region="cn-north-1",
            finished_at=1_767_225_700.0,
            backend_id=LAUNCHED.backend_id,
            log_streams=[stream],
        )
        self.link_urls = of_outcome(outcome, STACK)


@dag(schedule=None)
def links():
    Waits(task_id="learns")
    Waits(task_id="fails", learns=False)
    Waits.partial(task_id="mapped").expand(number=[0, 1])


links()
