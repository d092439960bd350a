"""Which messages of a standard queue are delivered first.

Source: Amazon SQS developer guide, "How Amazon SQS fair queues work": messages are a tenant's by
their MessageGroupId, one without it is a tenant of its own; a tenant that has a large share of
the messages in flight comes after those that have not, and of several such tenants the one with
the fewest messages in flight comes first.

AWS finds the noisy by thresholds (30 messages and a tenth of all in flight, or a tenth of the
processing time) which it calls approximate. Here the tenant with the fewest messages in flight
comes first at any number, and of equals the one that was served longest ago: what a busy queue on
AWS comes to, without the time that AWS needs to notice.
"""

import itertools
import time
from collections import Counter, deque
from typing import Any

Message = dict[str, Any]


class FairOrder:
    """Remembers for each queue which group was served when. Not thread-safe."""

    def __init__(self) -> None:
        self._served: dict[str, dict[str, int]] = {}
        self._count = itertools.count(1)

    def first(self, queue: str, messages: list[Message], limit: int) -> list[Message]:
        """Up to ``limit`` visible messages in the order of their delivery; none is changed."""
        now = time.time()
        in_flight: Counter[str] = Counter()
        waiting: dict[str, deque[Message]] = {}
        for message in messages:
            group = _group_of(message)
            if message["visible_at"] <= now:
                waiting.setdefault(group, deque()).append(message)
            elif message["receive_count"] > 0:
                in_flight[group] += 1
        before = self._served.get(queue, {})
        served = {group: before[group] for group in waiting.keys() & before.keys()}
        chosen: list[Message] = []
        while waiting and len(chosen) < limit:
            group = min(waiting, key=lambda name: (in_flight[name], served.get(name, 0)))
            chosen.append(waiting[group].popleft())
            in_flight[group] += 1
            served[group] = next(self._count)
            if not waiting[group]:
                del waiting[group]
        self._served[queue] = served
        return chosen


def _group_of(message: Message) -> str:
    """The tenant; the prefixes keep a group's name apart from a message's id."""
    group = message.get("group_id")
    return f"group {group}" if group else f"message {message['id']}"
