"""The service of start_run."""

from jetbridge.admission.admission import Admission
from jetbridge.admission.allowed import Allowed, Place
from jetbridge.admission.environment import Offload
from jetbridge.admission.log_targets import LogTargets
from jetbridge.admission.s3 import S3Environments
from jetbridge.aws.clients import client
from jetbridge.concurrency.limits import limits_in
from jetbridge.launching.start import Start
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.noted_tries import NotedTries
from jetbridge.wiring.parts import launch_queue, logs_queue, runs, settings, stop_queue
from jetbridge.wiring.settings import Settings


def start(function_arn: str) -> Start:
    """The service. ``function_arn`` is start_run's own ARN: plain names in requests belong to its
    account."""
    known = settings()
    return Start(
        runs=runs(),
        tries=NotedTries(client("dynamodb"), known.runs_table, known.check_after_seconds),
        launches=launch_queue(),
        stops=stop_queue(),
        copies=logs_queue(),
        admission=_admission(known, Place.of_function(function_arn)),
        outcomes_table=known.outcomes_table,
        stop_function=known.stop_function,
        region=known.region,
    )


def _admission(known: Settings, place: Place) -> Admission:
    allowed = Allowed(
        place=place,
        clusters=known.cluster_arns,
        task_definitions=known.task_definition_arns,
        job_queues=known.job_queue_arns,
        job_definitions=known.job_definition_arns,
        roles=known.passable_role_arns,
        locked=known.locked_definition_arns,
    )
    return Admission(
        allowed,
        LogTargets(known.log_bucket, known.log_prefix, known.log_group),
        _offload(known),
        finish=known.finish,
        has_airflow_secret=bool(known.airflow_secret_arn),
        groups=limits_in(known.concurrency_groups),
    )


def _offload(known: Settings) -> Offload | None:
    if not known.offload_bucket:
        return None
    store = S3Environments(lambda: client("s3"))
    return Offload(store, known.offload_bucket, known.offload_prefix)


at_start(runs, launch_queue)
