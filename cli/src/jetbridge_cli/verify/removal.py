"""Removes everything that a verification made, in whatever state it is.

It finds the stacks and resources by their tag and names. So another process can clean up after a
killed one.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.problems import in_words
from jetbridge_cli.verify.formation import Formation, all_stacks
from jetbridge_cli.verify.launches import task_arns
from jetbridge_cli.verify.names import TAG, Names
from jetbridge_cli.verify.patience import Patience

_REASON = "jetbridge verify removes what it made"
# The most keys in one DeleteObjects (API reference).
_KEYS = 1_000
_UNFINISHED_JOBS = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
_GONE = "DELETE_COMPLETE"
_FAILED = "DELETE_FAILED"
_TRIES = 3


@dataclass(frozen=True)
class Removal:
    """Attributes:
    tell: is called with one sentence about each step.
    settle_seconds: how long to wait for late log lines.
    """

    aws: Aws
    names: Names
    patience: Patience
    tell: Callable[[str], object]
    settle_seconds: float = 15.0

    def __call__(self) -> list[str]:
        """Remove everything. Returns one text for each thing that could not be removed.

        First Jetbridge is removed, so that nothing starts containers any more. Then the containers
        are stopped, and then the rest is removed. An error in one step doesn't stop the other
        steps.
        """
        try:
            stacks = {each["StackName"]: each["StackId"] for each in self._formation.living()}
        except (BotoCoreError, ClientError) as error:
            return [in_words(error)]
        names = self.names
        steps: list[Callable[[], list[str]]] = [
            lambda: self._remove_stacks(stacks, names.starts, names.jetbridge, names.second),
            lambda: self._end_containers(stacks.values()),
            lambda: self._empty_bucket(stacks),
            lambda: self._remove_stacks(stacks, names.extras, names.quickstart),
            self._remove_log_groups,
        ]
        return [left for step in steps for left in _left(step)]

    @property
    def _formation(self) -> Formation:
        return Formation(self.aws, self.names)

    def _remove_stacks(self, stacks: Mapping[str, str], *names: str) -> list[str]:
        """Remove the stacks. Tries each three times, because AWS needs some time to release network
        interfaces."""
        stack_ids = [stacks[name] for name in names if name in stacks]
        waiting = dict.fromkeys(stack_ids, _TRIES)
        for stack_id in stack_ids:
            self.tell(f"removing the stack {stack_id.split('/')[1]}")
            self._formation.remove(stack_id)
        left: list[str] = []

        def all_gone() -> bool:
            for stack_id in list(waiting):
                status = self._formation.status(stack_id)
                if status == _GONE:
                    del waiting[stack_id]
                elif status == _FAILED:
                    waiting[stack_id] -= 1
                    if waiting[stack_id]:
                        self._formation.remove(stack_id)
                        continue
                    del waiting[stack_id]
                    left.append(f"stack {stack_id}: {self._why(stack_id)}")
            return not waiting

        self.patience.until(all_gone, "the end of the stacks")
        return left

    def _why(self, stack_id: str) -> str:
        kept = [f"{kind} {name}" for kind, name in self._formation.resources(stack_id)]
        return f"{_FAILED}, with {', '.join(kept)}"

    def _end_containers(self, stack_ids: Iterable[str]) -> list[str]:
        resources = [each for stack_id in stack_ids for each in self._formation.resources(stack_id)]
        clusters = [name for kind, name in resources if kind == "AWS::ECS::Cluster" and name]
        queues = [name for kind, name in resources if kind == "AWS::Batch::JobQueue" and name]
        if clusters or queues:
            self.tell("ending what still runs")

        def all_ended() -> bool:
            return not (self._stop_tasks(clusters) + self._terminate_jobs(queues))

        self.patience.until(all_ended, "the end of all containers")
        return []

    def _stop_tasks(self, clusters: list[str]) -> int:
        """Stop the cluster's tasks, and return how many were still running."""
        tasks = [
            (cluster, arn)
            for cluster in clusters
            for arn in task_arns(self.aws.ecs, cluster, stopped=False)
        ]
        for cluster, arn in tasks:
            self.aws.ecs.stop_task(cluster=cluster, task=arn, reason=_REASON)
        return len(tasks)

    def _terminate_jobs(self, queues: list[str]) -> int:
        jobs = [
            job["jobId"]
            for queue in queues
            for status in _UNFINISHED_JOBS
            for page in self.aws.batch.get_paginator("list_jobs").paginate(
                jobQueue=queue,
                jobStatus=status,  # type: ignore[arg-type]
            )
            for job in page["jobSummaryList"]
        ]
        for job_id in jobs:
            self.aws.batch.terminate_job(jobId=job_id, reason=_REASON)
        return len(jobs)

    def _empty_bucket(self, stacks: Mapping[str, str]) -> list[str]:
        if self.names.quickstart not in stacks:
            return []
        for kind, bucket in self._formation.resources(stacks[self.names.quickstart]):
            if kind != "AWS::S3::Bucket" or not bucket:
                continue
            self.tell(f"emptying the bucket {bucket}")
            for page in self.aws.s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, PaginationConfig={"PageSize": _KEYS}
            ):
                keys: Any = [{"Key": each["Key"]} for each in page.get("Contents", [])]
                if keys:
                    self.aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
        return []

    def _remove_log_groups(self) -> list[str]:
        """Remove the log groups.

        A function's last lines may arrive after its group was removed, and create it again. So this
        looks again until no group has appeared for some time.
        """
        quiet_since = time.monotonic()

        def settled() -> bool:
            nonlocal quiet_since
            for group in log_groups(self.aws, self.names):
                self.tell(f"removing the log group {group}")
                self.aws.logs.delete_log_group(logGroupName=group)
                quiet_since = time.monotonic()
            return time.monotonic() - quiet_since >= self.settle_seconds

        self.patience.until(settled, "the end of the log groups")
        return []


def log_groups(aws: Aws, names: Names) -> list[str]:
    """The log groups of the verification's functions and containers."""
    prefixes = (f"/aws/lambda/{names.name}-", f"/{names.quickstart}/")
    return [
        group["logGroupName"]
        for prefix in prefixes
        for page in aws.logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=prefix
        )
        for group in page["logGroups"]
    ]


def unremoved(aws: Aws) -> list[str]:
    """The names of all verifications that have stacks in the account and region."""
    tags = [
        tag["Value"]
        for stack in all_stacks(aws.cloudformation)
        for tag in stack.get("Tags", [])
        if tag["Key"] == TAG
    ]
    return sorted(set(tags))


def _left(step: Callable[[], list[str]]) -> list[str]:
    """Do a step, and return what it leaves. An error is added as another text, so that the other
    steps still run."""
    try:
        return step()
    except (BotoCoreError, ClientError) as error:
        return [in_words(error)]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
