"""Why Batch can't start a job that blocks its queue.

Source: AWS Batch user guide, "Job queue blocked events": "Anytime that AWS Batch detects a job in
the RUNNABLE state and thus blocking a queue, an event is created". Its detail resembles the
JobDetail of DescribeJobs; "Jobs stuck in a RUNNABLE status" lists the reasons.
"""

from datetime import datetime

from jetbridge.aws.records import Fields
from jetbridge.contract import Waiting
from jetbridge.runs.names import LaunchName
from jetbridge.secrets.late import masked_text

BLOCKED_EVENT = "Batch Job Queue Blocked"


def blocked_by(event: object, stack_key: str) -> Waiting | None:
    """Why one of this stack's jobs blocks its queue; None if the EventBridge event doesn't say so.

    Nothing else depends on this event, so a missing job name, reason or time isn't an error.
    """
    fields = Fields(event)
    detail = fields.part("detail")
    name = LaunchName.parse(detail.name("jobName"))
    reason = detail.words("statusReason")
    if fields.name("detail-type") != BLOCKED_EVENT or name is None or not reason:
        return None
    since = detail.moment("createdAt") or fields.moment("time")
    if name.stack_key != stack_key or since is None:
        return None
    return Waiting(
        run_id=name.run_id,
        launch=name.launch,
        what="job_queue",
        reason=f"AWS says: {masked_text(reason)}",
        since=datetime.fromisoformat(since).timestamp(),
    )
