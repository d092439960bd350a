"""A stack whose parameters allow what the samples of events/start_run ask for."""

from typing import Any

from jetbridge.admission.admission import Admission
from jetbridge.admission.allowed import Allowed, Place
from jetbridge.admission.environment import Offload
from jetbridge.admission.log_targets import LogTargets
from jetbridge.contract import ContractError

PLACE = Place("aws", "eu-central-1", "123456789012")
ALLOWED = Allowed(
    place=PLACE,
    clusters=[PLACE.arn("ecs", "cluster/reports")],
    task_definitions=[PLACE.arn("ecs", "task-definition/report*:*")],
    job_queues=[PLACE.arn("batch", "job-queue/loads")],
    job_definitions=[PLACE.arn("batch", "job-definition/load:*")],
    roles=["arn:aws:iam::123456789012:role/report-*"],
)

LOG_TARGETS = LogTargets("airflow-logs", "airflow/", "airflow-mwaa-Task")


class MemoryEnvironments:
    """``Environments`` in memory, by bucket and key."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.objects[bucket, key] = content


def admission(**fields: Any) -> Admission:
    """The stack's admission, with a log bucket and without an offload bucket."""
    known: dict[str, Any] = {"allowed": ALLOWED, "log_targets": LOG_TARGETS}
    return Admission(**known | fields)


def offloading(store: MemoryEnvironments) -> Admission:
    return admission(offload=Offload(store, "environments", "jetbridge/"))


def refusal(check: Any, *arguments: Any) -> ContractError:
    """The refusal of a call that must be refused."""
    try:
        check(*arguments)
    except ContractError as error:
        return error
    raise AssertionError("accepted")
