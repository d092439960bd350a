"""How large the parts of a message are, as they are stored: as JSON in UTF-8, escapes and all."""

from typing import Any

import msgspec


def stored_bytes(value: Any) -> int:
    """Bytes of a value as JSON."""
    return len(msgspec.json.encode(value))


def largest_part(message: msgspec.Struct) -> tuple[str, int]:
    """The field that makes a message large, dotted, and its bytes: the largest member of the
    largest member, as long as one has more than half of what it is in."""
    path, value = "", msgspec.to_builtins(message)
    size = stored_bytes(value)
    while members := _members(value):
        name, member = max(members, key=lambda each: stored_bytes(each[1]))
        of = stored_bytes(member)
        if path and 2 * of <= size:
            break
        path, value, size = f"{path}{name}", member, of
    return path.lstrip(".") or "message", size


def _members(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f".{name}", each) for name, each in value.items()]
    if isinstance(value, list):
        return [(f"[{index}]", each) for index, each in enumerate(value)]
    return []
