"""What a run waits for before it is launched, or before its job starts."""

from typing import Literal

from msgspec import Struct

Wait = Literal[
    "capacity", "another_launch", "throttle", "launch_queue", "concurrency_group", "job_queue"
]
"""``capacity``: AWS had no room. ``another_launch``: the platform ended the launch before, and
the next one comes. ``throttle``: AWS throttles launches. ``launch_queue``: launches of other runs
go first, at the stack's own rate. ``concurrency_group``: as many runs of its group are under way
as the stack allows. ``job_queue``: Batch can't start the job, which blocks its queue."""


class Waiting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That a run isn't launched yet, and why, as the outcomes table has it beside ``Launched``.

    It counts until the run's ``Launched`` has this launch, or a later one. ``job_queue`` counts
    until ``Launched`` says that this launch runs, or has a later one.

    Attributes:
        launch: the launch that is to come, or whose job is to start, from 1.
        reason: what kept it, with AWS's own words.
        since: since when it waits, epoch seconds.
        until: when the run ends if it isn't launched before, epoch seconds; None: no such moment.
        next_at: when it is tried next, epoch seconds.
    """

    run_id: str
    launch: int
    what: Wait
    reason: str
    since: float
    until: float | None = None
    next_at: float | None = None
    version: Literal[1] = 1
