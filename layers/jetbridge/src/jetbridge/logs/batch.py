"""AWS Batch's records of the jobs behind a run: array children, nodes, earlier launches."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jetbridge.aws.records import Record
from jetbridge.backends.refusals import call

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

# DescribeJobs takes up to 100 job ids (API reference).
_DESCRIBED = 100


class BatchRecords:
    """``JobRecords`` on AWS Batch, which keeps ended jobs for at least a day."""

    def __init__(self, client_of: Callable[[], "BatchClient"]) -> None:
        self._client_of = client_of

    def describe(self, job_ids: list[str]) -> dict[str, Record]:
        answer = call(self._client_of().describe_jobs, jobs=job_ids[:_DESCRIBED])
        jobs: list[Any] = answer["jobs"]
        return {job["jobId"]: job for job in jobs}

    def failed_children(self, job_id: str, most: int) -> list[str]:
        """One page of ListJobs, which has up to 100 children in no promised order."""
        answer = call(self._client_of().list_jobs, arrayJobId=job_id, jobStatus="FAILED")
        failed = [job["jobId"] for job in answer["jobSummaryList"]]
        return sorted(failed, key=_index)[:most]


def _index(job_id: str) -> int:
    index = job_id.partition(":")[2]
    return int(index) if index.isdecimal() else 0
