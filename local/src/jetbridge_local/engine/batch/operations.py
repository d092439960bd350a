"""AWS Batch's operations. The engine's lock is held in each of them."""

import time
from collections.abc import Callable
from typing import Any

from ..config import EngineConfig
from ..events import milliseconds
from ..throttle import TokenBucket
from . import limits
from .arns import Arns
from .definitions import JobDefinitions
from .environments import ComputeEnvironments
from .errors import client_error, too_many_requests
from .job import Job
from .listing import list_jobs
from .queues import JobQueues
from .submission import Submission
from .tags import Tags


class BatchOperations:
    """The operations. ``submitted`` receives each job that an operation made, ``terminated`` each
    that it asked to end. ``capacity_changed`` is called when there may be more room for jobs."""

    def __init__(
        self,
        config: EngineConfig,
        submitted: Callable[[Job], None],
        terminated: Callable[[Job], None],
        capacity_changed: Callable[[], None],
    ) -> None:
        self._retention_ms = milliseconds(config.ended_job_retention_seconds)
        self._calls = TokenBucket(
            config.limits.submit_job_per_second, config.limits.submit_job_burst
        )
        self._submitted = submitted
        self._terminated = terminated
        self._arns = Arns(config.account, config.region)
        self._environments = ComputeEnvironments(self._arns, capacity_changed)
        self.queues = JobQueues(self._arns, self._environments, capacity_changed)
        self._definitions = JobDefinitions(self._arns)
        self._jobs: dict[str, Job] = {}
        self._tags = Tags(self._environments, self.queues, self._definitions, self._jobs)

    def table(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """The operations by name."""
        return {
            "CreateComputeEnvironment": self._environments.create,
            "DescribeComputeEnvironments": self._environments.describe,
            "UpdateComputeEnvironment": self._environments.update,
            "DeleteComputeEnvironment": self._delete_environment,
            "CreateJobQueue": self.queues.create,
            "DescribeJobQueues": self.queues.describe,
            "UpdateJobQueue": self.queues.update,
            "DeleteJobQueue": self._delete_queue,
            "RegisterJobDefinition": self._definitions.register,
            "DescribeJobDefinitions": self._definitions.describe,
            "DeregisterJobDefinition": self._deregister,
            "SubmitJob": self._submit,
            "DescribeJobs": self._describe_jobs,
            "ListJobs": self._list_jobs,
            "TerminateJob": self._terminate,
            "TerminateJobs": self._terminate_all,
            "CancelJob": self._cancel,
            "TagResource": self._tags.tag,
            "UntagResource": self._tags.untag,
            "ListTagsForResource": self._tags.list,
        }

    def jobs(self) -> list[Job]:
        """The jobs, without nodes and children of arrays."""
        return [job for job in self._jobs.values() if not job.is_member]

    def forget_old(self) -> None:
        """Forget the jobs that ended longest ago. The jobs are checked in order of submission."""
        horizon = milliseconds(time.time()) - self._retention_ms
        while self._jobs:
            job = next(iter(self._jobs.values()))
            if not job.is_ended or job.record["stoppedAt"] >= horizon:
                return
            for one in (job, *job.children):
                self._jobs.pop(one.job_id, None)

    def _submit(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if not self._calls.take():
            raise too_many_requests()
        queue = self.queues.require(parameters["jobQueue"])
        definition = self._definitions.require_active(parameters["jobDefinition"])
        job = Submission(parameters, definition, queue, self._jobs, self._arns).job()
        for one in (job, *job.children):
            self._jobs[one.job_id] = one
        self._submitted(job)
        return {member: job.record[member] for member in ("jobArn", "jobName", "jobId")}

    def _describe_jobs(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if len(parameters["jobs"]) > limits.MOST_DESCRIBED:
            raise client_error(f"jobs can have at most {limits.MOST_DESCRIBED} job IDs.")
        found = (self._jobs.get(job_id) for job_id in parameters["jobs"])
        return {"jobs": [job.describe() for job in found if job]}

    def _list_jobs(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return list_jobs(parameters, self._jobs, self.queues)

    def _terminate(self, parameters: dict[str, Any]) -> dict[str, Any]:
        job = self._require(parameters["jobId"])
        for one in (job, *job.children):
            self._end(one, parameters["reason"], "isTerminated")
        return {}

    def _terminate_all(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Jobs that aren't there count as terminated (API reference, TerminateJobs)."""
        job_ids = parameters["jobs"]
        if len(job_ids) > limits.MOST_TERMINATED:
            raise client_error(f"jobs can have at most {limits.MOST_TERMINATED} job IDs.")
        for job_id in job_ids:
            if job_id in self._jobs:
                self._terminate({"jobId": job_id, "reason": parameters["reason"]})
        return {"successful": job_ids, "errors": []}

    def _cancel(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Cancel a job that hasn't started. For a job in STARTING or RUNNING the call succeeds but
        has no effect."""
        job = self._require(parameters["jobId"])
        waiting = [one for one in (job, *job.children) if one.is_before_start]
        if job.children and any(child not in waiting for child in job.children):
            waiting = [one for one in waiting if one is not job]
        for one in waiting:
            self._end(one, parameters["reason"], "isCancelled")
        return {}

    def _end(self, job: Job, reason: str, flag: str) -> None:
        if job.request_termination(reason):
            job.record[flag] = True
            self._terminated(job)

    def _require(self, job_id: str) -> Job:
        if job := self._jobs.get(job_id):
            return job
        raise client_error(f"Job {job_id} not found.")

    def _deregister(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._definitions.deregister(parameters["jobDefinition"])

    def _delete_queue(self, parameters: dict[str, Any]) -> dict[str, Any]:
        arn = self.queues.delete(parameters["jobQueue"])
        for job in list(self._jobs.values()):
            if job.record["jobQueue"] == arn:
                self._end(job, "Job queue deleted", "isTerminated")
        return {}

    def _delete_environment(self, parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters["computeEnvironment"]
        environment = self._environments.find(name)
        if environment is None:
            return {}
        if self.queues.uses(environment["computeEnvironmentArn"]):
            raise client_error("Cannot delete, found existing JobQueue relationship")
        self._environments.delete(name)
        return {}
