"""What start_run needs of the store of large environments."""

from typing import Protocol


class Environments(Protocol):
    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write one environment, a JSON object of names and values. Repeating it is harmless."""
        ...
