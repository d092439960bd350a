"""notify_airflow: notifies Airflow of a run's end, by Airflow's API."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.contract import decode
from jetbridge.notify.airflow_port import Refused
from jetbridge.queues.messages import Notice
from jetbridge.wiring import notify_airflow as wiring
from jetbridge.wiring.sqs_batch import Message, each_message
from jetbridge.wiring.telemetry import count, logger, observed, seconds


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes messages of the notify queue."""
    notify = wiring.notify()

    def notify_airflow(message: Message) -> None:
        notice = decode(Notice, message)
        about = {
            "run_id": notice.run_id,
            "airflow": notice.airflow,
            "on_finish": notice.on_finish,
            "asset": notice.asset,
            "watcher": notice.watcher,
        }
        attempt = notify(notice)
        if attempt is None:
            logger.warning("run or outcome is unknown", extra=about)
            return
        later = {"reason": attempt.result, "again_in_seconds": attempt.delay_seconds}
        if attempt.done or attempt.unavailable:
            seconds("NotifyWait", attempt.waited)
        if attempt.done:
            count("NoticesHeard")
            logger.info("Airflow is notified", extra=about | {"result": attempt.result})
        elif attempt.unavailable:
            count("AirflowUnavailable")
            logger.warning("Airflow can't be reached", extra=about | later)
        else:
            logger.info("not yet", extra=about | later)

    return each_message(event, notify_airflow, few_tries=Refused)
