"""A benchmark's own local cloud and files, so that a demo can run at the same time."""

import fcntl
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from benchmarks.errors import BenchmarkFailed
from jetbridge_local.limits import Limits
from jetbridge_local.processes import ProcessTable
from jetbridge_local.site.down import take_down
from jetbridge_local.site.paths import Paths
from jetbridge_local.site.progress import Progress
from jetbridge_local.site.site import Site
from jetbridge_local.site.stack import Stack

CALLER = "benchmark"


class WorkspaceInUse(BenchmarkFailed):
    """Another benchmark is running; its figures and this one's would both be wrong."""


class Workspace:
    """What runs during a benchmark; a context manager that ends all of it."""

    def __init__(self, paths: Paths, console: Console) -> None:
        self.paths = paths
        self.progress = Progress(console)
        self._stop = ExitStack()

    def open(self) -> None:
        """Take the folder, and end what a killed benchmark left. Raises WorkspaceInUse."""
        self.paths.local.mkdir(parents=True, exist_ok=True)
        lock = self._stop.enter_context((self.paths.local / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceInUse(
                f"{self.paths.local} is in use by another benchmark: wait for its end"
            ) from None
        take_down(self.paths)
        self.processes = ProcessTable(self.paths.processes)
        self._stop.callback(self.processes.end_orphans)

    def close(self) -> None:
        """End everything that was started here."""
        self._stop.close()

    def at_close(self, stop: Callable[[], object]) -> None:
        """Have `close` call this, before it ends what was started earlier."""
        self._stop.callback(stop)

    def deployed_stack(
        self,
        images: Path | None = None,
        limits: Limits | None = None,
        parameters: Callable[[Stack], Mapping[str, str]] | None = None,
        step_seconds: float = 0.2,
    ) -> Stack:
        """Build Jetbridge and deploy it and the example's stack to a fresh local cloud.

        ``images`` is the image map, by default the example's; ``limits`` are AWS's by default.
        ``parameters`` may make on the cloud what the template's parameters are to name, before
        the stack is there, and returns those beyond samconfig.toml's. ``step_seconds`` is how long
        tasks and jobs stay in each state that they only pass through.
        """
        self.site = Site(
            self.paths, caller=CALLER, images=images, limits=limits, step_seconds=step_seconds
        )
        with self.progress.step("local cloud"):
            self._stop.enter_context(self.site)
        stack = self.site.stack
        more = parameters(stack) if parameters else {}
        application = self.site.application
        with self.progress.step("sam build"):
            application.build()
        with self.progress.step("sam deploy"):
            application.deploy(**more)
            application.deploy_example()
            application.allow_airflow()
        return stack
