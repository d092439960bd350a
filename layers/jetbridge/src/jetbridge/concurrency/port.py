"""What the services need of concurrency groups."""

from typing import Protocol


class Groups(Protocol):
    """The slots of each group. A run holds a slot from before its first launch until its end."""

    def take(self, group: str, run_id: str) -> bool:
        """Take a slot of the group for the run. Returns whether the run has a slot now. A run that
        already has one keeps it.

        A group without a limit has a slot for every run and keeps no record of them.
        """
        ...

    def release(self, group: str, run_id: str) -> None:
        """Free the run's slot, if it has one."""
        ...

    def limit(self, group: str) -> int | None:
        """How many runs may hold a slot; None: the group has no limit."""
        ...

    def holders(self) -> dict[str, set[str]]:
        """Ids of the runs that hold a slot, by group."""
        ...
