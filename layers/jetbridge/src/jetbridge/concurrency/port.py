"""What the services need of concurrency groups."""

from typing import Protocol


class Groups(Protocol):
    """Slots by group: each is held by one run, from before its first launch to its end."""

    def take(self, group: str, run_id: str) -> bool:
        """Take a slot of the group for the run, which may have it already; whether it has one now.

        A group without a limit has a slot for everybody, and remembers nobody.
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
