"""The sizes of a message's parts when stored: as JSON in UTF-8, including escapes."""

from typing import Any

import msgspec


def stored_bytes(value: Any) -> int:
    """Bytes of a value as JSON."""
    return len(msgspec.json.encode(value))


def largest_part(message: msgspec.Struct) -> tuple[str, int]:
    """The field that makes a message large, with its path in dots, and its bytes. The search starts
    at the message and enters the largest field, as long as that field has more than half of the
    bytes."""
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
