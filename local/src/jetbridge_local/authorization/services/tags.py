"""Condition keys of the tags that a request gives (IAM user guide, "AWS global condition context
keys": aws:RequestTag, aws:TagKeys)."""

from collections.abc import Mapping
from typing import Any

from ..model import ContextValue


def tag_context(parameters: Mapping[str, Any]) -> dict[str, ContextValue]:
    """``tags`` as ECS has them, a list of key and value, or as Batch has them, an object."""
    given = parameters.get("tags") or {}
    pairs = (
        {str(key): str(value) for key, value in given.items()}
        if isinstance(given, Mapping)
        else {str(tag.get("key", "")): str(tag.get("value", "")) for tag in given}
    )
    if not pairs:
        return {}
    context: dict[str, ContextValue] = {f"aws:RequestTag/{key}": pairs[key] for key in pairs}
    return context | {"aws:TagKeys": tuple(pairs)}
