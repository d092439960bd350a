"""What both engines share: operations behind one lock, and one loop that drives the containers."""

import asyncio
import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from .config import EngineConfig
from .containers import Awslogs, ContainerInsights, ContainerServices
from .errors import AwsError
from .events import EventEmitter
from .loop import EngineLoop
from .ports import EventSink, LogSink, ProcessRegistry, SecretSource
from .runner import ProcessRunner

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class Lifecycle(Protocol):
    """Drives one task or job from its start to its end."""

    async def run(self) -> None: ...

    async def kill(self) -> None: ...


class Engine(ABC):
    """One service, with containers as local processes. Everything is kept in memory.

    ``title`` is the service's name in errors, ``source`` its source in events.
    """

    operations: ClassVar[frozenset[str]]
    title: ClassVar[str]
    source: ClassVar[str]

    def __init__(
        self,
        config: EngineConfig,
        events: EventSink,
        logs: LogSink,
        secrets: SecretSource,
        processes: ProcessRegistry,
    ) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._loop = EngineLoop(self.source.removeprefix("aws."))
        self._emitter = EventEmitter(config, events, self.source)
        self._awslogs = Awslogs(config, logs)
        self._services = ContainerServices(
            runner=ProcessRunner(config, processes),
            awslogs=self._awslogs,
            secrets=secrets,
            insights=ContainerInsights(config, logs),
            time_scale=config.time_scale,
        )
        self._lifecycles: dict[Lifecycle, asyncio.Task[None]] = {}
        self._closed = False
        self._answers = self._open()

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer one call of the API. Values are as in the API's JSON (ECS's times are in seconds,
        Batch's in milliseconds).

        Thread-safe, and quick: it never waits for a container. Raises AwsError.
        """
        answer = self._answers.get(operation)
        if answer is None:
            raise AwsError(
                "UnsupportedOperationException",
                f"The local {self.title} doesn't have {operation}.",
                501,
            )
        with self._lock:
            if self._closed:
                raise AwsError("ServerException", f"The local {self.title} is shutting down.", 500)
            self._forget_old()
            return copy.deepcopy(answer(parameters))

    def close(self) -> None:
        """Stop everything, first with SIGTERM and then with SIGKILL. Returns when nothing runs any
        more."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._end_everything("The local cloud is shutting down")
        self._loop.run(self._finish())
        self._loop.close()
        self._emitter.close()

    @abstractmethod
    def _open(self) -> Mapping[str, Answer]:
        """Make what the service keeps. Returns the operations by name."""

    @abstractmethod
    def _forget_old(self) -> None:
        """Drop what AWS would no longer remember. The caller holds the lock."""

    @abstractmethod
    def _end_everything(self, reason: str) -> None:
        """Ask every task or job to stop. The caller holds the lock."""

    async def _drive(self, lifecycle: Lifecycle) -> None:
        driver = asyncio.create_task(lifecycle.run())
        self._lifecycles[lifecycle] = driver
        try:
            await driver
        finally:
            del self._lifecycles[lifecycle]

    async def _finish(self) -> None:
        """Wait for everything to end. Whatever was spawned before this call has begun by now."""
        if self._lifecycles:
            await asyncio.wait(self._lifecycles.values(), timeout=self._config.close_seconds)
            remaining = dict(self._lifecycles)
            await asyncio.gather(*(lifecycle.kill() for lifecycle in remaining))
            await asyncio.gather(*remaining.values())
        await self._awslogs.close()
