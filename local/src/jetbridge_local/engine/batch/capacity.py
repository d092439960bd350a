"""Which job may start when: a compute environment has a limited number of vCPUs."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from .queues import JobQueues


@dataclass(frozen=True)
class Place:
    """The vCPUs that a job holds in a compute environment, and whether that has Container Insights
    on."""

    environment: str
    vcpus: float
    has_insights: bool = False


@dataclass(eq=False)
class _Waiter:
    vcpus: float
    place: "asyncio.Future[Place]"


class Capacity:
    """Gives vCPUs to jobs: first come, first served within a queue; queues by priority. Runs in the
    engine's loop.

    A job at the head of its queue holds up the jobs behind it until there is room for it, as in AWS
    Batch's FIFO queues.
    """

    def __init__(self, queues: JobQueues, lock: Any) -> None:
        self._queues = queues
        self._lock = lock
        self._waiting: defaultdict[str, deque[_Waiter]] = defaultdict(deque)
        self._used: defaultdict[str, float] = defaultdict(float)

    async def acquire(self, queue_arn: str, vcpus: float) -> Place:
        """Wait for room. Cancelling gives up the place in the queue."""
        waiter = _Waiter(vcpus, asyncio.get_running_loop().create_future())
        self._waiting[queue_arn].append(waiter)
        self.serve()
        try:
            return await waiter.place
        except asyncio.CancelledError:
            if waiter.place.done() and not waiter.place.cancelled():
                self.release(waiter.place.result())
            else:
                self._waiting[queue_arn].remove(waiter)
                self.serve()
            raise

    def release(self, place: Place) -> None:
        self._used[place.environment] -= place.vcpus
        self.serve()

    def serve(self) -> None:
        """Start the waiting jobs for which there is room. Called when there may be more room."""
        with self._lock:
            queues = [arn for arn, waiting in self._waiting.items() if waiting]
            for queue in sorted(queues, key=self._queues.priority, reverse=True):
                waiting = self._waiting[queue]
                while waiting and (place := self._room(queue, waiting[0].vcpus)):
                    self._used[place.environment] += place.vcpus
                    waiter = waiting.popleft()
                    if waiter.place.cancelled():
                        self._used[place.environment] -= place.vcpus
                    else:
                        waiter.place.set_result(place)

    def _room(self, queue: str, vcpus: float) -> Place | None:
        for environment in self._queues.environments(queue):
            name = environment["computeEnvironmentName"]
            limit = environment.get("computeResources", {}).get("maxvCpus")
            if limit is None or self._used[name] + vcpus <= limit:
                mode = environment.get("ecsSettings", {}).get("containerInsights")
                return Place(name, vcpus, mode in ("ENABLED", "ENHANCED"))
        return None
