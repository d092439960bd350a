"""The interface between a task and the runner of its containers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from .usage import Usage

type Stream = Literal["stdout", "stderr"]
type Output = Callable[[Stream, bytes], None]


@dataclass(frozen=True, kw_only=True)
class ContainerPlan:
    """What a runner needs to run one container.

    ``entry_point`` and ``command`` work together as in docker. An entry point replaces the image's
    own command. If neither is set, the image's command runs.
    """

    name: str
    image: str
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str]
    working_directory: str | None = None


class CannotPull(Exception):
    """The image doesn't exist."""


class CannotStart(Exception):
    """The image exists, but its command can't be started."""


class Container(Protocol):
    """A container that has been started."""

    @property
    def runtime_id(self) -> str:
        """The container's id in the runtime."""

    async def wait(self) -> int:
        """Wait for the end. Returns the exit code (128 + n if signal n ended it), once all output
        has been delivered and nothing of the container runs any more."""

    def usage(self) -> Usage:
        """What the container has used since its start. May block for as long as a reading takes."""

    async def stop(self, timeout: float) -> None:
        """Send SIGTERM, and SIGKILL after ``timeout`` seconds. Returns when the container has
        ended."""


class Runner(Protocol):
    """Runs containers. All methods are called in the engine's loop and must not block it."""

    async def pull(self, image: str) -> None:
        """Make the image ready. Raises CannotPull."""

    async def start(self, plan: ContainerPlan, output: Output) -> Container:
        """Start a container; ``output`` receives its output, in the loop. Raises CannotStart."""
