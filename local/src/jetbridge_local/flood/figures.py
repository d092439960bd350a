"""The flood's figures, from what was sent and what ECS launched."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jetbridge_local.flood.errors import FloodFailed
from jetbridge_local.flood.starts import Start


@dataclass(frozen=True, kw_only=True)
class Flood:
    """``launches``: when ECS created each run's tasks, by run id, in seconds since the epoch.

    ``per_second``: launches that the backend allows, sustained.
    """

    starts: Sequence[Start]
    other: Start
    launches: Mapping[str, Sequence[float]]
    per_second: float

    @property
    def launched(self) -> int:
        """Runs of the flood that were launched at least once."""
        return sum(start.run_id in self.launches for start in self.starts)

    @property
    def launched_twice(self) -> int:
        """Runs, of anyone, that were launched more than once."""
        return sum(len(times) > 1 for times in self.launches.values())

    @property
    def lost(self) -> int:
        """Accepted runs, the other caller's included, that were never launched."""
        return sum(start.run_id not in self.launches for start in (*self.starts, self.other))

    @property
    def seconds(self) -> float:
        """From the first accepted start to the last launch."""
        return max(self._launch_times()) - min(start.answered for start in self.starts)

    @property
    def ideal_seconds(self) -> float:
        return len(self.starts) / self.per_second

    @property
    def other_caller_delay(self) -> float:
        """Seconds from the other caller's start to its launch. Raises FloodFailed."""
        if self.other.run_id not in self.launches:
            raise FloodFailed(f"the other caller's run {self.other.run_id} was not launched")
        return min(self.launches[self.other.run_id]) - self.other.sent

    @property
    def waiting_before_the_other(self) -> int:
        """Runs of the flood that were accepted and not launched when the other caller came."""
        accepted = sum(start.answered <= self.other.sent for start in self.starts)
        launched = sum(time <= self.other.sent for time in self._launch_times())
        return accepted - launched

    @property
    def launched_before_the_other(self) -> int:
        """Runs of the flood that were launched while the other caller's waited.

        Raises FloodFailed.
        """
        launched = self.other.sent + self.other_caller_delay
        return sum(self.other.sent < time < launched for time in self._launch_times())

    @property
    def most_in_a_second(self) -> int:
        """The most launches between any moment and one second later."""
        times = sorted(time for made in self.launches.values() for time in made)
        return max(
            sum(first <= time < first + 1 for time in times[n:]) for n, first in enumerate(times)
        )

    def accepted_percentile(self, percent: float) -> float:
        return percentile([start.seconds for start in self.starts], percent)

    def _launch_times(self) -> list[float]:
        """First launches of the flood's runs. Raises FloodFailed if there are none."""
        times = [
            min(self.launches[start.run_id])
            for start in self.starts
            if start.run_id in self.launches
        ]
        if not times:
            raise FloodFailed("nothing of the flood was launched")
        return times


def percentile(samples: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile, which is always one of the samples."""
    ordered = sorted(samples)
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1]
