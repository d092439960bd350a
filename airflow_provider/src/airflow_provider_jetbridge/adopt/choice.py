"""Which tasks ``[jetbridge] adopt`` and ``adopt_percent`` choose."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.templates import is_true

OPT_OUT_TAG = "jetbridge:off"
"""Jetbridge doesn't adopt a DAG that has this tag."""

OPT_OUT_PARAM = "jetbridge"
"""A task opts out by setting this parameter to false: ``params={"jetbridge": False}``."""

_TAG = "tag:"


class Chosen(NamedTuple):
    """Whether the configuration chooses a task, and why or why not."""

    yes: bool
    why: str


@dataclass(frozen=True)
class Choice:
    """The tasks that the configuration chooses.

    Attributes:
        patterns: DAG ids with ``*``, ``?`` and ``[…]`` as in file names. ``tag:`` before a pattern
            matches DAG tags. ``!`` before either kind excludes what matches.
        percent: how many percent of the chosen tasks are adopted, 0 to 100.
    """

    patterns: tuple[str, ...] = ()
    percent: float = 100.0

    @classmethod
    def configured(cls) -> Choice:
        """Read the choice from Airflow's configuration.

        Raises:
            ValueError: names the option, what is wrong with it, and what to give.
        """
        return cls.of(settings.adopt(), settings.adopt_percent())

    @classmethod
    def of(cls, patterns: str, percent: float = 100.0) -> Choice:
        """Parse the option's text: patterns separated by commas or line ends.

        Raises:
            ValueError: nothing follows a ``!`` or ``tag:``.
        """
        listed = tuple(
            each.strip()
            for line in patterns.splitlines()
            for each in line.split(",")
            if each.strip()
        )
        for pattern in listed:
            if not pattern.removeprefix("!").strip().removeprefix(_TAG).strip():
                raise ValueError(
                    f"[jetbridge] adopt has {pattern!r}, which names nothing. Give DAG ids "
                    "(etl_*), tags (tag:nightly), and a ! before a pattern that leaves DAGs out"
                )
        return cls(listed, percent)

    def of_task(
        self, dag_id: str, tags: Collection[str], task_id: str, params: Any = None
    ) -> Chosen:
        """Decide whether this task is chosen.

        Args:
            params: the task's parameters, as Airflow has them (a mapping, or None).
        """
        wanted = [each for each in self.patterns if not each.startswith("!")]
        unwanted = [each[1:].strip() for each in self.patterns if each.startswith("!")]
        if not any(_matches(each, dag_id, tags) for each in wanted):
            return Chosen(False, "[jetbridge] adopt doesn't name its DAG")
        for each in unwanted:
            if _matches(each, dag_id, tags):
                return Chosen(False, f"[jetbridge] adopt leaves its DAG out (!{each})")
        if OPT_OUT_TAG in tags:
            return Chosen(False, f"its DAG has the tag {OPT_OUT_TAG}")
        if _opts_out(params):
            return Chosen(False, f"its parameter {OPT_OUT_PARAM!r} is false")
        if share(dag_id, task_id) * 100 >= self.percent:
            return Chosen(False, f"it isn't in the {self.percent:g} % of adopt_percent")
        return Chosen(True, "[jetbridge] adopt names its DAG")


def share(dag_id: str, task_id: str) -> float:
    """A number between 0 and 1 for a task, the same in every process and at any time.

    Because it never changes, raising the percentage keeps all adopted tasks and adds others.
    """
    digest = hashlib.sha256(f"{dag_id}\n{task_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _matches(pattern: str, dag_id: str, tags: Collection[str]) -> bool:
    if pattern.startswith(_TAG):
        wanted = pattern.removeprefix(_TAG).strip()
        return any(fnmatchcase(tag, wanted) for tag in tags)
    return fnmatchcase(dag_id, pattern)


def _opts_out(params: Any) -> bool:
    if not params or OPT_OUT_PARAM not in params:
        return False
    try:
        value = params[OPT_OUT_PARAM]
    except Exception:  # a Param without a value doesn't opt out
        return False
    return not is_true(getattr(value, "value", value))
