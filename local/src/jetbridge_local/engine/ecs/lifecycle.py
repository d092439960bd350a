"""How a task moves through its states.

Source of the states and their order: AmazonECS developer guide, task-lifecycle-explanation.html.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from ..config import EngineConfig
from ..containers import ContainerServices, StartFailure, TaskExecution
from .task import Task

logger = logging.getLogger(__name__)


class _StopRequested(Exception):
    """The task was asked to stop before it ran."""


class TaskLifecycle:
    """Drives one task from PROVISIONING to STOPPED. Runs in the engine's loop.

    ``lock`` guards the record; ``changed`` is called with the lock held after each change.
    """

    def __init__(
        self,
        task: Task,
        config: EngineConfig,
        services: ContainerServices,
        lock: AbstractContextManager[object],
        changed: Callable[[Task], None],
    ) -> None:
        self._task = task
        self._step_seconds = config.step_seconds
        self._lock = lock
        self._changed = changed
        self._insights = services.insights
        self._execution = TaskExecution(task.containers, services, self)

    async def run(self) -> None:
        """Returns when the task is STOPPED and nothing of it runs any more."""
        try:
            await self._start()
            await self._run()
        except _StopRequested:
            pass
        except StartFailure as failure:
            self._failed(failure)
        except Exception as error:
            logger.exception("%s failed to start", self._task.arn)
            self._failed(StartFailure(f"ServerException: {error}"))
        await self._end()

    async def kill(self) -> None:
        """Kill the containers without a stop timeout."""
        await self._execution.kill()

    def container_started(self, name: str, runtime_id: str) -> None:
        with self._lock:
            self._task.container(name).update(lastStatus="RUNNING", runtimeId=runtime_id)

    def container_ended(self, name: str, exit_code: int) -> None:
        """If a container ends while others run, the task's record changes as well."""
        with self._lock:
            self._task.container(name).update(lastStatus="STOPPED", exitCode=exit_code)
            essential = any(c.name == name and c.essential for c in self._task.containers)
            others = any(c["lastStatus"] != "STOPPED" for c in self._task.record["containers"])
            if self._task.record["lastStatus"] == "RUNNING" and not essential and others:
                self._task.change()
                self._changed(self._task)

    async def _start(self) -> None:
        await self._pass()
        if self._task.record["attachments"]:
            with self._lock:
                self._task.set_attachments("ATTACHING")
                self._to("PENDING")
            await self._pass()
        with self._lock:
            self._task.attach_network(*_network_identity())
            self._task.set_attachments("ATTACHED")
            now = time.time()
            self._to("ACTIVATING", connectivity="CONNECTED", connectivityAt=now, pullStartedAt=now)
        await self._execution.pull()
        await self._pass()
        pulled_at = time.time()
        await self._execution.initialize()
        if self._task.stop_requested.is_set():
            raise _StopRequested
        await self._execution.start()
        with self._lock:
            self._to("RUNNING", pullStoppedAt=pulled_at, startedAt=time.time())

    async def _run(self) -> None:
        follower = asyncio.create_task(self._follow())
        ends = [
            asyncio.create_task(self._execution.wait()),
            asyncio.create_task(self._task.stop_requested.wait()),
        ]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for each in (*ends, follower):
            each.cancel()
        self._stop("EssentialContainerExited", "Essential container in task exited")

    async def _follow(self) -> None:
        if self._task.has_insights:
            cluster, task_id = self._task.arn.split("/")[-2:]
            facts = self._task.insights_facts()
            await self._insights.follow(cluster, task_id, facts, self._execution.usage)

    async def _end(self) -> None:
        if self._task.record["lastStatus"] == "RUNNING":
            with self._lock:
                self._to("DEACTIVATING")
            await asyncio.sleep(self._step_seconds)
            with self._lock:
                self._to("STOPPING")
        await self._execution.stop()
        with self._lock:
            for container in self._task.record["containers"]:
                container["lastStatus"] = "STOPPED"
            ended_at = time.time()
            if self._task.record["attachments"]:
                self._to("DEPROVISIONING", executionStoppedAt=ended_at)
        await asyncio.sleep(self._step_seconds)
        with self._lock:
            self._task.set_attachments("DELETED")
            self._to("STOPPED", executionStoppedAt=ended_at, stoppedAt=time.time())

    def _to(self, status: str, **members: object) -> None:
        self._task.change(lastStatus=status, **members)
        self._changed(self._task)

    def _failed(self, failure: StartFailure) -> None:
        with self._lock:
            if failure.container:
                self._task.container(failure.container)["reason"] = failure.container_reason
        self._stop("TaskFailedToStart", failure.stopped_reason)

    def _stop(self, stop_code: str, reason: str) -> None:
        with self._lock:
            if self._task.stop(stop_code, reason):
                self._changed(self._task)

    async def _pass(self) -> None:
        """Stay for a while in a state that the task only passes through. Raises _StopRequested."""
        try:
            await asyncio.wait_for(self._task.stop_requested.wait(), self._step_seconds)
        except TimeoutError:
            return
        raise _StopRequested


def _network_identity() -> tuple[str, str]:
    """A private address and a MAC address, in the form that an elastic network interface has."""
    address = f"10.0.{random.randint(0, 255)}.{random.randint(4, 254)}"
    mac_address = ":".join(f"{byte:02x}" for byte in (0x02, *random.randbytes(5)))
    return address, mac_address
