"""Inputs that somebody has changed: JSON with a few of its members replaced, left out or added."""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Place = tuple[Any, Any]
"""A dict or list, and the key or index of one of its members."""

VALUES: list[Callable[[], Any]] = [
    lambda: None,
    lambda: True,
    lambda: False,
    lambda: 0,
    lambda: -1,
    lambda: 2**31,
    lambda: 2**63,
    lambda: 2**64,
    lambda: 2**70,
    lambda: -(10**40),
    lambda: 10**400,
    lambda: 1.5,
    lambda: 3.0,
    lambda: float("nan"),
    lambda: float("inf"),
    lambda: 1e300,
    lambda: "",
    lambda: " ",
    lambda: "5",
    lambda: "x",
    lambda: "x" * 3000,
    lambda: "🎉é" * 2000,
    lambda: "x" * 1_000_000,
    lambda: "\ud800",
    lambda: "half a pair \ud83d",
    lambda: "a\x00b",
    lambda: "line\nline\x1b[31m",
    lambda: "Zürich 東京 🎉",
    lambda: "..",
    lambda: "../../x",
    lambda: "a/b",
    lambda: "pace#ecs",
    lambda: "9999-12-31T23:59:59.999999+23:59",
    lambda: "0001-01-01T00:00:00Z",
    lambda: "2026-03-01T00:00:00",
    list,
    dict,
    lambda: [None],
    lambda: {"": None},
    lambda: {"name": 5},
    lambda: nested(900),
    lambda: nested(3000),
    lambda: ["x"] * 10_000,
    lambda: [{}] * 10_000,
]

BODIES = [
    "",
    " ",
    "null",
    "[]",
    "1",
    '"x"',
    "{",
    "{}",
    "{]",
    '{"run_id": 5}',
    '{"run_id": null}',
    '{"run_id": "pace#ecs", "launch": 1}',
    '{"run_ids": []}',
    '{"run_ids": "x", "reason": "r"}',
    '{"orphan": null}',
    '{"detail-type": "ECS Task State Change"}',
    '{"detail-type": "ECS Task State Change", "detail": []}',
    '{"a": NaN}',
    "[" * 100_000,
    '{"a":' * 100_000,
    "\x00",
    "plain text",
]


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def mutated(value: Any, chance: random.Random) -> Any:
    """A copy with one to three changes."""
    holder = {"": deepcopy(value)}
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        places = list(_places(holder))
        container, key = chance.choice(places)
        chance.choice(_CHANGES)(container, key, chance)
        if "" not in holder:
            holder = {"": deepcopy(value)}
    return holder[""]


def mutated_batch(event: Any, chance: random.Random) -> Any:
    """An event of SQS: mostly one with a body that was changed."""
    event = deepcopy(event)
    if chance.random() < 0.1:
        return mutated(event, chance)
    record = chance.choice(event["Records"])
    if chance.random() < 0.1:
        record["body"] = chance.choice(BODIES)
    elif chance.random() < 0.1:
        record["body"] = record["body"][: chance.randrange(len(record["body"]))]
    else:
        body = mutated(json.loads(record["body"]), chance)
        try:
            record["body"] = json.dumps(body)
        except (RecursionError, ValueError):
            record["body"] = "[" * 5000
    return event


def _places(value: Any) -> Iterator[Place]:
    """Every member of it and of what it holds, at most 200 of each container."""
    stack = [_members(value)]
    while stack:
        for container, key in stack[-1]:
            yield container, key
            member = container[key]
            if isinstance(member, dict | list):
                stack.append(_members(member))
                break
        else:
            stack.pop()


def _members(value: Any) -> Iterator[Place]:
    keys = value if isinstance(value, dict) else range(len(value))
    return ((value, key) for key in list(keys)[:200])


def _replace(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = chance.choice(VALUES)()


def _delete(container: Any, key: Any, chance: random.Random) -> None:
    del container[key]


WRAPPERS: list[Callable[[Any], Any]] = [lambda it: [it], lambda it: {"a": it}, str]


def _wrap(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = chance.choice(WRAPPERS)(container[key])


def _repeat(container: Any, key: Any, chance: random.Random) -> None:
    if isinstance(container[key], list):
        container[key] = container[key] * chance.choice([2, 3, 1000])
    else:
        container[key] = [container[key], container[key]]


def _rename(container: Any, key: Any, chance: random.Random) -> None:
    if isinstance(container, dict):
        container[chance.choice(["naïve", "\ud800", "\x00", str(key).upper()])] = container.pop(key)
    else:
        _replace(container, key, chance)


def _add(container: Any, key: Any, chance: random.Random) -> None:
    member = chance.choice(VALUES)()
    if isinstance(container, dict):
        container[chance.choice(["extra", "🎉", "", "version"])] = member
    else:
        container.append(member)


_CHANGES = [_replace, _replace, _replace, _replace, _delete, _wrap, _repeat, _rename, _add]
