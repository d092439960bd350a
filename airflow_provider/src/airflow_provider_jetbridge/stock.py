"""Imports the amazon provider's classes and names when they are first used.

So parsing a DAG doesn't import the amazon provider's operators, hooks and boto3. These imports take
longer than the rest of the DAG.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


class Imported:
    """A class attribute whose value is imported when it is first read."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        return getattr(import_module(self._module), self._name)


def from_stock(stock: str, ours: str, name: str) -> Any:
    """Return ``name`` from the module ``stock``, for the ``__getattr__`` of our module of the same
    name.

    So to migrate an import of several names, or of ``*``, only the module's name has to change.

    Raises:
        AttributeError: neither module has the name. ``from … import`` turns it into an ImportError.
    """
    if name == "__all__":
        both = (sys.modules[ours], import_module(stock))
        return sorted({each for module in both for each in vars(module) if each[0] != "_"})
    if name.startswith("__"):
        raise AttributeError(f"module {ours!r} has no attribute {name!r}")
    module = import_module(stock)
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise AttributeError(f"neither module {ours!r} nor {stock!r} has {name!r}") from error
