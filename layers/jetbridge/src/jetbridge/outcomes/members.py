"""finish_run: which children of an array job or nodes of a multi-node job failed, and how.

Batch's record of an array job has no container. That of a multi-node job has only the main node's.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from jetbridge.aws.records import Fields, Record
from jetbridge.backends.job_records import job_ends
from jetbridge.contract import State
from jetbridge.failures import Verdict
from jetbridge.logs.members import NODES, array_size, member_name
from jetbridge.logs.port import JobRecords
from jetbridge.runs.run import Run

# An outcome has room for the reasons of this many members (fitting.py). It has all exit codes.
TOLD = 20


class FailedMembers(Struct, frozen=True):
    """The failed children or nodes of a job.

    Attributes:
        exit_codes: by member, such as ``child-0003``. If a member has several containers, the
            container's name follows.
        reason: a sentence that names the failed members and their reasons; empty if there are none.
    """

    exit_codes: dict[str, int] = field(default_factory=dict)
    reason: str = ""


def failed_members(run: Run, verdict: Verdict, jobs: JobRecords | None) -> FailedMembers:
    """The failed members of a failed run. If Batch's records can't be read, the reason says so, and
    the outcome is sealed without them."""
    nodes = run.ending.nodes if run.ending else 0
    size = array_size(run) or nodes
    if not size or run.backend_id is None or verdict.state is not State.FAILED or jobs is None:
        return FailedMembers()
    try:
        asked = (
            _nodes(run.backend_id, nodes) if nodes else jobs.failed_children(run.backend_id, TOLD)
        )
        records = jobs.describe([run.backend_id, *asked]) if asked else {}
    except Exception as error:  # seal the outcome without them
        kind = "nodes" if nodes else "children"
        return FailedMembers(reason=f"which {kind} failed could not be read: {error}")
    return _told(run.backend_id, size, asked, records)


def _nodes(job_id: str, nodes: int) -> list[str]:
    return [f"{job_id}#{index}" for index in range(min(NODES, nodes))]


def _told(
    job_id: str, size: int, asked: Iterable[str], records: Mapping[str, Record]
) -> FailedMembers:
    codes: dict[str, int] = {}
    sentences = []
    failed = [each for each in asked if Fields(records.get(each)).name("status") == "FAILED"]
    for each in failed:
        name, record = member_name(each), Fields(records[each])
        ends = [end for end in job_ends(record) if end.exit_code is not None]
        for end in ends:
            codes[name if len(ends) == 1 else f"{name} {end.name}"] = end.exit_code or 0
        said = record.words("statusReason")
        exits = ", ".join(f"exit code {end.exit_code}" for end in ends)
        sentences.append(f"{name}: {'; '.join(filter(None, (said, exits)))}")
    if not failed:
        return FailedMembers()
    summary = Fields(records.get(job_id)).part("arrayProperties").part("statusSummary")
    number = max(summary.integer("FAILED") or 0, len(failed))
    more = f" (the first {len(failed)} of them)" if number > len(failed) else ""
    reason = f"{number} of {size} failed{more}: {'; '.join(sentences)}"
    return FailedMembers(codes, reason)
