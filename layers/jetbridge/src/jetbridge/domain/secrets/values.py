"""JSON values without what looks like a secret."""

from typing import Any

from jetbridge.domain.secrets.forms import MASK, looks_random
from jetbridge.domain.secrets.lines import masked_text
from jetbridge.domain.secrets.names import Kind, kind_of
from jetbridge.domain.secrets.plain import is_bare_name, is_plain

_NAMES = ("name", "Name", "key", "Key", "parameterName", "ParameterName")
_VALUES = ("value", "Value", "parameterValue", "ParameterValue")
_CERTAIN = (Kind.SECRET, Kind.PASSWORD)

Work = list[tuple[Any, Any, Any, Kind | None]]
"""What is still to do: a container, the key in it, the value that goes there, and what the
member's name says."""


def masked_value(value: Any) -> tuple[Any, int]:
    """The value with ``***`` for each string that looks like a secret, and how many those are.

    Strings are masked as lines are, and wholly where a member's name stands for a secret, with
    all that is inside it; a number is masked behind a password's name. Structures of any depth are
    walked without recursion.
    """
    root: list[Any] = [None]
    work: Work = [(root, 0, value, None)]
    count = 0
    while work:
        holder, key, item, kind = work.pop()
        if isinstance(item, dict):
            holder[key], hidden = _members(item, kind, work)
            count += hidden
        elif isinstance(item, list | tuple):
            holder[key] = copy = [None] * len(item)
            own = _of_pair(item) or kind
            work.extend((copy, n, inner, own if n else kind) for n, inner in enumerate(item))
        else:
            holder[key] = shown = _scalar(item, kind)
            count += shown is not item and shown != item
    return root[0], count


def _members(item: dict[Any, Any], kind: Kind | None, work: Work) -> tuple[dict[Any, Any], int]:
    copy: dict[Any, Any] = {}
    named = any(_certain(item.get(name)) for name in _NAMES)
    hidden = 0
    for name, inner in item.items():
        shown = _free(masked_text(name), copy) if isinstance(name, str) else name
        hidden += shown != name
        own = _kind(name)
        if named and name in _VALUES:
            own = Kind.PASSWORD
        copy[shown] = None
        work.append((copy, shown, inner, own or kind))
    return copy, hidden


def _free(name: str, taken: dict[Any, Any]) -> str:
    """Two names that are masked alike stay two members."""
    return name if name not in taken else f"{name} ({len(taken)})"


def _kind(name: object) -> Kind | None:
    return kind_of(name) if isinstance(name, str) else None


def _certain(name: object) -> bool:
    return _kind(name) in _CERTAIN


def _of_pair(item: list[Any] | tuple[Any, ...]) -> Kind | None:
    """What ``["Authorization", "..."]`` says of its second item; two names are no pair."""
    if len(item) != 2 or not isinstance(item[1], str) or is_bare_name(item[1]):
        return None
    return _kind(item[0])


def _scalar(item: Any, kind: Kind | None) -> Any:
    if isinstance(item, str):
        if kind is Kind.RANDOM and not looks_random(item):
            kind = None
        if kind is None or is_plain(item, kind is Kind.PASSWORD):
            return masked_text(item)
        return MASK
    number = isinstance(item, int | float) and not isinstance(item, bool)
    return MASK if number and kind is Kind.PASSWORD else item
