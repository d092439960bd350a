"""What Jetbridge does with each keyword of the stock operators. Reads ``keywords.toml`` once."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from airflow_provider_jetbridge.adopt.classes import expanded_of, is_mapped

_ATTRIBUTES = {"quota_retry": "retry_args"}
"""Keywords that the amazon provider keeps under another name."""


class Change(NamedTuple):
    """A keyword that behaves differently in Jetbridge."""

    keyword: str
    here: str


@cache
def keywords_table() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """By operator (or ``both``) and keyword: ``kept`` or ``changed``, and what it does in
    Jetbridge."""
    text = files("airflow_provider_jetbridge.adopt").joinpath("keywords.toml").read_text()
    return {
        operator: {name: (how, why) for name, (how, why) in keywords.items()}
        for operator, keywords in tomllib.loads(text).items()
    }


def given_keywords(task: Any, stock: type) -> Mapping[str, Any]:
    """The stock keywords of a task that have another value than the default.

    For a mapped task these are the keywords that all instances share, and those that it expands
    over, with one of their values.
    """
    if is_mapped(task):
        values = {**task.partial_kwargs}
        for each in expanded_of(task):
            values |= each
    else:
        values = {
            name: vars(task).get(_ATTRIBUTES.get(name, name), default)
            for name, default in _defaults(stock)
        }
    return {
        name: values[name]
        for name, default in _defaults(stock)
        if name in values and not _is_default(values[name], default)
    }


def fates(stock: type, given: Mapping[str, Any]) -> tuple[list[str], list[Change]]:
    """Divide a task's given keywords into those that work as in the stock operator, and the
    others."""
    table = keywords_table()
    known = {**table["both"], **table[stock.__name__]}
    same = [name for name in given if name in known and known[name][0] == "kept"]
    changed = [
        Change(name, known[name][1]) for name in given if name in known and known[name][0] != "kept"
    ]
    return same, changed


def _defaults(stock: type) -> Iterator[tuple[str, Any]]:
    """The amazon provider's keywords with their defaults."""
    for base in stock.__mro__:
        if base.__module__.startswith("airflow.providers.amazon.") and "__init__" in vars(base):
            for name, each in inspect.signature(vars(base)["__init__"]).parameters.items():
                if each.kind is inspect.Parameter.KEYWORD_ONLY and name != "region":
                    yield name, each.default


def _is_default(value: Any, default: Any) -> bool:
    # The operators turn None into {} or [].
    return value is default or (default is None and value in (None, {}, [])) or value == default
