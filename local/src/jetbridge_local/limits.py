"""How much ECS, AWS Batch and Lambda accept, as AWS limits an account in a region."""

import math
from dataclasses import dataclass, fields


class LimitError(ValueError):
    """A limit can't be used; the text names it and says what it must be."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """AWS's defaults; a test or a benchmark gives others.

    ``run_task_per_second`` and ``run_task_burst``: calls of RunTask, failed ones, too.
    ``fargate_per_second`` and ``fargate_burst``: tasks that they launch. ``submit_job_per_second``
    and ``submit_job_burst``: calls of SubmitJob. ``cluster_read_per_second`` and
    ``cluster_read_burst``: calls of DescribeTasks and ListTasks together.
    ``fargate_capacity_tasks``: how many ECS tasks may live at once; RunTask answers with a failure
    for each one more. ``disguised_throttling``: RunTask says under InvalidParameterException that
    EC2 throttles it, as it has been seen to do (dagster-io/dagster#33439,
    dask/dask-cloudprovider#56).
    ``concurrent_executions``: how many functions may run at once; None: as many as this machine
    bears, AWS's 1,000 at most. A new account may have ten.

    Sources: Amazon ECS developer guide, "AWS Fargate throttling quotas" (RunTask: 20 calls a
    second, burst and sustained; tasks: burst 100, sustained 20); "Request throttling for the Amazon
    ECS API" (cluster read actions: burst 100, sustained 20); AWS Batch user guide, "Service quotas"
    (SubmitJob: 50 a second); AWS Lambda developer guide, "Lambda quotas".
    """

    run_task_per_second: float = 20.0
    run_task_burst: int = 20
    fargate_per_second: float = 20.0
    fargate_burst: int = 100
    submit_job_per_second: float = 50.0
    submit_job_burst: int = 50
    cluster_read_per_second: float = 20.0
    cluster_read_burst: int = 100
    fargate_capacity_tasks: int | None = None
    disguised_throttling: bool = False
    concurrent_executions: int | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name.endswith("_per_second") and not (math.isfinite(value) and value > 0):
                raise LimitError(f"{each.name}: must be over 0, not {value}")
            if each.name.endswith("_burst") and value < 1:
                raise LimitError(f"{each.name}: must be 1 or more, not {value}")
        if self.fargate_capacity_tasks is not None and self.fargate_capacity_tasks < 0:
            raise LimitError(
                f"fargate_capacity_tasks: must be 0 or more, not {self.fargate_capacity_tasks}"
            )
        if self.concurrent_executions is not None and self.concurrent_executions < 1:
            raise LimitError(
                f"concurrent_executions: must be 1 or more, not {self.concurrent_executions}"
            )

    def flags(self) -> list[str]:
        """The options of the command ``up`` that say what differs from AWS's defaults."""
        flags = []
        for each in fields(self):
            value = getattr(self, each.name)
            if value != each.default:
                name = f"--{each.name.replace('_', '-')}"
                flags += [name] if value is True else [name, str(value)]
        return flags
