"""The start request: what to run, for whom, and where its log should appear."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from jetbridge.contract.callers import (
    AirflowCaller,
    AirflowName,
    Caller,
    Text,
    kind_of,
    named,
    own_key,
)
from jetbridge.contract.codec import ContractError
from jetbridge.contract.delivery import OnFinish, Way
from jetbridge.contract.trace import Traceparent

Tag = Annotated[str, Meta(max_length=256)]


class S3LogTarget(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="s3"):
    """Where Airflow keeps the log of this try: ``…/attempt=1.log``.

    Container logs become objects beside it, whose keys start with ``key_prefix``. Airflow's S3
    task handler shows every object with that prefix (s3_task_handler.py, ``list_keys``). A key has
    at most 1,024 bytes (Amazon S3 user guide, "Naming Amazon S3 objects"), and Jetbridge appends
    some to the prefix.
    """

    bucket: Text
    key_prefix: Text


class CloudWatchLogTarget(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="cloudwatch"
):
    """The CloudWatch Logs stream in which Airflow keeps the log of this try (Amazon MWAA).

    Airflow's CloudWatch handler reads exactly this stream (cloudwatch_task_handler.py,
    ``get_cloudwatch_logs``), so container logs become events in it. The group is one of the
    stack's own account and region. ``stream`` is CloudWatch's: up to 512 characters without
    ``:`` and ``*`` (API reference, CreateLogStream).
    """

    group: Annotated[str, Meta(pattern=r"^[.\-_/#A-Za-z0-9]{1,512}\Z")]
    stream: Annotated[str, Meta(pattern=r"^[^:*\x00-\x1f\ud800-\udfff]{1,512}\Z")]


LogTarget = S3LogTarget | CloudWatchLogTarget


class FailurePolicy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What Jetbridge itself does if the platform, and not the job, has ended a launch.

    Attributes:
        infra_retries: how many launches may be replaced for that reason.
        spot_fall_back: after a Spot interruption, or when Spot has no capacity, a run on
            ``FARGATE_SPOT`` continues on ``FARGATE``.
    """

    infra_retries: Annotated[int, Meta(ge=0, le=10)] = 2
    spot_fall_back: bool = False


class StartRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for one run of one job.

    Attributes:
        run_task: parameters of ECS RunTask, in AWS's spelling. A request has either these or
            ``submit_job``.
        submit_job: parameters of Batch SubmitJob, in AWS's spelling.
        caller: who asks for the run.
        idempotency_key: requests of one kind of caller (and one Airflow) with the same key are one
            run. Airflow, schedules and events need none.
        timeout_seconds: the run is stopped after this time; None: never.
        log_target: where the container's log is copied at the end; None: it stays in CloudWatch.
        tail_lines: how many last lines of each container the outcome has.
        last_line_as_result: if the container prints no result marker, the last line of the first
            essential container is the result, as in the stock ``EcsRunTaskOperator``.
        result_required: the caller needs the result. If the run succeeded but its result can't be
            read, the run fails. ``last_line_as_result`` implies this.
        result_container: the only container whose result or last line counts; None: any.
        deciding_container: the only container whose exit code says whether the run succeeded;
            None: every essential container does, as in ECS and in the stock operators.
        failure_policy: which failures Jetbridge handles before its caller is notified of them.
        previous: what happens to the run of an earlier try of the same Airflow task instance (DAG,
            run, task, map index): ``stop`` it and start a new one, or ``attach`` to it if it hasn't
            ended. Without effect for other callers.
        tags: merged into the tags of the ECS task or Batch job; those in ``run_task`` or
            ``submit_job`` win.
        concurrency_group: the stack's ``ConcurrencyGroups`` says how many runs of this group may
            be in progress at the same time. The others wait in the launch queue. None: there is no
            limit.
        offload_environment: container environments that exceed AWS's limits are put on S3, and
            the container gets a reference (docs/reference/contract.md, "Large environments").
        finish: how the waiting Airflow task is finished; None takes the stack's ``Finish``.
            Without effect for other callers.
        airflow: the Airflow of the caller. An Airflow sees only its own runs; ``push`` and ``rest``
            find its address under this name in the stack's secret.
        traceparent: W3C Trace Context of the caller. The containers get it as ``TRACEPARENT``,
            and the run's spans belong to that trace.
        on_finish: what the end of a run starts in Airflow, if Airflow didn't start the run.
    """

    caller: Caller
    run_task: dict[str, Any] | None = None
    submit_job: dict[str, Any] | None = None
    version: Literal[1] = 1
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    timeout_seconds: Annotated[int, Meta(ge=1)] | None = None
    log_target: LogTarget | None = None
    tail_lines: Annotated[int, Meta(ge=0, le=100)] = 10
    last_line_as_result: bool = False
    result_required: bool = False
    result_container: Text | None = None
    deciding_container: Text | None = None
    failure_policy: FailurePolicy = FailurePolicy()
    previous: Literal["stop", "attach"] = "stop"
    tags: dict[Tag, Tag] = {}
    concurrency_group: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")] | None = None
    offload_environment: bool = False
    finish: Way | None = None
    airflow: AirflowName = "default"
    # A row and a message have it only if the request has it.
    traceparent: Traceparent | UnsetType | None = UNSET
    on_finish: Annotated[list[OnFinish], Meta(max_length=10)] = []

    @property
    def backend(self) -> Literal["ecs", "batch"]:
        return "ecs" if self.run_task is not None else "batch"

    @property
    def parameters(self) -> dict[str, Any]:
        """The RunTask or SubmitJob parameters as the caller gave them."""
        return self.run_task if self.run_task is not None else self.submit_job or {}

    @property
    def key(self) -> str:
        """The idempotency key. Two requests with the same key are one run.

        Raises:
            ContractError: there is no key, and the caller is of a kind that must give one.
        """
        if self.idempotency_key is not None:
            return own_key(kind_of(self.caller), self.idempotency_key, self.airflow)
        caller = self.caller
        if isinstance(caller, AirflowCaller):
            return named(caller, self.airflow).key
        key = caller.key
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
        attached: an earlier try started the run, and this try continues it.
        warnings: one sentence for each thing that was accepted and should be changed.
    """

    run_id: str
    duplicate: bool
    outcomes_table: str
    stop_function: str
    region: str
    attached: bool = False
    warnings: list[str] = []
    version: Literal[1] = 1
