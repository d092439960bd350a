"""The seam between a task and what runs its containers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from .usage import Usage

type Stream = Literal["stdout", "stderr"]
type Output = Callable[[Stream, bytes], None]


@dataclass(frozen=True, kw_only=True)
class ContainerPlan:
    """One container as a runner needs it: what to run and with what.

    ``entry_point`` and ``command`` go together as in docker: an entry point that is given drops
    the image's own command; neither given means the image's command.
    """

    name: str
    image: str
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str]
    working_directory: str | None = None


class CannotPull(Exception):
    """There is no such image."""


class CannotStart(Exception):
    """The image is there, but its command can't be started."""


class Container(Protocol):
    """A container that has been started."""

    @property
    def runtime_id(self) -> str:
        """What the runtime calls it."""

    async def wait(self) -> int:
        """The exit code (128 + n if signal n ended it), once all output has been delivered and
        nothing of the container is left."""

    def usage(self) -> Usage:
        """What it uses, since its start. May block for as long as it takes to read."""

    async def stop(self, timeout: float) -> None:
        """SIGTERM, and SIGKILL after ``timeout`` seconds. Returns when it has ended."""


class Runner(Protocol):
    """Runs containers. All methods are called in the engine's loop and must not block it."""

    async def pull(self, image: str) -> None:
        """Make the image ready. Raises CannotPull."""

    async def start(self, plan: ContainerPlan, output: Output) -> Container:
        """Start a container; ``output`` gets what it writes, in the loop. Raises CannotStart."""
