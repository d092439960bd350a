"""Children of array jobs and nodes of multi-node jobs: their names, and which of them are shown."""

from collections.abc import Mapping

from jetbridge.aws.records import Fields, Record
from jetbridge.logs.run_streams import log_streams
from jetbridge.runs.run import Run

# Of an array job: the children from 0 on, and those that failed.
FIRST_CHILDREN = 10
FAILED_CHILDREN = 20
# Of a multi-node job, from node 0 on.
NODES = 20


def array_size(run: Run) -> int:
    """How many children the run's array job has; 0: it isn't an array job."""
    properties = run.request.parameters.get("arrayProperties") or {}
    return int(properties.get("size") or 0) if run.backend == "batch" else 0


def member_name(job_id: str) -> str:
    """``child-0003``, ``node-0001``; "" of another job.

    Children are ``<job id>:<index>``, nodes ``<job id>#<index>`` (AWS Batch user guide).
    """
    for mark, kind in ((":", "child"), ("#", "node")):
        _, found, index = job_id.partition(mark)
        if found and index.isdecimal():
            return f"{kind}-{int(index):04}"
    return ""


def node_count(run: Run, records: Mapping[str, Record]) -> int:
    """How many nodes the run's multi-node job has; 0: it isn't one, or the number isn't known."""
    if run.ending is not None and run.ending.nodes:
        return run.ending.nodes
    record = Fields(records.get(run.backend_id or ""))
    return record.part("nodeProperties").integer("numNodes") or 0


def members_of(records: Mapping[str, Record]) -> dict[str, str]:
    """Children and nodes by job id."""
    return {job_id: member for job_id in records if (member := member_name(job_id))}


def other_members(run: Run, records: Mapping[str, Record], size: int, shown: int) -> str:
    """Says how many members the job has, and which of them aren't shown."""
    if not array_size(run):
        own = " The main node's is, too." if not shown and log_streams(run, "") else ""
        return f"The job has {size} nodes; the logs of {shown} are shown here.{own}"
    summary = Fields(records.get(run.backend_id or "")).part("arrayProperties")
    counted = summary.part("statusSummary").integer("FAILED")
    failed = "an unknown number" if counted is None else counted
    groups = {source.group for source in run.definition.log_sources} if run.definition else set()
    where = ", ".join(sorted(group for group in groups if group))
    return (
        f"The array job has {size} children, of which {failed} failed; the logs of {shown} are "
        f"shown here: of the first {FIRST_CHILDREN}, and of up to {FAILED_CHILDREN} that failed. "
        f"The others are in the log group {where}."
    )
