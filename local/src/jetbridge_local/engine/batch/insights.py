"""What Container Insights reports about a job's attempt."""

from typing import Any

from .job import Job
from .requirements import requirements

_CPU_UNITS = 1024


def insights_facts(job: Job, task_arn: str) -> dict[str, Any]:
    """What Container Insights reports about an attempt's ECS task, apart from its use of CPU and
    memory."""
    record = job.record
    sizes = requirements(record["container"])
    _, _, _, region, account, *_ = task_arn.split(":")
    return {
        "TaskDefinitionFamily": record["jobDefinition"].rsplit("/", 1)[-1].partition(":")[0],
        "AccountID": account,
        "Region": region,
        "KnownStatus": "RUNNING",
        "LaunchType": "FARGATE" if "FARGATE" in record["platformCapabilities"] else "EC2",
        "StartedAt": record["startedAt"],
        "CpuReserved": sizes["VCPU"] * _CPU_UNITS,
        "MemoryReserved": int(sizes["MEMORY"]),
    }
