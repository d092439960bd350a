"""What the records of all attempts share: Batch's own environment variables, and times."""

import time

from ..events import milliseconds
from .job import Job


def own_environment(job: Job, environment: str) -> dict[str, str]:
    """The environment variables that Batch adds (AWS Batch user guide, job_env_vars.html)."""
    record = job.record
    own = {
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": str(job.attempts + 1),
        "AWS_BATCH_JQ_NAME": record["jobQueue"].rsplit("/", 1)[-1],
        "AWS_BATCH_CE_NAME": environment,
    }
    index = record.get("arrayProperties", {}).get("index")
    if index is not None:
        own["AWS_BATCH_JOB_ARRAY_INDEX"] = str(index)
    return own | job.node_environment


def times(started_at: int | None) -> dict[str, int]:
    started = {} if started_at is None else {"startedAt": started_at}
    return started | {"stoppedAt": milliseconds(time.time())}
