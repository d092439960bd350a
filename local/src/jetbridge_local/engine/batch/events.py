"""State-change events of jobs.

Shape: AWS Batch user guide, batch_job_events.html: like DescribeJobs, with the job's ARN among its
tags, and without a version.
"""

from ..events import EventEmitter
from .job import Job

DETAIL_TYPE = "Batch Job State Change"


def emit_state_change(emitter: EventEmitter, job: Job) -> None:
    """Send the job's present record. The engine's lock is held."""
    detail = job.describe()
    arn = job.record["jobArn"]
    detail["tags"] = {"resourceArn": arn} | detail["tags"]
    emitter.emit(DETAIL_TYPE, arn, detail)
