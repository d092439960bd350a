"""Ends live logs: when the complete copy exists, the pieces are removed."""

from collections.abc import Collection

from msgspec import Struct

from jetbridge.logs.live.port import Live, Pieces
from jetbridge.logs.live.streams import relayed_sources, s3_targets
from jetbridge.runs.run import Run


class CloseLive(Struct, frozen=True):
    live: Live
    pieces: Pieces
    groups: Collection[str]
    region: str

    def __call__(self, run: Run) -> None:
        """Remove the live lines of a run whose log has been copied, and let no others follow. May
        be repeated.

        The mark is written first, and then the pieces are removed. relay_logs looks for the mark
        after each write, so a piece written in between is removed, too.
        """
        targets = s3_targets(run)
        if not targets or not relayed_sources(run, self.groups, self.region):
            return
        self.live.close(run.run_id)
        for target in targets:
            self.pieces.remove(target)
