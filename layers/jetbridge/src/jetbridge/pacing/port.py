"""What the functions need so that they don't call AWS faster than AWS allows."""

from typing import Protocol


class Pacer(Protocol):
    """Gives turns. One turn allows one call of RunTask, SubmitJob or GetLogEvents."""

    def wait_for_turn(
        self, backend: str, longest_wait: float | None = None, turns: int = 1
    ) -> None:
        """Return when this many calls may be made at once: launches on ``backend`` "ecs" or
        "batch", or reads of ``logs#<region>``.

        The function waits for a few seconds at most, or for ``longest_wait``. A turn that isn't
        used is lost. This does no harm: nobody waits for its holder.

        Raises:
            NotYet: the next free turn is too far away; none was taken.
        """
        ...
