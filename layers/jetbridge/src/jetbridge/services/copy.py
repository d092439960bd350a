"""copy_logs: bring the lines of an ended run to where Airflow reads the log of its try."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jetbridge.contract import LogStream, S3LogTarget
from jetbridge.domain.lines import Line, airflow_line
from jetbridge.domain.run import LogSource, Run
from jetbridge.domain.streams import log_streams, unread_containers
from jetbridge.logs.port import LogsSource, LogsTarget, StreamMissing
from jetbridge.runs.port import Runs


@dataclass(frozen=True)
class Copy:
    """Attributes:
    settle_seconds: a stream whose end was seen must still be at its end so much later.
    """

    runs: Runs
    source: LogsSource
    target: LogsTarget
    region: str
    settle_seconds: float
    clock: Callable[[], float] = time.time

    def __call__(self, run_id: str) -> int:
        """Copy every container's lines, with their own timestamps, to each try that waits for the
        run; returns how many."""
        run = self.runs.get(run_id)
        if run is None:
            return 0
        return sum(self._copy_to(run, target) for target in run.log_targets)

    def _copy_to(self, run: Run, target: S3LogTarget) -> int:
        copied = sum(self._copy(run, stream, target) for stream in log_streams(run, self.region))
        for source in unread_containers(run.definition):
            self._explain(run, source, target)
        return copied

    def _copy(self, run: Run, stream: LogStream, target: S3LogTarget) -> int:
        part = _part(run, stream.container, stream.attempt)
        return self.target.write(target, part, self._lines(stream))

    def _lines(self, stream: LogStream) -> Iterator[str]:
        logger = f"container.{stream.container}"
        try:
            for line in self.source.lines(stream, self.settle_seconds):
                yield airflow_line(line, logger)
        except StreamMissing:
            text = f"No log lines: stream {stream.stream} in {stream.group} does not exist."
            yield airflow_line(Line(int(self.clock() * 1000), text), "jetbridge")

    def _explain(self, run: Run, source: LogSource, target: S3LogTarget) -> None:
        text = (
            f"Container {source.container} logs with the driver {source.driver}, not awslogs: "
            "its lines are not shown here."
        )
        line = airflow_line(Line(int(self.clock() * 1000), text), "jetbridge")
        self.target.write(target, _part(run, source.container, 1), [line])


def _part(run: Run, container: str, attempt: int) -> str:
    return f"jetbridge.{run.launch}.{container}.{attempt}.log"
