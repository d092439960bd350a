"""A message as the function gets it that reads the queue."""

import json
from typing import Any

from jetbridge.queues.sqs import body_of


def queued(message: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(body_of(message))
    return content
