"""What the functions need so that they ask no more of AWS than AWS allows."""

from typing import Protocol


class Pacer(Protocol):
    """Gives turns: each is for one RunTask, SubmitJob or GetLogEvents."""

    def wait_for_turn(
        self, backend: str, longest_wait: float | None = None, turns: int = 1
    ) -> None:
        """Return when so many calls may be made at once: launches on ``backend`` "ecs" or "batch",
        or reads of ``logs#<region>``.

        Waits in the function for a few seconds at most, or ``longest_wait``. A turn that isn't
        used is lost, and nothing else is: no one waits for its holder.

        Raises:
            NotYet: the next free turn is too far away; none was taken.
        """
        ...
