"""SubmitJob: its checks, and the jobs that it makes.

Sources: API_SubmitJob, API_ContainerOverrides; AWS Batch user guide, array_jobs.html and
job_definition_parameters.html (parameter substitution).
"""

import copy
import itertools
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from ..containers.definition import name_values, pairs
from ..events import milliseconds
from . import limits
from .arns import Arns, check_name
from .errors import client_error
from .job import Dependency, Job
from .multi_node import bounds, check_properties, node_environment, range_of
from .pods import overridden
from .requirements import check_fargate_size, requirements

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_.-]+)")
_ELSEWHERE = ("ecsPropertiesOverride",)


class Submission:
    """A SubmitJob request, with the definition, the queue and the jobs that it names."""

    def __init__(
        self,
        parameters: dict[str, Any],
        definition: dict[str, Any],
        queue: dict[str, Any],
        jobs: Mapping[str, Job],
        arns: Arns,
    ) -> None:
        self._parameters = parameters
        self._definition = definition
        self._queue = queue
        self._jobs = jobs
        self._arns = arns
        self._size: int | None = parameters.get("arrayProperties", {}).get("size")

    def job(self) -> Job:
        """The new job, in SUBMITTED, with its children. Raises AwsError."""
        self._check()
        job_id = str(uuid.uuid4())
        if "nodeProperties" in self._definition:
            job = self._nodes(job_id)
            self._depend(job)
            return job
        container = self._what_runs()
        job = self._make(job_id, container)
        if self._size:
            job.record["arrayProperties"] = {"size": self._size}
            for index in range(self._size):
                child = self._make(f"{job_id}:{index}", container)
                child.record["arrayProperties"] = {"index": index, "statusSummary": {}}
                child.record["dependsOn"] = []
                job.children.append(child)
        self._depend(job)
        return job

    def _check(self) -> None:
        parameters = self._parameters
        limits.check_request_size(parameters)
        check_name(parameters["jobName"], "Job name")
        if self._queue["state"] != "ENABLED":
            raise client_error(f"Job Queue {self._queue['jobQueueArn']} is not in ENABLED state")
        for member in _ELSEWHERE:
            if member in parameters:
                raise client_error(f"{member}: the local AWS Batch has no such jobs.")
        limits.check_retry_strategy(parameters.get("retryStrategy"))
        limits.check_timeout(parameters.get("timeout"))
        if "arrayProperties" in parameters and not (
            limits.SMALLEST_ARRAY <= (self._size or 0) <= limits.LARGEST_ARRAY
        ):
            raise client_error(
                f"Array size must be between {limits.SMALLEST_ARRAY} and {limits.LARGEST_ARRAY}, "
                f"not {self._size}."
            )
        if len(parameters.get("dependsOn", [])) > limits.MOST_DEPENDENCIES:
            raise client_error(f"A job can have at most {limits.MOST_DEPENDENCIES} dependencies.")

    def _what_runs(self) -> dict[str, Any]:
        """The members of the record that describe the container or pod."""
        if "eksProperties" in self._definition:
            override = self._parameters.get("eksPropertiesOverride", {})
            pod = overridden(self._definition["eksProperties"], override, self._values())
            return {"eksProperties": pod, "eksAttempts": []}
        overrides = self._parameters.get("containerOverrides", {})
        return {"container": self._container(self._definition["containerProperties"], overrides)}

    def _nodes(self, job_id: str) -> Job:
        """A multi-node job with its nodes. Raises AwsError."""
        if (self._parameters.get("retryStrategy") or {}).get("attempts", 1) > 1:
            raise client_error("retryStrategy: the local AWS Batch tries no multi-node job again.")
        overrides = self._parameters.get("nodeOverrides", {})
        properties = copy.deepcopy(self._definition["nodeProperties"])
        nodes = overrides.get("numNodes", properties["numNodes"])
        properties["numNodes"] = nodes
        check_properties(properties)
        job = self._make(job_id, {"nodeProperties": properties})
        for index in range(nodes):
            changes: dict[str, Any] = {}
            for each in overrides.get("nodePropertyOverrides", []):
                first, last = bounds(each["targetNodes"], nodes)
                if first <= index <= last:
                    changes |= each.get("containerOverrides", {})
            container = range_of(properties, index, nodes)["container"]
            node = self._make(
                f"{job_id}#{index}", {"container": self._container(container, changes)}
            )
            main = properties["mainNode"]
            node.record["nodeDetails"] = {"nodeIndex": index, "isMainNode": index == main}
            node.record["dependsOn"] = []
            node.node_environment = node_environment(index, main, nodes)
            job.children.append(node)
        return job

    def _container(self, defined: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
        """A definition's container after the request's overrides and parameters are applied."""
        container: dict[str, Any] = copy.deepcopy(defined)
        if overrides.get("command"):
            container["command"] = overrides["command"]
        environment = pairs(container["environment"]) | pairs(overrides.get("environment"))
        container["environment"] = name_values(environment)
        _override_requirements(container, overrides)
        if "FARGATE" in self._definition["platformCapabilities"]:
            check_fargate_size(requirements(container))
        values = self._values()
        container["command"] = [
            _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), part)
            for part in container["command"]
        ]
        container["networkInterfaces"] = []
        return container

    def _values(self) -> dict[str, str]:
        return {**self._definition["parameters"], **self._parameters.get("parameters", {})}

    def _make(self, job_id: str, runs: dict[str, Any]) -> Job:
        parameters, definition = self._parameters, self._definition
        strategy = parameters.get("retryStrategy") or definition["retryStrategy"]
        record: dict[str, Any] = {
            "jobArn": self._arns.job(job_id),
            "jobName": parameters["jobName"],
            "jobId": job_id,
            "jobQueue": self._queue["jobQueueArn"],
            "status": "SUBMITTED",
            "attempts": [],
            "createdAt": milliseconds(time.time()),
            "retryStrategy": limits.full_retry_strategy(strategy),
            "dependsOn": parameters.get("dependsOn", []),
            "jobDefinition": definition["jobDefinitionArn"],
            "parameters": self._values(),
            **copy.deepcopy(runs),
            "propagateTags": parameters.get(
                "propagateTags", definition.get("propagateTags", False)
            ),
            "platformCapabilities": definition["platformCapabilities"],
        }
        if timeout := parameters.get("timeout") or definition.get("timeout"):
            record["timeout"] = timeout
        for member in ("shareIdentifier", "schedulingPriorityOverride"):
            if member in parameters:
                record[member.removesuffix("Override")] = parameters[member]
        inherited = definition["tags"] if record["propagateTags"] else {}
        return Job(record, inherited | parameters.get("tags", {}))

    def _depend(self, job: Job) -> None:
        for dependency in self._parameters.get("dependsOn", []):
            kind = dependency.get("type")
            if kind == "SEQUENTIAL":
                self._depend_in_sequence(job)
                continue
            other = self._jobs.get(dependency.get("jobId", ""))
            if other is None:
                raise client_error(f"Job dependency {dependency.get('jobId')} not found.")
            if kind == "N_TO_N":
                _depend_one_by_one(job, other)
            else:
                job.dependencies.append(Dependency(other))

    def _depend_in_sequence(self, job: Job) -> None:
        if not job.is_array:
            raise client_error("A SEQUENTIAL dependency is for array jobs only.")
        for earlier, later in itertools.pairwise(job.children):
            _depend(later, earlier)


def _depend_one_by_one(job: Job, other: Job) -> None:
    if len(job.children) != len(other.children) or not (job.is_array and other.is_array):
        raise client_error("An N_TO_N dependency needs two array jobs of the same size.")
    for child, counterpart in zip(job.children, other.children, strict=True):
        _depend(child, counterpart)


def _depend(child: Job, other: Job) -> None:
    child.dependencies.append(Dependency(other))
    child.record["dependsOn"].append({"jobId": other.job_id})


def _override_requirements(container: dict[str, Any], overrides: dict[str, Any]) -> None:
    new = {r["type"]: r for r in overrides.get("resourceRequirements", [])}
    for member, kind in (("vcpus", "VCPU"), ("memory", "MEMORY")):
        if member in overrides:
            new[kind] = {"type": kind, "value": str(overrides[member])}
        if kind in new:
            container.pop(member, None)
    old = {r["type"]: r for r in container["resourceRequirements"]}
    container["resourceRequirements"] = list((old | new).values())
