"""CloudFormation: which of a template's properties the emulator never looks at."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services.cloudformation import provisioners

logger = logging.getLogger(__name__)


def install() -> None:
    """Log a warning for each top-level property that a resource's creation didn't read.

    To be called last: it wraps what the others have registered.
    """
    for name, handlers in provisioners._RESOURCE_HANDLERS.items():
        if "create" in handlers:
            handlers["create"] = _watched(name, handlers["create"])


def _watched(resource_type: str, create: Callable[..., Any]) -> Callable[..., Any]:
    def create_watched(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        watched = _Watched(properties)
        result = create(logical_id, watched, stack)
        if unread := sorted(set(properties) - watched.read):
            logger.warning(
                "%s %s in stack %s: no effect here: %s",
                resource_type,
                logical_id,
                stack,
                ", ".join(unread),
            )
        return result

    return create_watched


class _Watched(dict[str, Any]):
    """A dict that knows which of its keys were asked for."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.read.update(self.keys())
        return super().__iter__()

    def items(self) -> Any:
        self.read.update(self.keys())
        return super().items()

    def copy(self) -> dict[str, Any]:
        self.read.update(self.keys())
        return super().copy()
