"""Makes the classes that replace the classes of tasks.

Each is a subclass of the task's class, made at run time with the same name and module. So
``isinstance``, ``super()``, Airflow's pages and the task's log work as before.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar

from airflow_provider_jetbridge.adopt.policy import MODULES

NAMES = ("EcsRunTaskOperator", "BatchOperator")
_ADOPTED = (
    ("airflow_provider_jetbridge.adopt.ecs", "AdoptedEcsRunTaskOperator"),
    ("airflow_provider_jetbridge.adopt.batch", "AdoptedBatchOperator"),
)
_REMEMBERED = 256


class Returning:
    """A stock task that isn't adopted now, but may have been when it deferred.

    Somebody may switch adoption off while tasks wait. Such a task resumes with an event of
    Jetbridge's trigger, which the amazon provider's operator can't read. So Jetbridge handles this
    one resume, and the amazon provider's operator does everything else. The class also serves a
    task whose import was changed back.
    """

    stock_class: ClassVar[type]
    """The task's class in the DAG file."""

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any
    ) -> Any:
        from airflow_provider_jetbridge.adopt.adopted import equip
        from airflow_provider_jetbridge.operators.as_stock import is_jetbridges

        if is_jetbridges((next_kwargs or {}).get("event")):
            self.__class__ = adopted(self.stock_class)
            equip(self)
            self.log.info(  # type: ignore[attr-defined]
                "This task waited for a Jetbridge run, so Jetbridge's operator ends it. Its next "
                "try is the amazon provider's"
            )
            return self.resume_execution(next_method, next_kwargs, context)
        return super().resume_execution(next_method, next_kwargs, context)  # type: ignore[misc]


def stock_of(operator: type) -> Any:
    """The amazon provider's ECS or Batch operator that a class is or derives from, or None.

    Imports nothing: if a module isn't imported, no class derives from its classes.
    """
    for module, name in zip(MODULES, NAMES, strict=True):
        stock = getattr(sys.modules.get(module), name, None)
        if isinstance(stock, type) and issubclass(operator, stock):
            return stock
    return None


def is_mapped(task: Any) -> bool:
    """Whether Airflow expands this task of a parsed DAG when it runs."""
    return hasattr(task, "partial_kwargs")


def expanded_of(task: Any) -> list[Mapping[str, Any]]:
    """What the DAG file says of the keywords that a mapped task expands over.

    Returns:
        Each mapping has some keywords of one instance. A list in the DAG file gives its items. A
        value that is known only when the task runs, such as another task's XCom, is unchanged.
    """
    value = getattr(getattr(task, "expand_input", None), "value", None)
    if isinstance(value, Mapping):  # expand()
        return [
            {name: each}
            for name, given in value.items()
            for each in (given if isinstance(given, list | tuple) else [given])
        ]
    if isinstance(value, list | tuple):  # expand_kwargs()
        return [each for each in value if isinstance(each, Mapping)]
    return []


def is_changed(operator: type) -> bool:
    """Whether this module made the class."""
    return issubclass(operator, Returning) or hasattr(operator, "jetbridge_operator")


@lru_cache(_REMEMBERED)
def adopted(operator: type) -> Any:
    """Make the class of an adopted task.

    Raises:
        TypeError: Python or Jetbridge's operator refuses to derive from the class.
    """
    stock = stock_of(operator)
    module, name = _ADOPTED[NAMES.index(stock.__name__)]
    kind = getattr(import_module(module), name)
    bases = (kind,) if operator is stock else (operator, kind)
    shown = getattr(operator, "custom_operator_name", operator.__name__)
    return _made(operator, bases, {"custom_operator_name": f"{shown} (Jetbridge)"})


@lru_cache(_REMEMBERED)
def returning(operator: type) -> Any:
    """Make the class of a task that isn't adopted."""
    return _made(operator, (Returning, operator), {"stock_class": operator})


class _Unannounced:
    """First base of each class made here: ``__init_subclass__`` of the DAG's classes isn't called.
    It would register the class a second time, or set its attributes from keywords that only the
    DAG file has."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Call no other base."""


def _made(operator: type, bases: tuple[type, ...], members: dict[str, Any]) -> Any:
    named = {
        "__module__": operator.__module__,
        "__qualname__": operator.__qualname__,
        "__doc__": operator.__doc__,
    }
    made: Any = types.new_class(
        operator.__name__,
        (_Unannounced, *bases),
        exec_body=lambda body: body.update(named | members),
    )
    if "__init__" in vars(made):
        # Airflow wraps an __init__ that the first base doesn't have (sdk/bases/operator.py,
        # BaseOperatorMeta). The DAG's class has it wrapped.
        del made.__init__
    return made
