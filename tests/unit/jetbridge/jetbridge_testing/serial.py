"""DynamoDB's promise that moto doesn't keep: the conditional writes of an item are serialised."""

import threading
from functools import partial
from typing import Any


class SerialDynamoDb:
    """A client whose calls happen one after the other. What several calls do together is still
    torn apart by threads."""

    def __init__(self, client: Any) -> None:
        self.exceptions = client.exceptions
        self._client = client
        self._lock = threading.Lock()
        self.calls = 0

    def __getattr__(self, operation: str) -> Any:
        return partial(self._one_by_one, getattr(self._client, operation))

    def _one_by_one(self, call: Any, **parameters: Any) -> Any:
        with self._lock:
            self.calls += 1
            return call(**parameters)
