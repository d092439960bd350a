"""The end of live logs: the complete copy is there, the pieces go."""

from collections.abc import Collection
from dataclasses import dataclass

from jetbridge.logs.live.port import Live, Pieces
from jetbridge.logs.live.streams import relayed_sources, s3_targets
from jetbridge.runs.run import Run


@dataclass(frozen=True)
class CloseLive:
    live: Live
    pieces: Pieces
    groups: Collection[str]
    region: str

    def __call__(self, run: Run) -> None:
        """Remove what was shown of a run whose log has been copied, and let nothing follow. May
        be repeated.

        First the mark, then the removal: who writes a piece in between looks for the mark
        afterwards.
        """
        targets = s3_targets(run)
        if not targets or not relayed_sources(run, self.groups, self.region):
            return
        self.live.close(run.run_id)
        for target in targets:
            self.pieces.remove(target)
