"""Records which run a log stream belongs to, as soon as launch_run or track_run knows it."""

from collections.abc import Collection, Iterable

from msgspec import Struct

from jetbridge.logs.live.port import Live
from jetbridge.logs.live.streams import (
    Named,
    relayed_sources,
    s3_targets,
    streams_of_change,
    streams_of_launch,
)
from jetbridge.runs.reports import StateChange
from jetbridge.runs.run import LogSource, Run


class StreamOwners(Struct, frozen=True):
    """One write for each container whose log group is in ``groups``; no write in a stack without
    live logs."""

    live: Live
    groups: Collection[str]
    region: str

    def at_launch(self, run: Run) -> None:
        """After a run was launched. May be repeated."""
        self._note(streams_of_launch(run, self._sources(run)))

    def at_change(self, run: Run | None, change: StateChange) -> None:
        """After a state change; ``run`` is the row after it. May be repeated."""
        if run is not None:
            self._note(streams_of_change(run, change, self._sources(run)))

    def _sources(self, run: Run) -> list[LogSource]:
        return relayed_sources(run, self.groups, self.region) if s3_targets(run) else []

    def _note(self, streams: Iterable[Named]) -> None:
        for named in streams:
            self.live.note(named)
