"""AWS Batch: SubmitJob and what belongs to it."""

from typing import Any

from jetbridge.backends.calls import call
from jetbridge.backends.port import LaunchRefused
from jetbridge.domain.changes import Record
from jetbridge.domain.names import LaunchName
from jetbridge.domain.run import Definition, LogSource

# AWS Batch user guide, "Using the awslogs log driver": the group when none is configured.
DEFAULT_LOG_GROUP = "/aws/batch/job"


class BatchBackend:
    """``Backend`` on AWS Batch."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def resolve(self, parameters: dict[str, Any]) -> Definition:
        definition = self._describe_definition(str(parameters["jobDefinition"]))
        return Definition(arn=definition["jobDefinitionArn"], log_sources=_log_sources(definition))

    def launch(self, name: LaunchName, parameters: dict[str, Any], definition: Definition) -> str:
        """SubmitJob, which has no idempotency token: the job's name carries ours."""
        ours = {
            "jobName": name.job_name(parameters["jobName"]),
            "jobDefinition": definition.arn,
        }
        return str(call(self._client, "submit_job", **(parameters | ours))["jobId"])

    def find(self, name: LaunchName, parameters: dict[str, Any]) -> str | None:
        """ListJobs by name, whatever the status; its pages may be empty before the last."""
        filters = {
            "jobQueue": parameters["jobQueue"],
            "filters": [{"name": "JOB_NAME", "values": [name.job_name(parameters["jobName"])]}],
        }
        token: dict[str, str] = {}
        while True:
            answer = call(self._client, "list_jobs", **filters, **token)
            for job in answer["jobSummaryList"]:
                return str(job["jobId"])
            if not answer.get("nextToken"):
                return None
            token = {"nextToken": answer["nextToken"]}

    def stop(self, backend_id: str, parameters: dict[str, Any], reason: str) -> None:
        """TerminateJob, which also cancels a job that hasn't started yet."""
        call(self._client, "terminate_job", jobId=backend_id, reason=reason)

    def describe(self, place: str, backend_ids: list[str]) -> list[Record]:
        jobs: list[Record] = call(self._client, "describe_jobs", jobs=backend_ids)["jobs"]
        return jobs

    def _describe_definition(self, reference: str) -> dict[str, Any]:
        """The definition behind ``name``, ``name:revision`` or an ARN; the newest active one."""
        if reference.startswith("arn:") or ":" in reference:
            answer = call(self._client, "describe_job_definitions", jobDefinitions=[reference])
        else:
            answer = call(
                self._client,
                "describe_job_definitions",
                jobDefinitionName=reference,
                status="ACTIVE",
            )
        found = answer["jobDefinitions"]
        if not found:
            raise LaunchRefused("ClientException", f"Job definition {reference} does not exist")
        newest: dict[str, Any] = max(found, key=lambda definition: definition["revision"])
        return newest


def _log_sources(definition: dict[str, Any]) -> list[LogSource]:
    containers = [("default", definition.get("containerProperties") or {})]
    for task in (definition.get("ecsProperties") or {}).get("taskProperties", []):
        containers = [(item.get("name", "default"), item) for item in task.get("containers", [])]
    return [_log_source(name, container) for name, container in containers]


def _log_source(name: str, container: dict[str, Any]) -> LogSource:
    configuration = container.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    driver = configuration.get("logDriver", "awslogs")
    group = options.get("awslogs-group", DEFAULT_LOG_GROUP)
    return LogSource(
        container=name,
        driver=driver,
        essential=container.get("essential", True),
        group=group if driver == "awslogs" else None,
        region=options.get("awslogs-region"),
    )
