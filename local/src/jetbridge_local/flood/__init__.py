"""Many starts at once, and the tasks that ECS created for them: for a benchmark and for tests."""

from jetbridge_local.flood.figures import Flood
from jetbridge_local.flood.launches import launch_times, wait_launched
from jetbridge_local.flood.starts import Start, Starts
from jetbridge_local.site.progress import Say
from jetbridge_local.site.stack import Stack

_PATIENCE = 4


def send(
    stack: Stack,
    starts: Starts,
    dag: str,
    count: int,
    per_second: float,
    in_flight: int,
    say: Say,
) -> Flood:
    """One DAG's flood, then another's one start; returns when all were launched.

    Raises FloodFailed if a start isn't accepted, or the launches take far too long.
    """
    accepted: list[Start] = []

    def note(start: Start) -> None:
        accepted.append(start)
        say(f"{len(accepted)} accepted")

    made = starts.many(dag, count, in_flight, note)
    other = starts.one(f"beside_{dag}", 0)
    wait_launched(stack, _PATIENCE * count / per_second, say)
    ours = {start.run_id for start in (*made, other)}
    launches = {run: times for run, times in launch_times(stack).items() if run in ours}
    return Flood(starts=made, other=other, launches=launches, per_second=per_second)
