"""launch_run: launches accepted runs on ECS or Batch."""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.contract import decode
from jetbridge.queues.messages import LaunchMessage
from jetbridge.wiring import launch_run as wiring
from jetbridge.wiring.parts import launch_queue
from jetbridge.wiring.sqs_batch import Message, each_message
from jetbridge.wiring.telemetry import count, logger, observed, seconds


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes messages of the launch queue."""
    launch = wiring.launch()

    def launch_run(message: Message) -> None:
        asked = decode(LaunchMessage, message)
        run = launch(asked.run_id, asked.launch, asked.since, asked.definition)
        if run is None:
            logger.warning("no such run")
            return
        logger.info("launch", launch=asked.launch, status=run.status, backend_id=run.backend_id)
        count("LaunchesHandled")
        if run.ending is None:
            seconds("LaunchWait", run.waited(time.time()))

    return each_message(event, launch_run, launch_queue())
