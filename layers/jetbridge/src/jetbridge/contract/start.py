"""The start request: what to run, for whom, and where its log is to appear."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from jetbridge.contract.codec import ContractError

Text = Annotated[str, Meta(min_length=1, max_length=1024)]


class AirflowCaller(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="airflow"
):
    """One try of an Airflow task instance.

    ``ti_id`` is the task instance's UUID. Airflow gives a new one to each retry and clear, but
    not after every "state mismatch" failure, so a try is known by (``ti_id``, ``try_number``).
    """

    dag_id: Text
    run_id: Text
    task_id: Text
    try_number: Annotated[int, Meta(ge=0)]
    ti_id: Text
    map_index: Annotated[int, Meta(ge=-1)] = -1

    @property
    def key(self) -> str:
        task = f"{self.dag_id}/{self.run_id}/{self.task_id}/{self.map_index}"
        return f"airflow/{task}/{self.ti_id}/{self.try_number}"


class ScheduleCaller(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="schedule"
):
    """One firing of an EventBridge Scheduler schedule.

    Scheduler repeats a failed delivery under another execution id, so a firing is known by the
    schedule's ARN and the time for which it was planned (context attributes
    ``<aws.scheduler.schedule-arn>`` and ``<aws.scheduler.scheduled-time>``).
    """

    schedule_arn: Text
    scheduled_time: Text

    @property
    def key(self) -> str:
        return f"schedule/{self.schedule_arn}/{self.scheduled_time}"


class PersonCaller(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="person"):
    """A person, or a program that isn't Airflow; they choose the idempotency key themselves."""

    name: Text

    @property
    def key(self) -> None:
        return None


Caller = AirflowCaller | ScheduleCaller | PersonCaller


class S3LogTarget(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="s3"):
    """Where Airflow keeps the log of this try: ``…/attempt=1.log``.

    Container logs become objects beside it whose keys start with ``key_prefix``; Airflow's S3
    task handler shows every object with that prefix (s3_task_handler.py, ``list_keys``).
    """

    bucket: Text
    key_prefix: Text


class StartRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for one run of one job.

    Attributes:
        run_task: parameters of ECS RunTask, in AWS's spelling; or
        submit_job: parameters of Batch SubmitJob. Exactly one of the two.
        caller: who asks.
        idempotency_key: requests with the same key are one run. Airflow and schedules need none.
        timeout_seconds: the run is stopped when it has lasted so long; None: never.
        log_target: where the container's log is copied at the end; None: it stays in CloudWatch.
        tail_lines: how many last lines of each container the outcome carries.
        last_line_as_result: with no result marker, the last line is the result, as the stock
            ``EcsRunTaskOperator`` has it.
    """

    caller: Caller
    run_task: dict[str, Any] | None = None
    submit_job: dict[str, Any] | None = None
    version: Literal[1] = 1
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    timeout_seconds: Annotated[int, Meta(ge=1)] | None = None
    log_target: S3LogTarget | None = None
    tail_lines: Annotated[int, Meta(ge=0, le=100)] = 10
    last_line_as_result: bool = False

    @property
    def backend(self) -> Literal["ecs", "batch"]:
        return "ecs" if self.run_task is not None else "batch"

    @property
    def parameters(self) -> dict[str, Any]:
        """The RunTask or SubmitJob parameters as the caller gave them."""
        return self.run_task if self.run_task is not None else self.submit_job or {}

    @property
    def key(self) -> str:
        """What makes two requests the same run.

        Raises:
            ContractError: there is no key, and the caller is one that has to bring it.
        """
        key = self.idempotency_key or self.caller.key
        if key is None:
            raise ContractError(
                "idempotency_key",
                "is missing",
                "A person's request needs one: the same key again is the same run",
            )
        return key


class StartAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The run was accepted, now or by an earlier request with the same key.

    Attributes:
        run_id: the run, and its key in the outcomes table.
        duplicate: an earlier request had made this run.
        outcomes_table: the DynamoDB table in which the sealed outcome will appear.
        stop_function: the Lambda function that takes a ``StopRequest``.
    """

    run_id: str
    duplicate: bool
    outcomes_table: str
    stop_function: str
    region: str
    version: Literal[1] = 1
