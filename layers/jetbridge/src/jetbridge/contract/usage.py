"""What AWS bills for one launch."""

from msgspec import Struct


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The size of a launch's ECS task or Batch job, and how long it was billed.

    On Fargate AWS bills from the start of the image's download until the task's end, by the second
    and at least for a minute (https://aws.amazon.com/fargate/pricing/). On EC2 it bills instances,
    so a run has no price of its own.

    Attributes:
        launch_type: ECS ``launchType``: ``FARGATE``, ``EC2`` or ``EXTERNAL``.
        vcpu: as requested.
        memory_mib: as requested.
        seconds: the whole seconds that are billed on Fargate. For a Batch job, it is the sum of all
            attempts, each from its start, because Batch doesn't report when the download began.
        architecture: ``x86_64`` or ``arm64``; empty: AWS's record doesn't say.
        spot: whether it ran on Fargate Spot; None: AWS's record doesn't say (Batch).
    """

    launch_type: str
    vcpu: float
    memory_mib: int
    seconds: int
    architecture: str = ""
    spot: bool | None = None
