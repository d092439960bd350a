"""AWS Batch: SubmitJob and what belongs to it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jetbridge.aws.batches import batches
from jetbridge.aws.records import Fields, Record
from jetbridge.backends.log_sources import job_log_sources
from jetbridge.backends.port import LaunchRefused, NoDefinition, Throttled, Unanswered
from jetbridge.backends.refusals import call, pages
from jetbridge.backends.stops import each_by_itself
from jetbridge.runs.names import LaunchName, last_segment
from jetbridge.runs.run import Definition

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

# DescribeJobs takes up to 100 (API reference).
DESCRIBED_AT_ONCE = 100
# TerminateJobs takes up to 50 of one queue (API reference).
STOPPED_AT_ONCE = 50
# In the order in which a job goes through them: a job that moves on during the listing is seen
# twice, and never missed.
_LIVING = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")


class BatchBackend:
    """``Backend`` on AWS Batch."""

    def __init__(self, client: "BatchClient") -> None:
        self._client = client

    def resolve(self, parameters: dict[str, Any]) -> Definition:
        definition = self._describe_definition(str(parameters["jobDefinition"]))
        sources = job_log_sources(definition)
        return Definition(
            arn=definition["jobDefinitionArn"],
            log_sources=sources,
            timeout_seconds=definition.get("timeout", {}).get("attemptDurationSeconds"),
        )

    def launch(self, name: LaunchName, parameters: dict[str, Any], definition: Definition) -> str:
        """SubmitJob. It has no idempotency token, so the job's name carries ours."""
        ours = {
            "jobName": name.job_name(parameters["jobName"]),
            "jobDefinition": definition.arn,
        }
        return str(call(self._client.submit_job, **(parameters | ours))["jobId"])

    def find(self, name: LaunchName, parameters: dict[str, Any]) -> str | None:
        """ListJobs by name, whatever the status; its pages may be empty before the last."""
        filters = {
            "jobQueue": parameters["jobQueue"],
            "filters": [{"name": "JOB_NAME", "values": [name.job_name(parameters["jobName"])]}],
        }
        for page in pages(self._client.list_jobs, **filters):
            for job in page["jobSummaryList"]:
                return str(job["jobId"])
        return None

    def stop(self, backend_id: str, parameters: dict[str, Any], reason: str) -> None:
        """TerminateJob, which also cancels a job that hasn't started yet."""
        call(self._client.terminate_job, jobId=backend_id, reason=reason)

    def stop_all(self, stops: Mapping[str, dict[str, Any]], reason: str) -> dict[str, Exception]:
        """TerminateJobs, once for up to 50 jobs of a queue."""
        queues: dict[str, list[str]] = {}
        for job_id, parameters in stops.items():
            queues.setdefault(str(parameters.get("jobQueue")), []).append(job_id)
        errors: dict[str, Exception] = {}
        for job_ids in queues.values():
            for some in batches(job_ids, STOPPED_AT_ONCE):
                errors |= self._stop_some(some, stops, reason)
        return errors

    def _stop_some(
        self, job_ids: Sequence[str], stops: Mapping[str, dict[str, Any]], reason: str
    ) -> dict[str, Exception]:
        if len(job_ids) > 1:
            try:
                return self._terminate(job_ids, reason)
            except (Throttled, Unanswered) as error:
                return dict.fromkeys(job_ids, error)
            except Exception:  # nosec B110 # each job says by itself what is wrong
                # One may be the reason, or a region doesn't have the operation.
                pass
        return each_by_itself(self.stop, {one: stops[one] for one in job_ids}, reason)

    def _terminate(self, job_ids: Sequence[str], reason: str) -> dict[str, Exception]:
        """The answer has HTTP status 200 although it names jobs that couldn't be terminated. A job
        that doesn't exist counts as terminated (API reference, TerminateJobs)."""
        answer = call(self._client.terminate_jobs, jobs=list(job_ids), reason=reason)
        errors: dict[str, Exception] = {
            each["job"]: _not_terminated(each.get("code", ""), each.get("message", ""))
            for each in answer.get("errors", [])
        }
        answered = {*answer.get("successful", []), *errors}
        unanswered = [one for one in job_ids if one not in answered]
        return errors | {
            one: Unanswered(f"TerminateJobs says nothing of {one}") for one in unanswered
        }

    def describe(self, place: str, backend_ids: list[str]) -> list[Record]:
        jobs: list[Any] = call(self._client.describe_jobs, jobs=backend_ids)["jobs"]
        return jobs

    def living(self, place: str, prefix: str) -> Iterator[list[Record]]:
        """ListJobs, once for each status that isn't an end. With a filter by name, ListJobs would
        also list jobs that have ended (API reference)."""
        for status in _LIVING:
            for page in pages(self._client.list_jobs, jobQueue=place, jobStatus=status):
                ours = [
                    job["jobId"]
                    for job in page["jobSummaryList"]
                    if Fields(job).name("jobName").startswith(prefix)
                ]
                for some in batches(ours, DESCRIBED_AT_ONCE):
                    yield self.describe(place, list(some))

    def places(self) -> list[str]:
        found = pages(self._client.describe_job_queues)
        return [queue["jobQueueArn"] for page in found for queue in page["jobQueues"]]

    def _describe_definition(self, reference: str) -> dict[str, Any]:
        """The definition behind a name or ARN, with or without a revision; without one, the newest
        active definition.

        SubmitJob takes all four, DescribeJobDefinitions finds no ARN without a revision (API
        references; aws/aws-sdk#94).
        """
        name, _, revision = last_segment(reference).partition(":")
        asked: dict[str, Any] = {"jobDefinitionName": name, "status": "ACTIVE"}
        if revision:
            asked = {"jobDefinitions": [reference]}
        # A page has 100 at most, in no promised order (API reference).
        answers = pages(self._client.describe_job_definitions, **asked)
        found = [
            definition
            for answer in answers
            for definition in answer["jobDefinitions"]
            if revision or _is_of(definition, reference)
        ]
        if not found:
            raise NoDefinition("ClientException", f"Job definition {reference} does not exist")
        newest: Any = max(found, key=lambda definition: definition["revision"])
        return dict(newest)


def _is_of(definition: Any, reference: str) -> bool:
    """Whether a definition is one of this name or ARN. An ARN may be another region's."""
    named = definition["jobDefinitionArn"].rpartition(":")[0]
    return not reference.startswith("arn:") or named == reference


def _not_terminated(code: str, message: str) -> Exception:
    """The codes of one job's error (API reference, TerminateJobsErrorDetail)."""
    if code == "ThrottlingException":
        return Throttled(message)
    if code == "ServerException":
        return Unanswered(message)
    return LaunchRefused(code, message)
