"""What a run waits for before it is launched, or before its job starts."""

from typing import Literal

from msgspec import Struct

from jetbridge.contract.moments import EpochSeconds

Wait = Literal[
    "capacity", "another_launch", "throttle", "launch_queue", "concurrency_group", "job_queue"
]
"""``capacity``: AWS had no room. ``another_launch``: the platform ended the previous launch, and
another one follows. ``throttle``: AWS throttles launches. ``launch_queue``: other runs are launched
first, at the stack's own rate. ``concurrency_group``: as many runs of its group are in progress as
the stack allows. ``job_queue``: Batch can't start the job, which blocks its queue."""


class Waiting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a run isn't launched yet. The outcomes table has it beside ``Launched``.

    It holds until the run's ``Launched`` has this launch or a later one. ``job_queue`` holds until
    ``Launched`` says that this launch is running, or has a later one.

    Attributes:
        launch: the launch that the run waits for, or whose job has yet to start, from 1.
        reason: what delays it, in AWS's own words.
        since: when the wait began, epoch seconds.
        until: when the run ends if it isn't launched by then, epoch seconds; None: no limit.
        next_at: when the launch is tried next, epoch seconds.
    """

    run_id: str
    launch: int
    what: Wait
    reason: str
    since: EpochSeconds
    until: EpochSeconds | None = None
    next_at: EpochSeconds | None = None
    version: Literal[1] = 1
