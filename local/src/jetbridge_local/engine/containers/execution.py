"""Runs a task's containers together."""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Protocol

from ..errors import LogGroupMissing, SecretMissing
from ..ports import SecretSource
from ..runner.base import CannotPull, CannotStart, Container, Output, Runner, Stream
from ..runner.usage import Usage
from .awslogs import Awslogs, AwslogsStream
from .definition import TaskContainer
from .insights import ContainerInsights

logger = logging.getLogger(__name__)

_TASK_FAILED_TO_START = "Task failed to start"


class StartFailure(Exception):
    """The task can't run. ``stopped_reason`` is the task's reason. A container may have its own
    reason as well."""

    def __init__(
        self, stopped_reason: str, container: str | None = None, container_reason: str | None = None
    ) -> None:
        super().__init__(stopped_reason)
        self.stopped_reason = stopped_reason
        self.container = container
        self.container_reason = container_reason


class ContainerObserver(Protocol):
    """Called in the engine's loop when a container starts or ends."""

    def container_started(self, name: str, runtime_id: str) -> None: ...

    def container_ended(self, name: str, exit_code: int) -> None: ...


@dataclass(frozen=True, kw_only=True)
class ContainerServices:
    """What all tasks of an engine share."""

    runner: Runner
    awslogs: Awslogs
    secrets: SecretSource
    insights: ContainerInsights
    time_scale: float


class _Member:
    """One container of the task, and its state."""

    def __init__(self, definition: TaskContainer) -> None:
        self.definition = definition
        self.stream: AwslogsStream | None = None
        self.container: Container | None = None
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self.exit_code: int | None = None


class TaskExecution:
    """The containers of one task, from their images to their ends. Runs in the engine's loop."""

    def __init__(
        self,
        containers: list[TaskContainer],
        services: ContainerServices,
        observer: ContainerObserver,
    ) -> None:
        self._services = services
        self._observer = observer
        self._members = {c.name: _Member(c) for c in containers}
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()
        self._failure: StartFailure | None = None
        self._killed = False
        self._tasks: list[asyncio.Task[None]] = []

    async def pull(self) -> None:
        """Fetch the images. Raises StartFailure."""
        for member in self._members.values():
            try:
                await self._services.runner.pull(member.definition.plan.image)
            except CannotPull as error:
                reason = f"CannotPullContainerError: {error}"
                raise StartFailure(reason, member.definition.name, reason) from error

    async def initialize(self) -> None:
        """Fetch the secrets and make the log streams. Raises StartFailure."""
        for member in self._members.values():
            member.definition = await self._with_secrets(member.definition)
        for member in self._members.values():
            if target := member.definition.log:
                try:
                    member.stream = await self._services.awslogs.open(target)
                except LogGroupMissing as error:
                    raise StartFailure(
                        "ResourceInitializationError: failed to validate logger args: create "
                        "stream has been retried 1 times: failed to create Cloudwatch log stream: "
                        "ResourceNotFoundException: The specified log group does not exist. "
                        ": exit status 1"
                    ) from error

    async def start(self) -> None:
        """Start the containers; returns when all have started. Raises StartFailure."""
        self._tasks = [asyncio.create_task(self._run(member)) for member in self._members.values()]
        everything = asyncio.create_task(self._all_started())
        over = asyncio.create_task(self._over.wait())
        await asyncio.wait([everything, over], return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        everything.cancel()
        if self._failure:
            raise self._failure

    async def wait(self) -> None:
        """Wait until an essential container has ended, or all containers have."""
        await self._over.wait()

    def usage(self) -> Usage:
        """What all its containers have used since their start. May block."""
        running = [m.container for m in self._members.values() if m.container]
        return sum((container.usage() for container in running), Usage())

    async def stop(self) -> None:
        """Stop what still runs. Afterwards no container runs and all logs are closed."""
        self._stopping.set()
        running = [m for m in self._members.values() if m.container and not m.ended.is_set()]
        await asyncio.gather(*(self._stop(member) for member in running))
        await asyncio.gather(*self._tasks)
        for member in self._members.values():
            if member.stream and not member.ended.is_set():
                await member.stream.close()

    async def kill(self) -> None:
        """Kill what still runs, without a stop timeout."""
        self._killed = True
        self._stopping.set()
        running = [m.container for m in self._members.values() if m.container]
        await asyncio.gather(*(container.stop(0.0) for container in running))

    async def _all_started(self) -> None:
        for member in self._members.values():
            await member.started.wait()

    async def _run(self, member: _Member) -> None:
        definition = member.definition
        try:
            await self._dependencies(definition)
            if self._stopping.is_set():
                return
            member.container = await self._services.runner.start(definition.plan, _output(member))
        except StartFailure as failure:
            self._fail(failure)
            return
        except (CannotPull, CannotStart) as error:
            reason = f"CannotStartContainerError: {error}"
            self._fail(StartFailure(_TASK_FAILED_TO_START, definition.name, reason))
            return
        except Exception as error:
            logger.exception("Container %s failed to start", definition.name)
            reason = f"CannotStartContainerError: {error}"
            self._fail(StartFailure(_TASK_FAILED_TO_START, definition.name, reason))
            return
        self._observer.container_started(definition.name, member.container.runtime_id)
        member.started.set()
        if self._stopping.is_set():
            await self._stop(member)
        member.exit_code = await member.container.wait()
        if member.stream:
            await member.stream.close()
        member.ended.set()
        self._observer.container_ended(definition.name, member.exit_code)
        if definition.essential or all(m.ended.is_set() for m in self._members.values()):
            self._over.set()

    async def _stop(self, member: _Member) -> None:
        assert member.container is not None
        timeout = member.definition.stop_timeout * self._services.time_scale
        await member.container.stop(0.0 if self._killed else timeout)

    async def _dependencies(self, definition: TaskContainer) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            for name, condition in definition.depends_on:
                dependency = self._members[name]
                event = dependency.started if condition == "START" else dependency.ended
                reached = asyncio.create_task(event.wait())
                await asyncio.wait([reached, stopping], return_when=asyncio.FIRST_COMPLETED)
                reached.cancel()
                if condition == "SUCCESS" and dependency.exit_code:
                    raise StartFailure(
                        _TASK_FAILED_TO_START,
                        definition.name,
                        "dependency graph: failed to resolve container ordering dependency "
                        f"[{name}] for target [{definition.name}] as dependency did not exit "
                        "successfully.",
                    )
        finally:
            stopping.cancel()

    async def _with_secrets(self, definition: TaskContainer) -> TaskContainer:
        values = {}
        for name, value_from in definition.secrets.items():
            try:
                values[name] = await asyncio.to_thread(self._services.secrets.value, value_from)
            except SecretMissing as error:
                raise StartFailure(
                    "ResourceInitializationError: unable to pull secrets or registry auth: "
                    "execution resource retrieval failed: unable to retrieve secret: service call "
                    f"has been retried 1 time(s): failed to fetch secret {value_from}: {error}"
                ) from error
        environment = {**definition.plan.environment, **values}
        return replace(definition, plan=replace(definition.plan, environment=environment))

    def _fail(self, failure: StartFailure) -> None:
        self._failure = self._failure or failure
        self._over.set()


def _output(member: _Member) -> Output:
    def write(stream: Stream, data: bytes) -> None:
        if member.stream:
            member.stream.write(stream, data)

    return write
