"""What launch_run needs so that it asks AWS for no more launches than AWS allows."""

from typing import Protocol


class Pacer(Protocol):
    """Gives turns: each is for one RunTask or SubmitJob."""

    def wait_for_turn(self, backend: str) -> None:
        """Return when one launch on ``backend`` ("ecs" or "batch") may be asked of AWS.

        Waits in the function for a few seconds at most. A turn that isn't used is lost, and
        nothing else is: no one waits for its holder.

        Raises:
            NotYet: the next free turn is too far away; none was taken.
        """
        ...
