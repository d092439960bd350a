"""Masks secrets in JSON values."""

from typing import Any

from jetbridge.secrets.forms import MASK, has_access_key, looks_random, masked_partners
from jetbridge.secrets.keys import lines_in_keys
from jetbridge.secrets.lines import TEXT_CHARACTERS, masked_text
from jetbridge.secrets.names import CERTAIN, NAME_MEMBERS, VALUE_MEMBERS, Kind, kind_of
from jetbridge.secrets.plain import is_bare_name, is_count, is_plain

_OF_VALUES = (*CERTAIN, Kind.HEADER, Kind.COOKIE)

Work = list[tuple[Any, Any, Any, Kind | None]]
"""The work left to do: a container, the key in it, the value for that key, and what the member's
name says."""


def masked_value(value: Any) -> tuple[Any, int]:
    """The value with ``***`` for each string that looks like a secret, and the number of masked
    values.

    Strings are masked like lines. If a member's name stands for a secret, all strings inside its
    value are masked completely. A number is masked if its name is a password's. The function walks
    structures of any depth without recursion.
    """
    partner = _holds_access_key(value)
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
            work.extend(_items(item, kind, copy))
        else:
            holder[key] = shown = _scalar(item, kind)
            if partner and isinstance(shown, str):
                holder[key] = shown = masked_partners(shown)
            count += shown is not item and shown != item
    return root[0], count


def _members(item: dict[Any, Any], kind: Kind | None, work: Work) -> tuple[dict[Any, Any], int]:
    copy: dict[Any, Any] = {}
    named = any(
        _kind(inner) in _OF_VALUES for name, inner in item.items() if _folded(name) in NAME_MEMBERS
    )
    hidden = 0
    for name, inner in item.items():
        shown = _free(masked_text(name), copy) if isinstance(name, str) else name
        hidden += shown != name
        own = _kind(name)
        if named and _folded(name) in VALUE_MEMBERS:
            own = Kind.PASSWORD
        copy[shown] = None
        work.append((copy, shown, inner, own or kind))
    return copy, hidden


def _items(item: list[Any] | tuple[Any, ...], kind: Kind | None, copy: list[Any]) -> Work:
    """What the items of a list are: the lines of a text, a command's arguments, or a pair."""
    own = _of_pair(item) or kind
    texts = [inner if isinstance(inner, str) else "" for inner in item]
    in_keys = lines_in_keys(texts)
    found: Work = []
    for n, inner in enumerate(item):
        said = own if n else kind
        if n in in_keys and texts[n]:
            said = Kind.PASSWORD
        elif n and said is None and texts[n - 1].startswith("-"):
            said = _of_option(texts[n - 1], texts[n])
        found.append((copy, n, inner, said))
    return found


def _of_option(option: str, value: str) -> Kind | None:
    """What an option says about the argument after it, as in ``["--password", "..."]``."""
    kind = kind_of(option) if not value.startswith("-") else None
    return kind if kind in CERTAIN else None


def _holds_access_key(value: Any) -> bool:
    """Whether the value contains an access key id: the secret may be in another member."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list | tuple):
            waiting += item
        elif isinstance(item, str) and has_access_key(item[:TEXT_CHARACTERS]):
            return True
    return False


def _free(name: str, taken: dict[Any, Any]) -> str:
    """A free key, so that two names with the same mask stay two members."""
    return name if name not in taken else f"{name} ({len(taken)})"


def _kind(name: object) -> Kind | None:
    return kind_of(name) if isinstance(name, str) else None


def _folded(name: object) -> str:
    return name.lower() if isinstance(name, str) else ""


def _of_pair(item: list[Any] | tuple[Any, ...]) -> Kind | None:
    """What the first item of a pair says about the second, as in ``["Authorization", "..."]``. Two
    names aren't a pair."""
    if len(item) != 2 or not isinstance(item[1], str) or is_bare_name(item[1]):
        return None
    return _kind(item[0])


def _scalar(item: Any, kind: Kind | None) -> Any:
    if isinstance(item, str):
        if kind is Kind.RANDOM and not looks_random(item):
            kind = None
        if kind is Kind.PASS and is_count(item):
            kind = None
        if kind is None or is_plain(item, kind is Kind.PASSWORD):
            return masked_text(item)
        return MASK
    number = isinstance(item, int | float) and not isinstance(item, bool)
    return MASK if number and kind is Kind.PASSWORD else item
