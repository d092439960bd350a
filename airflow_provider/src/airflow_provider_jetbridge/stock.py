"""The amazon provider's own classes and names, imported when they are first used.

Parsing a DAG doesn't import its operators, hooks and boto3: that takes longer than the rest of the
DAG together.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Imported:
    """A class attribute whose value is imported when somebody reads it."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        return getattr(import_module(self._module), self._name)


def from_stock(stock: str, ours: str, name: str) -> Any:
    """What module ``stock`` calls ``name``, for the ``__getattr__`` of our module of that kind.

    So an import of several names needs its module changed and nothing else.

    Raises:
        AttributeError: neither has it; ``from … import`` makes an ImportError of it.
    """
    if name.startswith("__"):
        raise AttributeError(f"module {ours!r} has no attribute {name!r}")
    module = import_module(stock)
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise AttributeError(f"neither module {ours!r} nor {stock!r} has {name!r}") from error
