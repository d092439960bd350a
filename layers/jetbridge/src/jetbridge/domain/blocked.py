"""Why Batch can't start a job that blocks its queue.

Source: AWS Batch user guide, "Job queue blocked events": "Anytime that AWS Batch detects a job in
the RUNNABLE state and thus blocking a queue, an event is created". Its detail resembles the
JobDetail of DescribeJobs; "Jobs stuck in a RUNNABLE status" lists the reasons.
"""

from jetbridge.contract import Waiting
from jetbridge.domain.names import LaunchName
from jetbridge.domain.records import Fields
from jetbridge.domain.secrets import masked_text

BLOCKED_EVENT = "Batch Job Queue Blocked"
# The year 5138: any later time isn't one.
_MOST_MILLISECONDS = 10**14


def blocked_by(event: object, stack_key: str) -> Waiting | None:
    """What an EventBridge event tells of one of this stack's jobs; None if it tells nothing.

    Nothing depends on it, so an event without a job's name or a reason is no error.
    """
    fields = Fields(event)
    detail = fields.part("detail")
    name = LaunchName.parse(detail.name("jobName"))
    reason = detail.words("statusReason")
    if fields.name("detail-type") != BLOCKED_EVENT or name is None or not reason:
        return None
    if name.stack_key != stack_key:
        return None
    return Waiting(
        run_id=name.run_id,
        launch=name.launch,
        what="job_queue",
        reason=f"AWS says: {masked_text(reason)}",
        since=(detail.integer("createdAt", most=_MOST_MILLISECONDS) or 0) / 1000,
    )
